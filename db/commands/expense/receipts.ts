import { refusal } from '../../../domain/refusal.ts';
import { hasStanding, STANDINGS } from '../../../domain/standing.ts';
import { Receipt } from '../../entities/expense/receipt.ts';
import type { FileKey } from '../../files/store.ts';
import type { Tx } from '../../transact.ts';
import { recordChange } from './changes.ts';
import { claimFile, releaseFiles } from './file-removals.ts';
import { type ExpenseCommand, holdExpenseFor, refuseClosedGroup } from './held-expense.ts';
import { refuseLockedPeriod } from './period-lock.ts';

/** Most receipts of one expense: a bill of several pages, from several people. */
export const RECEIPTS_MAX = 20;

/** Where the file of a receipt is. */
export function receiptKey(id: string): FileKey {
  return `receipts/${id}`;
}

/** A receipt whose file was announced and written. */
export interface NewReceipt {
  readonly id: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly width: number | null;
  readonly height: number | null;
  /** Digest of the file, base64url. */
  readonly sha256: string;
}

/**
 * Adds a receipt to an expense and claims its file; also in a locked period, since it proves what stands.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, receipt_limit_reached.
 */
export async function addReceipt(tx: Tx, command: ExpenseCommand & { readonly receipt: NewReceipt }): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  const isCreator = (): boolean => member.id === expense.createdBy;
  if (!hasStanding(STANDINGS['editor or creator'], member.role, isCreator)) throw refusal('forbidden', 'Your role does not allow this.');
  refuseClosedGroup(context);
  if (expense.state === 'deleted') throw refusal('deleted', 'The expense is deleted; restore it first.');
  // The expense's lock lets one write at a time, so the count holds.
  const count = await tx.em.count(Receipt, { expenseId: expense.id });
  if (count >= RECEIPTS_MAX) throw refusal('receipt_limit_reached', `An expense has at most ${RECEIPTS_MAX} receipts.`);
  const { id } = command.receipt;
  await claimFile(tx, receiptKey(id));
  tx.em.create(Receipt, { ...command.receipt, expenseId: expense.id, groupId: expense.groupId, uploadedBy: member.id, createdAt: tx.now });
  note(tx, { ...expense, expenseId: expense.id }, { change: 'receipt_added', by: member.id, receiptId: id, userId: command.userId });
}

/**
 * Takes a receipt from its expense; its file is removed after the commit.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked.
 */
export async function removeReceipt(tx: Tx, command: ExpenseCommand & { readonly receiptId: string }): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  const receipt = await tx.em.findOne(Receipt, { id: command.receiptId, expenseId: expense.id });
  if (receipt === null) throw refusal('not_found', 'There is no such resource, or you may not see it.');
  const isOwn = (): boolean => member.id === receipt.uploadedBy;
  if (!hasStanding(STANDINGS['editor or creator'], member.role, isOwn)) throw refusal('forbidden', 'Your role does not allow this.');
  refuseClosedGroup(context);
  if (expense.state === 'deleted') throw refusal('deleted', 'The expense is deleted; restore it first.');
  refuseLockedPeriod(context, [expense.content.date]);
  await dropReceipts(tx, [receipt.id]);
  const { id: receiptId } = receipt;
  note(tx, { ...expense, expenseId: expense.id }, { change: 'receipt_removed', by: member.id, receiptId, userId: command.userId });
}

/** Deletes receipts for good: their rows now, their files after the commit. For removal, erasure and purge alike. */
export async function dropReceipts(tx: Tx, ids: readonly string[]): Promise<void> {
  const gone = await tx.query<{ id: string }>('delete from expense.receipt where id = any($1::uuid[]) returning id', [ids]);
  await releaseFiles(
    tx,
    gone.map(({ id }) => receiptKey(id)),
  );
}

function note(
  tx: Tx,
  { expenseId, groupId }: { readonly expenseId: string; readonly groupId: string },
  done: { change: 'receipt_added' | 'receipt_removed'; by: string; receiptId: string; userId: string },
): void {
  const facts = { receipt: done.receiptId };
  const [before, after] = done.change === 'receipt_added' ? [null, facts] : [facts, null];
  recordChange(tx, { groupId, subject: 'expense', subjectId: expenseId, change: done.change, by: done.by, before, after });
  const type = `expense.${done.change}` as const;
  tx.emit({ type, subjectId: expenseId, groupId, actorId: done.userId, data: { receiptId: done.receiptId } });
}
