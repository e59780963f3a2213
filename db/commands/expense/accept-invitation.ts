import type { GroupState } from '../../../domain/group.ts';
import { emailKey } from '../../../domain/account.ts';
import { checkGrant } from '../../../domain/membership.ts';
import type { Facts } from '../../../domain/field-changes.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Role } from '../../../domain/roles.ts';
import type { Group } from '../../entities/expense/group.ts';
import { Invitation } from '../../entities/expense/invitation.ts';
import { Member } from '../../entities/expense/member.ts';
import type { Tx } from '../../transact.ts';
import { lockGroup, touchGroup } from './groups.ts';
import { memberFacts, recordChange } from './changes.ts';
import { checkOpen, noteInvitation } from './invitations.ts';
import { checkRoom, insertMember, roleOf } from './members.ts';

/** Who accepts. */
interface Guest {
  readonly userId: string;
  readonly displayName: string;
  readonly emailKey: string;
  readonly emailVerified: boolean;
}

/**
 * Accepts an invitation: the caller takes over the member that it names, comes back to the place that they had, or
 * joins as a new member. The group's lock lets one accept at a time, so an invitation is never used too often.
 *
 * @param states of the group in which it can be joined.
 * @returns the group's id.
 * @throws RefusalError not_found, deleted, archived, email_not_verified, already_member, member_already_claimed,
 *   member_left, member_limit_reached, and those of an invitation that is not open.
 */
export async function acceptInvitation(tx: Tx, userId: string, invitationId: string, states: readonly GroupState[]): Promise<string> {
  const [known] = await tx.query<{ group_id: string }>('select group_id from expense.invitation where id = $1', [invitationId]);
  if (known === undefined) throw unknownInvitation();
  const group = await lockGroup(tx, known.group_id, states);
  const invitation = await tx.em.findOne(Invitation, { id: invitationId });
  if (invitation === null) throw unknownInvitation();
  const guest = await guestOf(tx, userId);
  await checkAddress(tx, invitation, guest);
  const mine = await tx.em.findOne(Member, { groupId: group.id, userId });
  if (mine !== null && mine.state === 'active') throw refusal('already_member', 'You are a member of this group already.');
  checkOpen(invitation, tx.now);
  await checkStillGranted(tx, group, invitation);
  const { member, before } = await seat(tx, group, invitation, guest, mine);
  invitation.uses += 1;
  touchGroup(tx, group);
  noteInvitation(tx, invitation, 'accepted', member);
  const note = { groupId: group.id, subject: 'member', subjectId: member.id, by: member.id } as const;
  recordChange(tx, { ...note, change: 'joined', before, after: memberFacts(member) });
  tx.emit({ type: 'invitation.accepted', subjectId: invitation.id, groupId: group.id, actorId: userId, data: { memberId: member.id } });
  tx.emit({ type: 'member.added', subjectId: member.id, groupId: group.id, actorId: userId, data: { userId } });
  return group.id;
}

/** An invitation sent to an address is for who has proved to own it, and has not blocked who made it; to anybody else it does not exist. */
async function checkAddress(tx: Tx, invitation: Invitation, guest: Guest): Promise<void> {
  if (invitation.email == null) return;
  if (emailKey(invitation.email) !== guest.emailKey) throw unknownInvitation();
  if (!guest.emailVerified) throw refusal('email_not_verified', 'Verify your address first; this invitation was sent to it.');
  const blocks = await tx.query('select 1 from user_pub.block_v1 where account_id = $1 and blocked_id = $2', [
    guest.userId,
    invitation.createdBy,
  ]);
  if (blocks.length > 0) throw unknownInvitation();
}

/** What an inviter may no longer give by hand, a link of theirs does not give either. */
async function checkStillGranted(tx: Tx, group: Group, invitation: Invitation): Promise<void> {
  const inviter = await tx.em.findOne(Member, { groupId: group.id, userId: invitation.createdBy, state: 'active' });
  if (inviter === null || checkGrant(roleOf(inviter), invitation.role as Role).ok) return;
  throw refusal('invitation_revoked', 'Who made this invitation may not give its role any more.');
}

/** A member who is in now, and what they were before; null when they are new. */
interface Seated {
  readonly member: Member;
  readonly before: Facts | null;
}

async function seat(tx: Tx, group: Group, invitation: Invitation, guest: Guest, mine: Member | null): Promise<Seated> {
  const role = invitation.role as Role;
  if (invitation.memberId == null) {
    if (mine !== null) return comeIn(tx, group, mine, guest, role);
    const member = await insertMember(tx, group, { displayName: guest.displayName, role, userId: guest.userId });
    return { member, before: null };
  }
  const named = await tx.em.findOne(Member, { id: invitation.memberId, groupId: group.id });
  if (named === null) throw unknownInvitation();
  if (named.userId != null && named.userId !== guest.userId)
    throw refusal('member_already_claimed', 'Somebody else is this member already.');
  if (mine !== null && mine.id !== named.id)
    throw refusal('member_left', 'You were in this group as another member; ask for an invitation that names that one.');
  return comeIn(tx, group, named, guest, role);
}

async function comeIn(tx: Tx, group: Group, member: Member, guest: Guest, role: Role): Promise<Seated> {
  const before = memberFacts(member);
  if (member.state === 'left') await checkRoom(tx, group);
  member.userId = guest.userId;
  member.role = role;
  member.state = 'active';
  member.leftAt = null;
  member.version += 1;
  return { member, before };
}

async function guestOf(tx: Tx, userId: string): Promise<Guest> {
  const [guest] = await tx.query<Guest>(
    `select user_id as "userId", display_name as "displayName", email_key as "emailKey", email_verified as "emailVerified"
     from user_pub.contact_v1 where user_id = $1`,
    [userId],
  );
  if (guest === undefined) throw refusal('unauthenticated', 'The account is gone.');
  return guest;
}

function unknownInvitation(): Error {
  return refusal('not_found', 'There is no such invitation.');
}
