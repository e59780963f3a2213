// Goal: an expense that waits is followed to its end by every path, and its time-out comes by the clock.
// Method: fakes of the contract on the time-skipping server, then the real activities on a real Postgres.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { activityEdge } from '../../activities/edge.ts';
import { createLogger } from '../../config/logger.ts';
import { workflowId } from '../../domain/events.ts';
import { refusal } from '../../domain/refusal.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { expireNow } from '../shared/messages.ts';
import { SEARCH_ATTRIBUTES } from '../shared/search-attributes.ts';

type Approval = Awaited<ReturnType<ExpenseActivities['readApproval']>>;

const HOUR_MS = 3_600_000;

describe('expenseApproval', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  const rows = new Map<string, Approval>();
  const reminded: string[] = [];
  const expired: { expenseId: string; force: boolean }[] = [];
  let early = 0;

  const row = (expenseId: string): Approval => {
    const found = rows.get(expenseId);
    if (found === undefined) throw refusal('not_found', 'There is no such expense.');
    return found;
  };
  const activities = activityEdge<Pick<ExpenseActivities, 'readApproval' | 'remindVoters' | 'expireApproval'>>(
    {
      readApproval: async ({ expenseId }) => row(expenseId),
      async remindVoters({ expenseId }) {
        reminded.push(expenseId);
        rows.set(expenseId, { ...row(expenseId), remindAtIso: null });
        return { reminded: 1 };
      },
      async expireApproval({ expenseId, force }) {
        expired.push({ expenseId, force });
        if (early-- > 0) return { outcome: 'waiting' };
        const { onTimeout } = row(expenseId);
        rows.set(expenseId, { ...row(expenseId), state: 'ended' });
        return { outcome: onTimeout === 'approve' ? 'approved' : 'expired' };
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

  async function pending(
    change: Partial<Approval> = {},
  ): Promise<{ expenseId: string; handle: ReturnType<typeof env.client.workflow.getHandle> }> {
    const expenseId = uuidv7();
    const now = await env.currentTimeMs();
    rows.set(expenseId, {
      state: 'waiting',
      version: 1,
      groupId: uuidv7(),
      dueAtIso: new Date(now + 72 * HOUR_MS).toISOString(),
      remindAtIso: new Date(now + 36 * HOUR_MS).toISOString(),
      voters: 2,
      voted: 0,
      onTimeout: 'reject',
      ...change,
    });
    await wake(env.client, { process: 'expenseApproval', key: expenseId });
    return { expenseId, handle: env.client.workflow.getHandle(workflowId('expenseApproval', expenseId)) };
  }
  const shown = (handle: ReturnType<typeof env.client.workflow.getHandle>, state: string): Promise<unknown> =>
    until(`state ${state}`, async () => (await handle.describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES.processState) === state);

  it('nobody votes, voters are reminded once and the time-out rejects', async () => {
    const { expenseId, handle } = await pending();
    assert.equal(await handle.result(), 'ended');
    assert.equal(reminded.filter((id) => id === expenseId).length, 1);
    assert.deepEqual(
      expired.filter((one) => one.expenseId === expenseId),
      [{ expenseId, force: false }],
    );
    await recordHistory(env.client, 'expense', workflowId('expenseApproval', expenseId), 'expense-approval-reminded-and-expired');
  });

  it('silence is consent, the time-out approves', async () => {
    const { expenseId, handle } = await pending({ onTimeout: 'approve', remindAtIso: null });
    assert.equal(await handle.result(), 'ended');
    assert.equal(
      expired.some((one) => one.expenseId === expenseId),
      true,
    );
  });

  it('the deciding vote, ends before the time-out', async () => {
    const { expenseId, handle } = await pending();
    await shown(handle, 'waiting');
    rows.set(expenseId, { ...rows.get(expenseId)!, voted: 1 });
    await wake(env.client, { process: 'expenseApproval', key: expenseId });
    rows.set(expenseId, { ...rows.get(expenseId)!, state: 'ended' });
    await wake(env.client, { process: 'expenseApproval', key: expenseId });
    assert.equal(await handle.result(), 'ended');
    assert.equal(
      expired.some((one) => one.expenseId === expenseId),
      false,
    );
    await recordHistory(env.client, 'expense', workflowId('expenseApproval', expenseId), 'expense-approval-decided-by-votes');
  });

  it('an operator, lets the time-out happen now', async () => {
    const { expenseId, handle } = await pending();
    await shown(handle, 'waiting');
    assert.equal(await handle.executeUpdate(expireNow), 'expired');
    assert.equal(await handle.result(), 'ended');
    assert.deepEqual(
      expired.filter((one) => one.expenseId === expenseId),
      [{ expenseId, force: true }],
    );
    await recordHistory(env.client, 'expense', workflowId('expenseApproval', expenseId), 'expense-approval-expired-by-operator');
  });

  it('a new version, its own time-out counts', async () => {
    const { expenseId, handle } = await pending({ remindAtIso: null });
    await shown(handle, 'waiting');
    const dueAtIso = new Date((await env.currentTimeMs()) + 200 * HOUR_MS).toISOString();
    rows.set(expenseId, { ...rows.get(expenseId)!, version: 2, dueAtIso });
    await wake(env.client, { process: 'expenseApproval', key: expenseId });
    assert.equal(await handle.result(), 'ended');
    assert.ok((await env.currentTimeMs()) >= Date.parse(dueAtIso));
    assert.equal(expired.filter((one) => one.expenseId === expenseId).length, 1);
  });

  it('clocks differ, asks again a minute later', async () => {
    early = 2;
    const { expenseId, handle } = await pending({ remindAtIso: null });
    assert.equal(await handle.result(), 'ended');
    assert.equal(expired.filter((one) => one.expenseId === expenseId).length, 3);
  });

  it('started for what is final or gone, ends at once', async () => {
    const final = await pending({ state: 'ended' });
    assert.equal(await final.handle.result(), 'ended');
    const expenseId = uuidv7();
    await wake(env.client, { process: 'expenseApproval', key: expenseId });
    assert.equal(await env.client.workflow.getHandle(workflowId('expenseApproval', expenseId)).result(), 'not_found');
  });
});
