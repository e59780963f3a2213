import type { Logger } from '../../config/logger.ts';
import { consumeBatch, ensureCursor, type Consumer } from '../../db/consume.ts';
import type { ServiceDatabase } from '../../db/orm.ts';
import type { Dispatcher } from '../../workflows/dispatch.ts';
import { pause, type Bell } from './bell.ts';

/** The net below the notifications. */
const POLL_MS = 1_000;
const BACK_OFF_MIN_MS = 200;
const BACK_OFF_MAX_MS = 15_000;

/** What a consumer's loop works with. */
export interface ConsumerLoopDeps {
  readonly db: ServiceDatabase;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Rung when the source has published. */
  readonly bell: Bell;
  onHandled(count: number): void;
}

/**
 * Runs a consumer until the signal aborts. A batch that fails comes again, with back-off, before anything after it:
 * events are neither skipped nor reordered, and the lag shows that somebody has to look.
 */
export async function runConsumer(deps: ConsumerLoopDeps, consumer: Consumer): Promise<void> {
  let backOffMs = BACK_OFF_MIN_MS;
  let hasCursor = false;
  while (!deps.signal.aborted) {
    try {
      if (!hasCursor) await ensureCursor(deps.db, consumer);
      hasCursor = true;
      const { handled, more, emitted } = await consumeBatch(deps.db, consumer);
      deps.dispatcher.dispatch(emitted);
      if (handled > 0) deps.onHandled(handled);
      backOffMs = BACK_OFF_MIN_MS;
      if (!more) await deps.bell.wait(POLL_MS, deps.signal);
    } catch (error) {
      deps.logger.error({ err: error, consumer: consumer.name, source: consumer.source }, 'consumer failed');
      await pause(backOffMs, deps.signal);
      backOffMs = Math.min(backOffMs * 2, BACK_OFF_MAX_MS);
    }
  }
}
