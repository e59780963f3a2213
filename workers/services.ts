import { createExpenseActivities } from '../activities/expense/index.ts';
import { sweepFiles } from '../activities/expense/sweep-files.ts';
import { createNotificationActivities } from '../activities/notification/index.ts';
import { createPaymentActivities } from '../activities/payment/index.ts';
import { createUserActivities } from '../activities/user/index.ts';
import type { ActivityDeps } from '../activities/edge.ts';
import { createSweepActivities } from '../activities/shared/sweep.ts';
import type { ServiceName } from '../config/env.ts';
import { TASK_QUEUES } from '../workflows/shared/task-queues.ts';

/** What the worker of one service runs. */
export interface ServiceWorker {
  readonly taskQueue: string;
  /** The bundle's entry file. */
  readonly workflowsPath: string;
  /** Makes the activities, once per process. */
  activities(deps: ActivityDeps): object;
}

/** The worker of each service; a new service is one line, and the compiler asks for it. */
export const SERVICE_WORKERS: Record<ServiceName, ServiceWorker> = {
  user: { taskQueue: TASK_QUEUES.user, workflowsPath: entryOf('user'), activities: swept(createUserActivities) },
  expense: {
    taskQueue: TASK_QUEUES.expense,
    workflowsPath: entryOf('expense'),
    activities: swept(createExpenseActivities, (deps) => sweepFiles(deps)),
  },
  payment: { taskQueue: TASK_QUEUES.payment, workflowsPath: entryOf('payment'), activities: swept(createPaymentActivities) },
  notification: {
    taskQueue: TASK_QUEUES.notification,
    workflowsPath: entryOf('notification'),
    activities: swept(createNotificationActivities),
  },
};

/** The activities of a service that has processes: its own, and the sweep's. */
function swept(create: (deps: ActivityDeps) => object, alongside?: (deps: ActivityDeps) => Promise<void>): (deps: ActivityDeps) => object {
  return (deps) => ({ ...create(deps), ...createSweepActivities(deps, alongside) });
}

function entryOf(service: ServiceName): string {
  return new URL(`../workflows/${service}/index.ts`, import.meta.url).pathname;
}
