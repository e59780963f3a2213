import type { GroupPolicy } from '../../../domain/group.ts';
import type { Role } from '../../../domain/roles.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** A member as every answer shows it. */
export interface MemberView {
  readonly id: string;
  readonly displayName: string;
  readonly userId: string | null;
  readonly role: Role;
  readonly weight: string;
  readonly unitId: string | null;
  readonly state: 'active' | 'left';
  /** The member whom they turned out to be; only of merged ones. */
  readonly mergedInto?: string;
  readonly version: number;
}

/** A group with its members, as seen by one of them. */
export interface GroupView {
  readonly id: string;
  readonly kind: 'shared' | 'friends';
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly state: 'active' | 'archived' | 'deleted';
  readonly policy: GroupPolicy;
  /** The first day that may still change; null where nothing is locked. */
  readonly lockedUntil: string | null;
  readonly version: number;
  readonly createdAt: string;
  readonly members: readonly MemberView[];
}

/** Something that runs SQL: a transaction or a plain connection of the service. */
export type Query = Tx['query'];

const GROUP_COLUMNS = `g.id, g.kind, g.name, g.currency, g.time_zone, g.state, g.policy, g.locked_until::text as locked_until, g.version, g.created_at,
  (select json_agg(json_build_object('id', m.id, 'displayName', m.display_name, 'userId', m.user_id, 'role', m.role,
      'weight', trim_scale(m.weight)::text, 'unitId', m.unit_id, 'state', m.state, 'mergedInto', m.merged_into, 'version', m.version) order by m.created_at, m.id)
   from expense.member m where m.group_id = g.id) as members`;

interface GroupRow {
  id: string;
  kind: GroupView['kind'];
  name: string;
  currency: string;
  time_zone: string;
  state: GroupView['state'];
  policy: GroupPolicy;
  locked_until: string | null;
  version: number;
  created_at: string;
  members: MemberRow[] | null;
}

/** A member as the database gives one. */
export type MemberRow = Omit<MemberView, 'mergedInto'> & { readonly mergedInto: string | null };

/** Turns a row into what every answer shows. */
export function toMember({ mergedInto, ...member }: MemberRow): MemberView {
  return mergedInto === null ? member : { ...member, mergedInto };
}

/** Reads a group with its members. */
export async function findGroup(query: Query, groupId: string): Promise<GroupView | null> {
  const [row] = await query<GroupRow>(`select ${GROUP_COLUMNS} from expense."group" g where g.id = $1`, [groupId]);
  return row === undefined ? null : toView(row);
}

/** What narrows a list of groups. */
export interface GroupFilter {
  readonly state?: GroupView['state'] | undefined;
  readonly kind?: GroupView['kind'] | undefined;
}

/** The groups of which a user is an active member, the newest first; one more than the page, to tell whether it goes on. */
export async function listGroups(query: Query, userId: string, filter: GroupFilter, page: PageRequest): Promise<GroupView[]> {
  const [createdAt, groupId] = page.after ?? [null, null];
  const rows = await query<GroupRow>(
    `select ${GROUP_COLUMNS} from expense."group" g
     join expense.member mine on mine.group_id = g.id and mine.user_id = $1 and mine.state = 'active'
     where ($2::text is null and g.state <> 'deleted' or g.state = $2) and ($3::text is null or g.kind = $3)
       and ($4::timestamptz is null or (g.created_at, g.id) < ($4, $5::uuid))
     order by g.created_at desc, g.id desc limit $6`,
    [userId, filter.state ?? null, filter.kind ?? null, createdAt, groupId, page.limit + 1],
  );
  return rows.map(toView);
}

function toView(row: GroupRow): GroupView {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    currency: row.currency,
    timeZone: row.time_zone,
    state: row.state,
    policy: row.policy,
    lockedUntil: row.locked_until,
    version: row.version,
    createdAt: row.created_at,
    members: (row.members ?? []).map(toMember),
  };
}
