import type { ServiceName } from '../config/env.ts';
import type { DomainEvent, EventType } from '../domain/events.ts';
import type { ServiceDatabase } from './orm.ts';
import type { StoredEvent } from './outbox.ts';
import { transact, type Tx } from './transact.ts';

/** Events that a consumer is given at once. */
export const CONSUMER_BATCH_MAX = 500;
/** Positions that one look passes over at most, so that no statement grows long where few events are of interest. */
const WINDOW_MAX = 20_000;

/** An event as its service published it. */
export type PublishedEvent = DomainEvent & {
  readonly id: string;
  /** Grows with publication; a decimal string, since it is a bigint. */
  readonly position: string;
  readonly occurredAt: Date;
};

/** What follows the events of one service for the sake of another, or of itself. */
export interface Consumer {
  /** Stable name of its cursor. */
  readonly name: string;
  /** Whose database it writes. */
  readonly service: ServiceName;
  /** Whose events it reads. */
  readonly source: ServiceName;
  /** The events that it wants; the others are passed over by Postgres. */
  readonly types: readonly EventType[];
  /**
   * Does its part in the transaction that also advances the cursor: all of it happens or none. Events come in order of
   * publication. It must be idempotent by event id, and do nothing outside the transaction.
   */
  handle(events: readonly PublishedEvent[], tx: Tx): Promise<void>;
}

/** What one look of a consumer did. */
export interface Consumed {
  readonly handled: number;
  /** Whether there may be more right now. */
  readonly more: boolean;
  /** Events that the handler wrote; their processes are to be woken. */
  readonly emitted: readonly StoredEvent[];
}

/** Makes the cursor row of a consumer when it has none; it then begins with the first event that is still kept. */
export async function ensureCursor(db: ServiceDatabase, consumer: Consumer): Promise<void> {
  await db.pool.query(`insert into "${db.service}".consumer_cursor (consumer, source) values ($1, $2) on conflict do nothing`, [
    consumer.name,
    consumer.source,
  ]);
}

/**
 * Handles the next batch of a consumer and advances its cursor, in one transaction. Another process that does the same
 * at this moment is given way to.
 *
 * @throws what the handler throws, after the rollback: the batch comes again.
 */
export async function consumeBatch(db: ServiceDatabase, consumer: Consumer): Promise<Consumed> {
  if (!(await hasNews(db, consumer))) return { handled: 0, more: false, emitted: [] };
  const { value, events } = await transact(db, async (tx) => {
    const cursor = await lockCursor(tx, consumer);
    if (cursor === null) return { handled: 0, more: false };
    const bound = await windowEnd(tx, consumer, cursor);
    if (bound === null) return { handled: 0, more: false };
    const batch = await readEvents(tx, consumer, cursor, bound.end);
    if (batch.length > 0) await consumer.handle(batch, tx);
    const full = batch.length === CONSUMER_BATCH_MAX;
    const position = full ? batch.at(-1)!.position : bound.end;
    await tx.query(`update "${db.service}".consumer_cursor set position = $3, updated_at = now() where consumer = $1 and source = $2`, [
      consumer.name,
      consumer.source,
      position,
    ]);
    return { handled: batch.length, more: full || !bound.isHead };
  });
  return { ...value, emitted: events };
}

/** How many positions a consumer is behind. */
export async function consumerLag(db: ServiceDatabase, consumer: Consumer): Promise<number> {
  const { rows } = await db.pool.query<{ lag: string | null }>(
    `select (select max(position) from ${consumer.source}_pub.event_v1) - position as lag
     from "${db.service}".consumer_cursor where consumer = $1 and source = $2`,
    [consumer.name, consumer.source],
  );
  return Math.max(0, Number(rows[0]?.lag ?? 0));
}

// One statement outside a transaction: what an idle consumer costs.
async function hasNews(db: ServiceDatabase, consumer: Consumer): Promise<boolean> {
  return (await consumerLag(db, consumer)) > 0;
}

async function lockCursor(tx: Tx, consumer: Consumer): Promise<string | null> {
  const rows = await tx.query<{ position: string }>(
    `select position::text from "${tx.db.service}".consumer_cursor where consumer = $1 and source = $2 for update skip locked`,
    [consumer.name, consumer.source],
  );
  return rows[0]?.position ?? null;
}

async function windowEnd(tx: Tx, consumer: Consumer, cursor: string): Promise<{ end: string; isHead: boolean } | null> {
  const [row] = await tx.query<{ head: string | null; first: string | null }>(
    `select (select max(position) from ${consumer.source}_pub.event_v1)::text as head,
       (select min(position) from ${consumer.source}_pub.event_v1 where position > $1)::text as first`,
    [cursor],
  );
  if (row?.head == null || row.first === null || BigInt(row.head) <= BigInt(cursor)) return null;
  // Counted from the first event there is, so that a gap left by retention is no row of empty windows.
  const end = BigInt(row.first) + BigInt(WINDOW_MAX);
  return end < BigInt(row.head) ? { end: String(end), isHead: false } : { end: row.head, isHead: true };
}

interface EventRow {
  readonly position: string;
  readonly id: string;
  readonly type: string;
  readonly group_id: string | null;
  readonly subject_id: string;
  readonly actor_id: string | null;
  readonly data: object;
  readonly occurred_at: string;
}

async function readEvents(tx: Tx, consumer: Consumer, cursor: string, end: string): Promise<PublishedEvent[]> {
  const rows = await tx.query<EventRow>(
    // Qualified on purpose: a bare "order by position" would sort by the text of the output column.
    `select e.position::text, id, type, group_id, subject_id, actor_id, data, to_json(occurred_at) #>> '{}' as occurred_at
     from ${consumer.source}_pub.event_v1 e where e.position > $1 and e.position <= $2 and type = any($3::text[]) order by e.position limit $4`,
    [cursor, end, consumer.types, CONSUMER_BATCH_MAX],
  );
  return rows.map(
    (row) =>
      ({
        id: row.id,
        position: row.position,
        occurredAt: new Date(row.occurred_at),
        type: row.type,
        subjectId: row.subject_id,
        ...(row.group_id === null ? {} : { groupId: row.group_id }),
        ...(row.actor_id === null ? {} : { actorId: row.actor_id }),
        data: row.data,
      }) as PublishedEvent,
  );
}
