import { v7 as uuidv7 } from 'uuid';
import { takesCategory } from '../../../domain/categories.ts';
import { contentLines, type ExpenseContent } from '../../../domain/expense.ts';
import { moveExpense as moveState } from '../../../domain/expense-state.ts';
import { mergedContent } from '../../../domain/merge.ts';
import { moneyFromWire } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { mayAddExpense } from '../../../domain/roles.ts';
import { hasStanding, STANDINGS } from '../../../domain/standing.ts';
import type { ExpenseView } from '../../queries/expense/expenses.ts';
import { type ContextMember, type GroupContext, memberOfUser } from '../../queries/expense/group-context.ts';
import { rateReaderIn } from '../../queries/expense/rate-reader.ts';
import type { Tx } from '../../transact.ts';
import { openExpenseRound, roundFor } from './approval-rounds.ts';
import { recordChange } from './changes.ts';
import {
  type ExpenseCommand,
  holdExpenseFor,
  keepVersion,
  nextVersion,
  refuseClosedGroup,
  refuseReopening,
  writeExpense,
} from './held-expense.ts';
import { type NewPosting, post, reversalOf } from './ledger.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { priceDraft, rateToLimit } from './pricing.ts';
import { holdGroup } from './record.ts';

/** Where an expense goes, and who is who there. */
export interface ExpenseMove {
  readonly groupId: string;
  /** Members of the group that it is in, with those of the other one that they are; people with an account are found by it. */
  readonly memberMap?: Readonly<Record<string, string>> | undefined;
}

/**
 * Moves a posted expense to another group of the caller: its posting is reversed here, and made there or left to that
 * group's approval. Nobody's share changes. Receipts go along; comments and earlier versions are
 * of this group and stay with it, to be seen again when the expense comes back.
 *
 * @returns whether it waits for approval there.
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked, wrong_state, unknown_group, same_group,
 *   unknown_member, member_not_active, member_left, and those of `priceDraft`.
 */
export async function moveExpense(tx: Tx, command: ExpenseCommand & { readonly to: ExpenseMove }): Promise<{ pending: boolean }> {
  const { to, userId } = command;
  if (to.groupId === command.groupId) throw refusal('same_group', 'The expense is in this group.', '/groupId');
  // In the order of their ids, as everybody does who holds two.
  const contexts = new Map<string, GroupContext>();
  for (const groupId of [command.groupId, to.groupId].toSorted()) {
    const there = await tx.query('select 1 from expense."group" where id = $1', [groupId]);
    if (there.length > 0) contexts.set(groupId, await holdGroup(tx, groupId));
  }
  const target = contexts.get(to.groupId);
  const { context: source, expense, member } = await holdExpenseFor(tx, command);
  const mover = target === undefined ? null : memberOfUser(target, userId);
  if (target === undefined || mover === null) throw refusal('unknown_group', 'There is no such group, or you are not in it.', '/groupId');
  const ids = counterparts(source, target, expense, to);
  const isCreator = (): boolean => member.id === expense.createdBy;
  if (!hasStanding(STANDINGS['editor or creator'], member.role, isCreator) || !mayAddExpense(mover.role, target.policy.whoMayAdd))
    throw refusal('forbidden', 'Your role in one of the two groups does not allow this.');
  for (const context of [source, target]) {
    refuseClosedGroup(context);
    refuseLockedPeriod(context, [expense.content.date]);
  }
  unwrap(moveState({ state: expense.state, event: 'edit_post' }));
  if (expense.state !== 'posted' || expense.pendingVersion !== null || expense.disputed || expense.postingId === null)
    throw refusal('wrong_state', 'Only a posted expense about which nothing is open can be moved.');
  refuseReopening(source, expense.content, null);
  return settleIn(tx, { source, target, expense, member, mover, ids, userId });
}

interface Moving {
  readonly source: GroupContext;
  readonly target: GroupContext;
  readonly expense: ExpenseView;
  readonly member: ContextMember;
  readonly mover: ContextMember;
  /** Member of the target for each member of the source. */
  readonly ids: ReadonlyMap<string, string>;
  readonly userId: string;
}

