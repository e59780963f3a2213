import { activityInfo, Context, heartbeat } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Logger } from '../config/logger.ts';
import type { Env } from '../config/env.ts';
import type { Secrets } from '../config/secrets.ts';
import { databaseFailure } from '../db/errors.ts';
import type { ServiceDatabase } from '../db/orm.ts';
import { transact, type Tx } from '../db/transact.ts';
import { RefusalError } from '../domain/refusal.ts';
import type { Dispatcher } from '../workflows/dispatch.ts';
import { DATABASE_UNAVAILABLE, REFUSAL_PREFIX, UNEXPECTED } from '../workflows/shared/failures.ts';

/** What every service's activities are made from. */
export interface ActivityDeps {
  /** The service's own database. */
  readonly db: ServiceDatabase;
  /** Wakes the processes of events that an activity committed. */
  readonly dispatcher: Dispatcher;
  /** For activities that ask Temporal itself, such as the sweep. */
  readonly temporal: Client;
  readonly env: Env;
  readonly secrets: Secrets;
  readonly logger: Logger;
}

/** A third of the profiles' heartbeat time-out, so that one that comes late is no loss. */
const BEAT_MS = 5_000;

/** Activities that report their progress themselves; a beat without it would wipe it out. */
const reporting = new WeakSet<Context>();

/**
 * Wraps a service's activities with the one place where their errors are translated for Temporal, and lets them beat while
 * they run, so that a worker that was killed is noticed in seconds.
 *
 * A {@link RefusalError} ends the activity for good with type `refused:<code>`; a database that is away or busy, and
 * whatever nobody foresaw, are retried by the profile. Messages hold no personal data: only codes leave this process,
 * the full error goes to the log.
 *
 * @param activities functions by name, as the service's contract declares them.
 * @param logger where unforeseen errors are written whole.
 */
export function activityEdge<T extends object>(activities: T, logger: Logger): T {
  const wrapped = Object.entries(activities).map(([name, activity]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      const timer = beatRegularly();
      try {
        return await activity(...args);
      } catch (error) {
        throw translated(error, name, logger);
      } finally {
        clearInterval(timer);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

/**
 * Runs one command of the activity's service and, after its commit, wakes the processes of its events.
 *
 * @param work see `transact`: it may run again after a deadlock.
 * @throws RefusalError of a broken rule, after the rollback.
 */
export async function runCommand<T>(deps: Pick<ActivityDeps, 'db' | 'dispatcher'>, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { value, events } = await transact(deps.db, work);
  deps.dispatcher.dispatch(events);
  return value;
}

/**
 * Runs long work in steps and reports each, so that a lost worker is noticed and a cancellation arrives.
 *
 * @param step does one batch from a cursor and returns the next one, or null at the end. It must be safe to run twice.
 * @param first the cursor of a fresh start; after a retry the last reported cursor is used.
 * @throws CancelledFailure between two steps once the workflow asked for it.
 */
export async function inSteps<Cursor>(step: (cursor: Cursor) => Promise<Cursor | null>, first: Cursor): Promise<void> {
  const reported = activityInfo().heartbeatDetails as Cursor | undefined;
  let cursor: Cursor | null = reported ?? first;
  reporting.add(Context.current());
  while (cursor !== null) {
    if (Context.current().cancellationSignal.aborted) throw new CancelledFailure('cancelled between two steps');
    cursor = await step(cursor);
    if (cursor !== null) heartbeat(cursor);
  }
}

/** @returns the timer; undefined outside a worker, as in unit tests of an activity. */
function beatRegularly(): NodeJS.Timeout | undefined {
  const context = currentContext();
  if (context === undefined) return undefined;
  return setInterval(() => {
    if (!reporting.has(context)) context.heartbeat();
  }, BEAT_MS).unref();
}

function currentContext(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined;
  }
}

function translated(error: unknown, activity: string, logger: Logger): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof RefusalError) {
    return ApplicationFailure.create({
      message: error.refusal.code,
      type: `${REFUSAL_PREFIX}${error.refusal.code}`,
      nonRetryable: true,
      category: 'BENIGN',
    });
  }
  const failure = databaseFailure(error);
  if (failure === 'unavailable' || failure === 'busy' || failure === 'retry') {
    return ApplicationFailure.create({
      message: `the database is ${failure === 'unavailable' ? 'away' : 'busy'}`,
      type: DATABASE_UNAVAILABLE,
    });
  }
  logger.error({ err: error, activity, ...whose() }, 'activity failed');
  // The name of the error's class says what kind it is; its message may quote a row and stays in the log.
  const kind = error instanceof Error ? error.name : typeof error;
  return ApplicationFailure.create({ message: `${activity}: ${kind}, see the worker's log`, type: UNEXPECTED });
}

function whose(): { workflowId?: string; attempt?: number } {
  try {
    const info = activityInfo();
    return { workflowId: info.workflowExecution?.workflowId, attempt: info.attempt };
  } catch {
    // Called outside a worker, as unit tests of an activity do.
    return {};
  }
}
