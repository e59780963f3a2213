import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Budget',
  schema: 'expense',
  tableName: 'budget',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    category: p.text().nullable(),
    period: p.text().$type<'week' | 'month' | 'year'>(),
    amountMinor: p.bigint('bigint'),
    currency: p.string().columnType('char(3)'),
    alerts: p.array<number>((value) => Number(value)).columnType('int[]'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [
    {
      name: 'budget_once',
      expression:
        'alter table "expense"."budget" add constraint "budget_once" unique nulls not distinct ("group_id", "category", "period", "currency")',
    },
  ],
  checks: [
    { name: 'budget_amount', expression: 'amount_minor > 0' },
    { name: 'budget_period', expression: "period in ('week', 'month', 'year')" },
  ],
});

/** What a group means to spend at most in each period, on one category or, where that is null, on everything. */
export class Budget extends schema.class {}
schema.setClass(Budget);
