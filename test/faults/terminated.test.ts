// Goal: what a person does to a workflow in the Web UI does no harm: the sweep brings back what was terminated, a reset pays nothing.
// Method: the whole platform; workflows are terminated and reset through Temporal's client, and the sweep's schedule is triggered.
import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import type { Platform } from '../../sandbox/platform.ts';
import type { QueueName } from '../../workflows/shared/task-queues.ts';
import {
  allServe,
  assertLedgerAgrees,
  balancesOf,
  debtOf,
  type FaultGroup,
  faultPlatform,
  journalOf,
  newGroup,
  onboard,
  openSettlement,
  owe,
  payByCard,
  post,
  reaches,
  RECOVERY_MS,
  runOf,
  runReaches,
  setFaults,
  sql,
  sweepNow,
  withTemporal,
} from './support.ts';
import { until } from '../support/until.ts';

describe('faults, a workflow is terminated', function () {
  this.timeout(240_000);
  let platform: Platform;

  before(async () => {
    platform = await faultPlatform();
    await allServe(platform);
  });

  /**
   * Terminates a running workflow, makes its row look as old as the sweep wants it, sweeps, and waits for the new run.
   *
   * @param row `table.column` of the time that the sweep looks at, and the row's key.
   */
  async function terminateAndSweep(client: Client, workflowId: string, row: { of: string; key: string; id: string }): Promise<void> {
    const [service = '', table = '', column = ''] = row.of.split('.');
    const first = await runReaches(client, workflowId, 'RUNNING');
    await client.workflow.getHandle(workflowId).terminate('by hand');
    assert.equal((await client.workflow.getHandle(workflowId, first.runId).describe()).status.name, 'TERMINATED');
    await sql(platform, `update ${service}.${table} set ${column} = now() - interval '5 minutes' where ${row.key} = $1`, [row.id]);
    await sweepNow(client, service as QueueName);
    await until(
      `${workflowId} is back`,
      async () => {
        const run = await runOf(client, workflowId);
        return run?.runId !== first.runId && run?.status !== 'TERMINATED';
      },
      RECOVERY_MS,
    );
  }

  it('settlement and its transfer, both come back and end settled', async () => {
    const group = await newGroup(platform.urls.apiUrl, 2);
    await owe(group, '12.50');
    const { settlementId, transferId } = await openSettlement(group);
    const [receiver, payer] = group.users as [FaultGroup['users'][number], FaultGroup['users'][number]];
    await withTemporal(platform, async (client) => {
      await terminateAndSweep(client, `settlement/${settlementId}`, { of: 'payment.settlement.updated_at', key: 'id', id: settlementId });
      const paid = await post(payer, `/v1/transfers/${transferId}/pay`, { method: 'manual' });
      assert.equal(paid.body.state, 'awaiting_confirmation', JSON.stringify(paid.body));
      await terminateAndSweep(client, `transfer/${transferId}`, { of: 'payment.transfer.updated_at', key: 'id', id: transferId });
      const confirmed = await post(receiver, `/v1/transfers/${transferId}/confirm`);
      assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
      await reaches(payer, `/v1/transfers/${transferId}`, 'succeeded');
      await reaches(payer, `/v1/settlements/${settlementId}`, 'settled');
      await runReaches(client, `transfer/${transferId}`, 'COMPLETED');
      await runReaches(client, `settlement/${settlementId}`, 'COMPLETED');
    });
    assert.ok(Object.values(await balancesOf(group)).every((net) => net === '0.00'));
  });

  it('expenseApproval, comes back and ends with the deciding vote', async () => {
    const group = await newGroup(platform.urls.apiUrl, 2, { policy: { approval: { mode: 'all' } } });
    const [owner, voter] = group.users as [FaultGroup['users'][number], FaultGroup['users'][number]];
    const { body } = await post(owner, `/v1/groups/${group.groupId}/expenses`, debtOf(group.members[0]!, group.members[1]!, '30.00'));
    assert.equal(body.state, 'pending');
    await withTemporal(platform, async (client) => {
      const round = { of: 'expense.approval_round.opened_at', key: 'expense_id', id: body.id as string };
      await terminateAndSweep(client, `expense-approval/${body.id}`, round);
      assert.equal((await voter.call('POST', `/v1/expenses/${body.id}/approve`)).body.state, 'posted');
      await runReaches(client, `expense-approval/${body.id}`, 'COMPLETED');
    });
    assert.equal((await balancesOf(group))[group.members[0]!], '30.00');
  });

  it('reminderCadence, comes back and ends when the debt is paid', async () => {
    const group = await newGroup(platform.urls.apiUrl, 2);
    const [receiver] = group.users as [FaultGroup['users'][number]];
    await owe(group, '8.00');
    const made = await receiver.call('POST', `/v1/groups/${group.groupId}/reminders`, {
      memberId: group.members[1],
      cadence: { firstAfterDays: 3, everyDays: 7, max: 5, escalate: ['inApp'] },
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await withTemporal(platform, async (client) => {
      const row = { of: 'notification.reminder.updated_at', key: 'id', id: made.body.id as string };
      await terminateAndSweep(client, made.body.workflowId as string, row);
      const paid = await post(receiver, `/v1/groups/${group.groupId}/payments`, {
        from: group.members[1],
        to: group.members[0],
        money: { amount: '8.00', currency: 'EUR' },
        method: 'manual',
      });
      assert.equal((await post(receiver, `/v1/transfers/${paid.body.id}/confirm`)).status, 200);
      await reaches(receiver, `/v1/reminders/${made.body.id}`, 'done');
      await runReaches(client, made.body.workflowId as string, 'COMPLETED');
    });
  });

  it('transfer and refund, terminated while the gateway has not answered, come back and move the money once', async () => {
    const group = await newGroup(platform.urls.apiUrl, 2, { policy: { refundApproval: 'none' } });
    const [receiver, payer] = group.users as [FaultGroup['users'][number], FaultGroup['users'][number]];
    await onboard(receiver);
    await owe(group, '33.00');
    const { transferId } = await openSettlement(group);
    await withTemporal(platform, async (client) => {
      await setFaults(platform, [{ match: { path: '/v1/payment_intents' }, fault: 'lost_after' }]);
      await payByCard(payer, transferId);
      await reaches(payer, `/v1/transfers/${transferId}`, 'unknown');
      await setFaults(platform, []);
      await terminateAndSweep(client, `transfer/${transferId}`, { of: 'payment.transfer.updated_at', key: 'id', id: transferId });
      const paid = await reaches(payer, `/v1/transfers/${transferId}`, 'succeeded');

      await setFaults(platform, [{ match: { path: '/v1/refunds' }, fault: 'lost_after' }]);
      const asked = await post(payer, `/v1/payments/${paid.payments[0].id}/refunds`, { amount: '3.00', reason: 'Too much.' });
      assert.equal(asked.status, 202, JSON.stringify(asked.body));
      await reaches(payer, `/v1/refunds/${asked.body.id}`, 'unknown');
      await setFaults(platform, []);
      await terminateAndSweep(client, `refund/${asked.body.id}`, {
        of: 'payment.refund.updated_at',
        key: 'id',
        id: asked.body.id as string,
      });
      await reaches(payer, `/v1/refunds/${asked.body.id}`, 'succeeded');
      assert.equal((await journalOf(platform)).byReference[`refund=${asked.body.id}`]?.refunds, 1);
    });
    assert.equal((await journalOf(platform)).byReference[`transfer=${transferId}`]?.charges, 1);
    assert.equal((await balancesOf(group))[group.members[1]!], '-3.00');
  });

  it('transfer paid by card, reset to each of its steps, is charged and posted once', async () => {
    const group = await newGroup(platform.urls.apiUrl, 2);
    const [receiver, payer] = group.users as [FaultGroup['users'][number], FaultGroup['users'][number]];
    await onboard(receiver);
    await owe(group, '21.00');
    const { settlementId, transferId } = await openSettlement(group);
    await payByCard(payer, transferId);
    const before = await reaches(payer, `/v1/transfers/${transferId}`, 'succeeded');
    await reaches(payer, `/v1/settlements/${settlementId}`, 'settled');
    const workflowId = `transfer/${transferId}`;
    await withTemporal(platform, async (client) => {
      const { runId } = await runReaches(client, workflowId, 'COMPLETED');
      for (const eventId of await resetPoints(client, workflowId, runId)) {
        const reset = await client.workflowService.resetWorkflowExecution({
          namespace: platform.urls.temporalNamespace,
          workflowExecution: { workflowId, runId },
          reason: 'by hand',
          requestId: `${workflowId}/${eventId.toString()}`,
          workflowTaskFinishEventId: eventId,
        });
        const handle = client.workflow.getHandle(workflowId, reset.runId);
        assert.equal(await handle.result(), 'succeeded', `reset to event ${eventId.toString()}`);
      }
    });
    const after = (await payer.call('GET', `/v1/transfers/${transferId}`)).body;
    assert.deepEqual([after.state, after.payments, after.paid], ['succeeded', before.payments, '21.00']);
    assert.ok(Object.values(await balancesOf(group)).every((net) => net === '0.00'));
    const journal = await journalOf(platform);
    assert.equal(journal.byReference[`transfer=${transferId}`]?.charges, 1);
    assert.deepEqual(journal.chargedTwice, []);
    await assertLedgerAgrees(platform);
  });
});

type EventId = NonNullable<Parameters<Client['workflowService']['resetWorkflowExecution']>[0]['workflowTaskFinishEventId']>;

/** Every point to which the Web UI offers a reset: each finished workflow task. */
async function resetPoints(client: Client, workflowId: string, runId: string): Promise<readonly EventId[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const points = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes != null);
  assert.ok(points.length >= 3, `${points.length} workflow tasks`);
  return points.flatMap((event) => event.eventId ?? []);
}
