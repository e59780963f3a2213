import { v7 as uuidv7 } from 'uuid';
import { contentLines, type ExpenseContent } from '../../../domain/expense.ts';
import type { PostingLine } from '../../../domain/ledger.ts';
import type { ExpenseView } from '../../queries/expense/expenses.ts';
import type { Tx } from '../../transact.ts';
import { keepVersions } from './held-expense.ts';
import { type NewPosting, post, reversalsOf } from './ledger.ts';

/** Expenses or postings of one statement: some 2,000 lines for the usual dinner of a few. */
const CHUNK = 250;

/** Something whose posting was replaced: its version, or its posting's, and the posting, before and after. */
export interface Rewritten {
  readonly kind: 'expense' | 'transfer' | 'refund' | 'adjustment';
  readonly sourceId: string;
  readonly versionBefore: number;
  readonly versionAfter: number;
  readonly postingBefore: string | null;
  readonly postingAfter: string | null;
}

/** An expense and the content that it is to have. */
export interface ExpenseRewrite {
  readonly expense: ExpenseView;
  readonly nextVersion: number;
  readonly content: ExpenseContent;
}

/**
 * Gives expenses of a group that is held for update another content under a new version, a chunk at a time: what is
 * posted is reversed and posted again, what is not keeps its state.
 *
 * @param by member id of who did it; null for an operator.
 */
export async function rewriteExpenses(
  tx: Tx,
  rewrites: readonly ExpenseRewrite[],
  change: 'merged' | 'unmerged',
  by: string | null,
): Promise<Rewritten[]> {
  const done: Rewritten[] = [];
  for (const chunk of chunks(rewrites)) {
    await keepVersions(
      tx,
      chunk.map(({ expense, nextVersion: version, content }) => ({ expense, next: { version, change, content, by } })),
    );
    const postings = new Map(chunk.filter(({ expense }) => expense.postingId !== null).map((one) => [one.expense.id, postingOf(one)]));
    const reversals = await reversalsOf(
      tx,
      chunk.flatMap(({ expense }) => expense.postingId ?? []),
    );
    await post(tx, [...reversals, ...postings.values()]);
    await writeContents(tx, chunk, postings);
    done.push(
      ...chunk.map(({ expense, nextVersion }) => ({
        kind: 'expense' as const,
        sourceId: expense.id,
        versionBefore: expense.version,
        versionAfter: nextVersion,
        postingBefore: expense.postingId,
        postingAfter: postings.get(expense.id)?.id ?? null,
      })),
    );
  }
  return done;
}

/** A posting and the lines that it is to have. */
export interface PostingRewrite {
  readonly posting: NewPosting;
  readonly nextVersion: number;
  readonly lines: readonly PostingLine[];
}

/** Reverses postings of transfers, refunds and adjustments and posts them again with other lines, a chunk at a time. */
export async function rewritePostings(tx: Tx, rewrites: readonly PostingRewrite[]): Promise<Rewritten[]> {
  const done: Rewritten[] = [];
  for (const chunk of chunks(rewrites)) {
    const again = chunk.map(({ posting, nextVersion, lines }) => ({ ...posting, id: uuidv7(), sourceVersion: nextVersion, lines }));
    const reversals = await reversalsOf(
      tx,
      chunk.map(({ posting }) => posting.id),
    );
    await post(tx, [...reversals, ...again]);
    done.push(
      ...chunk.map(({ posting, nextVersion }, index) => ({
        kind: posting.kind as Rewritten['kind'],
        sourceId: posting.sourceId,
        versionBefore: posting.sourceVersion,
        versionAfter: nextVersion,
        postingBefore: posting.id,
        postingAfter: again[index]?.id ?? null,
      })),
    );
  }
  return done;
}

function postingOf({ expense, nextVersion, content }: ExpenseRewrite): NewPosting {
  return {
    id: uuidv7(),
    groupId: expense.groupId,
    kind: 'expense',
    sourceId: expense.id,
    sourceVersion: nextVersion,
    reversesId: null,
    occurredOn: content.date,
    lines: contentLines(content),
    rate: content.rate,
  };
}

async function writeContents(tx: Tx, chunk: readonly ExpenseRewrite[], postings: ReadonlyMap<string, NewPosting>): Promise<void> {
  await tx.query(
    `update expense.expense e set version = n.version, payers = n.payers, split = n.split, shares = n.shares, posting_id = n.posting_id, updated_at = $7
     from unnest($1::uuid[], $2::int[], $3::jsonb[], $4::jsonb[], $5::jsonb[], $6::uuid[]) as n (id, version, payers, split, shares, posting_id)
     where e.id = n.id`,
    [
      chunk.map(({ expense }) => expense.id),
      chunk.map(({ nextVersion }) => nextVersion),
      chunk.map(({ content }) => JSON.stringify(content.payers)),
      chunk.map(({ content }) => JSON.stringify(content.split)),
      chunk.map(({ content }) => JSON.stringify(content.shares)),
      chunk.map(({ expense }) => postings.get(expense.id)?.id ?? null),
      tx.now,
    ],
  );
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) => items.slice(index * CHUNK, (index + 1) * CHUNK));
}
