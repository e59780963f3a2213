// Goal: exports and erasures come to their end by every path: cancelled, refused, late, with traces left, with the mail server away.
// Method: fakes of the contracts of all four services on the time-skipping server; what they were asked for is written down.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import { activityEdge } from '../../activities/edge.ts';
import type { NotificationActivities } from '../../activities/notification/contract.ts';
import type { PersonActivities } from '../../activities/shared/contract.ts';
import type { DataRequestLook, UserActivities } from '../../activities/user/contract.ts';
import { createLogger } from '../../config/logger.ts';
import type { ErasureProof } from '../../domain/data-request.ts';
import { type ProcessName, workflowId } from '../../domain/events.ts';
import { refusal } from '../../domain/refusal.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { cancel, retryNow } from '../shared/messages.ts';
import { SEARCH_ATTRIBUTES } from '../shared/search-attributes.ts';
import { TASK_QUEUES, type QueueName } from '../shared/task-queues.ts';

const DAY_MS = 86_400_000;
const SERVICES = Object.keys(TASK_QUEUES) as QueueName[];

/** A row of the fakes, with what they are to do about it. */
interface Row {
  look: DataRequestLook;
  /** What each service was asked for, in order. */
  readonly asked: string[];
  /** Traces that the expense service still finds, round by round. */
  readonly left: number[];
  /** Collecting goes on until the request is no longer running. */
  readonly slow?: boolean;
  readonly tooLarge?: boolean;
  readonly refusedBy?: string;
  readonly letters: string[];
  proof?: ErasureProof;
}

