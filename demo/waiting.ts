import { setTimeout as delay } from 'node:timers/promises';

/**
 * What a process behind the API may take, in milliseconds. A worker that was killed in the middle of a call is noticed by
 * Temporal within 15 s; the call is then made again.
 */
const WAIT_MS = 300_000;
const FIRST_PAUSE_MS = 100;
const PAUSE_MAX_MS = 1_000;

/**
 * Looks again and again, ever more seldom, until the look gives something.
 *
 * @param what completes "waited in vain for ...".
 * @throws Error after five minutes.
 */
export async function waitFor<T>(what: string, look: () => Promise<T | undefined>, waitMs = WAIT_MS): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, PAUSE_MAX_MS)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}, ${Math.round(waitMs / 1000)} s long.`);
    await delay(pauseMs);
  }
}

/** Runs an action on every item, a few at once, and answers in the items' order. The first failure ends it. */
export async function inParallel<T, R>(items: readonly T[], limit: number, action: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const runner = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await action(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runner));
  return results;
}
