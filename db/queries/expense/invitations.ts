import { type InvitationState, invitationState } from '../../../domain/membership.ts';
import type { Role } from '../../../domain/roles.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** An invitation as those who manage the group see it; never its token. */
export interface InvitationView {
  readonly id: string;
  readonly groupId: string;
  readonly email: string | null;
  readonly role: Role;
  readonly memberId: string | null;
  readonly state: InvitationState;
  readonly uses: number;
  readonly maxUses: number;
  readonly expiresAt: string;
  readonly createdAt: string;
}

/** An invitation as whoever holds its token sees it. */
export interface InvitationCard {
  readonly groupName: string;
  readonly groupState: 'active' | 'archived' | 'deleted';
  readonly inviterName: string;
  readonly role: Role;
  readonly memberDisplayName: string | null;
  readonly state: InvitationState;
  readonly expiresAt: string;
}

interface Row {
  id: string;
  group_id: string;
  email: string | null;
  role: Role;
  member_id: string | null;
  uses: number;
  max_uses: number;
  revoked: boolean;
  expires_at: string;
  created_at: string;
}

const COLUMNS = `i.id, i.group_id, i.email, i.role, i.member_id, i.uses, i.max_uses, i.revoked_at is not null as revoked, i.expires_at, i.created_at`;

/** Reads an invitation of a group. @param now decides whether it is still good. */
export async function findInvitation(query: Query, invitationId: string, now: Date): Promise<InvitationView | null> {
  const [row] = await query<Row>(`select ${COLUMNS} from expense.invitation i where i.id = $1`, [invitationId]);
  return row === undefined ? null : toView(row, now);
}

/** The invitations of a group, the newest first; one more than the page. */
export async function listInvitations(query: Query, groupId: string, now: Date, page: PageRequest): Promise<InvitationView[]> {
  const [createdAt, invitationId] = page.after ?? [null, null];
  const rows = await query<Row>(
    `select ${COLUMNS} from expense.invitation i
     where i.group_id = $1 and ($2::timestamptz is null or (i.created_at, i.id) < ($2, $3::uuid))
     order by i.created_at desc, i.id desc limit $4`,
    [groupId, createdAt, invitationId, page.limit + 1],
  );
  return rows.map((row) => toView(row, now));
}

/** What a token's holder may know before accepting. */
export async function findInvitationCard(query: Query, invitationId: string, now: Date): Promise<InvitationCard | null> {
  const [row] = await query<Row & { group_name: string; group_state: InvitationCard['groupState']; inviter: string; named: string | null }>(
    `select ${COLUMNS}, g.name as group_name, g.state as group_state, m.display_name as named,
       coalesce((select p.display_name from expense.member p where p.group_id = g.id and p.user_id = i.created_by), '') as inviter
     from expense.invitation i join expense."group" g on g.id = i.group_id left join expense.member m on m.id = i.member_id
     where i.id = $1`,
    [invitationId],
  );
  if (row === undefined) return null;
  const { role, state, expiresAt } = toView(row, now);
  return {
    groupName: row.group_name,
    groupState: row.group_state,
    inviterName: row.inviter,
    role,
    memberDisplayName: row.named,
    state,
    expiresAt,
  };
}

function toView(row: Row, now: Date): InvitationView {
  const facts = { expiresAt: new Date(row.expires_at), revoked: row.revoked, uses: row.uses, maxUses: row.max_uses };
  return {
    id: row.id,
    groupId: row.group_id,
    email: row.email,
    role: row.role,
    memberId: row.member_id,
    state: invitationState(facts, now),
    uses: row.uses,
    maxUses: row.max_uses,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  };
}
