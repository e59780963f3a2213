import { defineEntity, p } from '@mikro-orm/postgresql';
import type { FrozenRate } from '../../../domain/expense-rate.ts';
import type { Split } from '../../../domain/split.ts';

const schema = defineEntity({
  name: 'Expense',
  schema: 'expense',
  tableName: 'expense',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    kind: p.text().default('expense'),
    state: p.text(),
    disputed: p.boolean().default(false),
    description: p.text(),
    totalMinor: p.bigint('bigint'),
    currency: p.string().columnType('char(3)'),
    date: p.string().columnType('date'),
    category: p.text().nullable(),
    payers: p.json<readonly { memberId: string; amount: string }[]>(),
    split: p.json<Split>(),
    shares: p.json<readonly { memberId: string; paid: string; owed: string }[]>(),
    notes: p.text().default(''),
    tags: p.array().columnType('text[]').defaultRaw("'{}'"),
    rate: p.json<FrozenRate>().nullable(),
    createdBy: p.uuid(),
    version: p.integer().default(1),
    pendingVersion: p.integer().nullable(),
    postingId: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    deletedAt: p.datetime().columnType('timestamptz').nullable(),
    search: p
      .string()
      .columnType('tsvector')
      .generated('expense.search_terms(group_id, description, notes, tags, category, currency, shares) stored')
      .nullable()
      .lazy(),
  },
  indexes: [
    { name: 'expense_group_created', properties: ['groupId', 'createdAt', 'id'] },
    { name: 'expense_group_date', properties: ['groupId', 'date', 'id'] },
    {
      name: 'expense_search',
      expression:
        'create index "expense_search" on "expense"."expense" using gin (search) with (fastupdate = on, gin_pending_list_limit = 512)',
    },
    {
      name: 'expense_group_units',
      expression: 'create index "expense_group_units" on "expense"."expense" ("group_id", expense.units(total_minor, currency), "id")',
    },
    { name: 'expense_group_unposted', properties: ['groupId', 'state', 'createdAt', 'id'], where: "state <> 'posted'" },
  ],
  checks: [
    { name: 'expense_total', expression: 'total_minor > 0' },
    { name: 'expense_kind', expression: "kind in ('expense', 'income')" },
    { name: 'expense_state', expression: "state in ('posted', 'pending', 'rejected', 'expired', 'withdrawn', 'deleted')" },
  ],
});

/** A shared expense or income. `split` is the rule as entered, `shares` its result; `postingId` is the posting that stands now. */
export class Expense extends schema.class {}
schema.setClass(Expense);
