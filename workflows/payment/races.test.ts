// Goal: whatever people do at once, the ledger sums to zero, equals the balances, and nothing stays reserved or is paid twice.
// Method: many calls of every kind at the same moment over real Postgres and real workflows, part of which are terminated; then all is brought to its end.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createExpenseActivities } from '../../activities/expense/index.ts';
import { createPaymentActivities } from '../../activities/payment/index.ts';
import { workflowId } from '../../domain/events.ts';
import type { TestAnswer, TestUser } from '../../test/support/api.ts';
import { type PaymentGroup, type PaymentWorld, startPaymentWorld } from '../../test/support/payment-world.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';

describe('payments under races', function () {
  this.timeout(180_000);
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

  /** Records an expense that one member paid for all. */
  async function expense(group: PaymentGroup, payer: number, amount: string): Promise<void> {
    const answer = await world.post(group.users[payer]!, `/v1/groups/${group.groupId}/expenses`, {
      description: 'Shared',
      total: { amount, currency: 'EUR' },
      date: '2026-11-20',
      payers: [{ memberId: group.members[payer], amount }],
      split: { method: 'equal', among: group.members },
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }

  const userOf = (group: PaymentGroup, memberId: string): TestUser => group.users[group.members.indexOf(memberId)]!;

  async function booksAreRight(group: PaymentGroup): Promise<void> {
    const { rows } = await world.api.deps.databases.expense!.pool.query<{
      account_id: string;
      net: string;
      reserved: string;
      lines: string;
    }>(
      `select b.account_id, b.net, b.reserved,
         (select coalesce(sum(l.paid - l.owed), 0) from expense.posting_line l where l.group_id = b.group_id and l.account_id = b.account_id and l.currency = b.currency)::text as lines
       from expense.balance b where b.group_id = $1`,
      [group.groupId],
    );
    assert.equal(
      rows.reduce((sum, row) => sum + BigInt(row.net), 0n),
      0n,
    );
    for (const row of rows) assert.deepEqual([row.lines, row.reserved], [row.net, '0'], JSON.stringify(rows));
  }

  it('pay, confirm, dispute, cancel, record and settle at once, then ended, leaves the books right', async () => {
    const group = await world.group(5);
    for (const [payer, amount] of [
      [0, '100.01'],
      [1, '33.34'],
      [2, '7.77'],
    ] as const)
      await expense(group, payer, amount);
    await world.onboard(group.users[0]!);
    const [owner] = group.users;
    const settle = (): Promise<TestAnswer> => world.post(owner!, `/v1/groups/${group.groupId}/settlements`, {});
    const opened = await Promise.all([settle(), settle(), settle()]);
    assert.deepEqual(
      opened.map(({ status }) => status).toSorted((one, other) => one - other),
      [202, 409, 409],
    );
    const path = `/v1/settlements/${opened.find(({ status }) => status === 202)!.body.id}`;
    const { transfers } = await world.reaches(owner!, path, 'collecting');

    const calls: Promise<TestAnswer>[] = [];
    for (const [index, transfer] of (transfers as { id: string; from: string; to: string; money: { amount: string } }[]).entries()) {
      const [payer, receiver] = [userOf(group, transfer.from), userOf(group, transfer.to)];
      const at = `/v1/transfers/${transfer.id}`;
      const card = { method: 'stripe', paymentMethodId: index % 2 === 0 ? 'pm_card_visa' : 'pm_card_chargeDeclined' };
      calls.push(world.post(payer, `${at}/pay`, card), world.post(payer, `${at}/pay`, { method: 'manual', amount: '1.00' }));
      calls.push(
        world.post(payer, `${at}/pay`, { method: 'manual' }),
        world.post(receiver, `${at}/confirm`),
        world.post(receiver, `${at}/confirm`),
      );
      if (index === 1) calls.push(world.post(receiver, `${at}/dispute`, { reason: 'no' }));
    }
    calls.push(world.post(owner!, `${path}/cancel`), settle());
    const expenses = [3, 4].map((payer) => expense(group, payer, '5.05'));
    const answers = await Promise.all(calls);
    await Promise.all(expenses);
    for (const { status, body } of answers) assert.ok(status < 500, JSON.stringify(body));
    for (const { id } of transfers as { id: string }[])
      await env.client.workflow
        .getHandle(workflowId('transfer', id))
        .terminate('a race of the test')
        .catch(() => undefined);

    // What is open is brought to its end as people and the sweep would.
    for (const { id } of transfers as { id: string }[]) await wake(env.client, { process: 'transfer', key: id });
    await until(
      'the settlement ends',
      async () => {
        const { body } = await owner!.call('GET', path);
        for (const transfer of body.transfers as { id: string; to: string; state: string }[])
          if (transfer.state === 'awaiting_confirmation' || transfer.state === 'disputed')
            await world.post(userOf(group, transfer.to), `/v1/transfers/${transfer.id}/confirm`);
        return ['settled', 'partly_settled', 'cancelled'].includes(body.state as string);
      },
      60_000,
    );
    const reserved = async (): Promise<boolean[]> =>
      Promise.all(group.members.map(async (member) => (await world.balance(group, member))[1] !== '0'));
    await until('its reservations are released', async () => !(await reserved()).includes(true), 20_000);
    await booksAreRight(group);
    const { body } = await owner!.call('GET', path);
    for (const transfer of body.transfers as {
      id: string;
      paid: string;
      money: { amount: string };
      payments: { money: { amount: string } }[];
    }[]) {
      const paid = transfer.payments.reduce((sum, payment) => sum + Math.round(Number(payment.money.amount) * 100), 0);
      assert.equal(paid, Math.round(Number(transfer.paid) * 100));
      assert.ok(paid <= Math.round(Number(transfer.money.amount) * 100));
    }
    await until('another settlement may be opened', async () => (await settle()).status === 202);
  });

  it('refunds asked for at once, never exceed the payment together, and are posted once', async () => {
    const group = await world.group(2);
    await world.onboard(group.users[0]!);
    const made = await world.post(group.users[1]!, `/v1/groups/${group.groupId}/payments`, {
      from: group.members[1],
      to: group.members[0],
      money: { amount: '10.00', currency: 'EUR' },
      method: 'stripe',
      paymentMethodId: 'pm_card_visa',
    });
    const done = await world.reaches(group.users[1]!, `/v1/transfers/${made.body.id}`, 'succeeded');
    const at = `/v1/payments/${done.payments[0].id}`;

    const asked = await Promise.all(
      Array.from({ length: 5 }, () => world.post(group.users[0]!, `${at}/refunds`, { amount: '4.00', reason: 'too much' })),
    );

    assert.deepEqual(
      asked.map(({ status }) => status).toSorted((one, other) => one - other),
      [202, 202, 409, 409, 409],
    );
    for (const { status, body } of asked) {
      if (status !== 202) continue;
      await env.client.workflow
        .getHandle(workflowId('refund', body.id as string))
        .terminate('a race of the test')
        .catch(() => undefined);
      await wake(env.client, { process: 'refund', key: body.id as string });
      await world.reaches(group.users[0]!, `/v1/refunds/${body.id}`, 'succeeded');
    }
    assert.equal((await group.users[0]!.call('GET', at)).body.refunded, '8.00');
    await booksAreRight(group);
    assert.deepEqual(await world.balance(group, group.members[1]!), ['200', '0']);
  });
});
