import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  Connection,
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { readEnv } from '../config/env.ts';
import { NAMESPACE } from './namespace.ts';
import { SCHEDULES, type DeclaredSchedule } from './schedules.ts';
import { DECLARED_SEARCH_ATTRIBUTES, INDEXED_VALUE_TYPES } from './search-attributes.ts';

/** A server that has just started takes some seconds until all its parts know what is new. */
const SETTLE_MS = 30_000;
const POLL_MS = 200;
const ALREADY_EXISTS = 6;
const NOT_FOUND = 5;

/** What was changed; all empty when the server matched already. */
export interface Applied {
  readonly namespace: 'kept' | 'created' | 'updated';
  readonly searchAttributes: readonly string[];
  readonly schedules: readonly string[];
}

/**
 * Makes a server match what is declared beside this file: namespace, search attributes, schedules. Doing it again
 * changes nothing; a schedule that an operator paused stays paused. Schedules that are not declared are left alone.
 *
 * @param server host:port of the frontend and name of the namespace.
 * @throws Error when a search attribute exists with another type, or the server does not settle within 30 s.
 */
export async function applyTemporalConfig(server: { readonly address: string; readonly namespace: string }): Promise<Applied> {
  const connection = await untilSettled(() => Connection.connect({ address: server.address, connectTimeout: '5s' }));
  try {
    const namespace = await applyNamespace(connection, server.namespace);
    const searchAttributes = await untilSettled(() => applySearchAttributes(connection, server.namespace));
    const client = new Client({ connection, namespace: server.namespace });
    const schedules: string[] = [];
    for (const declared of SCHEDULES) {
      if (await untilSettled(() => applySchedule(client, declared))) schedules.push(declared.scheduleId);
    }
    return { namespace, searchAttributes, schedules };
  } finally {
    await connection.close();
  }
}

async function applyNamespace(connection: Connection, name: string): Promise<Applied['namespace']> {
  const retention = NAMESPACE.retentionDays * 86_400;
  const config = { workflowExecutionRetentionTtl: { seconds: retention as unknown as Long } };
  try {
    const found = await connection.workflowService.describeNamespace({ namespace: name });
    if (Number(found.config?.workflowExecutionRetentionTtl?.seconds ?? 0) === retention) return 'kept';
    await connection.workflowService.updateNamespace({ namespace: name, config });
    return 'updated';
  } catch (error) {
    if (!hasCode(error, NOT_FOUND)) throw error;
    await connection.workflowService
      .registerNamespace({ namespace: name, description: NAMESPACE.description, ...config })
      .catch((failure: unknown) => {
        if (!hasCode(failure, ALREADY_EXISTS)) throw failure;
      });
    await untilSettled(() => connection.workflowService.describeNamespace({ namespace: name }));
    return 'created';
  }
}

/** Adds the declared search attributes that a namespace lacks. @returns the names of those that were added. */
export async function applySearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(missing.map(({ name, type }) => [name, INDEXED_VALUE_TYPES[type]]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    if (!hasCode(error, ALREADY_EXISTS)) throw error;
  }
  for (const deadline = Date.now() + SETTLE_MS; (await missingSearchAttributes(connection, namespace)).length > 0;) {
    if (Date.now() > deadline) throw new Error('the search attributes were added and do not show');
    await delay(POLL_MS);
  }
  return missing.map(({ name }) => name);
}

async function missingSearchAttributes(connection: Connection, namespace: string): Promise<typeof DECLARED_SEARCH_ATTRIBUTES> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const other = DECLARED_SEARCH_ATTRIBUTES.find(({ name, type }) => {
    const found = customAttributes[name];
    return found !== undefined && found !== INDEXED_VALUE_TYPES[type];
  });
  if (other !== undefined) throw new Error(`search attribute ${other.name} exists with another type than ${other.type}`);
  return DECLARED_SEARCH_ATTRIBUTES.filter(({ name }) => customAttributes[name] === undefined);
}

/** @returns whether anything had to change. */
async function applySchedule(client: Client, declared: DeclaredSchedule): Promise<boolean> {
  const handle = client.schedule.getHandle(declared.scheduleId);
  const wanted = optionsOf(declared);
  try {
    const found = await handle.describe();
    if (found.action.memo?.['config'] === wanted.action.memo.config) return false;
    await handle.update((previous) => ({ ...wanted, state: previous.state, typedSearchAttributes: new TypedSearchAttributes() }));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    try {
      await client.schedule.create({
        scheduleId: declared.scheduleId,
        ...wanted,
        ...(declared.atOnce === true ? { state: { triggerImmediately: true } } : {}),
      });
    } catch (failure) {
      // Someone else created it at the same moment, from the same declaration.
      if (!(failure instanceof ScheduleAlreadyRunning)) throw failure;
      return false;
    }
  }
  return true;
}

function optionsOf(declared: DeclaredSchedule) {
  return {
    spec: declared.spec,
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: declared.catchupWindow as '1m', pauseOnFailure: false },
    action: {
      type: 'startWorkflow' as const,
      workflowType: declared.workflowType,
      workflowId: declared.workflowId,
      taskQueue: declared.taskQueue,
      args: [...declared.args],
      // Describes the declaration that the schedule was made from: what the server gives back of a spec is not what it was given.
      memo: { config: hashOf(declared) },
      staticSummary: declared.summary,
      staticDetails: declared.details,
    },
  };
}

function hashOf(declared: DeclaredSchedule): string {
  return createHash('sha256').update(JSON.stringify(declared)).digest('hex').slice(0, 16);
}

/** Repeats what fails because a part of the server does not know yet what another one does. */
async function untilSettled<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + SETTLE_MS; ;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline || (error instanceof Error && error.message.includes('another type'))) throw error;
      await delay(POLL_MS);
    }
  }
}

function hasCode(error: unknown, code: number): boolean {
  return isGrpcServiceError(error) && Number(error.code) === code;
}

if (import.meta.main) {
  const env = readEnv();
  const applied = await applyTemporalConfig({ address: env.TEMPORAL_ADDRESS, namespace: env.TEMPORAL_NAMESPACE });
  process.stdout.write(`${JSON.stringify(applied)}\n`);
}
