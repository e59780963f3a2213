import type { ServiceName } from '../../config/env.ts';
import type { Lead } from '../../db/leader.ts';
import { publishBatch } from '../../db/relay.ts';
import { createBell, pause } from './bell.ts';

/** Events of one statement. At 2,500 expenses a second a batch is about a hundred; this bounds the catch-up after an outage. */
const BATCH_MAX = 5_000;
/** Notifications that come within this time share one statement: at most 25 a second. */
const DEBOUNCE_MS = 40;
/** A statement that published so many is followed by a longer pause: what it and the consumers cost hardly grows with the events. */
const BUSY_EVENTS = 40;
const BUSY_DEBOUNCE_MS = 150;
/** The net below the notifications. */
const POLL_MS = 1_000;

/**
 * Publishes a service's events until its lead ends.
 *
 * @param onPublished told how many events a statement published.
 */
export async function sequence(lead: Lead, service: ServiceName, onPublished: (count: number) => void): Promise<void> {
  const bell = createBell();
  lead.onNotification(bell.ring);
  while (!lead.signal.aborted) {
    const published = await publishBatch(lead.client, service, BATCH_MAX);
    if (published > 0) onPublished(published);
    if (published === BATCH_MAX) continue;
    await bell.wait(POLL_MS, lead.signal);
    await pause(published < BUSY_EVENTS ? DEBOUNCE_MS : BUSY_DEBOUNCE_MS, lead.signal);
  }
}
