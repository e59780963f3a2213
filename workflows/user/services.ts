import { proxyActivities } from '@temporalio/workflow';
import type { PersonActivities } from '../../activities/shared/contract.ts';
import { onQueue } from '../shared/retry-profiles.ts';
import { TASK_QUEUES, type QueueName } from '../shared/task-queues.ts';

/** What each service does for exports and erasures, on its own queue: long work in steps, which a cancellation ends between two. */
export const PERSON: Readonly<Record<QueueName, ReturnType<typeof proxyOf>>> = {
  user: proxyOf('user'),
  expense: proxyOf('expense'),
  payment: proxyOf('payment'),
  notification: proxyOf('notification'),
};

/** The services by name. */
export const EVERY_SERVICE = Object.keys(TASK_QUEUES) as readonly QueueName[];

function proxyOf(service: QueueName): ReturnType<typeof proxyActivities<PersonActivities>> {
  return proxyActivities<PersonActivities>({ ...onQueue(service, 'batch'), cancellationType: 'WAIT_CANCELLATION_COMPLETED' });
}
