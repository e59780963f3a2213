import { contentLines, type ExpenseContent } from '../../../domain/expense.ts';
import type { ExpenseState } from '../../../domain/expense-state.ts';
import { moveGroup } from '../../../domain/group.ts';
import { mergeLines, netOf, reverseLines } from '../../../domain/ledger.ts';
import { parseAmount } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { EXPENSE_COLUMNS, type ExpenseRow, type ExpenseView, toExpenseView } from '../../queries/expense/expenses.ts';
import type { ContextMember, GroupContext } from '../../queries/expense/group-context.ts';
import type { Tx } from '../../transact.ts';
import { holdGroup, memberIn } from './record.ts';

/** Who changes which expense. The group is fixed with the expense, so that it can be held first. */
export interface ExpenseCommand {
  readonly expenseId: string;
  readonly groupId: string;
  readonly userId: string;
}

/** An expense under its lock, in its held group. */
export interface HeldExpense {
  readonly context: GroupContext;
  readonly expense: ExpenseView;
}

/**
 * Takes an expense to change it: first its group, so that nobody leaves meanwhile, then its row, so that changes and
 * votes go in turn.
 *
 * @throws RefusalError not_found.
 */
export async function holdExpense(tx: Tx, target: { readonly expenseId: string; readonly groupId: string }): Promise<HeldExpense> {
  const context = await holdGroup(tx, target.groupId);
  const locked = await tx.query('select id from expense.expense where id = $1 and group_id = $2 for update', [
    target.expenseId,
    target.groupId,
  ]);
  if (locked.length === 0) throw refusal('not_found', 'There is no such resource, or you may not see it.');
  // A statement of its own: votes are other rows, and its snapshot has to be taken after the lock.
  const [row] = await tx.query<ExpenseRow>(`select ${EXPENSE_COLUMNS} from expense.expense e where e.id = $1`, [target.expenseId]);
  if (row === undefined) throw new Error(`expense ${target.expenseId} vanished under its lock`);
  return { context, expense: toExpenseView(row) };
}

/** {@link holdExpense} for a user, who has to be a member still. @throws RefusalError not_found, archived, deleted (the group). */
export async function holdExpenseFor(tx: Tx, command: ExpenseCommand): Promise<HeldExpense & { readonly member: ContextMember }> {
  const held = await holdExpense(tx, command);
  return { ...held, member: memberIn(held.context, command.userId) };
}

/** Refuses to write into a group that takes no changes. @throws RefusalError archived, deleted. */
export function refuseClosedGroup(context: GroupContext): void {
  unwrap(moveGroup(context.state, 'change'));
}

/**
 * Refuses content that names somebody who has left since.
 *
 * @throws RefusalError member_left.
 */
export function refuseLeftMembers(context: GroupContext, content: ExpenseContent): void {
  if (leftMemberIn(context, content)) throw refusal('member_left', 'A member whom this expense names has left the group.');
}

/** Whether some content names somebody who has left since. */
export function leftMemberIn(context: GroupContext, content: ExpenseContent): boolean {
  return content.shares.some((share) => context.members.get(share.memberId)?.active !== true);
}

/**
 * Refuses to take back what is posted, or to put other content in its place, where that would change what somebody who has left
 * owes or is owed: they left with nothing open.
 *
 * @param next what is posted instead; null for nothing.
 * @throws RefusalError member_left.
 */
export function refuseReopening(context: GroupContext, posted: ExpenseContent, next: ExpenseContent | null): void {
  if (reopensWhoLeft(context, posted, next))
    throw refusal('member_left', 'This would change the balance of a member who has left the group; let them join again first.');
}

/** Whether {@link refuseReopening} refuses. */
export function reopensWhoLeft(context: GroupContext, posted: ExpenseContent, next: ExpenseContent | null): boolean {
  const moved = mergeLines([...reverseLines(contentLines(posted)), ...(next === null ? [] : contentLines(next))]);
  return moved.some((line) => netOf(line) !== 0n && context.members.get(line.accountId)?.active !== true);
}

/** What becomes of an expense's row; the content only where it is replaced. */
export interface ExpenseChange {
  readonly state: ExpenseState;
  readonly version: number;
  readonly pendingVersion: number | null;
  readonly postingId: string | null;
  readonly content: ExpenseContent | null;
}

