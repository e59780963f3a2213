// Goal: every way in which an approval can end, by the clock and by people, ends the same in Postgres and in its workflow.
// Method: HTTP and the real activities on a real Postgres, the workflow on the time-skipping server. Postgres's clock cannot skip,
// so an activity that asks whether a time-out is due is told by the server's clock.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { activityEdge, type ActivityDeps } from '../../activities/edge.ts';
import { approvalActivities } from '../../activities/expense/approval-activities.ts';
import { createLogger } from '../../config/logger.ts';
import { processOf, workflowId } from '../../domain/events.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup, join } from '../../test/support/groups.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { skipTime, startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';

const ANY = { 'if-match': '*' };

describe('approval paths', function () {
  this.timeout(120_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let cara: TestUser;
  let woken = 0;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben, cara] = [await api.user('Ana'), await api.user('Ben'), await api.user('Cara')];
    env = await startTimeSkipping();
    const real = approvalActivities({ db: api.deps.databases.expense!, dispatcher: api.deps.dispatcher } as ActivityDeps);
    const activities: typeof real = {
      ...real,
      async expireApproval(input) {
        const { dueAtIso } = await real.readApproval(input);
        return real.expireApproval({ ...input, force: input.force || (await env.currentTimeMs()) >= Date.parse(dueAtIso) });
      },
    };
    worker = await startWorker(env.nativeConnection, 'expense', activityEdge(activities, createLogger('test', 'silent')));
  });
  after(async () => {
    await worker?.stop();
    await env?.teardown();
    await api?.stop();
  });

  interface World {
    readonly groupId: string;
    readonly expenseId: string;
    readonly ids: readonly [string, string, string];
  }

  /** Wakes what committed events wake, as the route or the relay does. */
  async function relay(): Promise<void> {
    const fresh = api.events.slice(woken);
    woken = api.events.length;
    for (const { event } of fresh) {
      const process = processOf(event);
      if (process?.process === 'expenseApproval') await wake(env.client, process);
    }
  }
  async function call(who: TestUser, method: string, path: string, body?: unknown): Promise<TestAnswer> {
    const answer = await who.call(method, path, body, ANY);
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    await relay();
    return answer;
  }

  /** 30.00 paid by Ana for all three, which waits for Ben and Cara. */
  async function pending(approval: Record<string, unknown>): Promise<World> {
    // The server's clock has skipped by days; the round begins when it says.
    const group = await createGroup(ana, { policy: { approval } });
    const ids = [group.myMemberId, await join(ana, group.id, ben), await join(ana, group.id, cara)] as [string, string, string];
    const { body } = await call(ana, 'POST', `/v1/groups/${group.id}/expenses`, {
      description: 'Dinner',
      total: { amount: '30.00', currency: 'EUR' },
      date: '2026-11-20',
      payers: [{ memberId: ids[0], amount: '30.00' }],
      split: { method: 'equal', among: ids },
    });
    await followClock(body.id as string);
    return { groupId: group.id, expenseId: body.id, ids };
  }

  /** Lets the open round run from now by the server's clock. */
  async function followClock(expenseId: string): Promise<void> {
    const now = new Date(await env.currentTimeMs()).toISOString();
    await api.deps.databases.expense!.pool.query(
      `update expense.approval_round set due_at = $2::timestamptz + (due_at - opened_at), opened_at = $2::timestamptz
       where expense_id = $1 and outcome = 'waiting'`,
      [expenseId, now],
    );
    await wake(env.client, { process: 'expenseApproval', key: expenseId });
  }
  const handle = ({ expenseId }: World) => env.client.workflow.getHandle(workflowId('expenseApproval', expenseId));
  const vote = (who: TestUser, { expenseId }: World, word: 'approve' | 'reject' | 'withdraw'): Promise<TestAnswer> =>
    call(who, 'POST', `/v1/expenses/${expenseId}/${word}`);
  const read = async ({ expenseId }: World): Promise<TestAnswer['body']> => (await ana.call('GET', `/v1/expenses/${expenseId}`)).body;
  const reminded = ({ expenseId }: World): number =>
    api.events.filter(({ event }) => event.type === 'expense.vote_reminder' && event.subjectId === expenseId).length;
  const balances = async ({ groupId }: World): Promise<number> =>
    (await ana.call('GET', `/v1/groups/${groupId}/balances`)).body.balances.length as number;
  const details = async (world: World): Promise<string> =>
    (await handle(world).query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';

  for (const { name, approval, acts, state, posted, reminders } of [
    { name: 'nobody answers, the rule rejects', approval: { mode: 'all' }, acts: [], state: 'expired', posted: false, reminders: 1 },
    {
      name: 'nobody answers, silence is consent',
      approval: { mode: 'all', onTimeout: 'approve' },
      acts: [],
      state: 'posted',
      posted: true,
      reminders: 1,
    },
    {
      name: 'one of two answers, the rule rejects',
      approval: { mode: 'all' },
      acts: [['ben', 'approve']],
      state: 'expired',
      posted: false,
      reminders: 1,
    },
    {
      name: 'one of two answers, silence is consent',
      approval: { mode: 'quorum', quorum: 2, onTimeout: 'approve' },
      acts: [['ben', 'approve']],
      state: 'posted',
      posted: true,
      reminders: 1,
    },
    {
      name: 'both agree',
      approval: { mode: 'all' },
      acts: [
        ['ben', 'approve'],
        ['cara', 'approve'],
      ],
      state: 'posted',
      posted: true,
      reminders: 0,
    },
    {
      name: 'the last one rejects',
      approval: { mode: 'all', onTimeout: 'approve' },
      acts: [
        ['ben', 'approve'],
        ['cara', 'reject'],
      ],
      state: 'rejected',
      posted: false,
      reminders: 0,
    },
    {
      name: 'the quorum is reached',
      approval: { mode: 'quorum', quorum: 1 },
      acts: [['cara', 'approve']],
      state: 'posted',
      posted: true,
      reminders: 0,
    },
    {
      name: 'the quorum is out of reach',
      approval: { mode: 'quorum', quorum: 2 },
      acts: [['cara', 'reject']],
      state: 'rejected',
      posted: false,
      reminders: 0,
    },
    {
      name: 'above the limit, withdrawn',
      approval: { mode: 'above', above: { amount: '29.99', currency: 'EUR' } },
      acts: [['ana', 'withdraw']],
      state: 'withdrawn',
      posted: false,
      reminders: 0,
    },
  ] as const)
    it(`${name}: ${state}`, async () => {
      const world = await pending(approval);
      const people = { ana, ben, cara };
      for (const [who, word] of acts) await vote(people[who], world, word);
      assert.equal(await handle(world).result(), 'ended');
      assert.deepEqual([(await read(world)).state, (await balances(world)) > 0, reminded(world)], [state, posted, reminders]);
    });

  it('an edit of one that waits, its own time-out counts and its own reminder goes out', async () => {
    const world = await pending({ mode: 'all', timeoutHours: 10 });
    await skipTime(env, '6 hours');
    await until('the first reminder', () => Promise.resolve(reminded(world) === 1));
    await vote(ben, world, 'approve');
    await call(ana, 'PATCH', `/v1/expenses/${world.expenseId}`, { description: 'Supper' });
    await followClock(world.expenseId);
    await skipTime(env, '6 hours');
    await until('the second reminder', () => Promise.resolve(reminded(world) === 2));
    assert.equal((await read(world)).state, 'pending', 'the first time-out has passed and counts no more');
    assert.equal(await handle(world).result(), 'ended');
    assert.equal((await read(world)).state, 'expired');
  });

  it('an edit of a posted one, times out and the old version stands; is agreed to, and the new one does', async () => {
    const world = await pending({ mode: 'all', timeoutHours: 5 });
    for (const who of [ben, cara]) await vote(who, world, 'approve');
    assert.equal(await handle(world).result(), 'ended');
    const edit = async (amount: string): Promise<void> => {
      await call(ana, 'PATCH', `/v1/expenses/${world.expenseId}`, { total: { amount, currency: 'EUR' } });
      await followClock(world.expenseId);
    };
    await edit('60.00');
    assert.equal(await handle(world).result(), 'ended');
    const stands = await read(world);
    assert.deepEqual([stands.state, stands.total.amount, stands.pendingVersion], ['posted', '30.00', undefined]);
    await edit('90.00');
    for (const who of [cara, ben]) await vote(who, world, 'approve');
    assert.equal(await handle(world).result(), 'ended');
    assert.equal((await read(world)).total.amount, '90.00');
  });

  it('who is asked leaves, the others have decided, and the workflow ends with them', async () => {
    const world = await pending({ mode: 'quorum', quorum: 2 });
    await vote(ben, world, 'reject');
    assert.equal((await read(world)).state, 'rejected');
    const other = await pending({ mode: 'quorum', quorum: 2, onTimeout: 'approve' });
    await vote(ben, other, 'approve');
    await call(cara, 'POST', `/v1/groups/${other.groupId}/leave`);
    // Cara shares it and can no longer agree: it ends at once, before any time-out.
    assert.equal((await read(other)).state, 'rejected');
    assert.equal(await handle(other).result(), 'ended');
  });

  it('the last vote comes in the moment of the time-out, one of the two counts', async () => {
    for (const onTimeout of ['reject', 'approve']) {
      const world = await pending({ mode: 'all', onTimeout, timeoutHours: 1 });
      await vote(ben, world, 'approve');
      const [, voted] = await Promise.all([
        handle(world).result(),
        skipTime(env, '59 minutes').then(() => cara.call('POST', `/v1/expenses/${world.expenseId}/reject`)),
      ]);
      await relay();
      const { state } = await read(world);
      assert.equal(voted.status === 200, state === 'rejected', `${voted.status} ${state}`);
      assert.equal((await balances(world)) > 0, state === 'posted');
    }
  });

  it('the Web UI shows who has answered, who has not, and what the time-out does', async () => {
    const world = await pending({ mode: 'all', onTimeout: 'approve' });
    const [, benId, caraId] = world.ids;
    await vote(ben, world, 'approve');
    await until('the vote is shown', async () => (await details(world)).includes(`**approved**: \`${benId}\``));
    const shown = await details(world);
    assert.match(shown, /1 of 2 voters have voted on version 1/);
    assert.ok(shown.includes(`- **waiting**: \`${caraId}\``) && shown.includes('it is posted'), shown);
    await vote(cara, world, 'reject');
    assert.equal(await handle(world).result(), 'ended');
  });
});
