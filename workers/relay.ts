import type { Client } from '@temporalio/client';
import type { ServiceName } from '../config/env.ts';
import type { Logger } from '../config/logger.ts';
import type { Consumer } from '../db/consume.ts';
import { listen, runAsLeader, type Lead } from '../db/leader.ts';
import type { ServiceDatabase } from '../db/orm.ts';
import { outboxChannel, publishedChannel } from '../db/relay.ts';
import type { Dispatcher } from '../workflows/dispatch.ts';
import { createBell, pause, type Bell } from './relay/bell.ts';
import { runConsumer } from './relay/consumer-loop.ts';
import { wakeProcesses } from './relay/process-waker.ts';
import { retain } from './relay/retention.ts';
import { sequence } from './relay/sequencer.ts';

/** What the relay tells; metrics count it. */
export interface RelayObserver {
  onLead(service: ServiceName, leads: boolean): void;
  onPublished(service: ServiceName, count: number): void;
  onWoken(service: ServiceName, count: number): void;
  onFailed(service: ServiceName): void;
  onHandled(consumer: string, count: number): void;
}

/** What a service's relay works with. */
export interface RelayDeps {
  readonly db: ServiceDatabase;
  /** Postgres, as the user that may take the service's role: for the connections outside the pool. */
  readonly url: string;
  readonly client: Client;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  readonly consumers: readonly Consumer[];
  readonly observer: RelayObserver;
}

/** A relay at work. */
export interface Relay {
  /** Ends it; what it was doing is done again by whoever takes over. */
  stop(): Promise<void>;
}

/**
 * Runs the relay of one service: publishes its events, wakes the processes that nobody woke, deletes what is old, and
 * feeds the service's consumers. Only one process at a time publishes and wakes; consumers guard themselves by their
 * cursor row.
 */
export function startRelay(deps: RelayDeps): Relay {
  const { service } = deps.db;
  const ending = new AbortController();
  const own = deps.consumers.filter((consumer) => consumer.service === service);
  const running = Promise.all([
    runAsLeader({
      url: deps.url,
      service,
      channel: outboxChannel(service),
      signal: ending.signal,
      lead: (lead) => leadRelay(deps, lead),
      onError: (error) => {
        deps.observer.onFailed(service);
        deps.logger.warn({ err: error, relay: service }, 'relay lost its lead');
      },
    }),
    runConsumers(deps, own, ending.signal),
  ]);
  return {
    async stop() {
      ending.abort();
      await running;
    },
  };
}

async function leadRelay(deps: RelayDeps, lead: Lead): Promise<void> {
  const { service } = deps.db;
  deps.observer.onLead(service, true);
  deps.logger.info({ relay: service }, 'relay leads');
  const ended = new AbortController();
  const signal = AbortSignal.any([lead.signal, ended.signal]);
  try {
    await allEndWithFirst(ended, [
      sequence({ ...lead, signal }, service, (count) => deps.observer.onPublished(service, count)),
      withRetries(deps, signal, () => wakeUndispatched(deps, signal)),
      withRetries(deps, signal, () => retain(deps.db, signal)),
    ]);
  } finally {
    deps.observer.onLead(service, false);
  }
}

function wakeUndispatched(deps: RelayDeps, signal: AbortSignal): Promise<void> {
  const { service } = deps.db;
  return wakeProcesses({
    db: deps.db,
    client: deps.client,
    signal,
    onWoken: (count) => deps.observer.onWoken(service, count),
    onRefused: (error, ref) => deps.logger.error({ err: error, relay: service, process: ref.process }, 'process cannot be woken'),
    onAway: (error) => {
      deps.observer.onFailed(service);
      deps.logger.warn({ relay: service, reason: error instanceof Error ? error.message : String(error) }, 'Temporal is away');
    },
  });
}

/** Part of a lead that works over the pool: its failure (Postgres restarting) is waited out without giving up the lead. */
async function withRetries(deps: RelayDeps, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      deps.observer.onFailed(deps.db.service);
      deps.logger.warn({ err: error, relay: deps.db.service }, 'relay failed, goes on');
      await pause(1_000, signal);
    }
  }
}

/** Waits for all; the first to end, well or badly, ends the others. */
async function allEndWithFirst(ended: AbortController, parts: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(parts.map((part) => part.finally(() => ended.abort())));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function runConsumers(deps: RelayDeps, consumers: readonly Consumer[], signal: AbortSignal): Promise<void> {
  if (consumers.length === 0) return;
  const bells = consumers.map((consumer) => ({ channel: publishedChannel(consumer.source), bell: createBell() }));
  const ring = (channel: string): void => bells.filter((one) => one.channel === channel).forEach(({ bell }) => bell.ring());
  await Promise.all([
    listen(deps.url, deps.db.service, [...new Set(bells.map(({ channel }) => channel))], ring, signal),
    ...consumers.map((consumer, index) => runOne(deps, consumer, bells[index]!.bell, signal)),
  ]);
}

function runOne(deps: RelayDeps, consumer: Consumer, bell: Bell, signal: AbortSignal): Promise<void> {
  return runConsumer(
    {
      db: deps.db,
      dispatcher: deps.dispatcher,
      logger: deps.logger,
      signal,
      bell,
      onHandled: (count) => deps.observer.onHandled(consumer.name, count),
    },
    consumer,
  );
}
