import { v7 as uuidv7 } from 'uuid';
import { checkGrant, DEFAULT_ROLE, GROUP_MEMBERS_MAX } from '../../../domain/membership.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { type Role, roleAtLeast } from '../../../domain/roles.ts';
import type { Group } from '../../entities/expense/group.ts';
import { Member } from '../../entities/expense/member.ts';
import type { Tx } from '../../transact.ts';
import type { Facts } from '../../../domain/field-changes.ts';
import { memberFacts, policyFacts, recordChange } from './changes.ts';
import { dropExports } from './export-store.ts';
import { refuseFriendLedger } from './friend-ledgers.ts';
import { policyWithout } from './group-policy.ts';
import { deletePresetsOf } from './presets.ts';
import { touchGroup } from './groups.ts';

/** What is said of a new member. */
export interface NewMember {
  readonly id?: string | undefined;
  readonly displayName: string;
  readonly role?: Role | undefined;
  readonly weight?: string | undefined;
  readonly unitId?: string | null | undefined;
}

/** What may be changed of a member; null takes them out of their unit. */
export interface MemberChange {
  readonly displayName?: string | undefined;
  readonly role?: Role | undefined;
  readonly weight?: string | undefined;
  readonly unitId?: string | null | undefined;
}

/** Whoever does something: a member, or nobody where the clock, an operator or a process does it. */
export type Actor = Pick<Member, 'id' | 'userId'> | null;

/**
 * The member who acts, read under the group's lock: their role may have changed since the request was let in.
 *
 * @param least the role that the policy of the act asks for.
 * @throws RefusalError not_found, forbidden.
 */
export async function actingMember(tx: Tx, group: Group, userId: string, least: Role): Promise<Member> {
  const actor = await tx.em.findOne(Member, { groupId: group.id, userId, state: 'active' });
  if (actor === null) throw refusal('not_found', 'You are not a member of this group any more.');
  if (!roleAtLeast(roleOf(actor), least)) throw refusal('forbidden', 'Your role does not allow this.');
  return actor;
}

/** The role of a member as the domain names it; the table's check holds it to the same words. */
export function roleOf(member: Member): Role {
  return member.role as Role;
}

/**
 * A member of a locked group.
 *
 * @throws RefusalError not_found.
 */
export async function memberOf(tx: Tx, group: Group, memberId: string): Promise<Member> {
  const member = await tx.em.findOne(Member, { id: memberId, groupId: group.id });
  if (member === null) throw refusal('not_found', 'There is no such member in this group.');
  return member;
}

/**
 * Adds a member without an account to a locked group.
 *
 * @throws RefusalError forbidden, one_owner, member_limit_reached, id_taken.
 */
export async function addMember(tx: Tx, group: Group, actor: Member, input: NewMember): Promise<Member> {
  const role = unwrap(checkGrant(roleOf(actor), input.role ?? DEFAULT_ROLE));
  const member = await insertMember(tx, group, { ...input, role, userId: null });
  touchGroup(tx, group);
  const note = { groupId: group.id, subject: 'member', subjectId: member.id, by: actor.id } as const;
  recordChange(tx, { ...note, change: 'added', before: null, after: memberFacts(member) });
  tx.emit({ type: 'member.added', subjectId: member.id, groupId: group.id, ...by(actor), data: { userId: null } });
  return member;
}

/**
 * Brings a member without an account who has left a locked group back to their place.
 *
 * @throws RefusalError member_limit_reached.
 */
export async function bringBack(tx: Tx, group: Group, actor: Actor, member: Member): Promise<void> {
  await checkRoom(tx, group);
  const before = memberFacts(member);
  member.state = 'active';
  member.leftAt = null;
  member.version += 1;
  touchGroup(tx, group);
  const note = { groupId: group.id, subject: 'member', subjectId: member.id, by: actor?.id ?? null } as const;
  recordChange(tx, { ...note, change: 'added', before, after: memberFacts(member) });
  tx.emit({ type: 'member.added', subjectId: member.id, groupId: group.id, ...by(actor), data: { userId: null } });
}

/**
 * Writes a new member's row, if there is room.
 *
 * @throws RefusalError member_limit_reached, id_taken.
 */
export async function insertMember(tx: Tx, group: Group, input: NewMember & { role: Role; userId: string | null }): Promise<Member> {
  await checkRoom(tx, group);
  // Not by the unit of work: that would take an id in use by a member who is loaded already for a change of that one.
  const id = input.id ?? uuidv7();
  const inserted = await tx.query(
    `insert into expense.member (id, group_id, user_id, display_name, role, weight, unit_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp()) on conflict (id) do nothing returning id`,
    [id, group.id, input.userId, input.displayName, input.role, input.weight ?? '1', input.unitId ?? null],
  );
  if (inserted.length === 0) throw refusal('id_taken', 'This id is in use.', '/id');
  return memberOf(tx, group, id);
}

