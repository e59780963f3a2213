import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until a look gives something other than false, null or undefined.
 *
 * @param what named in the failure.
 * @throws Error after the deadline.
 */
export async function until<T>(what: string, look: () => Promise<T | false | null | undefined>, deadlineMs = 15_000): Promise<T> {
  for (const deadline = Date.now() + deadlineMs; ;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await delay(20);
  }
}
