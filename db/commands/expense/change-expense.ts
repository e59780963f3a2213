import { v7 as uuidv7 } from 'uuid';
import type { ApprovalRound } from '../../../domain/approval.ts';
import {
  changedFields,
  contentLines,
  draftExpense,
  type ExpenseContent,
  type ExpenseDraft,
  type ExpenseInput,
  samePosting,
  withStandingShares,
} from '../../../domain/expense.ts';
import { rateAfterEdit } from '../../../domain/expense-rate.ts';
import { type ExpenseEvent, moveExpense } from '../../../domain/expense-state.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { hasStanding, STANDINGS } from '../../../domain/standing.ts';
import type { ExpenseView } from '../../queries/expense/expenses.ts';
import type { ContextMember, GroupContext } from '../../queries/expense/group-context.ts';
import { type RateReader, rateReaderIn } from '../../queries/expense/rate-reader.ts';
import type { Tx } from '../../transact.ts';
import { closeRound, openExpenseRound, roundFor } from './approval-rounds.ts';
import {
  type ExpenseCommand,
  type HeldExpense,
  holdExpenseFor,
  keepVersion,
  nextVersion,
  refuseClosedGroup,
  refuseLeftMembers,
  refuseReopening,
  writeExpense,
} from './held-expense.ts';
import { refuseUnknownCategory } from './record.ts';
import { type NewPosting, post, reversalOf } from './ledger.ts';
import { priceDraft, rateToLimit } from './pricing.ts';
import { refuseLockedPeriod } from './period-lock.ts';

/** What a caller changes of an expense; what is left out stays. */
export type ExpenseEdit = { readonly [Field in keyof ExpenseInput]?: ExpenseInput[Field] | undefined };

/** Compares the caller's precondition with the locked row; throws where it does not hold. */
export type CheckCurrent = (expense: ExpenseView) => void;

/**
 * Edits an expense. Where the group's policy asks, the old version stands (or the expense keeps waiting) until the new
 * one is approved; otherwise the old posting is reversed and the new one made, unless nothing in it changes.
 *
 * @returns whether the edit waits for approval.
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked, member_left, and those of `draftExpense`.
 */
export async function editExpense(
  tx: Tx,
  command: ExpenseCommand & { readonly edit: ExpenseEdit; readonly tieBreak: bigint },
  checkCurrent: CheckCurrent,
): Promise<{ pending: boolean }> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  const find = rateReaderIn(tx);
  const draft = await redraft(find, context, expense, command.edit, command.tieBreak);
  refuseStranger(member, expense);
  refuseClosedGroup(context);
  refuseLockedPeriod(context, [draft.date], command.edit.date === undefined ? undefined : '/date');
  refuseLockedPeriod(context, [expense.content.date]);
  if (expense.state === 'deleted') unwrap(moveExpense({ state: expense.state, event: 'edit_post' }));
  if (expense.postingId !== null) refuseReopening(context, expense.content, draft);
  checkCurrent(expense);
  // Saying again what stands is no change, and does not take back a proposal either.
  if (changedFields(expense.content, draft).length === 0)
    return { pending: expense.pendingVersion !== null || expense.state === 'pending' };
  const round = roundFor(context, draft, member.id, await rateToLimit(find, context, draft));
  const version = await nextVersion(tx, expense);
  const event: ExpenseEvent = round === null ? 'edit_post' : 'edit_submit';
  const state = unwrap(moveExpense({ state: expense.state, event, hasPendingVersion: expense.pendingVersion !== null }));
  await voidRound(tx, expense);
  await keepVersion(tx, expense, { version, change: 'edited', content: draft, by: member.id });
  const emit = emitter(tx, expense, command.userId);
  if (round === null) {
    const postingId = await repost(tx, expense, draft, version);
    await writeExpense(tx, expense.id, { state, version, pendingVersion: null, postingId, content: draft });
    emit(expense.state === 'posted' ? 'expense.updated' : 'expense.posted', version);
    return { pending: false };
  }
  const stands = expense.state === 'posted';
  await writeExpense(tx, expense.id, {
    state,
    version: stands ? expense.version : version,
    pendingVersion: stands ? version : null,
    postingId: expense.postingId,
    content: stands ? null : draft,
  });
  await openExpenseRound(tx, context, { id: expense.id, version }, round);
  emit('expense.pending', version);
  return { pending: true };
}

/**
 * Deletes an expense: its posting is reversed, its content stays readable and can be restored.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked, member_left.
 */
export async function deleteExpense(tx: Tx, command: ExpenseCommand, checkCurrent: CheckCurrent): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  refuseStranger(member, expense);
  refuseClosedGroup(context);
  refuseLockedPeriod(context, [expense.content.date]);
  const state = unwrap(moveExpense({ state: expense.state, event: 'delete' }));
  if (expense.postingId !== null) refuseReopening(context, expense.content, null);
  checkCurrent(expense);
  const version = await nextVersion(tx, expense);
  await voidRound(tx, expense);
  await keepVersion(tx, expense, { version, change: 'deleted', content: expense.content, by: member.id });
  if (expense.postingId !== null) await post(tx, [await reversalOf(tx, expense.postingId)]);
  await writeExpense(tx, expense.id, { state, version, pendingVersion: null, postingId: null, content: null });
  emitter(tx, expense, command.userId)('expense.deleted', version);
}

