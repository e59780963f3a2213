// Goal: an export is written, packed and sealed, its file expires after its time, and it ends where somebody takes it back, an operator
// cancels or it cannot go on. Method: the workflow on the time-skipping server with a small world in the place of its activities.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import { activityEdge } from '../../activities/edge.ts';
import type { ExportActivities } from '../../activities/expense/export-activities.ts';
import { createLogger } from '../../config/logger.ts';
import { workflowId } from '../../domain/events.ts';
import { refusal } from '../../domain/refusal.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { skipTime, startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { cancel } from '../shared/messages.ts';
import { SEARCH_ATTRIBUTES } from '../shared/search-attributes.ts';

type Step = Awaited<ReturnType<ExportActivities['readExportStep']>>;

interface World {
  readonly groupId: string;
  readonly receipts: boolean;
  state: Step['state'];
  next: Step['next'];
  rows: number;
  written: number;
  expiresAtIso: string | null;
  /** Refuses to write beyond this row. */
  breaksAt: number;
  /** Writing waits at this row until told. */
  waitsAt: number;
  release: () => void;
  /** How often the database says that it is not time yet. */
  early: number;
  readonly done: string[];
}

/** Nobody waits to be released. */
const unheld = (): void => {};
const DAYS_7_MS = 7 * 24 * 60 * 60 * 1000;

describe('exportData', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  const worlds = new Map<string, World>();

  const worldOf = (exportId: string): World => {
    const world = worlds.get(exportId);
    if (world === undefined) throw refusal('not_found', 'There is no such export.');
    return world;
  };
  const endAs = (world: World, state: Step['state']): void => void Object.assign(world, { state, next: 'discard', expiresAtIso: null });
  const activities = activityEdge<ExportActivities>(
    {
      readExportStep: async ({ exportId }) => {
        const { groupId, state, next, expiresAtIso } = worldOf(exportId);
        return { groupId, state, next, expiresAtIso };
      },
      writeExportRows: async ({ exportId }) => {
        const world = worldOf(exportId);
        if (world.written >= world.breaksAt) throw refusal('precision', 'An amount has too many digits.');
        if (world.written >= world.waitsAt) await new Promise<void>((resolve) => (world.release = resolve));
        if (world.next !== 'write') return { outcome: 'stopped', written: world.written, rows: world.rows };
        world.written = Math.min(world.rows, world.written + 20_000);
        world.done.push(`written ${world.written}`);
        const outcome = world.written < world.rows ? 'more' : 'end';
        if (outcome === 'end') world.next = world.receipts ? 'pack' : 'seal';
        return { outcome, written: world.written, rows: world.rows };
      },
      packExportFiles: async ({ exportId }) => {
        const world = worldOf(exportId);
        world.done.push('packed');
        world.next = 'seal';
        return { outcome: 'end', files: 3 };
      },
      sealExport: async ({ exportId }) => {
        const world = worldOf(exportId);
        const expiresAtIso = new Date((await env.currentTimeMs()) + DAYS_7_MS).toISOString();
        world.done.push('sealed');
        Object.assign(world, { state: 'done', next: 'wait', expiresAtIso });
        return { state: 'done' };
      },
      stopExport: async ({ exportId, reasonCode }) => {
        const world = worldOf(exportId);
        world.done.push(`stopped ${reasonCode ?? ''}`.trim());
        endAs(world, reasonCode === null ? 'cancelled' : 'failed');
      },
      expireGroupExport: async ({ exportId }) => {
        const world = worldOf(exportId);
        if (world.early > 0) {
          world.early -= 1;
          world.done.push('early');
          return { state: 'done' };
        }
        world.done.push('expired');
        endAs(world, 'expired');
        return { state: 'expired' };
      },
      discardExportParts: async ({ exportId }) => {
        const world = worldOf(exportId);
        world.done.push('discarded');
        if (world.next === 'discard') world.next = 'nothing';
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
  ): Promise<{ exportId: string; world: World; handle: ReturnType<typeof env.client.workflow.getHandle> }> {
    const exportId = uuidv7();
    const world: World = {
      groupId: uuidv7(),
      receipts: false,
      state: 'running',
      next: 'write',
      rows: 50_000,
      written: 0,
      expiresAtIso: null,
      breaksAt: Number.POSITIVE_INFINITY,
      waitsAt: Number.POSITIVE_INFINITY,
      release: unheld,
      early: 0,
      done: [],
      ...fields,
    };
    worlds.set(exportId, world);
    await wake(env.client, { process: 'exportData', key: exportId });
    return { exportId, world, handle: env.client.workflow.getHandle(workflowId('exportData', exportId)) };
  }
  const isDone = (world: World): Promise<unknown> => until('the file is there', async () => world.done.includes('discarded'));

  it('group with receipts, is written in parts, packed and sealed, and its file expires after seven days and not before', async () => {
    const { exportId, world, handle } = await started({ receipts: true, early: 1 });
    await isDone(world);
    await skipTime(env, '6 days');
    assert.equal(world.state, 'done');
    assert.equal(await handle.result(), 'expired');
    const writing = ['written 20000', 'written 40000', 'written 50000'];
    assert.deepEqual(world.done, [...writing, 'packed', 'sealed', 'discarded', 'early', 'expired', 'discarded']);
    const { typedSearchAttributes } = await handle.describe();
    assert.deepEqual(
      [SEARCH_ATTRIBUTES.processState, SEARCH_ATTRIBUTES.groupId, SEARCH_ATTRIBUTES.subjectId].map((key) => typedSearchAttributes.get(key)),
      ['expired', world.groupId, exportId],
    );
    await recordHistory(env.client, 'expense', workflowId('exportData', exportId), 'export-data-packed-and-expired');
  });

  it('operator, cancels while it writes, the batch ends and nothing is kept', async () => {
    const { exportId, world, handle } = await started({ waitsAt: 20_000 });
    await until('writing waits', async () => world.release !== unheld);
    await handle.signal(cancel);
    await until('it is stopped', async () => world.state === 'cancelled');
    world.release();
    assert.equal(await handle.result(), 'cancelled');
    assert.deepEqual(world.done, ['written 20000', 'stopped', 'discarded']);
    await recordHistory(env.client, 'expense', workflowId('exportData', exportId), 'export-data-cancelled');
  });

  it('who asked, takes it back when it is done, the file goes at once', async () => {
    const { exportId, world, handle } = await started({ rows: 10 });
    await isDone(world);
    endAs(world, 'cancelled');
    await wake(env.client, { process: 'exportData', key: exportId });
    assert.equal(await handle.result(), 'cancelled');
    assert.deepEqual(world.done, ['written 10', 'sealed', 'discarded', 'discarded']);
  });

  it('rows that cannot be written, it fails by their code and does not try for ever', async () => {
    const { exportId, world, handle } = await started({ breaksAt: 20_000 });
    assert.equal(await handle.result(), 'failed');
    assert.deepEqual(world.done, ['written 20000', 'stopped precision', 'discarded']);
    await recordHistory(env.client, 'expense', workflowId('exportData', exportId), 'export-data-refused');
  });

  it('ended long ago, or gone, ends at once', async () => {
    const final = await started({ state: 'expired', next: 'nothing' });
    assert.equal(await final.handle.result(), 'expired');
    const gone = uuidv7();
    await wake(env.client, { process: 'exportData', key: gone });
    assert.equal(await env.client.workflow.getHandle(workflowId('exportData', gone)).result(), 'not_found');
  });
});
