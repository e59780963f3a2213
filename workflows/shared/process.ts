import type { SearchAttributePair } from '@temporalio/common';
import type { ProcessName } from '../../domain/events.ts';
import type { QueueName } from './task-queues.ts';

/** Name of the signal that wakes a process, see messages.ts. It stands here so that clients need no workflow runtime. */
export const CHANGED = 'changed';

/**
 * What is to be known about a process to start it from its business key alone. Each service's `contract.ts` declares
 * one per process; its `client.ts` uses it.
 */
export interface ProcessDefinition<Input extends object> {
  /** Also the name of the workflow function and so the workflow type. */
  readonly process: ProcessName;
  /** The service on whose queue it runs. */
  readonly service: QueueName;
  /** @throws Error when the key cannot be one of this process. */
  input(key: string): Input;
  /** One line for lists in the Web UI: which process of what. */
  summary(input: Input): string;
  /** What the process does and what an operator may do with it, as Markdown. */
  readonly details: string;
  /** Search attributes that are known before the first look at the row. */
  attributes(input: Input): SearchAttributePair[];
}

/**
 * Splits a business key into its ids.
 *
 * @throws Error when it has another number of parts.
 */
export function keyParts(key: string, count: number): string[] {
  const parts = key.split('/');
  if (parts.length !== count || parts.includes('')) throw new Error(`a process key has ${count} part(s), this has ${parts.length}`);
  return parts;
}
