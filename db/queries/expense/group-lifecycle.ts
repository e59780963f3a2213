import type { Query } from './groups.ts';

/** What a group's lifecycle waits for; times as Postgres gives them. */
export interface GroupProspect {
  readonly state: 'active' | 'archived' | 'deleted' | 'purged';
  readonly purgeAt: string | null;
  readonly nextInvitationExpiry: string | null;
  readonly lastActivity: string;
}

/**
 * Reads what comes next for a group, by index only: activity is a change of the group or its members, an expense that
 * was entered, and whatever was posted.
 *
 * @param restorableDays days between deletion and purge.
 */
export async function findProspect(query: Query, groupId: string, restorableDays: number): Promise<GroupProspect | null> {
  const [row] = await query<GroupProspect>(
    `select case when g.purged_at is null then g.state else 'purged' end as state,
       g.deleted_at + make_interval(days => $2) as "purgeAt",
       (select min(i.expires_at) from expense.invitation i
        where i.group_id = g.id and i.closed_at is null and i.revoked_at is null and i.uses < i.max_uses) as "nextInvitationExpiry",
       greatest(g.updated_at, (select max(p.created_at) from expense.posting p where p.group_id = g.id),
         (select max(e.created_at) from expense.expense e where e.group_id = g.id)) as "lastActivity"
     from expense."group" g where g.id = $1`,
    [groupId, restorableDays],
  );
  return row ?? null;
}
