import type { ServiceDatabase } from './orm.ts';
import { read } from './transact.ts';

/** How often uses are written down, in milliseconds; the time shown is at most this old. */
const WRITE_EVERY_MS = 60_000;
/** More tokens than this in one interval are written down at once. */
const NOTED_MAX = 5_000;

/** Remembers which personal access tokens were used, and writes it down now and then, away from the requests. */
export interface TokenUses {
  /** Notes a use; returns at once. */
  note(sessionId: string): void;
  /** Writes down what is noted, and stops. */
  close(): Promise<void>;
}

/** Notes uses of tokens. The first use of a token that was not used lately is written down soon, the others once a minute. */
export function tokenUses(db: ServiceDatabase): TokenUses {
  const noted = new Set<string>();
  /** When a token's use was last written down. */
  const written = new Map<string, number>();
  let soon: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    clearTimeout(soon);
    soon = undefined;
    const ids = [...noted];
    noted.clear();
    if (ids.length === 0) return;
    if (written.size > NOTED_MAX) written.clear();
    for (const id of ids) written.set(id, Date.now());
    // Lost where Postgres is away: the next use is noted again.
    await read(db, `update "user".session set last_used_at = now() where id = any($1::uuid[]) and ended_at is null`, [ids]).catch(
      () => undefined,
    );
  };
  return {
    note(sessionId) {
      if (noted.has(sessionId)) return;
      const last = written.get(sessionId);
      if (last !== undefined && Date.now() - last < WRITE_EVERY_MS) return;
      noted.add(sessionId);
      if (noted.size >= NOTED_MAX) writing = write();
      soon ??= setTimeout(() => void (writing = write()), 200).unref();
    },
    async close() {
      await writing;
      await write();
    },
  };
}
