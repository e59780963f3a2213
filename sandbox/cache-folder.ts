import { mkdirSync, realpathSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { processStartedAt } from './processes.ts';

const LOCK_POLL_MS = 200;
/** A lock without an owner's name is one whose owner died between two system calls. */
const OWNERLESS_LOCK_STALE_MS = 5_000;

/** The user's folder for programs that are downloaded or built once: `$XDG_CACHE_HOME/safesplitx`, or `~/.cache/safesplitx`. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(base, 'safesplitx');
  mkdirSync(folder, { recursive: true });
  return realpathSync(folder);
}

/**
 * Runs `action` while no other process does anything under the same name in the cache folder.
 *
 * @param onWait told once when another process has to be waited for.
 */
export async function withCacheLock<T>(name: string, action: () => Promise<T>, onWait: () => void = () => undefined): Promise<T> {
  const lock = join(cacheFolder(), `${name}.lock`);
  let told = false;
  while (!takeLock(lock)) {
    if (!told) onWait();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    return await action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner'), `${process.pid} ${processStartedAt(process.pid) ?? ''}`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (isStale(lock)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function isStale(lock: string): boolean {
  try {
    const [pid = '', startedAt = ''] = readFileSync(join(lock, 'owner'), 'utf8').split(' ', 2);
    if (pid !== '') return processStartedAt(Number(pid)) !== startedAt;
  } catch {
    // No owner's file yet: young locks are just being made.
  }
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  return age > OWNERLESS_LOCK_STALE_MS;
}
