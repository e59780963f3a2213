import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Dispute',
  schema: 'expense',
  tableName: 'dispute',
  properties: {
    id: p.uuid().primary(),
    expenseId: p.uuid(),
    groupId: p.uuid(),
    version: p.integer(),
    reason: p.text(),
    openedBy: p.uuid(),
    openedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    resolvedBy: p.uuid().nullable(),
    resolvedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'dispute_expense', properties: ['expenseId'] },
    { name: 'dispute_group', properties: ['groupId', 'openedAt'] },
  ],
  uniques: [{ name: 'dispute_one_open', properties: ['expenseId'], where: 'resolved_at is null' }],
});

/** A member's objection to a posted expense: a flag with a reason, which never moves a balance. At most one of an expense is open. */
export class Dispute extends schema.class {}
schema.setClass(Dispute);
