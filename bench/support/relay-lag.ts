import { SERVICES } from '../../config/env.ts';
import { until } from './measurement.ts';
import type { Stand } from './stand.ts';

const CATCH_UP_LIMIT_MS = 120_000;

/** How far the relay and its consumers are behind, over all services. */
export interface RelayLag {
  readonly unpublished: number;
  /** Processes still to be woken. */
  readonly undispatched: number;
  /** Published events that a consumer has not passed over yet. */
  readonly unread: number;
}

/** Reads the lag from the outboxes and the consumers' cursors. */
export async function relayLag({ sql }: Stand): Promise<RelayLag> {
  const outboxes = SERVICES.map(
    (service) => `select count(*) filter (where position is null) as unpublished,
      count(*) filter (where process is not null and dispatched_at is null) as undispatched from "${service}".outbox
      where position is null or (process is not null and dispatched_at is null)`,
  );
  const heads = SERVICES.map((service) => `select '${service}' as source, coalesce(max(position), 0) as head from "${service}".outbox`);
  const cursors = SERVICES.map((service) => `select source, position from "${service}".consumer_cursor`);
  const { rows } = await sql.query<{ unpublished: string; undispatched: string; unread: string }>(
    `select sum(unpublished) as unpublished, sum(undispatched) as undispatched,
      (select coalesce(sum(greatest(h.head - c.position, 0)), 0) from (${cursors.join(' union all ')}) c join (${heads.join(' union all ')}) h using (source)) as unread
     from (${outboxes.join(' union all ')}) o`,
  );
  const row = rows[0];
  return { unpublished: Number(row?.unpublished), undispatched: Number(row?.undispatched), unread: Number(row?.unread) };
}

/**
 * Waits until relay and consumers have nothing left to do.
 *
 * @param progress told what is left, where given.
 * @returns how long that took, in milliseconds.
 */
export async function caughtUp(stand: Stand, progress?: (text: string) => void): Promise<number> {
  const began = performance.now();
  let lag: RelayLag = { unpublished: 0, undispatched: 0, unread: 0 };
  const isDone = async (): Promise<boolean> => {
    lag = await relayLag(stand);
    const done = lag.unpublished + lag.undispatched + lag.unread === 0;
    if (!done) progress?.(`waiting for the relay: ${describeLag(lag)}`);
    return done;
  };
  await until('the relay catches up', CATCH_UP_LIMIT_MS, isDone, 500).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}: ${describeLag(lag)}`);
  });
  return performance.now() - began;
}

/** The lag in words. */
export function describeLag({ unpublished, undispatched, unread }: RelayLag): string {
  return `${unpublished} events to publish, ${undispatched} processes to wake, ${unread} events to read`;
}
