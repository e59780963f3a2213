import { CURRENCIES } from '../../../domain/currency.ts';
import type { PageRequest } from '../../cursor.ts';
import { EXPENSE_COLUMNS, type ExpenseRow, type ExpenseView, toExpenseView } from './expenses.ts';
import type { Query } from './groups.ts';

/** How a list of expenses is ordered; a leading minus turns it round. */
export type ExpenseSort = 'date' | '-date' | 'createdAt' | '-createdAt' | 'amount' | '-amount';

/** What a list of expenses is narrowed to. */
export interface ExpenseFilter {
  readonly q?: string | undefined;
  readonly category?: string | undefined;
  readonly member?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Least and greatest total, decimal texts in units of each expense's own currency. */
  readonly min?: string | undefined;
  readonly max?: string | undefined;
  readonly currency?: string | undefined;
  /** All but deleted ones when absent. */
  readonly state?: string | undefined;
  readonly tag?: string | undefined;
  readonly sort?: ExpenseSort | undefined;
}

/** Whose expenses: those of one group, or of all groups of which a user is a member and that are not deleted. */
export type ExpenseScope = { readonly groupId: string } | { readonly userId: string };

/** An expense with the sort key of its place in the list. */
export interface ListedExpense {
  readonly view: ExpenseView;
  readonly sortKey: readonly string[];
}

// Currencies that do not have two digits are few; comparing totals of several currencies needs their units.
const codesWith = (digits: number): string =>
  CURRENCIES.filter((currency) => currency.digits === digits)
    .map((currency) => `'${currency.code}'`)
    .join(', ');
const AMOUNT = `e.total_minor / (case when e.currency in (${codesWith(0)}) then 1 when e.currency in (${codesWith(3)}) then 1000
  when e.currency in (${codesWith(4)}) then 10000 else 100 end)::numeric`;

const SORT_COLUMNS: Record<'date' | 'createdAt' | 'amount', { readonly expression: string; readonly type: string }> = {
  date: { expression: 'e.date', type: 'date' },
  createdAt: { expression: 'e.created_at', type: 'timestamptz' },
  amount: { expression: AMOUNT, type: 'numeric' },
};

/** Lists expenses; one more than the page, to tell whether it goes on. */
export async function listExpenses(query: Query, scope: ExpenseScope, filter: ExpenseFilter, page: PageRequest): Promise<ListedExpense[]> {
  const sort = filter.sort ?? '-createdAt';
  const descending = sort.startsWith('-');
  const { expression, type } = SORT_COLUMNS[sort.replace('-', '') as keyof typeof SORT_COLUMNS];
  const values: unknown[] = [];
  const $ = (value: unknown): string => `$${values.push(value)}`;
  const where = [...scopeConditions(scope, $), ...filterConditions(filter, $)];
  const [lastValue, lastId] = page.after ?? [];
  if (lastValue !== undefined && lastId !== undefined) {
    where.push(`(${expression}, e.id) ${descending ? '<' : '>'} (${$(lastValue)}::${type}, ${$(lastId)}::uuid)`);
  }
  const direction = descending ? 'desc' : 'asc';
  const rows = await query<ExpenseRow & { sort_value: string }>(
    `select ${EXPENSE_COLUMNS}, (${expression})::text as sort_value from expense.expense e
     where ${where.join(' and ')} order by ${expression} ${direction}, e.id ${direction} limit ${$(page.limit + 1)}`,
    values,
  );
  return rows.map((row) => ({ view: toExpenseView(row), sortKey: [row.sort_value, row.id] }));
}

type Placeholder = (value: unknown) => string;

function scopeConditions(scope: ExpenseScope, $: Placeholder): string[] {
  if ('groupId' in scope) return [`e.group_id = ${$(scope.groupId)}`];
  return [
    `e.group_id in (select m.group_id from expense.member m join expense."group" g on g.id = m.group_id
      where m.user_id = ${$(scope.userId)} and m.state = 'active' and g.state <> 'deleted')`,
  ];
}

function filterConditions(filter: ExpenseFilter, $: Placeholder): string[] {
  const conditions = [filter.state === undefined ? `e.state <> 'deleted'` : `e.state = ${$(filter.state)}`];
  if (filter.q !== undefined) {
    const pattern = $(`%${filter.q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
    conditions.push(`(e.description ilike ${pattern} or e.notes ilike ${pattern})`);
  }
  if (filter.category !== undefined) {
    const category = $(filter.category);
    conditions.push(`(e.category = ${category} or starts_with(e.category, ${category} || '.'))`);
  }
  if (filter.member !== undefined) {
    conditions.push(`e.shares @> ${$(JSON.stringify([{ memberId: filter.member }]))}::jsonb`);
  }
  if (filter.from !== undefined) conditions.push(`e.date >= ${$(filter.from)}::date`);
  if (filter.to !== undefined) conditions.push(`e.date <= ${$(filter.to)}::date`);
  if (filter.min !== undefined) conditions.push(`${AMOUNT} >= ${$(filter.min)}::numeric`);
  if (filter.max !== undefined) conditions.push(`${AMOUNT} <= ${$(filter.max)}::numeric`);
  if (filter.currency !== undefined) conditions.push(`e.currency = ${$(filter.currency)}`);
  if (filter.tag !== undefined) conditions.push(`${$(filter.tag)} = any(e.tags)`);
  return conditions;
}
