import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'RecurringSlot',
  schema: 'expense',
  tableName: 'recurring_slot',
  properties: {
    ruleId: p.uuid().primary(),
    onDate: p.string().columnType('date').primary(),
    expenseId: p.uuid().nullable(),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [{ name: 'recurring_slot_expense', properties: ['expenseId'] }],
});

/** A slot of a rule that is settled: by its expense, or skipped where it has none. Its key is what makes a second expense impossible. */
export class RecurringSlot extends schema.class {}
schema.setClass(RecurringSlot);
