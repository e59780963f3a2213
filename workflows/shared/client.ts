import type { Client } from '@temporalio/client';
import { workflowId } from '../../domain/events.ts';
import { CHANGED, type ProcessDefinition } from './process.ts';
import { TASK_QUEUES } from './task-queues.ts';

/** Starts or signals one process by its business key. */
export type Waker = (client: Client, key: string) => Promise<void>;

/**
 * Wakes a process: signals its running workflow, or starts one and signals it. Doing it twice is harmless, since every
 * workflow reads its row first and ends at once when that is final.
 *
 * @throws what the Temporal client throws; the caller sets the deadline.
 */
export async function wakeProcess<Input extends object>(client: Client, definition: ProcessDefinition<Input>, key: string): Promise<void> {
  const input = definition.input(key);
  await client.workflow.signalWithStart(definition.process, {
    workflowId: workflowId(definition.process, key),
    taskQueue: TASK_QUEUES[definition.service],
    args: [input],
    signal: CHANGED,
    signalArgs: [],
    // A process that ended may have to run again: a reminder for a new debt, a transfer paid in a second part.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    typedSearchAttributes: definition.attributes(input),
    staticSummary: definition.summary(input),
    staticDetails: definition.details,
  });
}
