// Goal: the time side of a group acts at its dates and no sooner, follows every change, and ends with the purge.
// Method: the workflow on the time-skipping server, woken as the product wakes it; its activities are a small world with the
// server's clock, since Postgres's own clock cannot skip.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import { activityEdge } from '../../activities/edge.ts';
import type { GroupActivities } from '../../activities/expense/group-activities.ts';
import { createLogger } from '../../config/logger.ts';
import { workflowId } from '../../domain/events.ts';
import { refusal } from '../../domain/refusal.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { skipTime, startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { SEARCH_ATTRIBUTES } from '../shared/search-attributes.ts';
import { TASK_QUEUES } from '../shared/task-queues.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

interface World {
  state: 'active' | 'archived' | 'deleted' | 'purged';
  purgeAt: number | null;
  expiries: number[];
  lastActivity: number;
  /** What was done, with the day on which. */
  readonly done: string[];
  /** Times that Postgres says "not yet" although the date has come. */
  early: number;
}

describe('groupLifecycle', function () {
  this.timeout(120_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  const worlds = new Map<string, World>();

  before(async () => {
    env = await startTimeSkipping();
    worker = await startWorker(env.nativeConnection, 'expense', activityEdge<GroupActivities>(fakes(), createLogger('test', 'silent')));
  });
  after(async () => {
    await worker.stop();
    await env.teardown();
  });

  function fakes(): GroupActivities {
    const iso = (time: number | null | undefined): string | null => (time == null ? null : new Date(time).toISOString());
    const worldOf = (groupId: string): World => {
      const world = worlds.get(groupId);
      if (world === undefined) throw refusal('not_found', 'There is no such group.');
      return world;
    };
    return {
      readGroup: ({ groupId }) => {
        const world = worldOf(groupId);
        const { state, purgeAt, expiries, lastActivity } = world;
        return Promise.resolve({
          state,
          purgeAtIso: iso(purgeAt),
          nextInvitationExpiryIso: iso(expiries.toSorted((a, b) => a - b)[0]),
          lastActivityIso: iso(lastActivity) ?? '',
        });
      },
      expireInvitations: async ({ groupId }) => {
        const world = worldOf(groupId);
        const now = await env.currentTimeMs();
        const expired = world.expiries.filter((expiry) => expiry <= now).length;
        world.expiries = world.expiries.filter((expiry) => expiry > now);
        world.done.push(`expired ${expired}`);
        return { expired };
      },
      nudgeIdleGroup: async ({ groupId, sinceIso }) => {
        const days = Math.floor(((await env.currentTimeMs()) - Date.parse(sinceIso)) / DAY_MS);
        worldOf(groupId).done.push(`nudged after ${days} days`);
      },
      purgeGroup: async ({ groupId }) => {
        const world = worldOf(groupId);
        if (world.early-- > 0 || world.state !== 'deleted' || (world.purgeAt ?? Infinity) > (await env.currentTimeMs())) {
          world.done.push('not yet');
          return { purged: false };
        }
        world.state = 'purged';
        world.done.push(`purged ${Math.floor(((await env.currentTimeMs()) - (world.purgeAt ?? 0)) / DAY_MS)} days late`);
        return { purged: true };
      },
    };
  }

  const born = async (fields: Partial<World> = {}): Promise<{ groupId: string; world: World; now: number }> => {
    const groupId = uuidv7();
    const now = await env.currentTimeMs();
    const world: World = { state: 'active', purgeAt: null, expiries: [], lastActivity: now, done: [], early: 0, ...fields };
    worlds.set(groupId, world);
    return { groupId, world, now };
  };
  const wakeIt = (groupId: string): Promise<void> => wake(env.client, { process: 'groupLifecycle', key: groupId });
  const handleOf = (groupId: string): ReturnType<typeof env.client.workflow.getHandle> =>
    env.client.workflow.getHandle(workflowId('groupLifecycle', groupId));
  const remove = async (groupId: string, days = 30): Promise<void> => {
    const world = worlds.get(groupId)!;
    world.state = 'deleted';
    world.purgeAt = (await env.currentTimeMs()) + days * DAY_MS;
    await wakeIt(groupId);
  };

  it('group, from its first invitation to its purge, is followed in order', async () => {
    const { groupId, world, now } = await born();
    world.expiries = [now + 7 * DAY_MS, now + 7 * DAY_MS, now + 9 * DAY_MS];
    await wakeIt(groupId);
    await skipTime(env, '100 days');
    await until('the nudge', async () => world.done.length === 3);
    assert.deepEqual(world.done, ['expired 2', 'expired 1', 'nudged after 90 days']);
    await skipTime(env, '20 days');
    assert.equal(world.done.length, 3, 'one idleness is told once');
    await remove(groupId);
    assert.equal(await handleOf(groupId).result(), 'purged');
    assert.deepEqual(world.done.slice(3), ['purged 0 days late']);
    await recordHistory(env.client, 'expense', workflowId('groupLifecycle', groupId), 'group-invited-idle-deleted-purged');
  });

  it('group, new activity before the day, is nudged 90 days after that', async () => {
    const { groupId, world, now } = await born();
    await wakeIt(groupId);
    await skipTime(env, '50 days');
    world.lastActivity = now + 50 * DAY_MS;
    await skipTime(env, '60 days');
    assert.deepEqual(world.done, [], 'an expense signals nothing, so the row is read when the timer fires');
    await skipTime(env, '40 days');
    await until('the nudge', async () => world.done.length === 1);
    assert.deepEqual(world.done, ['nudged after 90 days']);
    await remove(groupId, 0);
    assert.equal(await handleOf(groupId).result(), 'purged');
  });

  it('group, restored before the day, is not purged', async () => {
    const { groupId, world } = await born({ state: 'archived' });
    await remove(groupId);
    await skipTime(env, '29 days');
    world.state = 'archived';
    world.purgeAt = null;
    await wakeIt(groupId);
    await skipTime(env, '60 days');
    assert.deepEqual(world.done, []);
    await remove(groupId, 1);
    assert.equal(await handleOf(groupId).result(), 'purged');
    await recordHistory(env.client, 'expense', workflowId('groupLifecycle', groupId), 'group-deleted-restored-purged');
  });

  it('group, Postgres behind our clock, is asked again a minute later and not in a circle', async () => {
    const { groupId, world } = await born({ early: 2 });
    await remove(groupId, 1);
    assert.equal(await handleOf(groupId).result(), 'purged');
    assert.deepEqual(world.done, ['not yet', 'not yet', 'purged 0 days late']);
    assert.ok((await env.currentTimeMs()) - world.purgeAt! >= 120_000);
  });

  it('group, continued as new after a nudge, is not nudged for the same idleness again', async () => {
    const { groupId, world, now } = await born();
    await env.client.workflow.start('groupLifecycle', {
      workflowId: workflowId('groupLifecycle', groupId),
      taskQueue: TASK_QUEUES.expense,
      args: [{ groupId, nudgedForIso: new Date(now).toISOString() }],
    });
    await skipTime(env, '120 days');
    assert.deepEqual(world.done, []);
    await remove(groupId, 1);
    assert.equal(await handleOf(groupId).result(), 'purged');
  });

  it('group, never there or purged already, ends at once', async () => {
    const unknown = uuidv7();
    await wakeIt(unknown);
    assert.equal(await handleOf(unknown).result(), 'not_found');
    const { groupId } = await born({ state: 'purged' });
    await wakeIt(groupId);
    assert.equal(await handleOf(groupId).result(), 'purged');
  });

  it('group, at each state, shows it with the date of what comes next', async () => {
    const { groupId, world, now } = await born();
    await wakeIt(groupId);
    const shown = (state: string): Promise<Date | undefined> =>
      until(`state ${state}`, async () => {
        const { typedSearchAttributes } = await handleOf(groupId).describe();
        if (typedSearchAttributes.get(SEARCH_ATTRIBUTES.processState) !== state) return null;
        return typedSearchAttributes.get(SEARCH_ATTRIBUTES.nextStepAt) ?? null;
      });
    assert.equal((await shown('active'))?.getTime(), now + 90 * DAY_MS);
    await remove(groupId, 2);
    assert.equal((await shown('deleted'))?.getTime(), world.purgeAt);
    assert.equal(await handleOf(groupId).result(), 'purged');
    const ended = (await handleOf(groupId).describe()).typedSearchAttributes;
    assert.deepEqual([ended.get(SEARCH_ATTRIBUTES.processState), ended.get(SEARCH_ATTRIBUTES.nextStepAt)], ['purged', undefined]);
  });
});
