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
  readonly spent: string;
  readonly income: string;
  readonly paid: string | null;
  readonly received: string | null;
  readonly count: string;
}

/**
 * Sums up what stands: posted expenses and incomes as they are now, an edit that waits for approval not among them. Payments,
 * settlements and adjustments are no expenses and are left out.
 */
export async function findStats(
  query: Query,
  scope: StatsScope,
  { by, from, to }: { readonly by: StatsBy; readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<Stats> {
  const values = ['groupId' in scope ? scope.groupId : scope.userId, from ?? null, to ?? null];
  const source = 'userId' in scope ? OWN_SHARES : by === 'member' ? MEMBERS : EXPENSES;
  const [rows, totals] = await Promise.all([
    query<Row>(
      `${grouped(source, by)} order by ${by === 'month' ? 'key desc' : 'count desc'}, key, currency limit ${STATS_ROWS_MAX + 1}`,
      values,
    ),
    // An expense with two tags is in two rows, and one of four members in four: their sums are no totals.
    query<Row>(`${grouped('userId' in scope ? OWN_SHARES : EXPENSES, null)} order by currency`, values),
  ]);
  const shown = rows.slice(0, STATS_ROWS_MAX);
  return {
    totals: totals.map((row) => sumsOf(row)),
    data: (by === 'month' ? shown.toReversed() : shown).map((row) => ({ key: row.key, ...sumsOf(row) })),
    more: rows.length > STATS_ROWS_MAX,
  };
}

const WITHIN = `e.state = 'posted' and e.category is distinct from '${PAYMENT_CATEGORY}' and ($2::date is null or e.date >= $2) and ($3::date is null or e.date <= $3)`;

const EXPENSES = `select e.category, e.tags, e.date, e.group_id, null::uuid as member, e.currency, e.kind, e.total_minor as share,
    null::bigint as handled
  from expense.expense e where e.group_id = $1 and ${WITHIN}`;

// The lines of the posting that stands say what each member bears and what they gave or took. Of an income the sides are turned.
const LINE = `case e.kind when 'expense' then l.owed else l.paid end as share, case e.kind when 'expense' then l.paid else l.owed end as handled`;

const MEMBERS = `select e.category, e.tags, e.date, e.group_id, l.account_id as member, e.currency, e.kind, ${LINE}
  from expense.expense e join expense.posting_line l on l.posting_id = e.posting_id and l.group_id = e.group_id
  where e.group_id = $1 and ${WITHIN}`;

const OWN_SHARES = `select e.category, e.tags, e.date, e.group_id, l.account_id as member, e.currency, e.kind, ${LINE}
  from expense.member m join expense."group" g on g.id = m.group_id and g.state <> 'deleted'
  join expense.posting_line l on l.group_id = m.group_id and l.account_id = m.id
  join expense.expense e on e.group_id = m.group_id and e.posting_id = l.posting_id
  where m.user_id = $1 and m.state = 'active' and ${WITHIN}`;

const KEYS: Readonly<Record<StatsBy, string>> = {
  category: 's.category',
  member: 's.member::text',
  // A day at a time first, since writing months takes longer than adding.
  month: 's.date',
  tag: 's.tag',
  group: 's.group_id::text',
};

function grouped(source: string, by: StatsBy | null): string {
  const key = by === null ? 'null::text' : KEYS[by];
  const rows =
    by === 'tag'
      ? `(${source}) of cross join lateral (select unnest(case of.tags when '{}' then array[null] else of.tags end) as tag) t`
      : '';
  const sums = `select ${key} as key, s.currency, sum(s.share) filter (where s.kind = 'expense') as spent, sum(s.share) filter (where s.kind = 'income') as income,
      sum(s.handled) filter (where s.kind = 'expense') as paid, sum(s.handled) filter (where s.kind = 'income') as received, count(*) filter (where s.share > 0 or s.handled > 0) as count
    from ${rows === '' ? `(${source})` : `(select of.*, t.tag from ${rows})`} s group by 1, 2`;
  if (by !== 'month') return `select * from (${sums}) sums where count > 0`;
  return `select * from (select to_char(key, 'YYYY-MM') as key, currency, sum(spent) as spent, sum(income) as income, sum(paid) as paid, sum(received) as received, sum(count) as count
    from (${sums}) days group by 1, 2) sums where count > 0`;
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
