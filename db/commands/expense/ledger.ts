import { v7 as uuidv7 } from 'uuid';
import type { FrozenRate } from '../../../domain/expense-rate.ts';
import { type PostingLine, reverseLines } from '../../../domain/ledger.ts';
import { refusal } from '../../../domain/refusal.ts';
import { numberOutOfRange } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { postConversions } from './conversions.ts';

/** An entry that is to be written to the ledger. */
export interface NewPosting {
  readonly id: string;
  readonly groupId: string;
  readonly kind: 'expense' | 'transfer' | 'refund' | 'adjustment' | 'reversal';
  /** What it comes from: the expense, payment, refund or adjustment. */
  readonly sourceId: string;
  readonly sourceVersion: number;
  readonly reversesId: string | null;
  /** Business day. */
  readonly occurredOn: string;
  readonly lines: readonly PostingLine[];
  /** The rate at which it counts in the group's currency, null where it has none; left out, it is found: see `postConversions`. */
  readonly rate?: FrozenRate | null;
}

/**
 * Writes postings and keeps the balances, in one statement (and one more where another currency than the group's moves): the balances of all of them are summed up and locked in
 * sorted order, so that commands never wait for each other in a circle.
 *
 * @throws RefusalError balance_out_of_range.
 */
export async function post(tx: Tx, postings: readonly NewPosting[]): Promise<void> {
  if (postings.length === 0) return;
  const lines = postings.flatMap((posting) => posting.lines.map((line) => ({ ...line, posting })));
  try {
    await tx.query(POST, [
      postings.map((posting) => posting.id),
      postings.map((posting) => posting.groupId),
      postings.map((posting) => posting.kind),
      postings.map((posting) => posting.sourceId),
      postings.map((posting) => posting.sourceVersion),
      postings.map((posting) => posting.reversesId),
      postings.map((posting) => posting.occurredOn),
      tx.now,
      lines.map((line) => line.posting.id),
      lines.map((line) => line.posting.groupId),
      lines.map((line) => line.accountId),
      lines.map((line) => line.currency),
      lines.map((line) => line.paid.toString()),
      lines.map((line) => line.owed.toString()),
    ]);
    await postConversions(tx, postings);
  } catch (error) {
    throw balanceFailure(error);
  }
}

const POST = `
with posted as (
  insert into expense.posting (id, group_id, kind, source_id, source_version, reverses_id, occurred_on, created_at)
  select p.*, $8::timestamptz from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::uuid[], $7::date[]) as p
), line as materialized (
  select * from unnest($9::uuid[], $10::uuid[], $11::uuid[], $12::text[], $13::bigint[], $14::bigint[])
    as l (posting_id, group_id, account_id, currency, paid, owed)
), lines as (
  insert into expense.posting_line (posting_id, account_id, currency, group_id, paid, owed)
  select posting_id, account_id, currency, group_id, paid, owed from line
)
insert into expense.balance as kept (group_id, account_id, currency, net)
select group_id, account_id, currency, sum(paid - owed)::bigint from line group by 1, 2, 3 order by 1, 2, 3
on conflict (group_id, account_id, currency) do update set net = kept.net + excluded.net`;

/**
 * Prepares the reversal of a posting: dated like it, so that the balances of any day come out as if it had not been.
 *
 * @throws Error when there is no such posting, which is a defect.
 */
export async function reversalOf(tx: Tx, postingId: string): Promise<NewPosting> {
  const [reversal] = await reversalsOf(tx, [postingId]);
  if (reversal === undefined) throw new Error(`posting ${postingId} is missing`);
  return reversal;
}

/**
 * Prepares the reversals of several postings in one look, in their order; see {@link reversalOf}.
 *
 * @throws Error when one of them is missing, which is a defect.
 */
export async function reversalsOf(tx: Tx, postingIds: readonly string[]): Promise<NewPosting[]> {
  const found = new Map((await findPostings(tx, postingIds)).map((posting) => [posting.id, posting]));
  return postingIds.map((postingId) => {
    const posting = found.get(postingId);
    if (posting === undefined) throw new Error(`posting ${postingId} is missing`);
    return { ...posting, id: uuidv7(), kind: 'reversal', reversesId: postingId, lines: reverseLines(posting.lines) };
  });
}

/** Reads postings with their lines; those that do not exist are left out. */
export async function findPostings(tx: Tx, postingIds: readonly string[]): Promise<NewPosting[]> {
  if (postingIds.length === 0) return [];
  const rows = await tx.query<PostingRow>(
    `select p.id, p.group_id, p.kind, p.source_id, p.source_version, p.reverses_id, p.occurred_on::text, l.account_id, l.currency, l.paid, l.owed
     from expense.posting p join expense.posting_line l on l.posting_id = p.id where p.id = any($1::uuid[])
     order by p.id, l.account_id, l.currency`,
    [postingIds],
  );
  return Object.values(Object.groupBy(rows, (row) => row.id)).flatMap((lines) => (lines === undefined ? [] : [toPosting(lines)]));
}

interface PostingRow {
  readonly id: string;
  readonly group_id: string;
  readonly kind: NewPosting['kind'];
  readonly source_id: string;
  readonly source_version: number;
  readonly reverses_id: string | null;
  readonly occurred_on: string;
  readonly account_id: string;
  readonly currency: string;
  readonly paid: string;
  readonly owed: string;
}

function toPosting(rows: readonly PostingRow[]): NewPosting {
  const [first] = rows as readonly [PostingRow, ...PostingRow[]];
  return {
    id: first.id,
    groupId: first.group_id,
    kind: first.kind,
    sourceId: first.source_id,
    sourceVersion: first.source_version,
    reversesId: first.reverses_id,
    occurredOn: first.occurred_on,
    lines: rows.map((row) => ({ accountId: row.account_id, currency: row.currency, paid: BigInt(row.paid), owed: BigInt(row.owed) })),
  };
}

/** A balance that no longer fits is a "no"; anything else stays what it is. */
export function balanceFailure(error: unknown): unknown {
  return numberOutOfRange(error)
    ? refusal('balance_out_of_range', 'A balance would be larger than the ledger can hold.', '/total/amount')
    : error;
}
