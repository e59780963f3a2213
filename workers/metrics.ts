import { Counter, Gauge, type Registry } from '../config/metrics.ts';
import type { ServiceName } from '../config/env.ts';
import { consumerLag, type Consumer } from '../db/consume.ts';
import type { ServiceDatabase } from '../db/orm.ts';
import { outboxLag } from '../db/relay.ts';
import type { Dispatcher } from '../workflows/dispatch.ts';
import type { RelayObserver } from './relay.ts';

/** What the worker counts. */
export interface WorkerMetrics {
  readonly relay: RelayObserver;
  readonly onRunning: (service: ServiceName, running: boolean) => void;
}

/** Registers the worker's metrics; lags are read from Postgres when somebody scrapes. */
export function workerMetrics(
  registry: Registry,
  databases: readonly ServiceDatabase[],
  consumers: readonly Consumer[],
  dispatcher: Dispatcher,
): WorkerMetrics {
  const registers = [registry];
  const published = new Counter({
    name: 'safesplitx_outbox_published_total',
    help: 'Events that were given their position.',
    labelNames: ['service'],
    registers,
  });
  const woken = new Counter({
    name: 'safesplitx_relay_woken_total',
    help: 'Events whose process the relay woke.',
    labelNames: ['service'],
    registers,
  });
  const failed = new Counter({
    name: 'safesplitx_relay_failures_total',
    help: 'Failures that the relay waited out.',
    labelNames: ['service'],
    registers,
  });
  const handled = new Counter({
    name: 'safesplitx_consumer_handled_total',
    help: 'Events that a consumer handled.',
    labelNames: ['consumer'],
    registers,
  });
  const leads = new Gauge({
    name: 'safesplitx_relay_leads',
    help: '1 in the process that holds the relay of a service.',
    labelNames: ['service'],
    registers,
  });
  const running = new Gauge({
    name: 'safesplitx_worker_running',
    help: '1 while the worker of a service polls.',
    labelNames: ['service'],
    registers,
  });
  registerLags(registry, databases, consumers);
  registerDispatch(registry, dispatcher);
  return {
    onRunning: (service, runs) => running.set({ service }, runs ? 1 : 0),
    relay: {
      onLead: (service, leading) => leads.set({ service }, leading ? 1 : 0),
      onPublished: (service, count) => published.inc({ service }, count),
      onWoken: (service, count) => woken.inc({ service }, count),
      onFailed: (service) => failed.inc({ service }),
      onHandled: (consumer, count) => handled.inc({ consumer }, count),
    },
  };
}

function registerLags(registry: Registry, databases: readonly ServiceDatabase[], consumers: readonly Consumer[]): void {
  const labelNames = ['service'];
  const registers = [registry];
  const undispatched = new Gauge({
    name: 'safesplitx_outbox_undispatched',
    help: 'Events whose process nobody woke in time.',
    labelNames,
    registers,
  });
  const oldest = new Gauge({
    name: 'safesplitx_outbox_oldest_seconds',
    help: 'Age of the oldest event that waits for the relay.',
    labelNames,
    registers,
  });
  const behind = new Gauge({
    name: 'safesplitx_consumer_lag',
    help: 'Positions that a consumer is behind.',
    labelNames: ['consumer', 'source'],
    registers,
  });
  // The first gauge's collection sets the others too: one look per service and scrape.
  new Gauge({
    name: 'safesplitx_outbox_unpublished',
    help: 'Events without a position.',
    labelNames,
    registers,
    async collect() {
      await Promise.allSettled(
        databases.map(async (db) => {
          const lag = await outboxLag(db);
          this.set({ service: db.service }, lag.unpublished);
          undispatched.set({ service: db.service }, lag.undispatched);
          oldest.set({ service: db.service }, lag.oldestSeconds);
        }),
      );
      await Promise.allSettled(
        consumers.flatMap((consumer) => {
          const db = databases.find(({ service }) => service === consumer.service);
          return db === undefined
            ? []
            : [consumerLag(db, consumer).then((lag) => behind.set({ consumer: consumer.name, source: consumer.source }, lag))];
        }),
      );
    },
  });
}

/** Counts of a dispatcher, for any process that has one. */
export function registerDispatch(registry: Registry, dispatcher: Dispatcher): void {
  new Gauge({
    name: 'safesplitx_dispatch',
    help: 'Processes woken right after a commit, by outcome, since the start.',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      for (const [outcome, count] of Object.entries(dispatcher.counts)) this.set({ outcome }, count);
    },
  });
}
