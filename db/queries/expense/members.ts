import { type MemberRow, type MemberView, type Query, toMember } from './groups.ts';

/** Reads a member of a group; null where there is none. */
export async function findMember(query: Query, groupId: string, memberId: string): Promise<MemberView | null> {
  const [row] = await query<MemberRow>(
    `select m.id, m.display_name as "displayName", m.user_id as "userId", m.role, trim_scale(m.weight)::text as weight,
       m.unit_id as "unitId", m.state, m.merged_into as "mergedInto", m.version
     from expense.member m where m.id = $2 and m.group_id = $1`,
    [groupId, memberId],
  );
  return row === undefined ? null : toMember(row);
}
