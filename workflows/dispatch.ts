import type { Client } from '@temporalio/client';
import type { ProcessName, ProcessRef } from '../domain/events.ts';
import { wakeExpenseApproval, wakeExportData, wakeGroupLifecycle, wakeImportGroup, wakeRecurringExpense } from './expense/client.ts';
import { wakeDelivery, wakeReminderCadence } from './notification/client.ts';
import { wakeRefund, wakeSettlement, wakeTransfer } from './payment/client.ts';
import type { Waker } from './shared/client.ts';
import { wakeEraseAccount, wakeExportAccount } from './user/client.ts';
import type { QueueName } from './shared/task-queues.ts';

/** How each process is woken; a new process is one line here, and the compiler asks for it. */
const WAKERS: Record<ProcessName, Waker> = {
  groupLifecycle: wakeGroupLifecycle,
  expenseApproval: wakeExpenseApproval,
  importGroup: wakeImportGroup,
  exportData: wakeExportData,
  recurringExpense: wakeRecurringExpense,
  settlement: wakeSettlement,
  transfer: wakeTransfer,
  refund: wakeRefund,
  reminderCadence: wakeReminderCadence,
  delivery: wakeDelivery,
  exportAccount: wakeExportAccount,
  eraseAccount: wakeEraseAccount,
};

/**
 * Signals a process's workflow, starting it when it does not run. Harmless to repeat.
 *
 * @throws what the Temporal client throws; the caller sets the deadline.
 */
export async function wake(client: Client, ref: ProcessRef): Promise<void> {
  await WAKERS[ref.process](client, ref.key);
}

/** What dispatch needs to know of an event; what `transact` gives back fits. */
export interface DispatchableEvent {
  readonly id: string;
  readonly service: QueueName;
  readonly process: ProcessRef | null;
}

/** Bounds of a dispatcher, all with defaults. */
export interface DispatchLimits {
  /** Calls to Temporal at once; what comes beyond is left to the relay. */
  readonly inFlightMax: number;
  /** A call that takes longer is given up, in milliseconds; the relay repeats it. */
  readonly deadlineMs: number;
  /** Successes are marked together once this many are there... */
  readonly markBatchMax: number;
  /** ...or the oldest of them is this old, in milliseconds. */
  readonly markDelayMs: number;
}

/** 64 calls in flight are answered in about half a second by the single-node server (116-188 signal-with-starts/s). */
export const DISPATCH_LIMITS: DispatchLimits = { inFlightMax: 64, deadlineMs: 2_000, markBatchMax: 200, markDelayMs: 25 };

/** Counts for metrics. */
export interface DispatchCounts {
  woken: number;
  failed: number;
  /** Left to the relay without trying. */
  skipped: number;
  inFlight: number;
}

/** Wakes processes right after a commit. */
export interface Dispatcher {
  /** Starts waking the processes of committed events and returns at once. Never throws. */
  dispatch(events: readonly DispatchableEvent[]): void;
  /** Counts since the start. */
  readonly counts: Readonly<DispatchCounts>;
  /** Waits for what is in flight and writes the marks; for shutdown. */
  close(): Promise<void>;
}

/** What a dispatcher works with. */
export interface DispatcherDeps {
  readonly client: Client;
  /** Notes in the outbox of a service that these events need no relay; failures are harmless, so they may be thrown. */
  markDispatched(service: QueueName, eventIds: readonly string[]): Promise<void>;
  readonly limits?: Partial<DispatchLimits>;
}

/** Makes the dispatcher of a process; one is shared by all its routes or activities. */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const limits = { ...DISPATCH_LIMITS, ...deps.limits };
  const counts: DispatchCounts = { woken: 0, failed: 0, skipped: 0, inFlight: 0 };
  const running = new Set<Promise<void>>();
  const marks = createMarks(deps, limits);

  const wakeOnce = async (ref: ProcessRef, events: readonly DispatchableEvent[]): Promise<void> => {
    counts.inFlight++;
    try {
      await deps.client.withDeadline(Date.now() + limits.deadlineMs, () => wake(deps.client, ref));
      counts.woken++;
      marks.add(events);
    } catch {
      // The row stays undispatched in the outbox, and that is what the relay looks for.
      counts.failed++;
    } finally {
      counts.inFlight--;
    }
  };

  return {
    counts,
    dispatch(events) {
      for (const [ref, sharing] of byProcess(events)) {
        if (counts.inFlight >= limits.inFlightMax) {
          counts.skipped++;
          continue;
        }
        const call = wakeOnce(ref, sharing).finally(() => running.delete(call));
        running.add(call);
      }
    },
    async close() {
      await Promise.all(running);
      await marks.flush();
    },
  };
}

function byProcess(events: readonly DispatchableEvent[]): Map<ProcessRef, DispatchableEvent[]> {
  const refs = new Map<string, ProcessRef>();
  const found = new Map<ProcessRef, DispatchableEvent[]>();
  for (const event of events) {
    if (event.process === null) continue;
    const name = `${event.process.process}/${event.process.key}`;
    const ref = refs.get(name) ?? event.process;
    refs.set(name, ref);
    const sharing = found.get(ref) ?? [];
    sharing.push(event);
    found.set(ref, sharing);
  }
  return found;
}

interface Marks {
  add(events: readonly DispatchableEvent[]): void;
  flush(): Promise<void>;
}

function createMarks(deps: DispatcherDeps, limits: DispatchLimits): Marks {
  const waiting = new Map<QueueName, string[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let size = 0;

  const flush = async (): Promise<void> => {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    const batches = [...waiting];
    waiting.clear();
    size = 0;
    // A mark that is lost means that the relay wakes once more, which is harmless.
    await Promise.allSettled(batches.map(([service, ids]) => deps.markDispatched(service, ids)));
  };

  return {
    add(events) {
      for (const event of events) {
        const ids = waiting.get(event.service) ?? [];
        ids.push(event.id);
        waiting.set(event.service, ids);
        size++;
      }
      if (size >= limits.markBatchMax) void flush();
      else timer ??= setTimeout(() => void flush(), limits.markDelayMs);
    },
    flush,
  };
}
