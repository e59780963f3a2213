import type { ExpenseContent } from '../../../domain/expense.ts';
import { canonical } from '../../../domain/field-changes.ts';
import { statesFor } from '../../../domain/group.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Group } from '../../entities/expense/group.ts';
import type { Member } from '../../entities/expense/member.ts';
import { MemberMerge } from '../../entities/expense/member-merge.ts';
import { findExpenses } from '../../queries/expense/expenses.ts';
import type { Tx } from '../../transact.ts';
import { memberFacts, policyFacts, recordChange } from './changes.ts';
import { lockGroup, touchGroup } from './groups.ts';
import { findPostings, type NewPosting } from './ledger.ts';
import { checkRoom, memberOf } from './members.ts';
import { refuseMovingMoney } from './merge-checks.ts';
import { moveAuthorship } from './merge-members.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { unmergeSplits } from './presets.ts';
import { touchRules } from './recurring-slots.ts';
import { type ExpenseRewrite, type PostingRewrite, rewriteExpenses, rewritePostings, type Rewritten } from './rewrite-expenses.ts';

/** What became of a merge that was undone. */
export interface UndoneMerge {
  readonly groupId: string;
  /** How many expenses and payments went back. */
  readonly restored: number;
  /** Those whose money was changed after the merge: they stay as they are, and the group mends them itself. */
  readonly kept: readonly { readonly kind: Rewritten['kind']; readonly id: string }[];
}

/**
 * Takes a merge back: the first member is there again with the account, if it brought one, and with all that it took part
 * in, as it was before. What was changed since stays with the other, and is told.
 *
 * @param operatorId the account that does it.
 * @throws RefusalError not_found, merge_undone, deleted, member_left, member_limit_reached, settlement_in_progress,
 *   payment_in_progress, period_locked, balance_out_of_range.
 */
export async function undoMerge(tx: Tx, command: { mergeId: string; operatorId: string; reason: string }): Promise<UndoneMerge> {
  const [known] = await tx.query<{ group_id: string }>('select group_id from expense.member_merge where id = $1', [command.mergeId]);
  if (known === undefined) throw refusal('not_found', 'There is no such merge.');
  const group = await lockGroup(tx, known.group_id, statesFor('settle'));
  const merge = await tx.em.findOne(MemberMerge, { id: command.mergeId });
  if (merge === null || merge.undoneAt != null) throw refusal('merge_undone', 'This merge has been undone already.');
  const [from, into] = [await memberOf(tx, group, merge.fromMemberId), await memberOf(tx, group, merge.intoMemberId)];
  if (into.state === 'left') throw refusal('member_left', 'The member who remained has left, or was merged in turn; undo that first.');
  await checkRoom(tx, group);
  await refuseMovingMoney(tx, group, [from.id, into.id]);
  const undone = await moveBack(tx, group, merge);
  await partMembers(tx, group, merge, from, into);
  merge.undoneAt = tx.now;
  merge.undoneBy = command.operatorId;
  merge.undoReason = command.reason;
  const data = { intoMemberId: into.id, userId: merge.movedUserId ?? null, mergeId: merge.id };
  tx.emit({ type: 'member.unmerged', subjectId: from.id, groupId: group.id, actorId: command.operatorId, data });
  return undone;
}

interface EntryRow {
  readonly kind: Rewritten['kind'];
  readonly source_id: string;
  readonly version_before: number;
  readonly version_after: number;
  readonly posting_before: string | null;
  readonly posting_after: string | null;
}

async function moveBack(tx: Tx, group: Group, merge: MemberMerge): Promise<UndoneMerge> {
  const entries = await tx.query<EntryRow>(
    `select kind, source_id, version_before, version_after, posting_before, posting_after from expense.member_merge_entry
     where merge_id = $1 order by kind, source_id`,
    [merge.id],
  );
  const expenses = await expensesBack(
    tx,
    entries.filter(({ kind }) => kind === 'expense'),
  );
  const postings = await postingsBack(
    tx,
    entries.filter(({ kind }) => kind !== 'expense'),
  );
  const dates = [...expenses.map(({ expense }) => expense.content.date), ...postings.map(({ posting }) => posting.occurredOn)];
  refuseLockedPeriod({ lockedUntil: group.lockedUntil ?? null }, dates);
  const done = [...(await rewriteExpenses(tx, expenses, 'unmerged', null)), ...(await rewritePostings(tx, postings))];
  const adjustments = done.filter(({ kind }) => kind === 'adjustment');
  await tx.query(
    `update expense.adjustment a set posting_id = n.posting_id, entries = m.entries_before
     from unnest($2::uuid[], $3::uuid[]) as n (id, posting_id)
     join expense.member_merge_entry m on m.merge_id = $1 and m.kind = 'adjustment' and m.source_id = n.id where a.id = n.id`,
    [merge.id, adjustments.map(({ sourceId }) => sourceId), adjustments.map(({ postingAfter }) => postingAfter)],
  );
  const restored = new Set(done.map(({ sourceId }) => sourceId));
  const kept = entries.filter((entry) => !restored.has(entry.source_id)).map(({ kind, source_id: id }) => ({ kind, id }));
  return { groupId: group.id, restored: done.length, kept };
}

