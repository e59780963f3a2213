import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Session',
  schema: 'user',
  tableName: 'session',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    generation: p.integer().default(1),
    rotatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    expiresAt: p.datetime().columnType('timestamptz'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
    endReason: p.text().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'session_account', properties: ['accountId'] }],
});

/** A sign-in and its family of refresh tokens; the tokens are derived from id and generation, never stored. */
export class Session extends schema.class {}
schema.setClass(Session);
