import { type GroupEvent, type GroupState, moveGroup } from '../../../domain/group.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import type { Group } from '../../entities/expense/group.ts';
import { Member } from '../../entities/expense/member.ts';
import type { Tx } from '../../transact.ts';
import { dropVoter } from './approvals.ts';
import { groupFacts, memberFacts, recordChange } from './changes.ts';
import { refuseFriendLedger } from './friend-ledgers.ts';
import { touchGroup } from './groups.ts';
import { checkSettled, markLeft, memberOf, noteChange, userIdOf } from './members.ts';

/** Days for which a deleted group can be restored; afterwards it is purged. */
export const RESTORABLE_DAYS = 30;

const STATE_CHANGES = {
  archive: 'archived',
  unarchive: 'unarchived',
  delete: 'deleted',
  restore: 'restored',
} as const satisfies Record<Exclude<GroupEvent, 'change' | 'settle'>, string>;

/**
 * Archives, unarchives, deletes or restores a group that was locked in whatever state it is.
 *
 * @param actor who did it.
 * @throws RefusalError archived, not_archived, deleted, not_deleted.
 */
export function changeGroupState(tx: Tx, group: Group, event: keyof typeof STATE_CHANGES, actor: Member): void {
  const before = groupFacts(group);
  const state = unwrap(moveGroup(group.state as GroupState, event));
  group.state = state;
  group.archivedAt = state === 'archived' ? tx.now : null;
  group.deletedAt = state === 'deleted' ? tx.now : null;
  touchGroup(tx, group);
  const note = { groupId: group.id, subject: 'group', subjectId: group.id, by: actor.id, before } as const;
  recordChange(tx, { ...note, change: STATE_CHANGES[event], after: groupFacts(group) });
  tx.emit({ type: 'group.state_changed', subjectId: group.id, groupId: group.id, actorId: userIdOf(actor), data: { state } });
}

/**
 * Makes another member the owner of a locked group; the old one stays as admin.
 *
 * @param owner the member who is the owner now.
 * @throws RefusalError unknown_member, already_owner, member_left, owner_needs_account.
 */
export async function handOver(tx: Tx, group: Group, owner: Member, memberId: string): Promise<void> {
  const heir = await tx.em.findOne(Member, { id: memberId, groupId: group.id });
  if (heir === null) throw refusal('unknown_member', 'There is no such member in this group.', '/memberId');
  if (heir.id === owner.id) throw refusal('already_owner', 'You own this group already.', '/memberId');
  if (heir.state === 'left') throw refusal('member_left', 'This member has left the group.', '/memberId');
  if (heir.userId == null) throw refusal('owner_needs_account', 'An owner needs an account; this member has none.', '/memberId');
  const before = new Map([owner, heir].map((member) => [member, memberFacts(member)]));
  owner.role = 'admin';
  heir.role = 'owner';
  for (const [member, facts] of before) noteChange(tx, group, member, owner, facts);
}

/**
 * Lets the caller leave a locked group. When its owner leaves as the last person with an account, nobody could reach
 * the group any more, so it is deleted.
 *
 * @throws RefusalError owner_cannot_leave, member_has_balance, friend_ledger.
 */
export async function leaveGroup(tx: Tx, group: Group, memberId: string): Promise<void> {
  refuseFriendLedger(group);
  const member = await memberOf(tx, group, memberId);
  if (member.role === 'owner') {
    const others = await tx.em.count(Member, { groupId: group.id, state: 'active', userId: { $ne: null }, id: { $ne: member.id } });
    if (others > 0) throw refusal('owner_cannot_leave', 'Hand the group over before you leave it: others are in it.');
  }
  await checkSettled(tx, group, member);
  await markLeft(tx, group, member, member);
  await dropVoter(tx, group.id, member.id);
  if (member.role === 'owner') changeGroupState(tx, group, 'delete', member);
}

/**
 * Takes a member out of a locked group. What they shared stays; an invitation that names them brings them back.
 *
 * @throws RefusalError member_left, cannot_remove_owner, member_has_balance.
 */
export async function removeMember(tx: Tx, group: Group, actor: Member, member: Member): Promise<void> {
  if (member.state === 'left') throw refusal('member_left', 'This member has left the group.');
  if (member.role === 'owner') throw refusal('cannot_remove_owner', 'The owner hands the group over before leaving it.');
  await checkSettled(tx, group, member);
  await markLeft(tx, group, actor, member);
  await dropVoter(tx, group.id, member.id);
}
