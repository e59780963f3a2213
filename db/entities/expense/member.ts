import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Member',
  schema: 'expense',
  tableName: 'member',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    userId: p.uuid().nullable(),
    displayName: p.text(),
    role: p.text(),
    weight: p.decimal('string').columnType('numeric(18,6)').default('1'),
    unitId: p.uuid().nullable(),
    state: p.text().default('active'),
    version: p.integer().default(1),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    leftAt: p.datetime().columnType('timestamptz').nullable(),
    mergedInto: p.uuid().nullable(),
  },
  indexes: [
    { name: 'member_user', properties: ['userId'] },
    { name: 'member_group', properties: ['groupId'] },
  ],
  uniques: [{ name: 'member_once', properties: ['groupId', 'userId'] }],
  checks: [
    { name: 'member_role', expression: "role in ('owner', 'admin', 'editor', 'contributor', 'viewer')" },
    { name: 'member_state', expression: "state in ('active', 'left')" },
    { name: 'member_weight', expression: 'weight >= 0' },
  ],
});

/** A participant of a group, with or without an account (`userId`). Also the ledger account of that participant: the ids are the same. `mergedInto`: the member whom they turned out to be. */
export class Member extends schema.class {}
schema.setClass(Member);