/**
 * Expenses whose money stands as the merge left it, with what they said of it before; a text that was changed since stays
 * changed.
 */
async function expensesBack(tx: Tx, entries: readonly EntryRow[]): Promise<ExpenseRewrite[]> {
  const views = new Map(
    (
      await findExpenses(
        tx.query,
        entries.map((entry) => entry.source_id),
      )
    ).map((view) => [view.id, view]),
  );
  const contents = await tx.query<{ id: string; before: ExpenseContent; after: ExpenseContent; next_version: number }>(
    `select n.id, b.content as before, a.content as after,
       (select max(o.version) from expense.expense_version o where o.expense_id = n.id) + 1 as next_version
     from unnest($1::uuid[], $2::int[], $3::int[]) as n (id, before, after)
     join expense.expense_version b on b.expense_id = n.id and b.version = n.before
     join expense.expense_version a on a.expense_id = n.id and a.version = n.after order by n.id`,
    [entries.map((entry) => entry.source_id), entries.map((entry) => entry.version_before), entries.map((entry) => entry.version_after)],
  );
  return contents.flatMap(({ id, before, after, next_version: nextVersion }) => {
    const expense = views.get(id);
    if (expense === undefined || expense.state === 'pending' || expense.pendingVersion !== null) return [];
    if (canonical(moneyOf(expense.content)) !== canonical(moneyOf(after))) return [];
    const { payers, split, shares } = before;
    return [{ expense, nextVersion, content: { ...expense.content, payers, split, shares } }];
  });
}

function moneyOf({ kind, total, payers, split, shares }: ExpenseContent): Partial<ExpenseContent> {
  return { kind, total, payers, split, shares };
}

/** Postings whose lines stand as the merge left them, with those that they had before. */
async function postingsBack(tx: Tx, entries: readonly EntryRow[]): Promise<PostingRewrite[]> {
  const standing = await tx.query<{ id: string; kind: string; source_id: string }>(
    `select p.id, p.kind, p.source_id from unnest($1::text[], $2::uuid[]) as n (kind, source_id)
     join expense.posting p on p.source_id = n.source_id and p.kind = n.kind
     where not exists (select 1 from expense.posting r where r.reverses_id = p.id)`,
    [entries.map(({ kind }) => kind), entries.map((entry) => entry.source_id)],
  );
  const standingOf = new Map(standing.map((row) => [`${row.kind}/${row.source_id}`, row.id]));
  const merged = entries.flatMap((entry) => [entry.posting_before ?? [], entry.posting_after ?? []].flat());
  const byId = new Map((await findPostings(tx, [...merged, ...standingOf.values()])).map((posting) => [posting.id, posting]));
  return entries.flatMap((entry) => {
    const posting = byId.get(standingOf.get(`${entry.kind}/${entry.source_id}`) ?? '');
    const [before, after] = [byId.get(entry.posting_before ?? ''), byId.get(entry.posting_after ?? '')];
    if (before === undefined || after === undefined) throw new Error(`a posting of ${entry.source_id} is missing`);
    if (posting === undefined || textOf(posting) !== textOf(after)) return [];
    return [{ posting, nextVersion: posting.sourceVersion + 1, lines: before.lines }];
  });
}

function textOf({ lines }: NewPosting): string {
  return lines.map((line) => `${line.accountId} ${line.currency} ${line.paid} ${line.owed}`).join('\n');
}

async function partMembers(tx: Tx, group: Group, merge: MemberMerge, from: Member, into: Member): Promise<void> {
  const before = { from: memberFacts(from), into: memberFacts(into) };
  if (merge.movedUserId != null && into.userId === merge.movedUserId) {
    const { role } = into;
    into.userId = null;
    into.role = merge.intoRole;
    // Before the other has it: a user is in a group once.
    await tx.em.flush();
    from.userId = merge.movedUserId;
    from.role = role;
    await moveAuthorship(tx, group.id, into.id, from.id);
  } else from.role = merge.fromRole;
  from.state = 'active';
  from.leftAt = null;
  from.mergedInto = null;
  for (const member of [from, into]) member.version += 1;
  const policyBefore = policyFacts(group.policy);
  await unmergeSplits(tx, group, merge.splits);
  await touchRules(tx, group.id);
  touchGroup(tx, group);
  const note = { groupId: group.id, subject: 'member', by: null } as const;
  const gone = { ...before.from, mergedInto: into.id };
  recordChange(tx, { ...note, subjectId: from.id, change: 'unmerged', before: gone, after: { ...memberFacts(from), mergedInto: null } });
  recordChange(tx, { ...note, subjectId: into.id, change: 'changed', before: before.into, after: memberFacts(into) });
  const policy = policyFacts(group.policy);
  recordChange(tx, { ...note, subject: 'policy', subjectId: group.id, change: 'changed', before: policyBefore, after: policy });
}
