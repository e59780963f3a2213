import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Block',
  schema: 'user',
  tableName: 'block',
  properties: {
    accountId: p.uuid().primary(),
    blockedId: p.uuid().primary(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'block_blocked', properties: ['blockedId'] }],
  checks: [{ name: 'block_of_two', expression: 'account_id <> blocked_id' }],
});

/** Somebody wants no requests and invitations of somebody else. */
export class Block extends schema.class {}
schema.setClass(Block);
