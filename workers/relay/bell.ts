/** Wakes a loop that waits; rings before a wait are not lost. */
export interface Bell {
  readonly ring: () => void;
  /** Returns at the next ring, at once when it rang since the last wait, or after the time, or when the signal aborts. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

/** Makes a bell. */
export function createBell(): Bell {
  let rang = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rang = true;
      wake?.();
    },
    async wait(timeoutMs, signal) {
      if (!rang && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            wake = undefined;
            resolve();
          };
          const timer = setTimeout(done, timeoutMs);
          signal.addEventListener('abort', done, { once: true });
          wake = done;
        });
      }
      rang = false;
    },
  };
}

/** Waits a fixed time, or less when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await createBell().wait(ms, signal);
}
