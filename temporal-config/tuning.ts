import type { WorkerOptions } from '@temporalio/worker';

/**
 * How each worker is sized, for four of them in one process on two cores. The numbers are small because work here is
 * short statements: more at once would only queue at Postgres, and each poller and slot costs memory.
 */
export const WORKER_TUNING = {
  maxConcurrentWorkflowTaskExecutions: 40,
  // As many as a service's connection pool serves without waiting, and some that talk to the outside.
  maxConcurrentActivityTaskExecutions: 30,
  maxConcurrentLocalActivityExecutions: 10,
  maxConcurrentWorkflowTaskPolls: 4,
  maxConcurrentActivityTaskPolls: 4,
  // An activity that is cut off at shutdown is retried elsewhere; the starter ends a worker that takes over 3.5 s.
  shutdownGraceTime: '1500ms',
  shutdownForceTime: '2500ms',
} as const satisfies Partial<WorkerOptions>;
