import type { Net } from '../../../domain/plan-settle.ts';
import type { Moved } from '../../../domain/plan-stable.ts';
import type { Query } from './groups.ts';

/** What plans are made from. */
export interface PlanBase {
  /** What is left of each balance once all reserved transfers are paid. */
  readonly balances: Net[];
  readonly units: ReadonlyMap<string, string>;
  /** What was paid or reserved since what is shared last changed; see `planStably`. */
  readonly moved: Moved[];
}

/** Reads what plans are made from. */
export async function findPlanBase(query: Query, groupId: string, currency: string): Promise<PlanBase> {
  const rows = await query<{ id: string; unit_id: string | null; minor: string }>(
    `select m.id, m.unit_id, coalesce(b.net + b.reserved, 0) as minor from expense.member m
     left join expense.balance b on b.group_id = m.group_id and b.account_id = m.id and b.currency = $2
     where m.group_id = $1 and (m.state = 'active' or b.net + b.reserved <> 0)`,
    [groupId, currency],
  );
  return {
    balances: rows.map((row) => ({ memberId: row.id, minor: BigInt(row.minor) })),
    units: new Map(rows.flatMap((row) => (row.unit_id === null ? [] : [[row.id, row.unit_id] as const]))),
    moved: await findMoved(query, groupId, currency),
  };
}

/** Postings that are looked at for what was paid since the last change; older payments are part of the balances like anything else. */
const MOVED_MAX = 200;

async function findMoved(query: Query, groupId: string, currency: string): Promise<Moved[]> {
  const rows = await query<{ from: string; to: string; minor: string }>(movedSql('$1', '$2'), [groupId, currency]);
  return rows.map((row) => ({ ...row, minor: BigInt(row.minor) }));
}

/**
 * What was paid or reserved since what is shared last changed, in order of time: columns `from`, `to`, `minor`. A refund is the
 * payment turned round, so it counts below zero between payer and receiver of the payment.
 *
 * @param group SQL of the group's id.
 * @param currency SQL of the currency.
 */
export const movedSql = (group: string, currency: string): string => `
with recent as materialized (
  select id, kind, created_at from expense.posting where group_id = ${group} order by created_at desc, id desc limit ${MOVED_MAX}
), line as (
  select r.id, r.kind, r.created_at, l.account_id, l.paid, l.owed
  from recent r join expense.posting_line l on l.posting_id = r.id and l.currency = ${currency}
), change as (
  select coalesce(max(created_at), '-infinity') as at from line where kind not in ('transfer', 'refund')
), paid as (
  select id, created_at, kind, (array_agg(account_id) filter (where paid > 0))[1] as payer, (array_agg(account_id) filter (where owed > 0))[1] as receiver,
    sum(paid)::bigint as minor
  from line where kind in ('transfer', 'refund') group by 1, 2, 3
)
select m."from", m."to", m.minor::text from (
  select created_at, id, case kind when 'transfer' then payer else receiver end as "from", case kind when 'transfer' then receiver else payer end as "to",
    case kind when 'transfer' then minor else -minor end as minor from paid
  union all
  select created_at, transfer_id, from_member_id, to_member_id, amount_minor from expense.reservation where group_id = ${group} and currency = ${currency}
) m, change where m.created_at > change.at order by m.created_at, m.id`;

/** Expenses that are looked at for who shared one with whom: the newest ones, about half a second of work. */
const PAIRS_EXPENSES_MAX = 50_000;

/** Who shared a standing expense with whom, in one currency. */
export async function findPairs(query: Query, groupId: string, currency: string): Promise<[string, string][]> {
  const rows = await query<{ members: string }>(
    `select distinct members from (
       select array_to_json(array_agg(l.account_id order by l.account_id))::text as members
       from (select e.posting_id from expense.expense e where e.group_id = $1 and e.state = 'posted' and e.currency = $2
             order by e.created_at desc limit ${PAIRS_EXPENSES_MAX}) e
       join expense.posting_line l on l.posting_id = e.posting_id
       group by l.posting_id) sharing`,
    [groupId, currency],
  );
  const pairs = new Map<string, [string, string]>();
  for (const row of rows) {
    const members = JSON.parse(row.members) as string[];
    for (const [index, one] of members.entries()) for (const other of members.slice(index + 1)) pairs.set(one + other, [one, other]);
  }
  return [...pairs.values()];
}

/** The currency of a group that exists. */
export async function findGroupCurrency(query: Query, groupId: string): Promise<string> {
  const [row] = await query<{ currency: string }>('select currency from expense."group" where id = $1', [groupId]);
  if (row === undefined) throw new Error(`group ${groupId} is missing`);
  return row.currency;
}
