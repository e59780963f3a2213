import { v7 as uuidv7 } from 'uuid';
import { emailKey } from '../../../domain/account.ts';
import {
  checkGrant,
  checkInvitationOpen,
  DEFAULT_ROLE,
  INVITATION_HOURS,
  type InvitationState,
  invitationState,
  OPEN_INVITATIONS_MAX,
} from '../../../domain/membership.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import type { Role } from '../../../domain/roles.ts';
import type { Group } from '../../entities/expense/group.ts';
import { Invitation } from '../../entities/expense/invitation.ts';
import { Member } from '../../entities/expense/member.ts';
import { checkDailyLimit, type DailyCount } from '../../daily-limit.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { type Changes, invitationFacts, recordChange } from './changes.ts';
import { refuseFriendLedger } from './friend-ledgers.ts';
import { by, roleOf, userIdOf } from './members.ts';

/** What is said of a new invitation. */
export interface NewInvitation {
  readonly id?: string | undefined;
  readonly email?: string | undefined;
  readonly role?: Role | undefined;
  /** The member whose place is taken by who accepts. */
  readonly memberId?: string | undefined;
  readonly expiresInHours?: number | undefined;
  readonly maxUses?: number | undefined;
}

/** How many within a day. */
export interface InvitationLimits {
  /** Of one person. */
  readonly invitations: number;
  /** Of one person, to addresses. */
  readonly mails: number;
  /** To one address, of anybody; beyond them no mail goes out. */
  readonly mailsToAddress: number;
}

/** How an invitation is sent. */
export interface InvitationOptions {
  /** `always` for a member created with an address, which product rules mail to; otherwise only to an address that an account has verified. */
  readonly mail: 'always' | 'if-verified';
  readonly limits: InvitationLimits;
}

const HOUR_MS = 60 * 60 * 1000;

const MADE_OF_A_DAY: DailyCount = { table: 'expense.invitation', whose: 'created_by = $1', what: 'invitations' };
const MAILED_OF_A_DAY: DailyCount = { ...MADE_OF_A_DAY, whose: 'created_by = $1 and email is not null', what: 'invitations to addresses' };

/**
 * Opens an invitation into a locked group.
 *
 * @throws RefusalError forbidden, one_owner, unknown_member, member_already_claimed, member_merged, invitation_is_for_one,
 *   invitation_limit_reached, id_taken, friend_ledger, rate_limited.
 */
export async function createInvitation(
  tx: Tx,
  group: Group,
  actor: Member,
  input: NewInvitation,
  { mail, limits }: InvitationOptions,
): Promise<Invitation> {
  refuseFriendLedger(group);
  const named = input.memberId === undefined ? null : await inviteeOf(tx, group, input.memberId);
  if (named !== null && (input.maxUses ?? 1) > 1)
    throw refusal('invitation_is_for_one', 'An invitation that names a member is for one person.', '/maxUses');
  const role = unwrap(checkGrant(roleOf(actor), input.role ?? standingRole(named)));
  await checkOpenInvitations(tx, group);
  await checkDailyLimit(tx, MADE_OF_A_DAY, userIdOf(actor), limits.invitations);
  if (input.email !== undefined) await checkDailyLimit(tx, MAILED_OF_A_DAY, userIdOf(actor), limits.mails);
  const invitation = tx.em.create(Invitation, {
    id: input.id ?? uuidv7(),
    groupId: group.id,
    memberId: named?.id ?? null,
    email: input.email ?? null,
    role,
    createdBy: userIdOf(actor),
    expiresAt: new Date(tx.now.getTime() + (input.expiresInHours ?? INVITATION_HOURS) * HOUR_MS),
    maxUses: input.maxUses ?? 1,
    createdAt: tx.now,
  });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'invitation_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  noteInvitation(tx, invitation, 'created', actor);
  const mailed =
    input.email !== undefined &&
    (mail === 'always' || (await isVerified(tx, input.email))) &&
    (await hasRoom(tx, input.email, limits.mailsToAddress));
  tx.emit({ type: 'invitation.created', subjectId: invitation.id, groupId: group.id, ...by(actor), data: { mail: mailed } });
  return invitation;
}

