import type { QueueName } from './task-queues.ts';

/** Workflow type that looks for rows in a non-final state whose workflow is not running; on every service's queue. */
export const PROCESS_SWEEP = 'processSweep';

/** Input of the workflow `processSweep`. */
export interface ProcessSweepInput {
  readonly service: QueueName;
}