describe('requests about one’s own data', function () {
  this.timeout(120_000);
  let env: TestWorkflowEnvironment;
  const workers: TestWorker[] = [];
  const rows = new Map<string, Row>();

  const row = (requestId: string): Row => {
    const found = rows.get(requestId);
    if (found === undefined) throw refusal('not_found', 'There is no such request.');
    return found;
  };
  const move = (requestId: string, state: DataRequestLook['state'], change: Partial<DataRequestLook> = {}): void => {
    const one = row(requestId);
    one.look = { ...one.look, ...change, state };
  };
  const person = (service: QueueName): PersonActivities => ({
    async collectExport({ requestId }) {
      row(requestId).asked.push(`collect ${service}`);
      while (row(requestId).slow === true && row(requestId).look.state === 'running') await delay(20);
      // A moment for the cancellation to be on its way.
      if (row(requestId).slow === true) await delay(300);
      return { files: 1 };
    },
    discardExport: async ({ requestId }) => void row(requestId).asked.push(`discard ${service}`),
    async erasePerson({ requestId }) {
      row(requestId).asked.push(`erase ${service}`);
      return { erased: 2 };
    },
    countTraces: async ({ requestId }) => ({ left: service === 'expense' ? (row(requestId).left.shift() ?? 0) : 0 }),
  });
  const user: UserActivities = {
    ...person('user'),
    readDataRequest: async ({ requestId }) => row(requestId).look,
    async assembleExport({ requestId }) {
      row(requestId).asked.push('assemble');
      if (row(requestId).tooLarge === true) move(requestId, 'failed');
      else move(requestId, 'done', { expiresAtIso: new Date((await env.currentTimeMs()) + 7 * DAY_MS).toISOString() });
      return { state: row(requestId).look.state, files: 9, bytes: 1_000 };
    },
    async expireExport({ requestId }) {
      const { state, expiresAtIso } = row(requestId).look;
      if (state === 'done' && Date.parse(expiresAtIso ?? '') <= (await env.currentTimeMs())) move(requestId, 'expired');
      return { state: row(requestId).look.state };
    },
    async cancelDataRequest({ requestId }) {
      move(requestId, 'cancelled');
      return { state: 'cancelled' };
    },
    async beginErasure({ requestId }) {
      const { refusedBy } = row(requestId);
      row(requestId).asked.push('begin');
      move(requestId, refusedBy === undefined ? 'running' : 'failed');
      return { state: row(requestId).look.state, failureCode: refusedBy ?? null };
    },
    async finishErasure({ requestId, proof }) {
      row(requestId).proof = proof;
      move(requestId, 'done');
      return { state: 'done' };
    },
  };
  const notification: Pick<NotificationActivities, keyof PersonActivities | 'announceErasure'> = {
    ...person('notification'),
    async announceErasure({ requestId }) {
      const outcome = row(requestId).letters.shift() ?? 'sent';
      row(requestId).asked.push(`letter ${outcome}`);
      if (outcome === 'away') throw new Error('no mail server');
      return { outcome };
    },
  };

  before(async () => {
    env = await startTimeSkipping();
    const logger = createLogger('test', 'silent');
    const fakes = { user, notification, expense: person('expense'), payment: person('payment') };
    for (const service of SERVICES) workers.push(await startWorker(env.nativeConnection, service, activityEdge(fakes[service], logger)));
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await env?.teardown();
  });

  type Handle = ReturnType<typeof env.client.workflow.getHandle>;
  async function started(
    process: ProcessName,
    kind: 'export' | 'erasure',
    change: Partial<Omit<Row, 'look' | 'asked'>> & { graceMs?: number } = {},
  ): Promise<{ requestId: string; id: string; handle: Handle; one: Row }> {
    const requestId = uuidv7();
    const { graceMs = 0, ...rest } = change;
    const beginsAtIso = kind === 'erasure' ? new Date((await env.currentTimeMs()) + graceMs).toISOString() : null;
    const look: DataRequestLook = {
      state: kind === 'export' ? 'running' : 'pending',
      kind,
      userId: uuidv7(),
      beginsAtIso,
      expiresAtIso: null,
    };
    const one: Row = { look, asked: [], left: [], letters: [], ...rest };
    rows.set(requestId, one);
    await wake(env.client, { process, key: requestId });
    const id = workflowId(process, requestId);
    return { requestId, id, handle: env.client.workflow.getHandle(id), one };
  }
  const reaches = (handle: Handle, state: string): Promise<unknown> =>
    until(`state ${state}`, async () => (await handle.describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES.processState) === state);
  const of = (one: Row, what: string): string[] => one.asked.filter((line) => line.startsWith(what));

  describe('exportAccount', () => {
    it('all services give their part, then the ZIP is made, and after a week it is gone', async () => {
      const { id, handle, one } = await started('exportAccount', 'export');
      assert.equal(await handle.result(), 'expired');
      assert.deepEqual(of(one, 'collect').toSorted(), SERVICES.map((service) => `collect ${service}`).toSorted());
      assert.ok(one.asked.indexOf('assemble') > one.asked.findLastIndex((line) => line.startsWith('collect')));
      assert.deepEqual(of(one, 'discard').toSorted(), SERVICES.map((service) => `discard ${service}`).toSorted());
      await recordHistory(env.client, 'user', id, 'export-account-expired');
    });

    it('taken back while it is collected, ends, and what was written goes', async () => {
      const { requestId, id, handle, one } = await started('exportAccount', 'export', { slow: true });
      await until('it collects', async () => of(one, 'collect').length === SERVICES.length);
      move(requestId, 'cancelled');
      await wake(env.client, { process: 'exportAccount', key: requestId });
      assert.equal(await handle.result(), 'cancelled');
      assert.deepEqual(of(one, 'assemble'), []);
      assert.equal(of(one, 'discard').length, SERVICES.length);
      await recordHistory(env.client, 'user', id, 'export-account-cancelled');
    });

    it('an operator’s cancel while it is collected, takes it back', async () => {
      const { handle, one } = await started('exportAccount', 'export', { slow: true });
      await until('it collects', async () => of(one, 'collect').length === SERVICES.length);
      await handle.signal(cancel);
      // The fakes end with the row; real activities with the cancellation.
      await delay(500);
      one.look = { ...one.look, state: 'cancelled' };
      assert.equal(await handle.result(), 'cancelled');
      assert.deepEqual(of(one, 'assemble'), []);
    });

    it('too large, ends as failed and keeps nothing', async () => {
      const { handle, one } = await started('exportAccount', 'export', { tooLarge: true });
      assert.equal(await handle.result(), 'failed');
      assert.equal(of(one, 'discard').length, SERVICES.length);
    });

    it('replaced by a newer one, ends when it is told', async () => {
      const { requestId, handle } = await started('exportAccount', 'export');
      await reaches(handle, 'done');
      move(requestId, 'done', { expiresAtIso: new Date((await env.currentTimeMs()) - 1).toISOString() });
      await wake(env.client, { process: 'exportAccount', key: requestId });
      assert.equal(await handle.result(), 'expired');
    });

    it('unknown, ends at once', async () => {
      const key = uuidv7();
      await wake(env.client, { process: 'exportAccount', key });
      assert.equal(await env.client.workflow.getHandle(workflowId('exportAccount', key)).result(), 'not_found');
    });
  });

  describe('eraseAccount', () => {
    it('tells the person first, then passes the point of no return, then asks the services in their order', async () => {
      const { id, handle, one } = await started('eraseAccount', 'erasure');
      assert.equal(await handle.result(), 'done');
      const order = ['notification', 'payment', 'expense', 'notification', 'user'];
      assert.deepEqual(one.asked, ['letter sent', 'begin', ...order.map((service) => `erase ${service}`)]);
      const nothing = { left: 0 };
      assert.deepEqual(one.proof, {
        user: { erased: 2, ...nothing },
        expense: { erased: 2, ...nothing },
        payment: { erased: 2, ...nothing },
        notification: { erased: 4, ...nothing },
      });
      await recordHistory(env.client, 'user', id, 'erase-account-at-once');
    });

    it('taken back before its time, erases nothing', async () => {
      const { requestId, id, handle, one } = await started('eraseAccount', 'erasure', { graceMs: DAY_MS });
      await reaches(handle, 'pending');
      move(requestId, 'cancelled');
      await wake(env.client, { process: 'eraseAccount', key: requestId });
      assert.equal(await handle.result(), 'cancelled');
      assert.deepEqual(one.asked, ['letter sent']);
      await recordHistory(env.client, 'user', id, 'erase-account-cancelled-in-time');
    });

    it('an operator’s cancel before its time, takes it back', async () => {
      const { handle, one } = await started('eraseAccount', 'erasure', { graceMs: DAY_MS });
      await reaches(handle, 'pending');
      await handle.signal(cancel);
      assert.equal(await handle.result(), 'cancelled');
      assert.deepEqual(of(one, 'erase'), []);
    });

    it('nobody takes it back, begins when its time comes', async () => {
      const { handle, one } = await started('eraseAccount', 'erasure', { graceMs: 3 * DAY_MS });
      assert.equal(await handle.result(), 'done');
      assert.deepEqual(of(one, 'begin'), ['begin']);
    });

    it('money on its way at a gateway, ends as failed and says why', async () => {
      const { handle, one } = await started('eraseAccount', 'erasure', { refusedBy: 'payments_in_flight' });
      assert.equal(await handle.result(), 'failed');
      assert.deepEqual(of(one, 'erase'), []);
      assert.equal((await handle.describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES.failureCode), 'payments_in_flight');
    });

    it('traces are left, all let go again until there are none', async () => {
      const { id, handle, one } = await started('eraseAccount', 'erasure', { left: [3, 1] });
      assert.equal(await handle.result(), 'done');
      assert.equal(of(one, 'erase expense').length, 3);
      assert.deepEqual(one.proof?.expense, { erased: 6, left: 0 });
      await recordHistory(env.client, 'user', id, 'erase-account-traces-left');
    });

    it('traces stay, an operator is asked to look and may have it tried at once', async () => {
      const { handle, one } = await started('eraseAccount', 'erasure', { left: Array.from({ length: 6 }, () => 1) });
      assert.equal(await handle.result(), 'done');
      assert.equal(of(one, 'erase expense').length, 7);
      const upserts = ((await handle.fetchHistory()).events ?? []).flatMap(
        (event) => event.upsertWorkflowSearchAttributesEventAttributes ?? [],
      );
      assert.ok(upserts.some(({ searchAttributes }) => searchAttributes?.indexedFields?.['NeedsAttention'] !== undefined));
      assert.equal((await handle.describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES.needsAttention), false);
    });

    it('retryNow while it waits, answers', async () => {
      const { handle, requestId } = await started('eraseAccount', 'erasure', { graceMs: DAY_MS });
      await reaches(handle, 'pending');
      assert.equal(await handle.executeUpdate(retryNow), 'looks again');
      move(requestId, 'cancelled');
      await wake(env.client, { process: 'eraseAccount', key: requestId });
      assert.equal(await handle.result(), 'cancelled');
    });

    for (const [what, letters, tries] of [
      ['the mail server is busy', ['retry', 'retry', 'sent'], 3],
      ['the mail server stays busy', ['retry', 'retry', 'retry', 'sent'], 3],
      ['the notification service fails', ['away', 'away', 'away', 'sent'], 3],
      ['the address is not verified', ['nothing'], 1],
    ] as const)
      it(`${what}, the letter does not hold the erasure up`, async () => {
        const { handle, one } = await started('eraseAccount', 'erasure', { letters: [...letters] });
        assert.equal(await handle.result(), 'done');
        assert.equal(of(one, 'letter').length, tries);
      });
  });
});
