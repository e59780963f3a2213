import type { Debt } from '../../../domain/explain.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** Lines of the ledger up to which every debt between two is followed, less than a second of work; beyond it only those of the pair are. */
const LINES_MAX = 100_000;

/** Something that moved a debt between two. */
export interface ExplainItem {
  readonly kind: 'expense' | 'payment' | 'refund' | 'adjustment';
  /** Of the expense, payment, refund or adjustment. */
  readonly id: string;
  readonly postingId: string;
  readonly date: string;
  /** Of an expense; null for anything else. */
  readonly description: string | null;
  /** By how much it raises what `from` owes `to`; minor units. */
  readonly minor: bigint;
}

/** Who asks about whom, in one currency. */
export interface ExplainPair {
  readonly groupId: string;
  readonly currency: string;
  readonly from: string;
  readonly to: string;
}

/**
 * The lines of postings that stand: what was reversed, and the reversal itself, are left out. With each line, how far its posting's
 * debtors (below zero) and creditors (above) have come with it, in the order of their ids.
 *
 * Who owes whom by one posting follows from where these overlap: each debtor owes the creditors what is open in turn. So an expense that
 * one person paid is owed to that person, and one of several payers makes as few debts as it can, with no odd cents. Nothing here joins
 * lines with lines, so that it takes time in proportion to them whatever Postgres believes of their number.
 */
const running = (postings: string): string => `
standing as materialized (
  select p.id, p.kind, p.source_id, p.occurred_on from ${postings}
  where p.group_id = $1 and p.reverses_id is null and not exists (select 1 from expense.posting r where r.reverses_id = p.id)
), running as (
  select l.posting_id, s.kind, s.source_id, s.occurred_on, l.account_id, l.paid - l.owed as net,
    sum(greatest(l.owed - l.paid, 0)) over w as debt, sum(greatest(l.paid - l.owed, 0)) over w as credit
  from standing s join expense.posting_line l on l.posting_id = s.id and l.currency = $2
  window w as (partition by l.posting_id order by l.account_id)
)`;

const DEBTS = `with ${running('expense.posting p')},
posting as (
  select array_agg(account_id) filter (where net < 0) as debtors, array_agg(debt) filter (where net < 0) as debts,
    array_agg(-net) filter (where net < 0) as owed, array_agg(account_id) filter (where net > 0) as creditors,
    array_agg(credit) filter (where net > 0) as credits, array_agg(net) filter (where net > 0) as due
  from running group by posting_id
)
select d.account as "from", c.account as "to", sum(least(d.until, c.until) - greatest(d.until - d.minor, c.until - c.minor))::text as minor
from posting p cross join lateral unnest(p.debtors, p.debts, p.owed) as d (account, until, minor)
cross join lateral unnest(p.creditors, p.credits, p.due) as c (account, until, minor)
where least(d.until, c.until) > greatest(d.until - d.minor, c.until - c.minor)
group by 1, 2`;

const PAIR_ITEMS = `with shared as materialized (
  select posting_id from expense.posting_line
  where group_id = $1 and account_id in ($3, $4) and currency = $2 group by posting_id having count(*) = 2
), ${running('shared join expense.posting p on p.id = shared.posting_id')},
pair as (
  select posting_id, kind, source_id, occurred_on, max(net) filter (where account_id = $3) as net, max(debt) filter (where account_id = $3) as debt,
    max(credit) filter (where account_id = $3) as credit, max(net) filter (where account_id = $4) as other_net,
    max(debt) filter (where account_id = $4) as other_debt, max(credit) filter (where account_id = $4) as other_credit
  from running group by 1, 2, 3, 4
), item as materialized (
  select posting_id, kind, source_id, occurred_on, case
    when net < 0 and other_net > 0 then greatest(0, least(debt, other_credit) - greatest(debt + net, other_credit - other_net))
    when net > 0 and other_net < 0 then -greatest(0, least(other_debt, credit) - greatest(other_debt + other_net, credit - net))
    else 0 end as minor
  from pair
), sums as (
  select coalesce(sum(minor), 0)::text as total, count(*)::int as count from item where minor <> 0
), page as (
  select * from item where minor <> 0 and ($5::date is null or (occurred_on, posting_id) < ($5::date, $6::uuid))
  order by occurred_on desc, posting_id desc limit $7
)
select p.kind, p.source_id, p.posting_id, p.occurred_on::text as date, e.description, p.minor::text, sums.total, sums.count
from sums left join page p on true left join expense.expense e on e.id = p.source_id and p.kind = 'expense'
order by p.occurred_on desc, p.posting_id desc`;

/** Everything that the pair shares, the newest first; one more than the page, and the sum and number of all. */
export async function findPairItems(
  query: Query,
  { groupId, currency, from, to }: ExplainPair,
  page: PageRequest,
): Promise<{ items: ExplainItem[]; total: bigint; count: number }> {
  const rows = await query<{
    kind: 'expense' | 'transfer' | 'refund' | 'adjustment' | null;
    source_id: string;
    posting_id: string;
    date: string;
    description: string | null;
    minor: string;
    total: string;
    count: number;
  }>(PAIR_ITEMS, [groupId, currency, from, to, page.after?.[0] ?? null, page.after?.[1] ?? null, page.limit + 1]);
  const items = rows.flatMap(({ kind, source_id: id, posting_id: postingId, date, description, minor }) =>
    kind === null
      ? []
      : [{ kind: kind === 'transfer' ? ('payment' as const) : kind, id, postingId, date, description, minor: BigInt(minor) }],
  );
  return { items, total: BigInt(rows[0]?.total ?? '0'), count: rows[0]?.count ?? 0 };
}

/** What everybody owes everybody directly; null in a group whose ledger is too long to follow every debt. */
export async function findDebts(query: Query, groupId: string, currency: string): Promise<Debt[] | null> {
  const [size] = await query<{ lines: number }>(
    `select count(*)::int as lines from (select 1 from expense.posting_line where group_id = $1 and currency = $2 limit ${LINES_MAX + 1}) l`,
    [groupId, currency],
  );
  if ((size?.lines ?? 0) > LINES_MAX) return null;
  const rows = await query<{ from: string; to: string; minor: string }>(DEBTS, [groupId, currency]);
  return rows.map((row) => ({ ...row, minor: BigInt(row.minor) }));
}

/** What is still to be paid of the transfers of open settlements. */
export async function findReserved(
  query: Query,
  groupId: string,
  currency: string,
): Promise<{ transferId: string; from: string; to: string; minor: bigint }[]> {
  const rows = await query<{ transferId: string; from: string; to: string; minor: string }>(
    `select transfer_id as "transferId", from_member_id as "from", to_member_id as "to", amount_minor as minor
     from expense.reservation where group_id = $1 and currency = $2 order by transfer_id`,
    [groupId, currency],
  );
  return rows.map((row) => ({ ...row, minor: BigInt(row.minor) }));
}
