// Goal: money moves once and every path of a transfer, settlement and refund comes to its end.
// Method: the API over real Postgres, real activities of payment and expense on the time-skipping server, Stripe's double with faults.
// Rows carry the wall clock, so courses that skip days come last, and no result is awaited before, since that lets time skip.
import assert from 'node:assert/strict';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createExpenseActivities } from '../../activities/expense/index.ts';
import { createPaymentActivities } from '../../activities/payment/index.ts';
import { workflowId } from '../../domain/events.ts';
import type { TestUser } from '../../test/support/api.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { type PaymentGroup, type PaymentWorld, startPaymentWorld } from '../../test/support/payment-world.ts';
import { skipTime, startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { retryNow } from '../shared/messages.ts';
import { TASK_QUEUES } from '../shared/task-queues.ts';

describe('payment workflows', function () {
  this.timeout(90_000);
  let world: PaymentWorld;
  let env: TestWorkflowEnvironment;
  const workers: TestWorker[] = [];

  before(async () => {
    // One after the other: the server is given five seconds to start, which a busy machine needs for itself.
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
  afterEach(() => world.faults([]));

  /** Waits for a workflow to close, without letting time skip. */
  const closes = (id: string): Promise<unknown> =>
    until(`${id} closes`, async () => (await env.client.workflow.getHandle(id).describe()).status.name === 'COMPLETED');

  const stateOf = async (user: TestUser, transferId: string): Promise<string> =>
    (await user.call('GET', `/v1/transfers/${transferId}`)).body.state as string;

  /** Two people, one of whom can receive through Stripe; the other owes so many cents. */
  async function pair(minor: number, fields?: Record<string, unknown>): Promise<PaymentGroup & { payer: TestUser; receiver: TestUser }> {
    const group = await world.group(2, fields);
    const [receiver, payer] = group.users;
    await world.onboard(receiver!);
    if (minor > 0) await world.owe(group, group.members[1]!, group.members[0]!, minor);
    return { ...group, payer: payer!, receiver: receiver! };
  }

  async function openTransfer(group: PaymentGroup & { payer: TestUser }): Promise<{ settlementId: string; transferId: string }> {
    const opened = await world.post(group.payer, `/v1/groups/${group.groupId}/settlements`, {});
    assert.equal(opened.status, 202, JSON.stringify(opened.body));
    assert.equal(opened.body.state, 'planning');
    const settlement = await world.reaches(group.payer, `/v1/settlements/${opened.body.id}`, 'collecting');
    assert.equal(settlement.transfers.length, 1);
    return { settlementId: opened.body.id as string, transferId: settlement.transfers[0].id as string };
  }

  const payByCard = (group: { payer: TestUser }, transferId: string, card = 'pm_card_visa', amount?: string) =>
    world.post(group.payer, `/v1/transfers/${transferId}/pay`, { method: 'stripe', paymentMethodId: card, ...(amount ? { amount } : {}) });

  async function chargesOf(transferId: string): Promise<number> {
    return (await world.journal()).byReference[`transfer=${transferId}`]?.charges ?? 0;
  }

  it('settlement, paid by card, is settled with the ledger and the gateway agreeing', async () => {
    const group = await pair(1250);
    const { settlementId, transferId } = await openTransfer(group);
    assert.deepEqual(await world.balance(group, group.members[1]!), ['-1250', '1250']);

    const paid = await payByCard(group, transferId);

    assert.equal(paid.status, 202, JSON.stringify(paid.body));
    assert.equal(paid.body.state, 'processing');
    const settlement = await world.reaches(group.payer, `/v1/settlements/${settlementId}`, 'settled');
    const [transfer] = settlement.transfers;
    assert.equal(transfer.state, 'succeeded');
    assert.deepEqual([transfer.paid, transfer.remaining, transfer.payments[0].money.amount], ['12.50', '0.00', '12.50']);
    assert.deepEqual(await world.balance(group, group.members[1]!), ['0', '0']);
    assert.equal(await chargesOf(transferId), 1);
    await closes(workflowId('settlement', settlementId));
    await recordHistory(env.client, 'payment', workflowId('settlement', settlementId), 'settlement-settled');
    await recordHistory(env.client, 'payment', workflowId('transfer', transferId), 'transfer-card-succeeded');
  });

  it('transfer, from pay to succeeded, runs three activities', async () => {
    const group = await pair(0);
    const made = await world.post(group.payer, `/v1/groups/${group.groupId}/payments`, {
      from: group.members[1],
      to: group.members[0],
      money: { amount: '3.00', currency: 'EUR' },
      method: 'stripe',
      paymentMethodId: 'pm_card_visa',
    });
    assert.equal(made.status, 202, JSON.stringify(made.body));
    await world.reaches(group.payer, `/v1/transfers/${made.body.id}`, 'succeeded');
    const handle = env.client.workflow.getHandle(workflowId('transfer', made.body.id as string));
    await closes(handle.workflowId);
    const { events } = await handle.fetchHistory();
    const scheduled = (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    assert.deepEqual(scheduled, ['advanceTransfer', 'postTransfer', 'completePayment']);
    assert.deepEqual(await world.balance(group, group.members[1]!), ['300', '0']);
  });

  it('transfer, declined and paid again, confirms the same intent and charges once', async () => {
    const group = await pair(700);
    const { transferId } = await openTransfer(group);
    await payByCard(group, transferId, 'pm_card_chargeDeclined');
    const failed = await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'failed');
    assert.equal(failed.failureCode, 'card_declined');

    await payByCard(group, transferId);

    await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'succeeded');
    const { entries } = await world.journal();
    assert.equal(entries.filter((entry) => entry.metadata['transfer'] === transferId).length, 1);
    const { rows } = await world.api.deps.databases.payment!.pool.query(
      'select epoch, tries, state from payment.attempt where transfer_id = $1',
      [transferId],
    );
    assert.deepEqual(rows, [{ epoch: 1, tries: 2, state: 'succeeded' }]);
    await recordHistory(env.client, 'payment', workflowId('transfer', transferId), 'transfer-declined-paid-again');
  });

  it('transfer, declined and paid in part, cancels the first intent before a new one', async () => {
    const group = await pair(900);
    const { transferId } = await openTransfer(group);
    await payByCard(group, transferId, 'pm_card_chargeDeclined');
    await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'failed');

    await payByCard(group, transferId, 'pm_card_visa', '4.00');

    const planned = await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'planned');
    assert.deepEqual([planned.paid, planned.remaining], ['4.00', '5.00']);
    assert.deepEqual(await world.balance(group, group.members[1]!), ['-500', '500']);
    const { rows } = await world.api.deps.databases.payment!.pool.query(
      'select epoch, state from payment.attempt where transfer_id = $1 order by epoch',
      [transferId],
    );
    assert.deepEqual(rows, [
      { epoch: 1, state: 'canceled' },
      { epoch: 2, state: 'succeeded' },
    ]);
    await payByCard(group, transferId);
    const done = await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'succeeded');
    assert.equal(done.payments.length, 2);
    assert.equal(await chargesOf(transferId), 2);
  });

  for (const fault of ['lost_after', 'lost_before', 'status_500', 'status_503', 'rate_limited'] as const) {
    it(`transfer, gateway answers ${fault} for a while, is charged once`, async () => {
      const group = await pair(500);
      const { transferId } = await openTransfer(group);
      // More often than the SDK itself tries again, so that our own resolution is what is seen.
      await world.faults([{ match: { method: 'POST', path: '/v1/payment_intents', times: 3 }, fault }]);

      await payByCard(group, transferId);
      await skipTime(env, '1 minute');

      await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'succeeded');
      assert.equal(await chargesOf(transferId), 1);
      assert.deepEqual((await world.journal()).chargedTwice, []);
      if (fault === 'lost_after') await recordHistory(env.client, 'payment', workflowId('transfer', transferId), 'transfer-lost-answer');
    });
  }

  it('transfer, no answer can be had, is unknown and never failed, until an operator asks again', async () => {
    const group = await pair(500);
    const { transferId } = await openTransfer(group);
    await world.faults([{ match: { path: '/v1/payment_intents' }, fault: 'lost_after' }]);

    await payByCard(group, transferId);
    await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'unknown');
    const refused = await payByCard(group, transferId);
    assert.deepEqual([refused.status, refused.body.code], [409, 'payment_in_progress']);
    const cancelled = await world.post(
      group.payer,
      `/v1/settlements/${(await group.payer.call('GET', `/v1/transfers/${transferId}`)).body.settlementId}/cancel`,
    );
    assert.deepEqual([cancelled.status, cancelled.body.state], [200, 'collecting']);

    await world.faults([]);
    await env.client.workflow.getHandle(workflowId('transfer', transferId)).executeUpdate(retryNow);

    await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'succeeded');
    assert.equal(await chargesOf(transferId), 1);
  });

  it('transfer, paid without a payment method, the answer says what the payer has to do', async () => {
    const group = await pair(600);
    const { transferId } = await openTransfer(group);

    const paid = await world.post(group.payer, `/v1/transfers/${transferId}/pay`, { method: 'stripe' });

    assert.equal(paid.status, 202);
    assert.equal(typeof (paid.body.nextAction?.url ?? paid.body.nextAction?.clientSecret), 'string');
  });

  it('transfer, payer has to authenticate, goes on by the webhook', async () => {
    const group = await pair(600);
    const { transferId } = await openTransfer(group);
    await payByCard(group, transferId, 'pm_card_authenticationRequired');
    const action = await until('next action', async () => {
      const { body } = await group.payer.call('GET', `/v1/transfers/${transferId}`);
      return (body.nextAction as { type: string; url: string } | undefined) ?? null;
    });
    assert.equal((await group.receiver.call('GET', `/v1/transfers/${transferId}`)).body.nextAction, undefined);

    await fetch(action.url, { method: 'POST', headers: { accept: 'application/json' }, redirect: 'manual' });

    await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'succeeded');
    await recordHistory(env.client, 'payment', workflowId('transfer', transferId), 'transfer-requires-action');
  });

  it('manual payment, confirmed by its receiver, is posted', async () => {
    const group = await pair(800);
    const { transferId, settlementId } = await openTransfer(group);
    const paid = await world.post(group.payer, `/v1/transfers/${transferId}/pay`, { method: 'manual' });
    assert.equal(paid.body.state, 'awaiting_confirmation');
    assert.deepEqual(await world.balance(group, group.members[1]!), ['-800', '800']);

    const confirmed = await world.post(group.receiver, `/v1/transfers/${transferId}/confirm`);

    assert.deepEqual([confirmed.status, confirmed.body.state], [200, 'processing'], JSON.stringify(confirmed.body));
    await world.reaches(group.payer, `/v1/settlements/${settlementId}`, 'settled');
    assert.deepEqual(await world.balance(group, group.members[1]!), ['0', '0']);
    await recordHistory(env.client, 'payment', workflowId('transfer', transferId), 'transfer-manual-confirmed');
  });

  it('settlement, cancelled while one leg is in flight, releases the others and ends partly settled', async () => {
    const group = await world.group(3);
    const [first, second, third] = group.users;
    await world.owe(group, group.members[1]!, group.members[0]!, 400);
    await world.owe(group, group.members[2]!, group.members[0]!, 300);
    const opened = await world.post(first!, `/v1/groups/${group.groupId}/settlements`, {});
    const settlement = await world.reaches(first!, `/v1/settlements/${opened.body.id}`, 'collecting');
    const leg = settlement.transfers.find((transfer: { from: string }) => transfer.from === group.members[1]);
    await world.post(second!, `/v1/transfers/${leg.id}/pay`, { method: 'manual' });

    const cancelled = await world.post(first!, `/v1/settlements/${opened.body.id}/cancel`);

    assert.deepEqual([cancelled.status, cancelled.body.state], [200, 'collecting'], JSON.stringify(cancelled.body));
    await until('released', async () => (await world.balance(group, group.members[2]!))[1] === '0');
    assert.deepEqual(await world.balance(group, group.members[1]!), ['-400', '400']);
    const again = await world.post(third!, `/v1/groups/${group.groupId}/settlements`, {});
    assert.deepEqual([again.status, again.body.code], [409, 'settlement_in_progress']);
    await world.post(first!, `/v1/transfers/${leg.id}/confirm`);
    await world.reaches(first!, `/v1/settlements/${opened.body.id}`, 'partly_settled');
    await closes(workflowId('settlement', opened.body.id as string));
    await recordHistory(env.client, 'payment', workflowId('settlement', opened.body.id as string), 'settlement-cancelled-while-in-flight');
    const fresh = await world.post(third!, `/v1/groups/${group.groupId}/settlements`, {});
    assert.equal(fresh.status, 202, JSON.stringify(fresh.body));
  });

  it('settlement, cancelled with a declined card, cancels the intent first', async () => {
    const group = await pair(700);
    const { transferId, settlementId } = await openTransfer(group);
    await payByCard(group, transferId, 'pm_card_chargeDeclined');
    await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'failed');

    await world.post(group.payer, `/v1/settlements/${settlementId}/cancel`);

    await world.reaches(group.payer, `/v1/settlements/${settlementId}`, 'cancelled');
    const { rows } = await world.api.deps.databases.payment!.pool.query('select state from payment.attempt where transfer_id = $1', [
      transferId,
    ]);
    assert.deepEqual(rows, [{ state: 'canceled' }]);
    await until('released', async () => (await world.balance(group, group.members[1]!))[1] === '0');
  });

  async function paidByCard(minor: number, fields?: Record<string, unknown>) {
    const group = await pair(minor, fields);
    const { transferId } = await openTransfer(group);
    await payByCard(group, transferId);
    const transfer = await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'succeeded');
    return { ...group, transferId, paymentId: transfer.payments[0].id as string };
  }

  it('refund, asked by the payer and approved by the receiver, goes back at the gateway and in the ledger', async () => {
    const paid = await paidByCard(1000);
    const asked = await world.post(paid.payer, `/v1/payments/${paid.paymentId}/refunds`, { amount: '4.00', reason: 'Too much.' });
    assert.deepEqual([asked.status, asked.body.state], [202, 'requested'], JSON.stringify(asked.body));
    const denied = await world.post(paid.payer, `/v1/refunds/${asked.body.id}/approve`);
    assert.deepEqual([denied.status, denied.body.code], [403, 'forbidden']);

    await world.post(paid.receiver, `/v1/refunds/${asked.body.id}/approve`);

    await world.reaches(paid.payer, `/v1/refunds/${asked.body.id}`, 'succeeded');
    const payment = (await paid.payer.call('GET', `/v1/payments/${paid.paymentId}`)).body;
    assert.deepEqual([payment.state, payment.refunded, payment.refunds.length], ['partly_refunded', '4.00', 1]);
    assert.deepEqual(await world.balance(paid, paid.members[1]!), ['-400', '0']);
    assert.equal((await world.journal()).byReference[`transfer=${paid.transferId}`]?.refunds, 1);
    assert.equal(await stateOf(paid.payer, paid.transferId), 'succeeded');
    await recordHistory(env.client, 'payment', workflowId('refund', asked.body.id as string), 'refund-approved');
  });

  it('refund, rejected, moves nothing and frees the amount', async () => {
    const paid = await paidByCard(1000);
    const asked = await world.post(paid.payer, `/v1/payments/${paid.paymentId}/refunds`, { reason: 'All of it.' });
    await world.post(paid.receiver, `/v1/refunds/${asked.body.id}/reject`);
    await closes(workflowId('refund', asked.body.id as string));
    const own = await world.post(paid.receiver, `/v1/payments/${paid.paymentId}/refunds`, { reason: 'I give it back.' });
    assert.deepEqual([own.status, own.body.state], [202, 'approved']);
    await world.reaches(paid.payer, `/v1/refunds/${own.body.id}`, 'succeeded');
    assert.equal((await paid.payer.call('GET', `/v1/payments/${paid.paymentId}`)).body.state, 'refunded');
  });

  for (const fault of ['lost_after', 'lost_before', 'status_500'] as const) {
    it(`refund, gateway answers ${fault} for a while, goes back once`, async () => {
      const paid = await paidByCard(1000, { policy: { refundApproval: 'none' } });
      await world.faults([{ match: { method: 'POST', path: '/v1/refunds', times: 3 }, fault }]);
      const asked = await world.post(paid.payer, `/v1/payments/${paid.paymentId}/refunds`, { reason: 'Back, please.' });
      assert.equal(asked.body.state, 'approved');

      await world.reaches(paid.payer, `/v1/refunds/${asked.body.id}`, 'succeeded');
      const sums = (await world.journal()).byReference[`refund=${asked.body.id}`];
      assert.equal(sums?.refunds, 1);
    });
  }

  it('refund of a manual payment, approved by its receiver, is posted', async () => {
    const group = await pair(0);
    const made = await world.post(group.payer, `/v1/groups/${group.groupId}/payments`, {
      from: group.members[1],
      to: group.members[0],
      money: { amount: '5.00', currency: 'EUR' },
      method: 'manual',
    });
    await world.post(group.receiver, `/v1/transfers/${made.body.id}/confirm`);
    const transfer = await world.reaches(group.payer, `/v1/transfers/${made.body.id}`, 'succeeded');
    const asked = await world.post(group.payer, `/v1/payments/${transfer.payments[0].id}/refunds`, { reason: 'Never mind.' });
    assert.equal(asked.body.state, 'requested');
    await world.post(group.receiver, `/v1/refunds/${asked.body.id}/approve`);
    await world.reaches(group.payer, `/v1/refunds/${asked.body.id}`, 'succeeded');
    assert.deepEqual(await world.balance(group, group.members[1]!), ['0', '0']);
  });

  it('settlementRun, settlement day is today, opens one settlement however often it runs', async () => {
    const today = new Date(await env.currentTimeMs()).getUTCDate();
    const group = await pair(450, { policy: { settlementDay: today } });
    for (const run of [1, 2]) {
      const id = `settlement-run/${group.groupId}-${run}`;
      await env.client.workflow.start('settlementRun', { taskQueue: TASK_QUEUES.payment, workflowId: id });
      await closes(id);
      if (run === 1) await recordHistory(env.client, 'payment', id, 'settlement-run');
    }
    const list = await group.payer.call('GET', `/v1/groups/${group.groupId}/settlements`);
    assert.equal(list.body.data.length, 1);
  });

  it('transfer, woken after its end, ends at once with nothing paid', async () => {
    const paid = await paidByCard(100);
    await closes(workflowId('transfer', paid.transferId));
    await wake(env.client, { process: 'transfer', key: paid.transferId });
    await closes(workflowId('transfer', paid.transferId));
    assert.equal(await stateOf(paid.payer, paid.transferId), 'succeeded');
    assert.equal(await chargesOf(paid.transferId), 1);
    await assert.rejects(env.client.workflow.getHandle('transfer/none').describe(), WorkflowNotFoundError);
  });

  it('transfer, payer never authenticates, fails after a day with nothing held', async () => {
    const group = await pair(600);
    const { transferId } = await openTransfer(group);
    await payByCard(group, transferId, 'pm_card_authenticationRequired');
    await until('next action', async () => (await group.payer.call('GET', `/v1/transfers/${transferId}`)).body.nextAction ?? null);

    await skipTime(env, '26 hours');

    const failed = await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'failed');
    assert.equal(failed.failureCode, 'not_completed');
    assert.equal(await chargesOf(transferId), 0);
  });

  it('manual payment, not confirmed in time, is told once and never succeeds by itself', async () => {
    const group = await pair(800);
    const { transferId } = await openTransfer(group);
    await world.post(group.payer, `/v1/transfers/${transferId}/pay`, { method: 'manual' });

    await skipTime(env, '8 days');

    const told = await until('told', async () => {
      const { rows } = await world.api.deps.databases.payment!.pool.query(
        `select 1 from payment.outbox where subject_id = $1 and type = 'transfer.confirmation_overdue'`,
        [transferId],
      );
      return rows.length > 0 ? rows : null;
    });
    assert.equal(told.length, 1);
    assert.equal(await stateOf(group.payer, transferId), 'awaiting_confirmation');
    await recordHistory(env.client, 'payment', workflowId('transfer', transferId), 'transfer-confirmation-overdue');
    await world.post(group.receiver, `/v1/transfers/${transferId}/dispute`, { reason: 'Nothing came.' });
    assert.equal(await stateOf(group.payer, transferId), 'disputed');
    await world.post(group.receiver, `/v1/transfers/${transferId}/confirm`);
    await world.reaches(group.payer, `/v1/transfers/${transferId}`, 'succeeded');
  });

  it('settlement, due date passes, is told once and stays', async () => {
    const group = await pair(300);
    const { settlementId } = await openTransfer(group);
    await skipTime(env, '15 days');
    await until('told', async () => {
      const { rows } = await world.api.deps.databases.payment!.pool.query(
        `select 1 from payment.outbox where subject_id = $1 and type = 'settlement.due'`,
        [settlementId],
      );
      return rows.length === 1;
    });
    assert.equal((await group.payer.call('GET', `/v1/settlements/${settlementId}`)).body.state, 'collecting');
  });

  // Last of all: the time-skipping server skips no more once a workflow was terminated.
  it('settlement, terminated and woken from its row, goes on', async () => {
    const group = await pair(300);
    const { transferId, settlementId } = await openTransfer(group);
    await until('its leg runs', () =>
      env.client.workflow
        .getHandle(workflowId('transfer', transferId))
        .describe()
        .catch(() => null),
    );
    await env.client.workflow.getHandle(workflowId('settlement', settlementId)).terminate('by hand');
    await env.client.workflow.getHandle(workflowId('transfer', transferId)).terminate('by hand');

    await wake(env.client, { process: 'settlement', key: settlementId });
    await world.post(group.payer, `/v1/transfers/${transferId}/pay`, { method: 'manual' });
    await world.post(group.receiver, `/v1/transfers/${transferId}/confirm`);

    await world.reaches(group.payer, `/v1/settlements/${settlementId}`, 'settled');
    assert.deepEqual(await world.balance(group, group.members[1]!), ['0', '0']);
  });
});
