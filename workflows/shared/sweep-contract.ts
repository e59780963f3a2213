import type { QueueName } from './task-queues.ts';

/** Workflow type that looks for rows in a non-final state whose workflow is not running; on every service's queue. */
export const PROCESS_SWEEP = 'processSweep';

/** Input of the workflow `processSweep`. */
export interface ProcessSweepInput {
  readonly service: QueueName;
  /** Where a sweep goes on that continued as new, and what it had counted. */
  readonly after?: string;
  readonly looked?: number;
  readonly woken?: number;
}
