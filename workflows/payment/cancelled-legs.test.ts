// Goal: a cancelled settlement leaves no process behind that waits for a payer who cannot pay any more.
// Method: the API over real Postgres, real activities on the time-skipping server.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createExpenseActivities } from '../../activities/expense/index.ts';
import { createPaymentActivities } from '../../activities/payment/index.ts';
import { workflowId } from '../../domain/events.ts';
import { type PaymentWorld, startPaymentWorld } from '../../test/support/payment-world.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { waitingFor } from '../shared/messages.ts';

describe('legs of a cancelled settlement', function () {
  this.timeout(60_000);
  let world: PaymentWorld;
  let env: TestWorkflowEnvironment;
  const workers: TestWorker[] = [];

  before(async () => {
    env = await startTimeSkipping();
    world = await startPaymentWorld();
    world.wakeOn(env.client);
    workers.push(await startWorker(env.nativeConnection, 'payment', createPaymentActivities(world.deps('payment', env.client))));
    workers.push(await startWorker(env.nativeConnection, 'expense', createExpenseActivities(world.deps('expense', env.client))));
  });
  after(async () => {
    for (const worker of workers) await worker.stop();
    await env?.teardown();
    await world?.stop();
  });

  it('two legs that nobody pays, end with the settlement, and nothing stays reserved', async () => {
    const group = await world.group(3);
    const [owner] = group.users;
    await world.owe(group, group.members[1]!, group.members[0]!, 300);
    await world.owe(group, group.members[2]!, group.members[0]!, 500);
    const opened = await world.post(owner!, `/v1/groups/${group.groupId}/settlements`, {});
    const path = `/v1/settlements/${opened.body.id}`;
    const { transfers } = await world.reaches(owner!, path, 'collecting');
    const running = async (id: string): Promise<string> =>
      (await env.client.workflow.getHandle(workflowId('transfer', id)).describe()).status.name;
    for (const { id } of transfers) {
      const leg = env.client.workflow.getHandle(workflowId('transfer', id as string));
      await until('the leg waits for its payer', async () => (await leg.query(waitingFor).catch(() => '')) === 'planned');
    }

    await world.post(owner!, `${path}/cancel`);

    for (const { id } of transfers) await until('the leg ends', async () => (await running(id as string)) === 'COMPLETED');
    await until('the settlement ends', async () => {
      const handle = env.client.workflow.getHandle(workflowId('settlement', opened.body.id as string));
      return (await handle.describe()).status.name === 'COMPLETED';
    });
    for (const member of group.members) assert.equal((await world.balance(group, member))[1], '0');
  });
});
