import type { PublishedEvent } from '../../db/consume.ts';
import type { StoredEvent } from '../../db/outbox.ts';

/** Committed events as a consumer is given them. */
export function publishedOf(events: readonly StoredEvent[]): PublishedEvent[] {
  return events.map(({ id, event }, index) => ({ ...event, id, position: String(index + 1), occurredAt: new Date() }));
}
