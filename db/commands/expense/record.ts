import { v7 as uuidv7 } from 'uuid';
import { takesCategory } from '../../../domain/categories.ts';
import type { ApprovalRound } from '../../../domain/approval.ts';
import { draftExpense, type ExpenseInput } from '../../../domain/expense.ts';
import { moveGroup } from '../../../domain/group.ts';
import { refusal, RefusalError, unwrap } from '../../../domain/refusal.ts';
import { mayAddExpense } from '../../../domain/roles.ts';
import type { Split } from '../../../domain/split.ts';
import { brokenUnique } from '../../errors.ts';
import { type ContextMember, type GroupContext, loadGroupContexts, memberOfUser } from '../../queries/expense/group-context.ts';
import { type RateReader, rateReaderIn } from '../../queries/expense/rate-reader.ts';
import type { Tx } from '../../transact.ts';
import { openExpenseRound, roundFor } from './approval-rounds.ts';
import { balanceFailure } from './ledger.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { priceDraft, rateToLimit } from './pricing.ts';
import { type RecordItem, recordStatement } from './record-statement.ts';

/** What a second expense with the same id runs into, itself or by its posting; the order in which they are met is Postgres's. */
const TAKEN_CONSTRAINTS: ReadonlySet<string> = new Set(['expense_pkey', 'posting_source']);

/** Gives the tie-break of an expense by its id; see `domain/split.ts`. */
export type TieBreak = (expenseId: string) => bigint;

/** A new expense as a caller sends it; without a split it takes the group's default one. */
export type NewExpense = Omit<ExpenseInput, 'split'> & { readonly id?: string | undefined; readonly split?: Split | undefined };

/** An expense with the split that it has or takes; null where there is neither. */
export function withSplit(expense: NewExpense, { policy }: GroupContext): ExpenseInput | null {
  const split = expense.split ?? policy.defaultSplit;
  return split === undefined ? null : { ...expense, split };
}

/**
 * Takes a group to record against its ledger: many may do so at once, but nobody changes the group or its members
 * before this transaction ends.
 *
 * @throws RefusalError not_found.
 */
export async function holdGroup(tx: Tx, groupId: string): Promise<GroupContext> {
  const held = await tx.query('select id from expense."group" where id = $1 for key share', [groupId]);
  // A statement of its own, so that its snapshot is taken after the lock.
  const context = held.length === 0 ? undefined : (await loadGroupContexts(tx.query, [groupId])).get(groupId);
  if (context === undefined) throw refusal('not_found', 'There is no such group.');
  return context;
}

/** The caller as a member of a held group. @throws RefusalError not_found when they left meanwhile. */
export function memberIn(context: GroupContext, userId: string): ContextMember {
  const member = memberOfUser(context, userId);
  if (member === null) throw refusal('not_found', 'There is no such resource, or you may not see it.');
  return member;
}

/**
 * Records expenses of one group, all or none: those that the group's policy asks about wait for approval, the others
 * are posted.
 *
 * @param pointerOf prefix of the pointers of a refusal about one of them, by index.
 * @returns their ids, in order.
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked, id_taken, balance_out_of_range, unknown_category, invalid_request for a missing split, and those of `draftExpense` and `priceDraft`.
 */
export async function recordExpenses(
  tx: Tx,
  command: { readonly groupId: string; readonly userId: string; readonly expenses: readonly NewExpense[]; readonly tieBreak: TieBreak },
  pointerOf: (index: number) => string = () => '',
): Promise<string[]> {
  const context = await holdGroup(tx, command.groupId);
  const member = memberIn(context, command.userId);
  const find = rateReaderIn(tx);
  const items: PreparedItem[] = [];
  for (const [index, expense] of command.expenses.entries()) {
    items.push(await pointingInto(pointerOf(index), () => prepare(tx, find, command, context, member, expense)));
  }
  if (!mayAddExpense(member.role, context.policy.whoMayAdd)) throw refusal('forbidden', 'Your role does not allow this.');
  unwrap(moveGroup(context.state, 'change'));
  for (const [index, item] of items.entries()) refuseLockedPeriod(context, [item.draft.content.date], `${pointerOf(index)}/date`);
  await refuseTaken(tx, items, pointerOf);
  let written: unknown[];
  try {
    const { text, values } = recordStatement(items);
    written = await tx.query(text, values);
  } catch (error) {
    // An id that somebody else takes at the same moment breaks whichever constraint is met first.
    if (TAKEN_CONSTRAINTS.has(brokenUnique(error) ?? '')) throw refusal('id_taken', 'This id is in use.', `${pointerOf(0)}/id`);
    throw balanceFailure(error);
  }
  if (written.length !== items.length) {
    // The statement passes over ids that were taken since they were looked up above.
    await refuseTaken(tx, items, pointerOf);
    throw new Error('an expense was not written although its group is held');
  }
  for (const item of items) {
    if (item.round !== null) await openExpenseRound(tx, context, { id: item.id, version: 1 }, item.round);
    const type = item.state === 'pending' ? 'expense.pending' : 'expense.posted';
    tx.emit({ type, subjectId: item.id, groupId: item.groupId, actorId: command.userId, data: { version: 1 } });
  }
  return items.map((item) => item.id);
}

/** An item with the round that its group's policy asks for. */
type PreparedItem = RecordItem & { readonly round: ApprovalRound | null };

async function prepare(
  tx: Tx,
  find: RateReader,
  command: { tieBreak: TieBreak },
  context: GroupContext,
  member: ContextMember,
  expense: NewExpense,
): Promise<PreparedItem> {
  const id = expense.id ?? uuidv7();
  const input = withSplit(expense, context);
  if (input === null) throw refusal('invalid_request', 'This field is required: the group has no default split.', '/split');
  refuseUnknownCategory(context, input.category);
  const unpriced = unwrap(draftExpense(input, context.members, command.tieBreak(id)));
  const { draft, conversion } = await priceDraft(find, context, unpriced, input.rate);
  const round = roundFor(context, draft.content, member.id, await rateToLimit(find, context, draft.content));
  return {
    round,
    id,
    groupId: context.groupId,
    groupVersion: context.version,
    draft,
    state: round === null ? 'posted' : 'pending',
    createdBy: member.id,
    createdAt: tx.now,
    postingId: round === null ? uuidv7() : null,
    conversion: round === null ? conversion : null,
    events: [],
    claim: null,
  };
}

/**
 * Refuses a category that is neither the product's nor in use in the group.
 *
 * @throws RefusalError unknown_category.
 */
export function refuseUnknownCategory(context: GroupContext, category: string | null | undefined): void {
  if (!takesCategory(category, context.categories)) throw refusal('unknown_category', 'There is no such category.', '/category');
}

async function refuseTaken(tx: Tx, items: readonly RecordItem[], pointerOf: (index: number) => string): Promise<void> {
  const ids = items.map((item) => item.id);
  const rows = await tx.query<{ id: string }>('select id from expense.expense where id = any($1::uuid[])', [ids]);
  const taken = new Set(rows.map((row) => row.id));
  for (const [index, id] of ids.entries()) {
    if (taken.has(id) || ids.indexOf(id) < index) throw refusal('id_taken', 'This id is in use.', `${pointerOf(index)}/id`);
  }
}

/** Runs work about a part of a request; a refusal of it points into that part. */
export async function pointingInto<T>(prefix: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RefusalError) || prefix === '') throw error;
    throw refusal(error.refusal.code, error.refusal.detail, prefix + (error.refusal.pointer ?? ''));
  }
}
