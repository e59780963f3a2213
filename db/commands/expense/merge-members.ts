import { v7 as uuidv7 } from 'uuid';
import type { MergedPair } from '../../../domain/merge.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Group } from '../../entities/expense/group.ts';
import { Member } from '../../entities/expense/member.ts';
import { MemberMerge, type MergedSplit } from '../../entities/expense/member-merge.ts';
import type { Tx } from '../../transact.ts';
import { memberFacts, policyFacts, recordChange } from './changes.ts';
import { touchGroup } from './groups.ts';
import { moveAdjustments, moveHistory, readHistory } from './member-history.ts';
import { userIdOf } from './members.ts';
import { checkPromisedPlaces, openInvitations, refuseMovingMoney, refuseWaitingExpenses } from './merge-checks.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { mergeSplits } from './presets.ts';
import { touchRules } from './recurring-slots.ts';
import type { Rewritten } from './rewrite-expenses.ts';

/**
 * Merges a member of a locked group into another one: they turned out to be the same person. The account goes with the
 * first, if it has one; what it shared, paid and was paid is the second's from now on. The first stays as `left`, so that
 * history and past payments can be read. An operator can undo it.
 *
 * @param actor who merges; at least an admin.
 * @returns the member who remains.
 * @throws RefusalError unknown_member, same_member, member_left, both_have_accounts, forbidden (the owner's account),
 *   invited_by_another_address, email_not_verified, settlement_in_progress, payment_in_progress, approval_in_progress,
 *   period_locked, merge_too_large, balance_out_of_range.
 */
export async function mergeMembers(tx: Tx, group: Group, actor: Member, from: Member, intoMemberId: string): Promise<Member> {
  const into = await tx.em.findOne(Member, { id: intoMemberId, groupId: group.id });
  if (into === null) throw refusal('unknown_member', 'There is no such member in this group.', '/intoMemberId');
  await checkMergeable(tx, group, actor, from, into);
  const history = await readHistory(tx, group.id, from.id);
  refuseLockedPeriod({ lockedUntil: group.lockedUntil ?? null }, history.dates);
  const pair: MergedPair = { from: from.id, into: into.id };
  const by = { memberId: actor.id === from.id ? into.id : actor.id, userId: userIdOf(actor) };
  const moved = await moveHistory(tx, group.id, history, pair, by.memberId);
  const policyBefore = policyFacts(group.policy);
  const splits = await mergeSplits(tx, group, pair);
  await keepMerge(tx, group, { from, into, mergedBy: by.userId, moved, splits });
  await moveAdjustments(tx, moved, pair);
  await moveInvitations(tx, group, from, into);
  const before = { from: memberFacts(from), into: memberFacts(into) };
  const userId = from.userId ?? null;
  if (userId !== null) await moveAccount(tx, group, from, into);
  from.state = 'left';
  from.leftAt = tx.now;
  from.mergedInto = into.id;
  for (const member of [from, into]) member.version += 1;
  await touchRules(tx, group.id);
  touchGroup(tx, group);
  const note = { groupId: group.id, by: by.memberId } as const;
  const gone = { ...memberFacts(from), mergedInto: into.id };
  recordChange(tx, { ...note, subject: 'member', subjectId: from.id, change: 'merged', before: before.from, after: gone });
  recordChange(tx, { ...note, subject: 'member', subjectId: into.id, change: 'changed', before: before.into, after: memberFacts(into) });
  const policy = policyFacts(group.policy);
  recordChange(tx, { ...note, subject: 'policy', subjectId: group.id, change: 'changed', before: policyBefore, after: policy });
  const data = { intoMemberId: into.id, userId };
  tx.emit({ type: 'member.merged', subjectId: from.id, groupId: group.id, actorId: by.userId, data });
  return into;
}

async function checkMergeable(tx: Tx, group: Group, actor: Member, from: Member, into: Member): Promise<void> {
  if (into.id === from.id) throw refusal('same_member', 'A member cannot be merged into itself.', '/intoMemberId');
  for (const member of [from, into]) if (member.state === 'left') throw refusal('member_left', 'A member who has left cannot be merged.');
  if (from.userId != null && into.userId != null)
    throw refusal('both_have_accounts', 'Both members have accounts, so they are two people.');
  if (from.role === 'owner' && actor.id !== from.id) throw refusal('forbidden', 'Only the owner moves the own account.');
  const userId = from.userId ?? into.userId ?? null;
  if (userId !== null) await checkPromisedPlaces(tx, group, [from.id, into.id], userId);
  await refuseMovingMoney(tx, group, [from.id]);
  await refuseWaitingExpenses(tx, group, from.id);
}

