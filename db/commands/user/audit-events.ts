import type { EventType } from '../../../domain/events.ts';
import type { PublishedEvent } from '../../consume.ts';
import type { Tx } from '../../transact.ts';
import type { AuditAction } from './audit.ts';

/** Acts of the platform's own people in the expense service, by the event that tells of them. */
const ACTS: { readonly [T in EventType]?: AuditAction } = { 'member.unmerged': 'merge.undone' };

/** The events that are noted. */
export const AUDITED_EVENTS = Object.keys(ACTS) as readonly EventType[];

/** Notes acts that another service committed, once each, wherever that service runs. */
export async function auditEvents(tx: Tx, events: readonly PublishedEvent[]): Promise<void> {
  await tx.query(
    `insert into "user".audit_event (id, at, action, outcome, actor_id, data)
     select id, at, action, 'succeeded', actor_id, data
     from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::jsonb[]) as e (id, at, action, actor_id, data)
     on conflict (id) do nothing`,
    [
      events.map(({ id }) => id),
      events.map(({ occurredAt }) => occurredAt.toISOString()),
      events.map(({ type }) => ACTS[type]),
      events.map(({ actorId }) => actorId ?? null),
      events.map(({ groupId, subjectId, data }) => JSON.stringify({ groupId, memberId: subjectId, ...data })),
    ],
  );
}
