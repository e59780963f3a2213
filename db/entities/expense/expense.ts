import { defineEntity, p } from '@mikro-orm/postgresql';
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
    rate: p.json<{ perGroupCurrency: string; source: string }>().nullable(),
    createdBy: p.uuid(),
    version: p.integer().default(1),
    pendingVersion: p.integer().nullable(),
    postingId: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    deletedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'expense_group_created', properties: ['groupId', 'createdAt', 'id'] },
    { name: 'expense_group_date', properties: ['groupId', 'date', 'id'] },
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
