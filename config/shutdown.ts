import type { Logger } from './logger.ts';

/** A process that takes longer than this to end in good order exits all the same, in milliseconds. */
export const SHUTDOWN_LIMIT_MS = 8_000;

/** The good order in which a process ends. */
export interface Shutdown {
  /** Aborts as soon as the process begins to end. */
  readonly signal: AbortSignal;
  /** Adds a step; steps run one after the other, the last added first. A step that fails is logged and passed over. */
  add(name: string, step: () => Promise<void> | void): void;
  /** Ends the process: runs the steps, then exits. Further calls wait for the first. */
  stop(reason: string): Promise<void>;
}

/**
 * Makes the shutdown of this process and wires SIGTERM and SIGINT to it.
 *
 * @param logger where each failed step is written.
 * @param exit ends the process with a code; tests give their own.
 */
export function createShutdown(logger: Logger, exit: (code: number) => void = (code) => process.exit(code)): Shutdown {
  const ending = new AbortController();
  const steps: { name: string; step: () => Promise<void> | void }[] = [];
  let running: Promise<void> | undefined;

  const run = async (reason: string): Promise<void> => {
    logger.info({ reason }, 'shutting down');
    const limit = setTimeout(() => {
      logger.error({ limitMs: SHUTDOWN_LIMIT_MS }, 'shutdown took too long');
      exit(1);
    }, SHUTDOWN_LIMIT_MS);
    limit.unref();
    ending.abort();
    for (const { name, step } of steps.reverse()) {
      try {
        await step();
      } catch (error) {
        logger.error({ err: error, step: name }, 'a step of the shutdown failed');
      }
    }
    clearTimeout(limit);
    exit(0);
  };
  const stop = (reason: string): Promise<void> => (running ??= run(reason));
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => void stop(name));
  return { signal: ending.signal, add: (name, step) => void steps.push({ name, step }), stop };
}