/** Writes a change to the row of a held expense. */
export async function writeExpense(tx: Tx, expenseId: string, change: ExpenseChange): Promise<void> {
  await tx.query(
    `update expense.expense set state = $2, version = $3, pending_version = $4, posting_id = $5, updated_at = $6,
      deleted_at = case when $2 = 'deleted' then $6::timestamptz end where id = $1`,
    [expenseId, change.state, change.version, change.pendingVersion, change.postingId, tx.now],
  );
  if (change.content === null) return;
  const { kind, description, total, date, category, payers, split, shares, notes, tags, rate } = change.content;
  await tx.query(
    `update expense.expense set kind = $2, description = $3, total_minor = $4, currency = $5, date = $6, category = $7, payers = $8, split = $9,
      shares = $10, notes = $11, tags = $12::text[], rate = $13 where id = $1`,
    [
      expenseId,
      kind,
      description,
      unwrap(parseAmount(total.amount, total.currency)).toString(),
      total.currency,
      date,
      category,
      JSON.stringify(payers),
      JSON.stringify(split),
      JSON.stringify(shares),
      notes,
      tags,
      rate === null ? null : JSON.stringify(rate),
    ],
  );
}

/** What a version is kept with. */
export interface KeptVersion {
  readonly version: number;
  readonly change: 'edited' | 'deleted' | 'restored' | 'merged' | 'unmerged' | 'moved';
  readonly content: ExpenseContent;
  /** Member id; null where an operator did it. */
  readonly by: string | null;
}

/**
 * Keeps a new version for the history. The first time, what stood before is kept too: an expense that is never changed
 * costs no version row.
 */
export async function keepVersion(tx: Tx, expense: ExpenseView, next: KeptVersion): Promise<void> {
  await keepVersions(tx, [{ expense, next }]);
}

/** Keeps a new version of each of several expenses of one group; see {@link keepVersion}. */
export async function keepVersions(tx: Tx, items: readonly { readonly expense: ExpenseView; readonly next: KeptVersion }[]): Promise<void> {
  await tx.query(
    `insert into expense.expense_version (expense_id, version, group_id, change, content, actor_member_id, at)
     select id, version, group_id, 'created', content, by, at
     from unnest($1::uuid[], $2::int[], $3::uuid[], $4::jsonb[], $5::uuid[], $6::timestamptz[]) as v (id, version, group_id, content, by, at)
     on conflict (expense_id, version) do nothing`,
    [
      items.map(({ expense }) => expense.id),
      items.map(({ expense }) => expense.version),
      items.map(({ expense }) => expense.groupId),
      items.map(({ expense }) => JSON.stringify(expense.content)),
      items.map(({ expense }) => expense.createdBy),
      items.map(({ expense }) => expense.createdAt),
    ],
  );
  await tx.query(
    `insert into expense.expense_version (expense_id, version, group_id, change, content, actor_member_id, at)
     select id, version, group_id, change, content, by, $7
     from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::jsonb[], $6::uuid[]) as v (id, version, group_id, change, content, by)`,
    [
      items.map(({ expense }) => expense.id),
      items.map(({ next }) => next.version),
      items.map(({ expense }) => expense.groupId),
      items.map(({ next }) => next.change),
      items.map(({ next }) => JSON.stringify(next.content)),
      items.map(({ next }) => next.by),
      tx.now,
    ],
  );
}

/** The number of the next version: above every one that there is or was proposed. */
export async function nextVersion(tx: Tx, expense: ExpenseView): Promise<number> {
  const [row] = await tx.query<{ version: number | null }>(
    'select max(version) as version from expense.expense_version where expense_id = $1',
    [expense.id],
  );
  return Math.max(expense.version, row?.version ?? 0) + 1;
}

/** A version of a held expense as it was kept. */
export async function keptVersion(tx: Tx, expenseId: string, version: number): Promise<{ content: ExpenseContent; by: string | null }> {
  const [row] = await tx.query<{ content: ExpenseContent; by: string | null }>(
    'select content, actor_member_id as by from expense.expense_version where expense_id = $1 and version = $2',
    [expenseId, version],
  );
  if (row === undefined) throw new Error(`version ${version} of expense ${expenseId} is missing`);
  return row;
}
