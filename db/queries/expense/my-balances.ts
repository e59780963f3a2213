import type { MyGroup } from '../../../domain/my-balances.ts';
import { movedSql } from './balances.ts';
import type { Query } from './groups.ts';

/** Groups, each with one currency, that are looked at: the newest ones. Planning them takes a second at most. */
const GROUPS_MAX = 100;

/**
 * The groups in which a user, or somebody of the same unit, owes or is owed something, each with what its plan is made from.
 *
 * @returns the newest groups, and how many currencies of older groups are left out.
 */
export async function findMyGroups(query: Query, userId: string): Promise<{ groups: MyGroup[]; leftOut: number }> {
  const rows = await query<{
    group_id: string;
    currency: string;
    me: string;
    left_out: number;
    moved: { from: string; to: string; minor: string }[] | null;
    members: { memberId: string; userId: string | null; displayName: string; unitId: string | null; minor: string }[];
  }>(FIND, [userId]);
  const groups = rows.map((row) => ({
    groupId: row.group_id,
    currency: row.currency,
    me: row.me,
    members: row.members.map((member) => ({ ...member, minor: BigInt(member.minor) })),
    moved: (row.moved ?? []).map((one) => ({ ...one, minor: BigInt(one.minor) })),
  }));
  return { groups, leftOut: rows[0]?.left_out ?? 0 };
}

const FIND = `
with mine as materialized (
  select m.id as me, m.group_id, b.currency, count(*) over ()::int as found, row_number() over (order by g.created_at desc, g.id, b.currency) as rank
  from expense.member m join expense."group" g on g.id = m.group_id and g.state <> 'deleted'
  join expense.balance b on b.group_id = m.group_id and b.account_id = m.id
  where m.user_id = $1 and m.state = 'active' and (b.net + b.reserved <> 0 or (m.unit_id is not null and exists (
    select 1 from expense.member u join expense.balance o on o.group_id = u.group_id and o.account_id = u.id and o.currency = b.currency
    where u.group_id = m.group_id and u.unit_id = m.unit_id and o.net + o.reserved <> 0)))
)
select mine.group_id, mine.currency, mine.me, greatest(0, mine.found - ${GROUPS_MAX}) as left_out,
  (select json_agg(json_build_object('memberId', m.id, 'userId', m.user_id, 'displayName', m.display_name, 'unitId', m.unit_id,
      'minor', coalesce(b.net + b.reserved, 0)::text) order by m.id)
   from expense.member m left join expense.balance b on b.group_id = m.group_id and b.account_id = m.id and b.currency = mine.currency
   where m.group_id = mine.group_id and (m.state = 'active' or b.net + b.reserved <> 0)) as members,
  (select json_agg(moved) from (${movedSql('mine.group_id', 'mine.currency')}) moved) as moved
from mine where mine.rank <= ${GROUPS_MAX} order by mine.rank`;
