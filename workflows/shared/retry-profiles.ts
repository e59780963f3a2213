import type { ActivityOptions } from '@temporalio/workflow';
import { TASK_QUEUES, type QueueName } from './task-queues.ts';

/** Activities beat every 5 s, see activities/edge.ts: one that is silent for this long has lost its worker and is tried on another. */
const LOST_WORKER = '15s';

/**
 * How an activity is retried, by what it touches. A workflow names a profile; it never writes its own numbers.
 *
 * No profile gives up on a schedule-to-close time: an outage of any length must end in "it went on", not in a failed
 * workflow. Refusals are non-retryable at the activity edge, so what retries is only what may pass.
 */
export const RETRY_PROFILES = {
  /** One command or query of the same service. */
  database: {
    // A statement is ended by Postgres after 15 s (db/orm.ts); a transaction has a handful of them at most.
    startToCloseTimeout: '30s',
    heartbeatTimeout: LOST_WORKER,
    retry: { initialInterval: '250ms', backoffCoefficient: 2, maximumInterval: '15s' },
  },
  /** One call to a payment gateway. Its adapter turns a time-out into the value "unknown" and does not throw it. */
  gateway: {
    // The Stripe SDK waits 80 s by default; ours 30 s, with one look-up afterwards.
    startToCloseTimeout: '75s',
    heartbeatTimeout: LOST_WORKER,
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
  },
  /** One message to a person: mail, SMS, push. The attempts are counted, then the message is a dead letter. */
  channel: {
    startToCloseTimeout: '45s',
    heartbeatTimeout: LOST_WORKER,
    // 5 s, 20 s, 80 s, 320 s, then every 15 min: eight attempts span about an hour, the length of a greylisting.
    retry: { initialInterval: '5s', backoffCoefficient: 4, maximumInterval: '15m', maximumAttempts: 8 },
  },
  /** An activity of another service on that service's queue, which may be down or being deployed. */
  crossService: {
    startToCloseTimeout: '30s',
    heartbeatTimeout: LOST_WORKER,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  },
  /** Long work in batches with heartbeats; a lost worker is noticed by the missing heartbeat. */
  batch: {
    startToCloseTimeout: '1h',
    heartbeatTimeout: '30s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  },
} as const satisfies Record<string, ActivityOptions>;

/** Name of a retry profile. */
export type RetryProfile = keyof typeof RETRY_PROFILES;

/** The options of `proxyActivities` for another service's contract: its queue and the profile for it. */
export function onQueue(service: QueueName, profile: RetryProfile = 'crossService'): ActivityOptions {
  return { ...RETRY_PROFILES[profile], taskQueue: TASK_QUEUES[service] };
}