async function settleIn(tx: Tx, { source, target, expense, member, mover, ids, userId }: Moving): Promise<{ pending: boolean }> {
  const find = rateReaderIn(tx);
  const mapped = contentIn(target, expense.content, ids, source.currency);
  const unpriced = { content: mapped, total: unwrap(moneyFromWire(mapped.total)), lines: contentLines(mapped) };
  const content = target.currency === source.currency ? mapped : (await priceDraft(find, target, unpriced, null)).draft.content;
  const createdBy = ids.get(expense.createdBy) ?? mover.id;
  const round = roundFor(target, content, createdBy, await rateToLimit(find, target, content));
  const version = await nextVersion(tx, expense);
  const posting: NewPosting = {
    id: uuidv7(),
    groupId: target.groupId,
    kind: 'expense',
    sourceId: expense.id,
    sourceVersion: version,
    reversesId: null,
    occurredOn: content.date,
    lines: contentLines(content),
    rate: content.rate,
  };
  const reversal = await reversalOf(tx, expense.postingId as string);
  // What stood is kept here, what it becomes there.
  await keepVersion(tx, expense, { version, change: 'moved', content, by: mover.id });
  await tx.query('update expense.expense_version set group_id = $3 where expense_id = $1 and version = $2', [
    expense.id,
    version,
    target.groupId,
  ]);
  // In one statement, so that the balances of both groups are locked in one order.
  await post(tx, round === null ? [reversal, posting] : [reversal]);
  const state = round === null ? 'posted' : 'pending';
  await tx.query('update expense.expense set group_id = $2, created_by = $3 where id = $1', [expense.id, target.groupId, createdBy]);
  await writeExpense(tx, expense.id, { state, version, pendingVersion: null, postingId: round === null ? posting.id : null, content });
  await takeReceipts(tx, expense.id, target.groupId, ids, mover.id);
  recordChange(tx, {
    groupId: source.groupId,
    subject: 'expense',
    subjectId: expense.id,
    change: 'moved_away',
    by: member.id,
    before: { groupId: source.groupId },
    after: { groupId: target.groupId },
  });
  const event = { subjectId: expense.id, actorId: userId, data: { version } };
  tx.emit({ ...event, type: 'expense.moved_away', groupId: source.groupId });
  tx.emit({ ...event, type: 'expense.moved', groupId: target.groupId });
  if (round === null) return { pending: false };
  await openExpenseRound(tx, target, { id: expense.id, version }, round);
  tx.emit({ ...event, type: 'expense.pending', groupId: target.groupId });
  return { pending: true };
}

/** Who is who there: as told, else by account. Everybody whom the expense names has to be somebody. */
function counterparts(
  source: GroupContext,
  target: GroupContext,
  expense: ExpenseView,
  { memberMap = {} }: ExpenseMove,
): Map<string, string> {
  const ids = new Map<string, string>();
  for (const { id, userId } of source.members.values()) {
    const same = userId === null ? null : memberOfUser(target, userId);
    if (same !== null) ids.set(id, same.id);
  }
  for (const [from, into] of Object.entries(memberMap)) {
    const pointer = `/memberMap/${from}`;
    if (!source.members.has(from)) throw refusal('unknown_member', 'This is not a member of the group that the expense is in.', pointer);
    const member = target.members.get(into);
    if (member === undefined) throw refusal('unknown_member', 'This is not a member of the group that it goes to.', pointer);
    if (!member.active) throw refusal('member_not_active', 'This member has left the group.', pointer);
    ids.set(from, into);
  }
  for (const { memberId } of expense.content.shares)
    if (!ids.has(memberId)) throw refusal('unknown_member', `Say in memberMap who ${memberId} is in the other group.`, '/memberMap');
  return ids;
}

/** The same content among the members of the other group: a category of one's own group becomes the main one above it, or none. */
function contentIn(
  target: GroupContext,
  content: ExpenseContent,
  ids: ReadonlyMap<string, string>,
  sourceCurrency: string,
): ExpenseContent {
  // Ids of two groups are never the same, so one renaming after the other renames nobody twice.
  const renamed = [...ids].reduce((one, [from, into]) => mergedContent(one, { from, into }), content);
  const main = content.category?.split('.')[0] ?? null;
  const category = [content.category, main].find((key) => takesCategory(key, target.categories)) ?? null;
  // A frozen rate is one to the group's currency.
  return { ...renamed, category, rate: target.currency === sourceCurrency ? content.rate : null };
}

async function takeReceipts(tx: Tx, expenseId: string, groupId: string, ids: ReadonlyMap<string, string>, moverId: string): Promise<void> {
  await tx.query(
    `update expense.receipt r set group_id = $2,
       uploaded_by = coalesce((select n.into_id from unnest($3::uuid[], $4::uuid[]) as n (from_id, into_id) where n.from_id = r.uploaded_by), $5)
     where r.expense_id = $1`,
    [expenseId, groupId, [...ids.keys()], [...ids.values()], moverId],
  );
}
