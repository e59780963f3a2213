import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Adjustment',
  schema: 'expense',
  tableName: 'adjustment',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    entries: p.json<readonly { memberId: string; money: { amount: string; currency: string } }[]>(),
    reason: p.text(),
    createdBy: p.uuid(),
    postingId: p.uuid(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'adjustment_group', properties: ['groupId', 'createdAt'] }],
});

/** A correction of balances by an owner or admin, with its reason. */
export class Adjustment extends schema.class {}
schema.setClass(Adjustment);
