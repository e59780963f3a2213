import { mergedContent, type MergedPair, mergedPostingLines } from '../../../domain/merge.ts';
import { refusal } from '../../../domain/refusal.ts';
import { EXPENSE_COLUMNS, type ExpenseRow, toExpenseView } from '../../queries/expense/expenses.ts';
import type { Tx } from '../../transact.ts';
import { findPostings } from './ledger.ts';
import { named } from './merge-checks.ts';
import { type ExpenseRewrite, type PostingRewrite, rewriteExpenses, rewritePostings, type Rewritten } from './rewrite-expenses.ts';

/** Expenses and postings that one merge moves: 2 ms of work each on busy cores, during which nothing else is recorded in the group. */
export const MERGED_MAX = 5_000;

/** All that a member takes part in. */
export interface MemberHistory {
  readonly expenses: readonly Omit<ExpenseRewrite, 'content'>[];
  /** Transfers, refunds and adjustments that stand in the ledger. */
  readonly postings: readonly Omit<PostingRewrite, 'lines'>[];
  /** Business days of all of it. */
  readonly dates: readonly string[];
}

/**
 * Reads all that a member of a group, which is held for update, takes part in: expenses in whatever state, and what else
 * the ledger says of them.
 *
 * @throws RefusalError merge_too_large.
 */
export async function readHistory(tx: Tx, groupId: string, memberId: string): Promise<MemberHistory> {
  const rows = await tx.query<ExpenseRow & { next_version: number }>(
    `select ${EXPENSE_COLUMNS},
       greatest(e.version, coalesce((select max(v.version) from expense.expense_version v where v.expense_id = e.id), 0)) + 1 as next_version
     from expense.expense e where e.group_id = $1 and e.shares @> $2::jsonb order by e.id limit ${MERGED_MAX + 1}`,
    [groupId, named(memberId)],
  );
  const standing = await tx.query<{ id: string; next_version: number }>(
    `select p.id, (select max(o.source_version) from expense.posting o where o.source_id = p.source_id and o.kind = p.kind) + 1 as next_version
     from expense.posting p
     where p.id in (select l.posting_id from expense.posting_line l where l.group_id = $1 and l.account_id = $2)
       and p.kind in ('transfer', 'refund', 'adjustment') and not exists (select 1 from expense.posting r where r.reverses_id = p.id)
     order by p.id limit ${MERGED_MAX + 1}`,
    [groupId, memberId],
  );
  if (rows.length + standing.length > MERGED_MAX)
    throw refusal('merge_too_large', `A merge moves at most ${MERGED_MAX} expenses and payments.`);
  const versions = new Map(standing.map(({ id, next_version: nextVersion }) => [id, nextVersion]));
  const postings = await findPostings(tx, [...versions.keys()]);
  const expenses = rows.map((row) => ({ expense: toExpenseView(row), nextVersion: row.next_version }));
  return {
    expenses,
    postings: postings.map((posting) => ({ posting, nextVersion: versions.get(posting.id) ?? posting.sourceVersion + 1 })),
    dates: [...expenses.map(({ expense }) => expense.content.date), ...postings.map(({ occurredOn }) => occurredOn)],
  };
}

/**
 * Gives all that one member takes part in to another one: expenses get a new version, and every posting is reversed and
 * made again with the other's account, dated as before. No balance of anybody else moves.
 *
 * @param by member id of who merges.
 * @throws Error when the ledger still says something of the first member, which is a defect.
 */
export async function moveHistory(tx: Tx, groupId: string, history: MemberHistory, pair: MergedPair, by: string): Promise<Rewritten[]> {
  const expenses = history.expenses.map((one) => ({ ...one, content: mergedContent(one.expense.content, pair) }));
  const postings = history.postings.map((one) => ({ ...one, lines: mergedPostingLines(one.posting.lines, pair) }));
  const moved = [...(await rewriteExpenses(tx, expenses, 'merged', by)), ...(await rewritePostings(tx, postings))];
  const left = await tx.query('select 1 from expense.balance where group_id = $1 and account_id = $2 and (net <> 0 or reserved <> 0)', [
    groupId,
    pair.from,
  ]);
  if (left.length > 0) throw new Error(`member ${pair.from} still has a balance after being merged`);
  return moved;
}

/** Lets what adjustments show follow their postings. Keep what they showed before, if it is to be taken back. */
export async function moveAdjustments(tx: Tx, moved: readonly Rewritten[], { from, into }: MergedPair): Promise<void> {
  const adjustments = moved.filter(({ kind }) => kind === 'adjustment');
  await tx.query(
    `update expense.adjustment a set posting_id = n.posting_id, entries = replace(a.entries::text, $3, $4)::jsonb
     from unnest($1::uuid[], $2::uuid[]) as n (id, posting_id) where a.id = n.id`,
    [adjustments.map(({ sourceId }) => sourceId), adjustments.map(({ postingAfter }) => postingAfter), from, into],
  );
}
