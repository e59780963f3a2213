import type { Tx } from '../../transact.ts';

/**
 * Active groups whose settlement day is today in their own zone (the month's last day where it is shorter), by id.
 *
 * @param nowIso what "today" is judged by.
 * @param after the last group of the page before.
 */
export async function groupsToSettle(
  query: Tx['query'],
  nowIso: string,
  after: string | null,
  limit: number,
): Promise<{ groupId: string; today: string }[]> {
  const rows = await query<{ id: string; today: string }>(
    `select g.id, g.today::text as today
     from (select id, policy, ($1::timestamptz at time zone time_zone)::date as today from expense_pub.group_v1
       where state = 'active' and policy ? 'settlementDay' and ($2::uuid is null or id > $2)) g
     where extract(day from g.today) = least((g.policy ->> 'settlementDay')::int, extract(day from date_trunc('month', g.today) + interval '1 month - 1 day'))
     order by g.id limit $3`,
    [nowIso, after, limit],
  );
  return rows.map((row) => ({ groupId: row.id, today: row.today }));
}
