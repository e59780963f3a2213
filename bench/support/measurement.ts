/** What a measurement is given. */
export interface RunOptions {
  /** Shows what is being done, in a few words. */
  readonly progress: (text: string) => void;
}

/** What a measurement found: a table for people, its first row the heads, and figures for programs. */
export interface Measurement<Result extends object = object> {
  /** Settings under which it was measured, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly table: readonly (readonly string[])[];
  /** Lines to read with the table. */
  readonly notes?: readonly string[];
  readonly result: Result;
}

/** Runs `work` on all items, so many at once, and keeps their order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as Item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

/** Asks again and again until the answer is yes. @throws Error naming what was waited for when the time is over. */
export async function until(what: string, limitMs: number, look: () => Promise<boolean>, everyMs = 100): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
