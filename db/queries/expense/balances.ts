import type { Moved, PlanBase } from '../../../domain/plan-stable.ts';
import type { Query } from './groups.ts';

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

async function findMoved(query: Query, groupId: string, currency: string): Promise<Moved[]> {
  const rows = await query<{ from: string; to: string; minor: string }>(movedSql('$1', '$2'), [groupId, currency]);
  return rows.map((row) => ({ ...row, minor: BigInt(row.minor) }));
}

/**
 * What was paid or reserved since what is shared last changed, in order of time: columns `from`, `to`, `minor`.
 *
 * @param group SQL of the group's id.
 * @param currency SQL of the currency.
 */
export const movedSql = (group: string, currency: string): string => `
select v.from_member_id as "from", v.to_member_id as "to", v.minor::text from expense_pub.moved_v1 v
where v.group_id = ${group} and v.currency = ${currency} order by v.moved_at, v.id`;

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
