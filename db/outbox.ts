import { v7 as uuidv7 } from 'uuid';
import type { ServiceName } from '../config/env.ts';
import { type DomainEvent, type ProcessRef, processOf } from '../domain/events.ts';
import type { ServiceDatabase } from './orm.ts';

/** The route wakes the process itself at once; the relay does it for events that are still undispatched after this. */
export const DISPATCH_GRACE_MS = 2_000;

/** An event with the id under which it is stored and the process that it wakes. */
export interface StoredEvent {
  readonly id: string;
  readonly service: ServiceName;
  readonly event: DomainEvent;
  readonly process: ProcessRef | null;
}

/** Gives an event its id. */
export function storedEvent(service: ServiceName, event: DomainEvent): StoredEvent {
  return { id: uuidv7(), service, event, process: processOf(event) };
}

/**
 * The statement that writes events to a service's outbox, whatever their number: one round trip.
 *
 * @returns SQL text and its values.
 */
export function outboxInsert(service: ServiceName, events: readonly StoredEvent[]): { text: string; values: unknown[] } {
  return {
    text: `insert into "${service}".outbox (id, type, group_id, subject_id, actor_id, data, process, process_key, dispatch_after)
      select e.id, e.type, e.group_id, e.subject_id, e.actor_id, e.data, e.process, e.process_key,
        case when e.process is not null then now() + interval '${DISPATCH_GRACE_MS} milliseconds' end
      from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::jsonb[], $7::text[], $8::text[])
        as e (id, type, group_id, subject_id, actor_id, data, process, process_key)`,
    values: outboxColumns(events),
  };
}

/** The columns of {@link outboxInsert} as arrays, for statements that embed it. */
export function outboxColumns(events: readonly StoredEvent[]): unknown[] {
  return [
    events.map((stored) => stored.id),
    events.map((stored) => stored.event.type),
    events.map((stored) => stored.event.groupId ?? null),
    events.map((stored) => stored.event.subjectId),
    events.map((stored) => stored.event.actorId ?? null),
    events.map((stored) => JSON.stringify(stored.event.data)),
    events.map((stored) => stored.process?.process ?? null),
    events.map((stored) => stored.process?.key ?? null),
  ];
}

/** Notes that the processes of these events have been woken, so that the relay need not do it. */
export async function markDispatched(db: ServiceDatabase, eventIds: readonly string[]): Promise<void> {
  await db.pool.query(`update "${db.service}".outbox set dispatched_at = now() where id = any($1::uuid[]) and dispatched_at is null`, [
    eventIds,
  ]);
}