/** @throws RefusalError member_limit_reached, friend_ledger. */
export async function checkRoom(tx: Tx, group: Group): Promise<void> {
  refuseFriendLedger(group);
  const [row] = await tx.query<{ n: number }>(`select count(*)::int as n from expense.member where group_id = $1 and state = 'active'`, [
    group.id,
  ]);
  if ((row?.n ?? 0) >= GROUP_MEMBERS_MAX) throw refusal('member_limit_reached', `A group has at most ${GROUP_MEMBERS_MAX} members.`);
}

/**
 * Changes a member of a locked group. Call it with the member's version already compared; nothing given changes nothing.
 *
 * @throws RefusalError member_left, owner_role_is_fixed, forbidden, one_owner.
 */
export function changeMember(tx: Tx, group: Group, actor: Member, member: Member, change: MemberChange): void {
  if (member.state === 'left') throw refusal('member_left', 'This member has left the group.');
  const before = memberFacts(member);
  if (change.role !== undefined && change.role !== member.role) {
    if (member.role === 'owner')
      throw refusal('owner_role_is_fixed', 'The owner hands the group over before taking another role.', '/role');
    member.role = unwrap(checkGrant(roleOf(actor), change.role));
  }
  if (Object.values(change).every((value) => value === undefined)) return;
  if (change.displayName !== undefined) member.displayName = change.displayName;
  if (change.weight !== undefined) member.weight = change.weight;
  if (change.unitId !== undefined) member.unitId = change.unitId;
  noteChange(tx, group, member, actor, before);
}

/** Raises a changed member's version and the group's with it, notes what differs from `before`, and tells. */
export function noteChange(tx: Tx, group: Group, member: Member, actor: Member, before: Facts): void {
  member.version += 1;
  touchGroup(tx, group);
  const note = { groupId: group.id, subject: 'member', subjectId: member.id, by: actor.id } as const;
  recordChange(tx, { ...note, change: 'changed', before, after: memberFacts(member) });
  tx.emit({ type: 'member.changed', subjectId: member.id, groupId: group.id, ...by(actor), data: { userId: member.userId ?? null } });
}

/** States of a transfer in which its money is, or may be, on its way. A dispute has been answered and holds nobody back. */
const MOVING = ['processing', 'awaiting_confirmation', 'unknown', 'quarantined'];

/**
 * Checks that a member owes nothing, is owed nothing and takes part in no transfer that is on its way.
 *
 * @throws RefusalError member_has_balance.
 */
export async function checkSettled(tx: Tx, group: Group, member: Member): Promise<void> {
  if (await hasOpenMoney(tx, group, member))
    throw refusal('member_has_balance', 'This member still owes or is owed something; settle it first.');
}

/** Whether a member owes or is owed something, or takes part in a transfer that is on its way. */
export async function hasOpenMoney(tx: Tx, group: Group, member: Member): Promise<boolean> {
  const [row] = await tx.query<{ open: boolean }>(
    `select exists (select 1 from expense.balance where group_id = $1 and account_id = $2 and (net <> 0 or reserved <> 0))
       or exists (select 1 from expense.reservation where group_id = $1 and (from_member_id = $2 or to_member_id = $2))
       or exists (select 1 from payment_pub.transfer_v1 where group_id = $1 and (from_member_id = $2 or to_member_id = $2) and state = any($3::text[]))
         as open`,
    [group.id, member.id, MOVING],
  );
  return row?.open === true;
}

/** Marks a member as left, and closes every way in that they opened or that leads to their place. */
export async function markLeft(tx: Tx, group: Group, actor: Actor, member: Member): Promise<void> {
  const [before, policyBefore] = [memberFacts(member), policyFacts(group.policy)];
  member.state = 'left';
  member.leftAt = tx.now;
  member.version += 1;
  group.policy = policyWithout(group.policy, member.id);
  await deletePresetsOf(tx, group, member.id);
  if (member.userId != null) await dropExports(tx, { groupId: group.id, userId: member.userId });
  touchGroup(tx, group);
  const note = { groupId: group.id, by: actor?.id ?? null };
  recordChange(tx, { ...note, subject: 'member', subjectId: member.id, change: 'left', before, after: memberFacts(member) });
  const after = policyFacts(group.policy);
  recordChange(tx, { ...note, subject: 'policy', subjectId: group.id, change: 'changed', before: policyBefore, after });
  await tx.query(
    `update expense.invitation set revoked_at = now() where group_id = $1 and revoked_at is null and uses < max_uses and expires_at > now()
       and (member_id = $2 or created_by = $3)`,
    [group.id, member.id, member.userId ?? null],
  );
  tx.emit({ type: 'member.left', subjectId: member.id, groupId: group.id, ...by(actor), data: { userId: member.userId ?? null } });
}

/** The actor of an event; none where nobody acts, or the account behind the act is gone. */
export function by(actor: Actor): { actorId?: string } {
  return actor?.userId == null ? {} : { actorId: actor.userId };
}

/** The account of a member who acts; only members with one do. */
export function userIdOf(actor: Member): string {
  if (actor.userId == null) throw new Error(`member ${actor.id} acts without an account`);
  return actor.userId;
}
