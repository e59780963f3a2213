import { RefusalError } from '../domain/refusal.ts';
import type { Tx } from './transact.ts';

/** What is counted: rows of a table of the service, by when they were made. The texts are the product's own, never a caller's. */
export interface DailyCount {
  /** Schema and table, as SQL. */
  readonly table: string;
  /** Condition on its rows with `$1` for whom they are counted for; the table has `created_at`. */
  readonly whose: string;
  /** What there are too many of, for the refusal: "friend requests". */
  readonly what: string;
}

/** A number of its own for the locks of this file, so that they meet no others. */
const LOCKS = 21;

/**
 * Refuses what would be one too many within 24 hours. Whoever counts for the same person waits until this commits, so two at once
 * do not both take the last place.
 *
 * @param max as many are allowed.
 * @throws RefusalError rate_limited, with the seconds until the oldest of them no longer counts.
 */
export async function checkDailyLimit(tx: Tx, { table, whose, what }: DailyCount, who: string, max: number): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, $2))', [`${table} ${who}`, LOCKS]);
  const [oldest] = await tx.query<{ seconds: number }>(
    `select greatest(1, ceil(extract(epoch from created_at + interval '1 day' - now())))::int as seconds from ${table}
     where ${whose} and created_at > now() - interval '1 day' order by created_at desc offset $2 limit 1`,
    [who, max - 1],
  );
  if (oldest === undefined) return;
  throw new RefusalError({
    code: 'rate_limited',
    detail: `At most ${max} ${what} within a day; try again in ${oldest.seconds} s.`,
    retryAfterSeconds: oldest.seconds,
  });
}
