import { PAYMENT_CATEGORY } from '../../../domain/categories.ts';
import { formatAmount } from '../../../domain/money.ts';
import type { Query } from './groups.ts';

/** What the figures are taken apart by; a person's own also by group, those of a group also by member. */
export type StatsBy = 'category' | 'member' | 'month' | 'tag' | 'group';

/** Rows of one answer; with more keys the answer has those with the most expenses, or the newest months, and says so. */
export const STATS_ROWS_MAX = 2_000;

/** Whose figures: all that a group spent, or what one user's share of it was, over all groups that are not deleted. */
export type StatsScope = { readonly groupId: string } | { readonly userId: string };

/** Sums of one key in one currency; decimal texts. */
export interface StatsRow {
  /** A category, member, group or tag, a month as `YYYY-MM`; null for what has none. */
  readonly key: string | null;
  readonly currency: string;
  /** Of expenses: their totals, or the shares of them that are somebody's to bear. */
  readonly spent: string;
  /** The same of money that came in. */
  readonly income: string;
  /** Expenses and incomes that were counted. */
  readonly count: number;
  /** What a member paid and received themselves; by member alone. */
  readonly paid?: string;
  readonly received?: string;
}

/** Figures with their sums. */
export interface Stats {
  readonly totals: readonly Omit<StatsRow, 'key'>[];
  readonly data: readonly StatsRow[];
  readonly more: boolean;
}

interface Row {
  readonly key: string | null;
  readonly currency: string;
  readonly spent: string | null;
  readonly income: string | null;
  readonly paid: string | null;
  readonly received: string | null;
  readonly count: string;
}

/**
 * Sums up what stands: posted expenses and incomes as they are now, an edit that waits for approval not among them. Payments,
 * settlements and adjustments are no expenses and are left out.
 *
 * @param query of `readSums`: groups may have a hundred thousand expenses.
 */
export async function findStats(
  query: Query,
  scope: StatsScope,
  { by, from, to }: { readonly by: StatsBy; readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<Stats> {
  const values = ['groupId' in scope ? scope.groupId : scope.userId, from ?? null, to ?? null];
  const source = 'userId' in scope ? OWN_SHARES : by === 'member' ? MEMBERS : EXPENSES;
  const list = `${grouped(source, by)} order by ${by === 'month' ? 'key desc' : 'count desc'}, key, currency limit ${STATS_ROWS_MAX + 1}`;
  const readTotals = (): Promise<Row[]> =>
    query<Row>(`${grouped('userId' in scope ? OWN_SHARES : EXPENSES, null)} order by currency`, values);
  // An expense with two tags is in two rows, and one of four members in four: their sums are no totals. Those of other keys are, where
  // all of them are here.
  const [rows, asked] = await Promise.all([query<Row>(list, values), by === 'tag' || by === 'member' ? readTotals() : null]);
  const totals = asked ?? (rows.length > STATS_ROWS_MAX ? await readTotals() : addedUp(rows));
  const shown = rows.slice(0, STATS_ROWS_MAX);
  return {
    totals: totals.map((row) => sumsOf(row)),
    data: (by === 'month' ? shown.toReversed() : shown).map((row) => ({ key: row.key, ...sumsOf(row) })),
    more: rows.length > STATS_ROWS_MAX,
  };
}

const WITHIN = `e.state = 'posted' and e.category is distinct from '${PAYMENT_CATEGORY}' and ($2::date is null or e.date >= $2) and ($3::date is null or e.date <= $3)`;

const EXPENSES = `select e.category, e.tags, e.date, e.group_id, null::uuid as member, e.currency, e.kind, e.total_minor as owed, null::bigint as paid
  from expense.expense e where e.group_id = $1 and ${WITHIN}`;

// The lines of the posting that stands say what each member bears and what they gave or took. Both sides of the join are restricted to
// the groups, since both are read whole (db/read-sums.ts).
const MEMBERS = `select e.category, e.tags, e.date, e.group_id, l.account_id as member, e.currency, e.kind, l.owed, l.paid
  from expense.expense e join expense.posting_line l on l.posting_id = e.posting_id
  where e.group_id = $1 and l.group_id = $1 and ${WITHIN}`;

// Who I am where, as lists: a join would have the planner read all groups.
const MINE = `with mine as materialized (
  select m.id, m.group_id from expense.member m where m.user_id = $1 and m.state = 'active'
    and (select g.state from expense."group" g where g.id = m.group_id) <> 'deleted')`;

const OWN_SHARES = `select e.category, e.tags, e.date, e.group_id, l.account_id as member, e.currency, e.kind, l.owed, l.paid
  from expense.expense e join expense.posting_line l on l.posting_id = e.posting_id
  where e.group_id = any(array(select group_id from mine)) and l.group_id = any(array(select group_id from mine))
    and l.account_id = any(array(select id from mine)) and ${WITHIN}`;

/** The column of each key, and how it is written once it is summed up. */
const KEYS: Readonly<Record<StatsBy, readonly [string, string]>> = {
  category: ['s.category', 'key'],
  member: ['s.member', 'key::text'],
  month: ['s.date', `to_char(key, 'YYYY-MM')`],
  tag: ['s.tags', 't.tag'],
  group: ['s.group_id', 'key::text'],
};

/**
 * Adds up in two steps: by the column as it is stored and by kind, plain sums alone, since that is done for each row; then the few
 * rows of it by the key as it is shown.
 */
function grouped(source: string, by: StatsBy | null): string {
  const [column, key] = by === null ? ['null::text', 'key'] : KEYS[by];
  const tags = by === 'tag' ? `cross join lateral unnest(case key when '{}' then array[null] else key end) as t (tag)` : '';
  // Of an income the sides are turned: who took the money owes it, and who has a share is to get it.
  const [share, handled] =
    source === EXPENSES
      ? ['owed', 'paid']
      : [`case kind when 'income' then paid else owed end`, `case kind when 'income' then owed else paid end`];
  return `${source === OWN_SHARES ? MINE : ''} select ${key} as key, currency, sum(${share}) filter (where kind = 'expense') as spent, sum(${share}) filter (where kind = 'income') as income,
      sum(${handled}) filter (where kind = 'expense') as paid, sum(${handled}) filter (where kind = 'income') as received, sum(count) as count
    from (select ${column} as key, s.currency, s.kind, sum(s.owed) as owed, sum(s.paid) as paid, count(*) as count from (${source}) s group by 1, 2, 3) sums ${tags}
    group by 1, 2`;
}

/** Rows of every key as those of none: one of each currency. */
function addedUp(rows: readonly Row[]): Row[] {
  const byCurrency = Object.entries(Object.groupBy(rows, ({ currency }) => currency));
  return byCurrency
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([currency, some = []]) => {
      const sum = (field: 'spent' | 'income' | 'paid' | 'received' | 'count'): string | null =>
        some.every((row) => row[field] === null) ? null : some.reduce((total, row) => total + BigInt(row[field] ?? 0), 0n).toString();
      return {
        key: null,
        currency,
        spent: sum('spent'),
        income: sum('income'),
        paid: sum('paid'),
        received: sum('received'),
        count: sum('count') ?? '0',
      };
    });
}

function sumsOf(row: Row): Omit<StatsRow, 'key'> {
  const amount = (minor: string | null): string => formatAmount(BigInt(minor ?? 0), row.currency);
  return {
    currency: row.currency,
    spent: amount(row.spent),
    income: amount(row.income),
    count: Number(row.count),
    ...(row.paid === null && row.received === null ? {} : { paid: amount(row.paid), received: amount(row.received) }),
  };
}
