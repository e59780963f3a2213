/**
 * Lets a few run at once and some wait, in the order in which they came.
 *
 * @param limits.atOnce how many run at the same time.
 * @param limits.waitingMax how many may wait for their turn.
 * @param busy makes the error for whoever finds no place to wait.
 */
export function turns(
  limits: { readonly atOnce: number; readonly waitingMax: number },
  busy: () => Error,
): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limits.atOnce) {
      if (waiting.length >= limits.waitingMax) throw busy();
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
