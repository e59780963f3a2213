// Goal: an edit that asks anew while the workflow of an expense is about to end is followed.
// Method: the workflow on the time-skipping server with activities that ring in the middle of the look.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { workflowId } from '../../domain/events.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { wake } from '../dispatch.ts';
import { TASK_QUEUES } from '../shared/task-queues.ts';

describe('approval workflow, about to end', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  let looks = 0;

  before(async () => {
    env = await startTimeSkipping();
    const activities: Pick<ExpenseActivities, 'readApproval'> = {
      async readApproval({ expenseId }) {
        looks++;
        // The round was over when it was read; then the expense was edited, and the API woke the process, which still runs.
        if (looks === 1) await wake(env.client, { process: 'expenseApproval', key: expenseId });
        return {
          state: 'ended',
          version: looks,
          groupId: uuidv7(),
          dueAtIso: new Date(0).toISOString(),
          remindAtIso: null,
          voters: 0,
          voted: 0,
          onTimeout: 'reject',
        };
      },
    };
    worker = await startWorker(env.nativeConnection, 'expense', activities);
  });
  after(async () => {
    await worker?.stop();
    await env?.teardown();
  });

  it('expense that is edited while its end is being looked at, is looked at once more', async () => {
    const expenseId = uuidv7();
    await env.client.workflow.execute('expenseApproval', {
      workflowId: workflowId('expenseApproval', expenseId),
      taskQueue: TASK_QUEUES.expense,
      args: [{ expenseId }],
    });
    assert.equal(looks, 2);
  });
});
