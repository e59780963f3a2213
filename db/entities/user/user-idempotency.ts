import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'UserIdempotency',
  schema: 'user',
  tableName: 'idempotency',
  properties: {
    userId: p.uuid().primary(),
    key: p.text().primary(),
    method: p.text().primary(),
    path: p.text().primary(),
    requestHash: p.text(),
    status: p.integer().nullable(),
    headers: p.json<Record<string, string>>().nullable(),
    body: p.json<unknown>().nullable(),
    secret: p.boolean().default(false),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'user_idempotency_created', properties: ['createdAt'] }],
});

/** The first answer to a command, kept 30 days under its Idempotency-Key; scope: user, method and concrete path. */
export class UserIdempotency extends schema.class {}
schema.setClass(UserIdempotency);
