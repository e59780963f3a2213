// Goal: a process that was ended by hand is brought back from its row, and one that runs is left alone.
// Method: a dev server, which can list, with rows in real Postgres; workflows are started and not run.
import assert from 'node:assert/strict';
import { NativeConnection } from '@temporalio/worker';
import { workflowId } from '../../domain/events.ts';
import { type PaymentGroup, type PaymentWorld, startPaymentWorld } from '../../test/support/payment-world.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { type DevServer, startDevServer, startWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../../workflows/dispatch.ts';
import { PROCESS_SWEEP } from '../../workflows/shared/sweep-contract.ts';
import { TASK_QUEUES } from '../../workflows/shared/task-queues.ts';
import { createSweepActivities, sweepPage } from './sweep.ts';

describe('sweepPage', function () {
  this.timeout(60_000);
  let world: PaymentWorld;
  let server: DevServer;
  let group: PaymentGroup;
  before(async () => {
    [world, server] = await Promise.all([startPaymentWorld(), startDevServer()]);
    group = await world.group(2);
  });
  after(async () => {
    await world?.stop();
    await server?.stop();
  });

  const running = async (id: string): Promise<boolean> => {
    const found: string[] = [];
    for await (const one of server.client.workflow.list({ query: 'ExecutionStatus = "Running"' })) found.push(one.workflowId);
    return found.includes(id);
  };
  const sweep = (olderThanSeconds: number) =>
    sweepPage({ db: world.api.deps.databases.payment!, temporal: server.client }, null, olderThanSeconds);

  it('rows without their workflow are woken, running and young ones are not', async () => {
    await world.owe(group, group.members[1]!, group.members[0]!, 500);
    const opened = await world.post(group.users[1]!, `/v1/groups/${group.groupId}/settlements`, {});
    const id = workflowId('settlement', opened.body.id as string);
    assert.deepEqual(await sweep(60), { looked: 0, woken: 0, after: null });

    assert.deepEqual(await sweep(-1), { looked: 1, woken: 1, after: null });
    await until('woken', () => running(id));
    assert.deepEqual(await sweep(-1), { looked: 1, woken: 0, after: null });

    await server.client.workflow.getHandle(id).terminate('by hand');
    await until('ended', async () => !(await running(id)));
    assert.deepEqual(await sweep(-1), { looked: 1, woken: 1, after: null });
    await until('back', () => running(id));
  });

  it('every service lists its unfinished rows', async () => {
    for (const service of ['expense', 'notification', 'user'] as const) {
      const page = await sweepPage({ db: world.api.deps.databases[service]!, temporal: server.client }, null, -1);
      assert.equal(page.woken, page.looked);
      assert.equal(page.looked, service === 'expense' ? 1 : 0);
    }
    await wake(server.client, { process: 'groupLifecycle', key: group.groupId });
    assert.ok(await until('lifecycle', () => running(workflowId('groupLifecycle', group.groupId))));
  });

  it('processSweep, run by a worker, comes to the end of the rows', async () => {
    const connection = await NativeConnection.connect({ address: server.address });
    const deps = { ...world.deps('payment', server.client), db: world.api.deps.databases.notification! };
    const worker = await startWorker(connection, 'notification', createSweepActivities(deps));
    try {
      const options = { taskQueue: TASK_QUEUES.notification, workflowId: 'process-sweep/test', args: [{ service: 'notification' }] };
      assert.deepEqual(await server.client.workflow.execute(PROCESS_SWEEP, options), { looked: 0, woken: 0 });
      await recordHistory(server.client, 'notification', 'process-sweep/test', 'process-sweep');
    } finally {
      await worker.stop();
      await connection.close();
    }
  });
});
