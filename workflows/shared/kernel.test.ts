// Goal: the parts that every process is built from hold together in the workflow sandbox.
// Method: a workflow made only of them, woken as the product wakes, on the time-skipping server.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import { activityEdge } from '../../activities/edge.ts';
import { createLogger } from '../../config/logger.ts';
import { workflowId } from '../../domain/events.ts';
import { refusal } from '../../domain/refusal.ts';
import type { KernelActivities } from '../../test/fixtures/kernel-workflows.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { retryNow } from './messages.ts';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

describe('workflow kernel', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  const rows = new Map<string, { state: string; dueAtIso: string | null }>();
  let failures = 0;

  const activities = activityEdge<KernelActivities>(
    {
      look: ({ id }) => {
        const row = rows.get(id);
        if (row === undefined) throw refusal('not_found', 'There is no such row.');
        if (failures-- > 0) throw Object.assign(new Error('secret words of a driver'), { code: 'ECONNREFUSED' });
        return Promise.resolve(row);
      },
    },
    createLogger('test', 'silent'),
  );

  before(async () => {
    env = await startTimeSkipping();
    worker = await startWorker(env.nativeConnection, 'payment', activities, {
      workflowsPath: new URL('../../test/fixtures/kernel-workflows.ts', import.meta.url).pathname,
    });
  });
  after(async () => {
    await worker.stop();
    await env.teardown();
  });

  const woken = async (
    row: { state: string; dueAtIso: string | null } | null,
  ): Promise<{ id: string; handle: ReturnType<typeof env.client.workflow.getHandle> }> => {
    const id = uuidv7();
    if (row !== null) rows.set(id, row);
    await wake(env.client, { process: 'settlement', key: id });
    return { id, handle: env.client.workflow.getHandle(workflowId('settlement', id)) };
  };

  it('process, woken twice and its row final, ends once with the row as it is', async () => {
    const { id, handle } = await woken({ state: 'waiting', dueAtIso: null });
    const { runId } = await handle.describe();
    rows.set(id, { state: 'done', dueAtIso: null });
    await wake(env.client, { process: 'settlement', key: id });

    assert.equal(await handle.result(), 'done');
    assert.equal((await handle.describe()).runId, runId);
  });

  it('process, nothing changes, acts when its date comes, days later', async () => {
    const { handle } = await woken({ state: 'waiting', dueAtIso: new Date((await env.currentTimeMs()) + 30 * 86_400_000).toISOString() });

    assert.equal(await handle.result(), 'overdue');
    const timers = ((await handle.fetchHistory()).events ?? []).filter((event) => event.timerStartedEventAttributes);
    assert.ok(timers.length >= 30, 'a long wait is made of days');
  });

  it('process, at each state, shows it in search attributes', async () => {
    const { id, handle } = await woken({ state: 'waiting', dueAtIso: null });
    const shown = await until('the state', async () => {
      const { typedSearchAttributes } = await handle.describe();
      return typedSearchAttributes.get(SEARCH_ATTRIBUTES.processState) === 'waiting' && typedSearchAttributes;
    });

    assert.equal(shown.get(SEARCH_ATTRIBUTES.subjectId), id);
    rows.set(id, { state: 'done', dueAtIso: null });
    assert.equal(await handle.executeUpdate(retryNow), 'waiting');
    assert.equal(await handle.result(), 'done');
  });

  it('activity, refuses, is not retried and is a value in the workflow', async () => {
    const { handle } = await woken(null);

    assert.equal(await handle.result(), 'refused not_found');
    const failed = ((await handle.fetchHistory()).events ?? []).flatMap((event) => event.activityTaskFailedEventAttributes ?? []);
    assert.equal(failed.length, 1);
    assert.equal(failed[0]!.failure?.message, 'not_found');
  });

  it('activity, database away, is retried until it is back', async () => {
    failures = 2;
    const { handle } = await woken({ state: 'done', dueAtIso: null });

    assert.equal(await handle.result(), 'done');
    assert.ok(failures < 0, 'both failures were met');
  });
});
