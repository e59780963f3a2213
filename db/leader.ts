import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Notification } from 'pg';
import { SERVICES, type ServiceName } from '../config/env.ts';

/** First half of the advisory locks' keys, so that they meet no others; the second is the service. Any fixed number will do. */
const LOCK_CLASS = 731_800_601;
const STANDBY_POLL_MS = 1_000;
const RECONNECT_MAX_MS = 5_000;

/** What the leader of a service works with while it leads. */
export interface Lead {
  /** The connection that holds the lock. Whatever only the leader may do goes through it, so losing it ends the right. */
  readonly client: Client;
  /** Aborts when the lead is lost or given up. */
  readonly signal: AbortSignal;
  /** Calls back for each notification on the channel that was asked for. */
  onNotification(listener: () => void): void;
}

/** How to lead. */
export interface LeaderOptions {
  readonly url: string;
  readonly service: ServiceName;
  /** Channel to listen to while leading. */
  readonly channel: string;
  /** Ends it all. */
  readonly signal: AbortSignal;
  /** Does the leader's work until the lead's signal aborts; called again after each reconnection. */
  lead(lead: Lead): Promise<void>;
  /** Told of each failure that ended a lead or an attempt; the loop goes on by itself. */
  onError(error: unknown): void;
}

/**
 * Does a service's work in exactly one process at a time: the one that holds an advisory lock on a connection of its
 * own. The others stand by and take over within a second or two once that connection ends.
 *
 * @returns when the signal aborts.
 */
export async function runAsLeader(options: LeaderOptions): Promise<void> {
  for (let failures = 0; !options.signal.aborted;) {
    const began = Date.now();
    try {
      await oneConnection(options);
    } catch (error) {
      if (options.signal.aborted) return;
      options.onError(error);
      failures = Date.now() - began > 30_000 ? 1 : failures + 1;
      await pause(Math.min(200 * 2 ** failures, RECONNECT_MAX_MS), options.signal);
    }
  }
}

async function oneConnection(options: LeaderOptions): Promise<void> {
  const client = openSession(options.url, options.service);
  const ended = new AbortController();
  const stop = (): void => ended.abort();
  client.on('error', stop);
  client.on('end', stop);
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    if (!(await standBy(client, options.service, ended.signal))) return;
    await client.query(`listen ${options.channel}`);
    const onNotification = (listener: () => void): void => {
      client.on('notification', (notification: Notification) => {
        if (notification.channel === options.channel) listener();
      });
    };
    await options.lead({ client, signal: ended.signal, onNotification });
  } finally {
    stop();
    options.signal.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  }
}

/** A connection outside the pool under a service's role, whose server side ends soon after its client's machine is gone. */
function openSession(url: string, service: ServiceName): Client {
  return new Client({
    connectionString: url,
    application_name: `safesplitx-${service}-relay`,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    // 10 s + 3 x 5 s: without this the server keeps the lock of a vanished machine for two hours.
    options: `-c role=safesplitx_${service} -c timezone=UTC -c statement_timeout=30000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3`,
  });
}

async function standBy(client: Client, service: ServiceName, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1, $2) as held', [
      LOCK_CLASS,
      SERVICES.indexOf(service),
    ]);
    if (rows[0]?.held === true) return true;
    await pause(STANDBY_POLL_MS, signal);
  }
  return false;
}

/** Waits, or less when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * Listens to channels on a connection of its own and reconnects by itself; a notification sent meanwhile is lost, so
 * the listener needs a slow poll as well.
 *
 * @returns when the signal aborts.
 */
export async function listen(
  url: string,
  service: ServiceName,
  channels: readonly string[],
  onNotification: (channel: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const client = openSession(url, service);
    try {
      const ended = new Promise<void>((resolve) => {
        client.on('end', resolve);
        client.on('error', () => resolve());
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      client.on('notification', (notification) => onNotification(notification.channel));
      await client.connect();
      for (const channel of channels) await client.query(`listen ${channel}`);
      await ended;
    } catch {
      await pause(1_000, signal);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