/**
 * Restores a deleted expense: it is posted again, or waits for approval where the group's policy asks.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted (the group), not_deleted, period_locked, member_left.
 */
export async function restoreExpense(tx: Tx, command: ExpenseCommand): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  refuseStranger(member, expense);
  refuseClosedGroup(context);
  refuseLockedPeriod(context, [expense.content.date]);
  unwrap(moveExpense({ state: expense.state, event: 'restore_post' }));
  // To post it is to move what its deletion moved, the other way round.
  refuseReopening(context, expense.content, null);
  const limit = await rateToLimit(rateReaderIn(tx), context, expense.content);
  const round: ApprovalRound | null = roundFor(context, expense.content, member.id, limit);
  if (round !== null) refuseLeftMembers(context, expense.content);
  const state = unwrap(moveExpense({ state: expense.state, event: round === null ? 'restore_post' : 'restore_submit' }));
  const version = await nextVersion(tx, expense);
  await keepVersion(tx, expense, { version, change: 'restored', content: expense.content, by: member.id });
  const postingId = round === null ? await repost(tx, expense, expense.content, version) : null;
  await writeExpense(tx, expense.id, { state, version, pendingVersion: null, postingId, content: null });
  const emit = emitter(tx, expense, command.userId);
  emit('expense.restored', version);
  if (round === null) return;
  await openExpenseRound(tx, context, { id: expense.id, version }, round);
  emit('expense.pending', version);
}

/**
 * Makes the ledger say what some content says, under a new version; the reversal of the old posting and the new one
 * are written together.
 *
 * @returns the posting that stands now.
 */
export async function repost(tx: Tx, expense: ExpenseView, content: ExpenseContent, version: number): Promise<string> {
  if (expense.postingId !== null && samePosting(expense.content, content)) return expense.postingId;
  const posting: NewPosting = {
    id: uuidv7(),
    groupId: expense.groupId,
    kind: 'expense',
    sourceId: expense.id,
    sourceVersion: version,
    reversesId: null,
    occurredOn: content.date,
    lines: contentLines(content),
    rate: content.rate,
  };
  await post(tx, expense.postingId === null ? [posting] : [await reversalOf(tx, expense.postingId), posting]);
  return posting.id;
}

/** Applies an edit to what stands. Members who were named before and left since stay as long as the posting does not change. */
async function redraft(
  find: RateReader,
  context: GroupContext,
  expense: ExpenseView,
  edit: ExpenseEdit,
  tieBreak: bigint,
): Promise<ExpenseContent> {
  const { content } = expense;
  const input: ExpenseInput = { ...content, ...dropUndefined(edit), payers: edit.payers ?? payersFollowing(content, edit) };
  if (input.category !== content.category) refuseUnknownCategory(context, input.category);
  const named = new Set(content.shares.map((share) => share.memberId));
  const lenient = new Map([...context.members].map(([id, member]) => [id, named.has(id) ? { ...member, active: true } : member]));
  const draft = withStandingShares(await repriced(find, context, content, edit, unwrap(draftExpense(input, lenient, tieBreak))), content);
  if (expense.postingId === null || !samePosting(content, draft)) unwrap(draftExpense(input, context.members, tieBreak));
  return draft;
}

async function repriced(
  find: RateReader,
  context: GroupContext,
  content: ExpenseContent,
  edit: ExpenseEdit,
  draft: ExpenseDraft,
): Promise<ExpenseContent> {
  const { total, date } = draft.content;
  const next = rateAfterEdit(content.rate, {
    rate: edit.rate,
    totalChanged: total.amount !== content.total.amount,
    currencyChanged: total.currency !== content.total.currency,
    dateChanged: date !== content.date,
  });
  if ('keep' in next) return { ...draft.content, rate: next.keep };
  return (await priceDraft(find, context, draft, next.rate)).draft.content;
}

/** Where one member paid it all and only the total changes, that member paid the new total. */
function payersFollowing(content: ExpenseContent, edit: ExpenseEdit): ExpenseInput['payers'] {
  const [only, ...others] = content.payers;
  if (edit.total === undefined || only === undefined || others.length > 0) return content.payers;
  return [{ memberId: only.memberId, amount: edit.total.amount }];
}

function dropUndefined(edit: ExpenseEdit): Partial<ExpenseInput> {
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}

async function voidRound(tx: Tx, expense: ExpenseView): Promise<void> {
  if (expense.state !== 'pending' && expense.pendingVersion === null) return;
  const version = expense.pendingVersion ?? expense.version;
  await closeRound(tx, expense.id, version, 'voided');
  tx.emit({ type: 'expense.voided', subjectId: expense.id, groupId: expense.groupId, data: { version } });
}

function refuseStranger(member: ContextMember, expense: HeldExpense['expense']): void {
  if (!hasStanding(STANDINGS['editor or creator'], member.role, () => member.id === expense.createdBy)) {
    throw refusal('forbidden', 'Your role does not allow this; contributors change only expenses that they recorded.');
  }
}

type ChangeEvent = 'expense.updated' | 'expense.posted' | 'expense.pending' | 'expense.deleted' | 'expense.restored';

function emitter(tx: Tx, expense: ExpenseView, userId: string): (type: ChangeEvent, version: number) => void {
  return (type, version) => tx.emit({ type, subjectId: expense.id, groupId: expense.groupId, actorId: userId, data: { version } });
}
