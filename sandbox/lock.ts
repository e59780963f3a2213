import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, isRunning, type ProcessIdentity } from './processes.ts';

const FILE = 'starter.lock';

/** Who holds a data folder. */
export function lockHolder(dataDir: string): ProcessIdentity | undefined {
  const holder = readHolder(join(dataDir, FILE));
  return holder !== undefined && isRunning(holder) ? holder : undefined;
}

/**
 * Takes a data folder for this process. A lock whose process is gone, as after a crash, counts as none.
 *
 * @returns undefined on success, otherwise who holds it.
 */
export function takeLock(dataDir: string): ProcessIdentity | undefined {
  const file = join(dataDir, FILE);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identityOf(process.pid)));
  try {
    // Two rounds: one to find a stale lock, one to take its place.
    for (let round = 0; round < 3; round += 1) {
      if (tryLink(draft, file)) return undefined;
      const holder = lockHolder(dataDir);
      if (holder !== undefined) return holder;
      setAside(file);
    }
    return lockHolder(dataDir);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Gives the folder back, if this process holds it. */
export function releaseLock(dataDir: string): void {
  if (lockHolder(dataDir)?.pid === process.pid) rmSync(join(dataDir, FILE), { force: true });
}

/** A link is made or refused as a whole, so two starters cannot both succeed. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Renaming gives the stale lock to one of several starters; one that took a fresh lock by mistake puts it back. */
function setAside(file: string): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
    const holder = readHolder(aside);
    if (holder !== undefined && isRunning(holder)) linkSync(aside, file);
  } catch {
    return;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}
