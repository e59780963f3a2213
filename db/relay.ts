import type { ClientBase } from 'pg';
import { SERVICES, type ServiceName } from '../config/env.ts';
import type { ProcessName, ProcessRef } from '../domain/events.ts';
import { REQUEST_DAYS } from '../domain/friendship.ts';
import { IDEMPOTENCY_DAYS } from './idempotency.ts';
import type { ServiceDatabase } from './orm.ts';

/** Published and dispatched events are kept this long, and longer where a consumer has yet to read them. */
export const OUTBOX_DAYS = 7;

/** The channel on which consumers hear that a service has published. */
export function publishedChannel(service: ServiceName): string {
  return `published_${service}`;
}

/** The channel on which the relay hears that a service has written to its outbox. */
export function outboxChannel(service: ServiceName): string {
  return `outbox_${service}`;
}

/**
 * Publishes events: gives each that has none yet its `position`, in the order in which they were written as far as they
 * are committed now. One that commits later, though written earlier, gets a later position, so no reader skips it.
 *
 * @param leader the connection that holds the relay's lock: when that is lost, so is the right to publish.
 * @param limit most events of one statement.
 * @returns how many were published.
 */
export async function publishBatch(leader: ClientBase, service: ServiceName, limit: number): Promise<number> {
  // Numbers are drawn above the sorted and limited rows, so they follow that order.
  const result = await leader.query(
    `with batch as materialized (select id from "${service}".outbox where position is null order by seq limit $1),
       numbered as materialized (select id, nextval('"${service}".outbox_position') as position from batch)
     update "${service}".outbox o set position = n.position from numbered n where o.id = n.id`,
    [limit],
  );
  const published = result.rowCount ?? 0;
  if (published > 0) await leader.query('select pg_notify($1, $2)', [publishedChannel(service), '']);
  return published;
}

/** An event whose process still has to be woken. */
export interface Undispatched {
  readonly id: string;
  readonly ref: ProcessRef;
}

/** Reads events whose process has not been woken although its route had the time to do it; takes no lock. */
export async function undispatched(db: ServiceDatabase, limit: number): Promise<Undispatched[]> {
  const { rows } = await db.pool.query<{ id: string; process: ProcessName; process_key: string }>(
    `select id, process, process_key from "${db.service}".outbox
     where process is not null and dispatched_at is null and dispatch_after <= now() order by dispatch_after limit $1`,
    [limit],
  );
  return rows.map((row) => ({ id: row.id, ref: { process: row.process, key: row.process_key } }));
}

/** Puts events off that cannot be dispatched as they are, so that they do not stand in the way of the others. */
export async function postponeDispatch(db: ServiceDatabase, eventIds: readonly string[], seconds: number): Promise<void> {
  await db.pool.query(
    `update "${db.service}".outbox set dispatch_after = now() + make_interval(secs => $2) where id = any($1::uuid[]) and dispatched_at is null`,
    [eventIds, seconds],
  );
}

/** How far consumers have read, in whichever service they are. */
const CURSORS = SERVICES.map((service) => `select source, position from ${service}_pub.cursor_v1`).join(' union all ');

/**
 * Deletes events that nobody needs any more: older than {@link OUTBOX_DAYS}, published, dispatched where they wake a
 * process, and read by every consumer that has a cursor. A consumer that is given up for good takes its cursor with it,
 * in a migration; until then its source keeps everything from there on.
 *
 * @returns how many were deleted; fewer than the limit means that none is left.
 */
export async function deleteOldEvents(db: ServiceDatabase, limit: number, days = OUTBOX_DAYS): Promise<number> {
  // Ids are UUIDv7, so the primary key finds old rows first.
  const bound = firstIdOf(Date.now() - days * 86_400_000);
  const result = await db.pool.query(
    `delete from "${db.service}".outbox where id in (
       select id from "${db.service}".outbox
       where id < $1 and position is not null and (process is null or dispatched_at is not null)
         and position <= coalesce((select min(position) from (${CURSORS}) c where source = $3), position) order by id limit $2)`,
    [bound, limit, db.service],
  );
  return result.rowCount ?? 0;
}

/** Deletes kept answers whose key may be used again; see {@link deleteOldEvents}. */
export async function deleteOldAnswers(db: ServiceDatabase, limit: number): Promise<number> {
  const result = await db.pool.query(
    `delete from "${db.service}".idempotency where ctid = any(array(
       select ctid from "${db.service}".idempotency where created_at < now() - make_interval(days => $1) limit $2))`,
    [IDEMPOTENCY_DAYS, limit],
  );
  return result.rowCount ?? 0;
}

/**
 * Gives up friend requests that nobody answered within their time, and forgets the addresses that they went to.
 *
 * @returns how many; fewer than the limit means that none is left.
 */
export async function giveUpOldRequests(db: ServiceDatabase, limit: number): Promise<number> {
  if (db.service !== 'user') return 0;
  const result = await db.pool.query(
    `update "user".friendship set state = 'withdrawn', closed_at = now(), asked_email = '', asked_key = '' where id in (
       select id from "user".friendship where state = 'pending' and created_at <= now() - make_interval(days => $1) limit $2 for update skip locked)`,
    [REQUEST_DAYS, limit],
  );
  return result.rowCount ?? 0;
}

/** How far behind a service's relay is. */
export interface OutboxLag {
  readonly unpublished: number;
  readonly undispatched: number;
  /** Age of the oldest event that waits for either, in seconds. */
  readonly oldestSeconds: number;
}

/** Measures the relay's lag; counts stop at 100,000, where the exact number no longer matters. */
export async function outboxLag(db: ServiceDatabase): Promise<OutboxLag> {
  const { rows } = await db.pool.query<{ unpublished: string; undispatched: string; oldest: string | null }>(
    `with a as (select occurred_at from "${db.service}".outbox where position is null limit 100000),
       b as (select occurred_at from "${db.service}".outbox where process is not null and dispatched_at is null and dispatch_after <= now() limit 100000)
     select (select count(*) from a) as unpublished, (select count(*) from b) as undispatched,
       extract(epoch from now() - least((select min(occurred_at) from a), (select min(occurred_at) from b))) as oldest`,
  );
  const row = rows[0]!;
  return {
    unpublished: Number(row.unpublished),
    undispatched: Number(row.undispatched),
    oldestSeconds: Math.max(0, Number(row.oldest ?? 0)),
  };
}

/** The smallest UUIDv7 of a moment, in epoch milliseconds. */
function firstIdOf(epochMs: number): string {
  const hex = Math.max(0, Math.floor(epochMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
