import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ExpenseVersion',
  schema: 'expense',
  tableName: 'expense_version',
  properties: {
    expenseId: p.uuid().primary(),
    version: p.integer().primary(),
    groupId: p.uuid(),
    change: p.text(),
    content: p.json<Record<string, unknown>>(),
    actorMemberId: p.uuid().nullable(),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'expense_version_group', properties: ['groupId', 'at'] }],
});

/** What an expense was before a change, or will be once an edit is approved: one row per replaced or proposed version. */
export class ExpenseVersion extends schema.class {}
schema.setClass(ExpenseVersion);
