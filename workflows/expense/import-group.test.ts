// Goal: an import is read, posted in parts and ended; it is undone where somebody asks, an operator cancels or it cannot go on.
// Method: the workflow on the time-skipping server with a small world in the place of its activities.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import { activityEdge } from '../../activities/edge.ts';
import type { ImportActivities } from '../../activities/expense/import-activities.ts';
import { createLogger } from '../../config/logger.ts';
import { workflowId } from '../../domain/events.ts';
import { refusal } from '../../domain/refusal.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { cancel } from '../shared/messages.ts';
import { SEARCH_ATTRIBUTES } from '../shared/search-attributes.ts';

interface World {
  readonly groupId: string;
  state: 'running' | 'done' | 'failed' | 'undone';
  next: 'read' | 'post' | 'undo' | 'nothing';
  rows: number;
  posted: number;
  /** Refuses to post beyond this row. */
  closesAt: number;
  /** Posting waits at this row until told. */
  waitsAt: number;
  release: () => void;
  readonly done: string[];
}

/** Nobody waits to be released. */
const unheld = (): void => {};

describe('importGroup', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  const worlds = new Map<string, World>();

  const worldOf = (importId: string): World => {
    const world = worlds.get(importId);
    if (world === undefined) throw refusal('not_found', 'There is no such import.');
    return world;
  };
  const activities = activityEdge<ImportActivities>(
    {
      readImportStep: async ({ importId }) => {
        const { groupId, state, next } = worldOf(importId);
        return { groupId, state, next };
      },
      prepareImport: async ({ importId }) => {
        const world = worldOf(importId);
        world.done.push('read');
        world.next = 'post';
        return { outcome: 'post' };
      },
      postImportRows: async ({ importId }) => {
        const world = worldOf(importId);
        if (world.posted >= world.closesAt) throw refusal('archived', 'The group is archived.');
        if (world.posted >= world.waitsAt) await new Promise<void>((resolve) => (world.release = resolve));
        if (world.next !== 'post') return { outcome: 'stopped', posted: world.posted, rows: world.rows };
        world.posted = Math.min(world.rows, world.posted + 20_000);
        world.done.push(`posted ${world.posted}`);
        return { outcome: world.posted < world.rows ? 'more' : 'end', posted: world.posted, rows: world.rows };
      },
      finishImport: async ({ importId }) => {
        Object.assign(worldOf(importId), { state: 'done', next: 'nothing' });
        return { ended: true };
      },
      undoImport: async ({ importId, reasonCode }) => {
        const world = worldOf(importId);
        world.done.push(`undone ${reasonCode ?? ''}`.trim());
        Object.assign(world, { state: reasonCode === null ? 'undone' : 'failed', next: 'nothing', posted: 0 });
      },
    },
    createLogger('test', 'silent'),
  );

  before(async () => {
    env = await startTimeSkipping();
    worker = await startWorker(env.nativeConnection, 'expense', activities);
  });
  after(async () => {
    await worker?.stop();
    await env?.teardown();
  });

  async function started(
    fields: Partial<World> = {},
  ): Promise<{ importId: string; world: World; handle: ReturnType<typeof env.client.workflow.getHandle> }> {
    const importId = uuidv7();
    const world: World = {
      groupId: uuidv7(),
      state: 'running',
      next: 'read',
      rows: 50_000,
      posted: 0,
      closesAt: Number.POSITIVE_INFINITY,
      waitsAt: Number.POSITIVE_INFINITY,
      release: unheld,
      done: [],
      ...fields,
    };
    worlds.set(importId, world);
    await wake(env.client, { process: 'importGroup', key: importId });
    return { importId, world, handle: env.client.workflow.getHandle(workflowId('importGroup', importId)) };
  }

  it('file, is read, posted in parts and ended, and shown as it goes', async () => {
    const { importId, world, handle } = await started();
    assert.equal(await handle.result(), 'done');
    assert.deepEqual(world.done, ['read', 'posted 20000', 'posted 40000', 'posted 50000']);
    const { typedSearchAttributes } = await handle.describe();
    assert.deepEqual(
      [SEARCH_ATTRIBUTES.processState, SEARCH_ATTRIBUTES.groupId, SEARCH_ATTRIBUTES.subjectId].map((key) => typedSearchAttributes.get(key)),
      ['done', world.groupId, importId],
    );
    await recordHistory(env.client, 'expense', workflowId('importGroup', importId), 'import-group-done');
  });

  it('operator, cancels while it posts, what is recorded is reversed', async () => {
    const { importId, world, handle } = await started({ waitsAt: 20_000 });
    await until('posting waits', async () => world.release !== unheld);
    await handle.signal(cancel);
    assert.equal(await handle.result(), 'undone');
    world.release();
    assert.deepEqual(world.done, ['read', 'posted 20000', 'undone']);
    await recordHistory(env.client, 'expense', workflowId('importGroup', importId), 'import-group-cancelled');
  });

  it('group closes, the import fails and leaves nothing', async () => {
    const { importId, world, handle } = await started({ closesAt: 40_000 });
    assert.equal(await handle.result(), 'failed');
    assert.deepEqual(world.done, ['read', 'posted 20000', 'posted 40000', 'undone archived']);
    await recordHistory(env.client, 'expense', workflowId('importGroup', importId), 'import-group-refused');
  });

  it('undo asked for while it posts, is followed at the next batch', async () => {
    const { importId, world, handle } = await started({ waitsAt: 20_000 });
    await until('posting waits', async () => world.release !== unheld);
    world.next = 'undo';
    await wake(env.client, { process: 'importGroup', key: importId });
    world.release();
    assert.equal(await handle.result(), 'undone');
    assert.deepEqual(world.done, ['read', 'posted 20000', 'undone']);
  });

  it('done long ago, is undone by a new run; final or gone, ends at once', async () => {
    const { handle } = await started({ next: 'undo' });
    assert.equal(await handle.result(), 'undone');
    const final = await started({ state: 'done', next: 'nothing' });
    assert.equal(await final.handle.result(), 'done');
    const gone = uuidv7();
    await wake(env.client, { process: 'importGroup', key: gone });
    assert.equal(await env.client.workflow.getHandle(workflowId('importGroup', gone)).result(), 'not_found');
  });
});
