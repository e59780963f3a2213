import { databaseFailure } from '../../errors.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { type RecordItem, recordStatement } from './record-statement.ts';

/** Most expenses of one statement: bounds how long its locks are held to some ten milliseconds. */
const BATCH_MAX = 100;
/** Most posting lines of one statement, so that expenses of large groups make smaller batches. */
const LINES_MAX = 2_000;
/** Statements at once. What comes in meanwhile shares the next one; with two, smaller batches made each expense a sixth dearer. */
const FLIGHTS_MAX = 1;

/** Writes expenses of many requests together (group commit), each with its own outcome. */
export interface RecordWriter {
  /**
   * Writes an expense with whatever else is waiting.
   *
   * @returns `written`, or `lost`: nothing was written, and the ordinary command has to decide alone (its key or id is
   *   in use, its group was changed, or somebody else's item made the statement fail).
   * @throws when the database is away.
   */
  write(item: RecordItem): Promise<'written' | 'lost'>;
}

const writers = new WeakMap<ServiceDatabase, RecordWriter>();

/** The writer of a process; one per database. */
export function recordWriter(db: ServiceDatabase): RecordWriter {
  const known = writers.get(db) ?? createWriter(db);
  writers.set(db, known);
  return known;
}

interface Waiting {
  readonly item: RecordItem;
  readonly settle: (outcome: 'written' | 'lost') => void;
  readonly fail: (error: unknown) => void;
}

function createWriter(db: ServiceDatabase): RecordWriter {
  const queue: Waiting[] = [];
  const claims = new Map<string, Promise<unknown>>();
  let flights = 0;
  let scheduled = false;

  const fly = async (): Promise<void> => {
    const batch = queue.splice(0, batchSize(queue));
    flights++;
    try {
      const written = await writeTogether(
        db,
        batch.map(({ item }) => item),
      );
      for (const [index, { settle }] of batch.entries()) settle(written.has(index + 1) ? 'written' : 'lost');
    } catch (error) {
      // Whatever Postgres refused was rolled back whole, so each may be tried alone. Where the connection was lost
      // nobody knows, and trying again could write twice.
      const known = databaseFailure(error) !== 'unavailable';
      for (const { settle, fail } of batch) {
        if (known) settle('lost');
        else fail(error);
      }
    } finally {
      flights--;
      schedule();
    }
  };
  const schedule = (): void => {
    if (scheduled || queue.length === 0 || flights >= FLIGHTS_MAX) return;
    scheduled = true;
    // At the end of the tick, so that all requests that came in with it are in the same statement.
    setImmediate(() => {
      scheduled = false;
      if (queue.length > 0 && flights < FLIGHTS_MAX) void fly();
      schedule();
    });
  };

  return {
    async write(item) {
      const names = claimsOf(item);
      const before = names.map((name) => claims.get(name)).find((claim) => claim !== undefined);
      if (before !== undefined) {
        // The same key or id is being written: this one goes in turn, and finds what that one left.
        await before.catch(() => undefined);
        return 'lost';
      }
      const outcome = new Promise<'written' | 'lost'>((settle, fail) => queue.push({ item, settle, fail }));
      for (const name of names) claims.set(name, outcome);
      schedule();
      try {
        return await outcome;
      } finally {
        for (const name of names) claims.delete(name);
      }
    },
  };
}

/** How many of those waiting go into the next statement; at least one. */
function batchSize(queue: readonly Waiting[]): number {
  let lines = 0;
  for (const [index, { item }] of queue.entries()) {
    lines += item.draft.lines.length;
    if (index > 0 && (index === BATCH_MAX || lines > LINES_MAX)) return index;
  }
  return queue.length;
}

function claimsOf(item: RecordItem): string[] {
  const id = `id ${item.id}`;
  if (item.claim === null) return [id];
  const { userId, method, path, key } = item.claim.scope;
  return [id, `key ${userId} ${method} ${path} ${key}`];
}

async function writeTogether(db: ServiceDatabase, items: readonly RecordItem[]): Promise<Set<number>> {
  const result = await db.pool.query<{ ord: number }>(recordStatement(items));
  return new Set(result.rows.map((row) => row.ord));
}
