import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'RecoveryCode',
  schema: 'user',
  tableName: 'recovery_code',
  properties: {
    accountId: p.uuid().primary(),
    hash: p.text().primary(),
    usedAt: p.datetime().columnType('timestamptz').nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** A single-use code that stands in for a lost authenticator app; only its keyed hash is stored. */
export class RecoveryCode extends schema.class {}
schema.setClass(RecoveryCode);
