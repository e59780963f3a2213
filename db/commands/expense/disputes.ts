import { v7 as uuidv7 } from 'uuid';
import { checkDisputable, mayDispute, mayResolve } from '../../../domain/dispute.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import type { ExpenseView } from '../../queries/expense/expenses.ts';
import type { Tx } from '../../transact.ts';
import { type ExpenseCommand, holdExpenseFor, refuseClosedGroup } from './held-expense.ts';

/**
 * Raises a dispute about a posted expense: a flag with a reason that everybody sees. No balance moves by it, so it may
 * be raised in a locked period too.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, expense_not_posted, already_disputed.
 */
export async function disputeExpense(tx: Tx, command: ExpenseCommand & { readonly reason: string }): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  unwrap(mayDispute({ role: member.role, isConcerned: concerns(expense, member.id) }));
  refuseClosedGroup(context);
  unwrap(checkDisputable(expense.state, expense.disputed));
  await tx.query(
    `insert into expense.dispute (id, expense_id, group_id, version, reason, opened_by, opened_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [uuidv7(), expense.id, expense.groupId, expense.version, command.reason, member.id, tx.now],
  );
  await flag(tx, expense.id, true);
  tx.emit({
    type: 'expense.disputed',
    subjectId: expense.id,
    groupId: expense.groupId,
    actorId: command.userId,
    data: { version: expense.version, memberId: member.id },
  });
}

/**
 * Ends the dispute about an expense, whatever has become of the expense meanwhile.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted (the group), not_disputed.
 */
export async function resolveDispute(tx: Tx, command: ExpenseCommand): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  if (expense.dispute !== null) unwrap(mayResolve({ role: member.role, isDisputant: expense.dispute.by === member.id }));
  refuseClosedGroup(context);
  if (expense.dispute === null) throw refusal('not_disputed', 'The expense is not disputed.');
  await tx.query('update expense.dispute set resolved_by = $2, resolved_at = $3 where expense_id = $1 and resolved_at is null', [
    expense.id,
    member.id,
    tx.now,
  ]);
  await flag(tx, expense.id, false);
  tx.emit({
    type: 'expense.dispute_resolved',
    subjectId: expense.id,
    groupId: expense.groupId,
    actorId: command.userId,
    data: { version: expense.version, memberId: member.id },
  });
}

function concerns({ content, createdBy }: ExpenseView, memberId: string): boolean {
  return createdBy === memberId || content.shares.some((share) => share.memberId === memberId);
}

async function flag(tx: Tx, expenseId: string, disputed: boolean): Promise<void> {
  await tx.query('update expense.expense set disputed = $2 where id = $1', [expenseId, disputed]);
}