async function keepMerge(
  tx: Tx,
  group: Group,
  merge: { from: Member; into: Member; mergedBy: string; moved: readonly Rewritten[]; splits: MergedSplit[] },
): Promise<void> {
  const id = uuidv7();
  const { from, into, mergedBy, moved, splits } = merge;
  tx.em.create(MemberMerge, {
    id,
    groupId: group.id,
    fromMemberId: from.id,
    intoMemberId: into.id,
    movedUserId: from.userId ?? null,
    fromRole: from.role,
    intoRole: into.role,
    mergedBy,
    mergedAt: tx.now,
    splits,
  });
  await tx.query(
    `insert into expense.member_merge_entry (merge_id, kind, source_id, version_before, version_after, posting_before, posting_after,
       entries_before)
     select $1::uuid, n.*, (select a.entries from expense.adjustment a where a.id = n.source_id and n.kind = 'adjustment')
     from unnest($2::text[], $3::uuid[], $4::int[], $5::int[], $6::uuid[], $7::uuid[])
       as n (kind, source_id, version_before, version_after, posting_before, posting_after)`,
    [
      id,
      moved.map(({ kind }) => kind),
      moved.map(({ sourceId }) => sourceId),
      moved.map(({ versionBefore }) => versionBefore),
      moved.map(({ versionAfter }) => versionAfter),
      moved.map(({ postingBefore }) => postingBefore),
      moved.map(({ postingAfter }) => postingAfter),
    ],
  );
}

/** Ways to a place that an account has taken are closed; those to a place that is still free lead to the one that remains. */
async function moveInvitations(tx: Tx, group: Group, from: Member, into: Member): Promise<void> {
  const taken = from.userId != null || into.userId != null;
  for (const invitation of await openInvitations(tx, group, [from.id, into.id])) {
    if (taken) invitation.revokedAt = tx.now;
    else invitation.memberId = into.id;
  }
}

/** An account keeps its role wherever it goes, so that nobody gains one by a merge. */
async function moveAccount(tx: Tx, group: Group, from: Member, into: Member): Promise<void> {
  const { userId, role } = from;
  from.userId = null;
  if (role === 'owner') from.role = 'admin';
  // Before the other has it: a user is in a group once.
  await tx.em.flush();
  into.userId = userId ?? null;
  into.role = role;
  await moveAuthorship(tx, group.id, from.id, into.id);
}

/** What is a member's own because they made it: what they recorded and proposed, and what they are asked about. */
const AUTHORSHIP: readonly string[] = [
  'update expense.expense set created_by = $3 where group_id = $1 and created_by = $2',
  'update expense.expense_version set actor_member_id = $3 where group_id = $1 and actor_member_id = $2',
  'update expense.preset set created_by = $3 where group_id = $1 and created_by = $2',
  'update expense.adjustment set created_by = $3 where group_id = $1 and created_by = $2',
  'update expense.recurring_rule set created_by = $3 where group_id = $1 and created_by = $2',
  'update expense.receipt set uploaded_by = $3 where group_id = $1 and uploaded_by = $2',
  'update expense.category set created_by = $3 where group_id = $1 and created_by = $2',
  'update expense.import set created_by = $3 where group_id = $1 and created_by = $2',
  'update expense.import set undo_by = $3 where group_id = $1 and undo_by = $2',
  'update expense.comment set author_member_id = $3 where group_id = $1 and author_member_id = $2',
  'update expense.comment set mentions = array_replace(mentions, $2::uuid, $3::uuid) where group_id = $1 and $2::uuid = any(mentions)',
  'update expense.dispute set opened_by = $3 where group_id = $1 and opened_by = $2',
  `update expense.approval_vote v set member_id = $3 from expense.approval_round r
   where r.group_id = $1 and v.expense_id = r.expense_id and v.version = r.version and v.member_id = $2`,
  'update expense.approval_round set voters = array_replace(voters, $2::uuid, $3::uuid) where group_id = $1 and $2::uuid = any(voters)',
];

/** Makes one member the author of what another one made. Call it when an account moves between them. */
export async function moveAuthorship(tx: Tx, groupId: string, from: string, into: string): Promise<void> {
  for (const statement of AUTHORSHIP) await tx.query(statement, [groupId, from, into]);
}
