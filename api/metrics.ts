import { Gauge, Histogram, type Registry } from '../config/metrics.ts';
import type { ServiceDatabase } from '../db/orm.ts';
import type { Observe } from './frame.ts';

/** From a read that hits the cache to a command that waits for a lock, in seconds. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Registers the histogram of requests by route pattern, method and status. */
export function observeRequests(registry: Registry): Observe {
  const durations = new Histogram({
    name: 'safesplitx_http_request_duration_seconds',
    help: 'Duration of requests by route pattern.',
    labelNames: ['route', 'method', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  });
  return ({ route, method, status, seconds }) => durations.observe({ route, method, status }, seconds);
}

/** Registers the gauge of each service's connection pool; it is read when somebody scrapes. */
export function observePools(registry: Registry, databases: readonly ServiceDatabase[]): void {
  new Gauge({
    name: 'safesplitx_database_connections',
    help: 'Connections of a pool by state; `waiting` are requests that wait for one.',
    labelNames: ['service', 'state'],
    registers: [registry],
    collect() {
      for (const { service, pool } of databases) {
        this.set({ service, state: 'busy' }, pool.totalCount - pool.idleCount);
        this.set({ service, state: 'idle' }, pool.idleCount);
        this.set({ service, state: 'waiting' }, pool.waitingCount);
      }
    },
  });
}

/** Counts of the dispatcher, see workflows/dispatch.ts. */
export interface DispatchCounted {
  readonly counts: { readonly woken: number; readonly failed: number; readonly skipped: number; readonly inFlight: number };
}

/** Registers how the processes woken right after a commit fared. */
export function observeDispatch(registry: Registry, { counts }: DispatchCounted): void {
  new Gauge({
    name: 'safesplitx_dispatch',
    help: 'Processes woken right after a commit, by outcome, since the start.',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      for (const [outcome, count] of Object.entries(counts)) this.set({ outcome }, count);
    },
  });
}