/**
 * Withdraws an invitation of a locked group; harmless when it is closed already.
 *
 * @throws RefusalError not_found.
 */
export async function revokeInvitation(tx: Tx, group: Group, actor: Member, invitationId: string): Promise<void> {
  const invitation = await tx.em.findOne(Invitation, { id: invitationId, groupId: group.id });
  if (invitation === null) throw refusal('not_found', 'There is no such invitation in this group.');
  if (stateOf(invitation, tx.now) !== 'open') return;
  invitation.revokedAt = tx.now;
  noteInvitation(tx, invitation, 'revoked', actor);
  tx.emit({ type: 'invitation.revoked', subjectId: invitation.id, groupId: group.id, ...by(actor), data: {} });
}

/** The state of an invitation's row. */
export function stateOf({ expiresAt, uses, maxUses, revokedAt }: Invitation, now: Date): InvitationState {
  return invitationState({ expiresAt, uses, maxUses, revoked: revokedAt != null }, now);
}

/** Checks that an invitation can be accepted; refusals of the domain's `checkInvitationOpen`. */
export function checkOpen(invitation: Invitation, now: Date): void {
  unwrap(checkInvitationOpen(stateOf(invitation, now)));
}

/** Notes what became of an invitation; when it came to be, with what it says. */
export function noteInvitation(tx: Tx, invitation: Invitation, change: Changes['invitation'], actor: Member): void {
  const note = { groupId: invitation.groupId, subject: 'invitation', subjectId: invitation.id, by: actor.id, before: null } as const;
  recordChange(tx, { ...note, change, after: change === 'created' ? invitationFacts(invitation) : null });
}

async function inviteeOf(tx: Tx, group: Group, memberId: string): Promise<Member> {
  const member = await tx.em.findOne(Member, { id: memberId, groupId: group.id });
  if (member === null) throw refusal('unknown_member', 'There is no such member in this group.', '/memberId');
  if (member.mergedInto != null)
    throw refusal('member_merged', 'This member has been merged into another one; invite that one.', '/memberId');
  if (member.state === 'active' && member.userId != null)
    throw refusal('member_already_claimed', 'This member has an account already.', '/memberId');
  return member;
}

/** The role that a named member has; a former owner comes back with the usual one. */
function standingRole(named: Member | null): Role {
  return named === null || named.role === 'owner' ? DEFAULT_ROLE : roleOf(named);
}

async function checkOpenInvitations(tx: Tx, group: Group): Promise<void> {
  const [row] = await tx.query<{ n: number }>(
    `select count(*)::int as n from expense.invitation
     where group_id = $1 and revoked_at is null and uses < max_uses and expires_at > now()`,
    [group.id],
  );
  if ((row?.n ?? 0) >= OPEN_INVITATIONS_MAX)
    throw refusal('invitation_limit_reached', `A group has at most ${OPEN_INVITATIONS_MAX} open invitations; withdraw one first.`);
}

/** Whether an address may get another invitation today; the one that was just written counts. */
async function hasRoom(tx: Tx, address: string, mailsToAddress: number): Promise<boolean> {
  const [{ n } = { n: 0 }] = await tx.query<{ n: number }>(
    `select count(*)::int as n from expense.invitation where lower(email) = $1 and email is not null and created_at > now() - interval '1 day'`,
    [emailKey(address)],
  );
  return n <= mailsToAddress;
}

async function isVerified(tx: Tx, address: string): Promise<boolean> {
  const rows = await tx.query('select 1 from user_pub.contact_v1 where email_key = $1 and email_verified', [emailKey(address)]);
  return rows.length > 0;
}
