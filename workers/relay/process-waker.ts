import { isGrpcServiceError, type Client } from '@temporalio/client';
import type { ServiceDatabase } from '../../db/orm.ts';
import { markDispatched } from '../../db/outbox.ts';
import { postponeDispatch, undispatched, type Undispatched } from '../../db/relay.ts';
import type { ProcessRef } from '../../domain/events.ts';
import { wake } from '../../workflows/dispatch.ts';
import { pause } from './bell.ts';

/** Calls at once: the single-node server answers 116-188 signal-with-starts a second, so more only queue there. */
const IN_FLIGHT_MAX = 50;
/** Events read at once; large, so that the tail of a batch, where fewer calls run, weighs little. */
const BATCH_MAX = 1_000;
/** Successes are marked in groups of this many while a batch runs. */
const MARK_BATCH_MAX = 200;
const POLL_MS = 200;
/** Above what a full queue of calls takes at the server's slowest (114 calls at 38 starts a second), below what delays the return from an outage. */
const CALL_DEADLINE_MS = 5_000;
const BACK_OFF_MIN_MS = 250;
/** Short enough that work goes on soon after an outage of Temporal. */
const BACK_OFF_MAX_MS = 3_000;
/** An event that Temporal refuses, as no other: looked at again this much later, in seconds. */
const POSTPONE_SECONDS = 60;

/** What the waker works with. */
export interface ProcessWakerDeps {
  readonly db: ServiceDatabase;
  readonly client: Client;
  readonly signal: AbortSignal;
  onWoken(count: number): void;
  onRefused(error: unknown, ref: ProcessRef): void;
  /** Told once per outage of Temporal and with each of its failures. */
  onAway(error: unknown): void;
}

/** Wakes the processes of a service's events that nobody woke, until the signal aborts. Holds no lock while it calls. */
export async function wakeProcesses(deps: ProcessWakerDeps): Promise<void> {
  let backOffMs = BACK_OFF_MIN_MS;
  while (!deps.signal.aborted) {
    const events = await undispatched(deps.db, BATCH_MAX);
    const away = await wakeBatch(deps, events);
    if (away !== null && !deps.signal.aborted) {
      deps.onAway(away);
      await pause(backOffMs, deps.signal);
      backOffMs = Math.min(backOffMs * 2, BACK_OFF_MAX_MS);
      continue;
    }
    backOffMs = BACK_OFF_MIN_MS;
    if (events.length < BATCH_MAX) await pause(POLL_MS, deps.signal);
  }
}

/** @returns the failure that says that Temporal is away, or null. */
async function wakeBatch(deps: ProcessWakerDeps, events: readonly Undispatched[]): Promise<unknown> {
  const queue = [...byProcess(events).values()];
  let away: unknown = null;
  let woken: string[] = [];
  const mark = async (): Promise<void> => {
    const ids = woken;
    woken = [];
    if (ids.length > 0) await markDispatched(deps.db, ids);
  };
  const caller = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && away === null && !deps.signal.aborted; next = queue.shift()) {
      const { ref, ids } = next;
      try {
        await deps.client.withAbortSignal(deps.signal, () =>
          deps.client.withDeadline(Date.now() + CALL_DEADLINE_MS, () => wake(deps.client, ref)),
        );
      } catch (error) {
        if (isAway(error)) {
          away = error;
          return;
        }
        deps.onRefused(error, ref);
        await postponeDispatch(deps.db, ids, POSTPONE_SECONDS);
        continue;
      }
      deps.onWoken(ids.length);
      woken.push(...ids);
      if (woken.length >= MARK_BATCH_MAX) await mark();
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT_MAX, queue.length) }, caller));
  await mark();
  return away;
}

function byProcess(events: readonly Undispatched[]): Map<string, { ref: ProcessRef; ids: string[] }> {
  const found = new Map<string, { ref: ProcessRef; ids: string[] }>();
  for (const { id, ref } of events) {
    const name = `${ref.process}/${ref.key}`;
    const same = found.get(name);
    if (same === undefined) found.set(name, { ref, ids: [id] });
    else same.ids.push(id);
  }
  return found;
}

/** gRPC's codes of a server that cannot serve now: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, NOT_FOUND, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const AWAY: ReadonlySet<number> = new Set([1, 2, 4, 5, 8, 10, 13, 14]);

/** Whether the server as a whole cannot serve now (a missing namespace too), rather than refusing this one call. */
function isAway(error: unknown): boolean {
  for (let layer = error, depth = 0; layer instanceof Error && depth < 5; layer = layer.cause as Error, depth++) {
    if (isGrpcServiceError(layer)) return AWAY.has(layer.code);
  }
  return false;
}
