// Goal: a wake that arrives while a transfer's workflow is about to end is not lost with it.
// Method: the workflow on the time-skipping server with activities that ring in the middle of the look.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import type { PaymentActivities, TransferShown, TransferStep } from '../../activities/payment/contract.ts';
import { workflowId } from '../../domain/events.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { wake } from '../dispatch.ts';
import { TASK_QUEUES } from '../shared/task-queues.ts';

describe('transfer workflow, about to end', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  const looks: string[] = [];
  let onLook: (transferId: string, look: number) => Promise<TransferStep>;

  before(async () => {
    env = await startTimeSkipping();
    const activities: Pick<PaymentActivities, 'advanceTransfer'> = {
      advanceTransfer: ({ transferId }) => onLook(transferId, looks.push(transferId)),
    };
    worker = await startWorker(env.nativeConnection, 'payment', activities);
  });
  after(async () => {
    await worker?.stop();
    await env?.teardown();
  });

  const shown = (state: TransferShown['state']): TransferShown => ({
    groupId: uuidv7(),
    settlementId: null,
    state,
    method: 'stripe',
    currency: 'EUR',
    failureCode: null,
  });

  it('payer who pays again while the failure is being looked at, is looked at once more', async () => {
    const transferId = uuidv7();
    looks.length = 0;
    onLook = async (id, look) => {
      // The row was read as failed; then the payer paid again and the API woke the process, which still runs.
      if (look === 1) await wake(env.client, { process: 'transfer', key: id });
      return { step: 'ended', shown: shown(look === 1 ? 'failed' : 'succeeded') };
    };

    const result = await env.client.workflow.execute('transfer', {
      workflowId: workflowId('transfer', transferId),
      taskQueue: TASK_QUEUES.payment,
      args: [{ transferId }],
    });

    assert.equal(result, 'succeeded');
    assert.equal(looks.length, 2);
  });
});
