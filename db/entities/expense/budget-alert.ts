import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'BudgetAlert',
  schema: 'expense',
  tableName: 'budget_alert',
  properties: {
    budgetId: p.uuid().primary(),
    periodStart: p.string().columnType('date').primary(),
    percent: p.integer().primary(),
    at: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** An alert that was given, so that it is given once in a period. */
export class BudgetAlert extends schema.class {}
schema.setClass(BudgetAlert);
