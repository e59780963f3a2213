import type { Client } from '@temporalio/client';
import { findUnfinished, type Unfinished } from '../../db/queries/unfinished.ts';
import { read } from '../../db/transact.ts';
import { workflowId } from '../../domain/events.ts';
import { wake } from '../../workflows/dispatch.ts';
import { activityEdge, type ActivityDeps } from '../edge.ts';
import type { SweepActivities } from './contract.ts';

/** Rows of one page. */
const PAGE_MAX = 200;
/** Workflow ids of one listing: a query of about 3 KB. */
const LISTED_MAX = 50;
/** Wakings at once; the single-node server answers 116-188 of them a second. */
const WAKE_CONCURRENCY = 8;
/** A younger row is on its way: its route or the relay wakes its process. */
const OLDER_THAN_SECONDS = 60;

/**
 * Makes the activities of the sweep, for the service whose database is given.
 *
 * @param alongside what else of the service is made up for, once with each sweep.
 */
export function createSweepActivities(deps: ActivityDeps, alongside?: (deps: ActivityDeps) => Promise<void>): SweepActivities {
  return activityEdge<SweepActivities>(
    {
      async sweepPage({ after }) {
        if (after === null) await alongside?.(deps);
        return sweepPage(deps, after);
      },
    },
    deps.logger,
  );
}

/** See the contract. */
export async function sweepPage(
  deps: Pick<ActivityDeps, 'db' | 'temporal'>,
  after: string | null,
  olderThanSeconds = OLDER_THAN_SECONDS,
): Promise<{ looked: number; woken: number; after: string | null }> {
  const query = (text: string, values?: readonly unknown[]): Promise<never[]> => read(deps.db, text, values);
  const rows = await findUnfinished(query, deps.db.service, { after, limit: PAGE_MAX, olderThanSeconds });
  const running = await runningAmong(deps.temporal, rows);
  const gone = rows.filter((row) => !running.has(workflowId(row.process, row.key)));
  for (let start = 0; start < gone.length; start += WAKE_CONCURRENCY) {
    await Promise.all(gone.slice(start, start + WAKE_CONCURRENCY).map((row) => wake(deps.temporal, row)));
  }
  return { looked: rows.length, woken: gone.length, after: rows.length < PAGE_MAX ? null : (rows.at(-1)?.cursor ?? null) };
}

async function runningAmong(client: Client, rows: readonly Unfinished[]): Promise<Set<string>> {
  const running = new Set<string>();
  for (let start = 0; start < rows.length; start += LISTED_MAX) {
    const ids = rows.slice(start, start + LISTED_MAX).map((row) => `"${workflowId(row.process, row.key)}"`);
    const query = `ExecutionStatus = "Running" and WorkflowId in (${ids.join(', ')})`;
    for await (const found of client.workflow.list({ query })) running.add(found.workflowId);
  }
  return running;
}
