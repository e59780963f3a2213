// Goal: each route of the payment service answers, refuses and stays whole when two ask at once.
// Method: HTTP over real Postgres; processes are not run, so what a command commits is what is seen.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { transact } from '../../../db/transact.ts';
import { storePlan } from '../../../db/commands/payment/settlement-process.ts';
import { completePayment } from '../../../db/commands/payment/transfer-process.ts';
import type { TestAnswer } from '../../../test/support/api.ts';
import { refusalOf } from '../../../test/support/groups.ts';
import { type PaymentGroup, type PaymentWorld, startPaymentWorld } from '../../../test/support/payment-world.ts';

describe('payment routes', function () {
  this.timeout(60_000);
  let world: PaymentWorld;
  before(async () => {
    world = await startPaymentWorld();
  });
  after(() => world?.stop());

  const statuses = (answers: readonly TestAnswer[]): number[] => answers.map((answer) => answer.status).toSorted((a, b) => a - b);
  const payment = () => world.api.deps.databases.payment!;
  const settlements = (group: PaymentGroup) => `/v1/groups/${group.groupId}/settlements`;
  const payments = (group: PaymentGroup) => `/v1/groups/${group.groupId}/payments`;

  /** A group of three in which the second owes the first. */
  async function owing(minor = 1000): Promise<PaymentGroup> {
    const group = await world.group(3);
    await world.owe(group, group.members[1]!, group.members[0]!, minor);
    return group;
  }

  /** A settlement with its plan stored, as its process does it. */
  async function collecting(group: PaymentGroup, minor = '10.00'): Promise<{ settlementId: string; transferId: string }> {
    const opened = await world.post(group.users[1]!, settlements(group), {});
    assert.equal(opened.status, 202, JSON.stringify(opened.body));
    const transferId = uuidv7();
    const leg = { id: transferId, from: group.members[1]!, to: group.members[0]!, money: { amount: minor, currency: 'EUR' } };
    await transact(payment(), (tx) => storePlan(tx, opened.body.id as string, [leg]));
    return { settlementId: opened.body.id as string, transferId };
  }

  /** A confirmed manual payment of 10.00 from the second to the first, as its process completes it. */
  async function paidByHand(group: PaymentGroup): Promise<string> {
    const { transferId } = await collecting(group);
    await world.post(group.users[1]!, `/v1/transfers/${transferId}/pay`, { method: 'manual' });
    await world.post(group.users[0]!, `/v1/transfers/${transferId}/confirm`);
    const { rows } = await payment().pool.query<{ id: string }>('select id from payment.attempt where transfer_id = $1', [transferId]);
    await transact(payment(), (tx) => completePayment(tx, transferId, rows[0]!.id));
    return rows[0]!.id;
  }

  it('POST settlements, something owed, answers 202 with a plan to come', async () => {
    const group = await owing();
    const { status, body, headers } = await world.post(group.users[2]!, settlements(group), { dueInDays: 365 });
    assert.equal(status, 202);
    assert.deepEqual([body.state, body.currency, body.method, body.transfers], ['planning', 'EUR', 'manual', []]);
    assert.equal(body.workflowId, `settlement/${body.id}`);
    assert.equal(headers.get('location'), `/v1/settlements/${body.id}`);
    const list = await group.users[0]!.call('GET', settlements(group));
    assert.deepEqual(
      list.body.data.map((one: { id: string }) => one.id),
      [body.id],
    );
  });

  it('POST settlements, refused in each way, writes nothing', async () => {
    const group = await world.group(2);
    const [owner, other] = group.users;
    const outsider = await world.api.user();
    assert.deepEqual(refusalOf(await owner!.call('POST', settlements(group), {})), [400, 'idempotency_key_required']);
    assert.deepEqual(refusalOf(await world.post(outsider, settlements(group), {})), [404, 'not_found']);
    assert.deepEqual(refusalOf(await world.post(owner!, settlements(group), {})), [409, 'nothing_to_settle']);
    for (const dueInDays of [0, 366])
      assert.deepEqual(refusalOf(await world.post(owner!, settlements(group), { dueInDays })), [400, 'invalid_request']);
    assert.deepEqual(refusalOf(await world.post(owner!, settlements(group), { method: 'paypal' })), [400, 'invalid_request']);
    assert.deepEqual(refusalOf(await world.post(owner!, settlements(group), { convertTo: 'EUR' })), [400, 'unknown_field']);
    const unknown = await world.post(owner!, settlements(group), { currency: 'XXX' });
    assert.deepEqual([...refusalOf(unknown), unknown.body.errors[0].pointer], [422, 'unknown_currency', '/currency']);
    assert.deepEqual(refusalOf(await world.post(owner!, settlements(group), { strategy: 'hub' })), [422, 'hub_required']);
    assert.deepEqual(refusalOf(await world.post(owner!, settlements(group), { strategy: 'hub', hub: uuidv7() })), [422, 'hub_unknown']);
    await world.owe(group, group.members[1]!, group.members[0]!, 100);
    assert.deepEqual(refusalOf(await world.post(other!, settlements(group), { currency: 'JPY' })), [409, 'nothing_to_settle']);
    await owner!.call('POST', `/v1/groups/${group.groupId}/archive`);
    assert.deepEqual(refusalOf(await world.post(owner!, settlements(group), {})), [409, 'archived']);
    assert.deepEqual((await owner!.call('GET', settlements(group))).body.data, []);
  });

  it("POST settlements and refunds, the caller's own id, is kept, and taken for everybody else", async () => {
    const [group, other, third] = [await owing(), await owing(), await owing()];
    const id = uuidv7();
    assert.deepEqual(refusalOf(await world.post(third.users[0]!, settlements(third), { id: id.replace(/^(.{14})7/, '$18') })), [
      400,
      'invalid_request',
    ]);
    const opened = await world.post(third.users[0]!, settlements(third), { id });
    assert.deepEqual([opened.status, opened.body.id, opened.body.workflowId], [202, id, `settlement/${id}`]);
    const paid = [await paidByHand(group), await paidByHand(other)];
    const ask = (at: number) => world.post([group, other][at]!.users[1]!, `/v1/payments/${paid[at]}/refunds`, { id, reason: 'Back.' });
    const asked = await ask(0);
    assert.deepEqual([asked.status, asked.body.id], [202, id]);
    for (const answer of [await world.post(group.users[0]!, settlements(group), { id }), await ask(1)])
      assert.deepEqual([...refusalOf(answer), answer.body.errors[0].pointer], [409, 'id_taken', '/id']);
  });

  it('POST settlements, twice at once, opens one', async () => {
    const group = await owing();
    const answers = await Promise.all([0, 1, 2].map((index) => world.post(group.users[index]!, settlements(group), {})));
    assert.deepEqual(statuses(answers), [202, 409, 409]);
    assert.ok(answers.filter((answer) => answer.status === 409).every((answer) => answer.body.code === 'settlement_in_progress'));
  });

  it('POST settlements, same Idempotency-Key, gives the first answer again', async () => {
    const group = await owing();
    const headers = { 'idempotency-key': uuidv7() };
    const first = await group.users[0]!.call('POST', settlements(group), {}, headers);
    const second = await group.users[0]!.call('POST', settlements(group), {}, headers);
    assert.deepEqual([second.status, second.body], [first.status, first.body]);
    assert.equal(second.headers.get('idempotent-replayed'), 'true');
  });

  it('cancel, by neither creator nor admin, is forbidden; by the creator it ends the unpaid', async () => {
    const group = await owing();
    const { settlementId, transferId } = await collecting(group);
    const path = `/v1/settlements/${settlementId}/cancel`;
    assert.deepEqual(refusalOf(await world.post(group.users[2]!, path)), [403, 'forbidden']);
    const done = await world.post(group.users[1]!, path);
    assert.deepEqual([done.status, done.body.state, done.body.transfers[0].state], [200, 'cancelled', 'cancelled']);
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, path)), [409, 'settlement_ended']);
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, `/v1/transfers/${transferId}/pay`, { method: 'manual' })), [
      409,
      'settlement_ended',
    ]);
  });

  it('pay, by others than the payer, is refused, and seen by outsiders as nothing', async () => {
    const group = await owing();
    const { transferId } = await collecting(group);
    const path = `/v1/transfers/${transferId}/pay`;
    assert.deepEqual(refusalOf(await world.post(group.users[0]!, path, { method: 'manual' })), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await world.post(await world.api.user(), path, { method: 'manual' })), [404, 'not_found']);
    assert.deepEqual(refusalOf(await group.users[1]!.call('POST', path, { method: 'manual' })), [400, 'idempotency_key_required']);
  });

  it('pay, amounts around what remains, takes at most that', async () => {
    const group = await owing();
    const { transferId } = await collecting(group);
    const pay = (amount: string) => world.post(group.users[1]!, `/v1/transfers/${transferId}/pay`, { method: 'manual', amount });
    assert.deepEqual(refusalOf(await pay('10.01')), [409, 'overpayment']);
    assert.deepEqual(refusalOf(await pay('0.00')), [422, 'amount_not_positive']);
    assert.deepEqual(refusalOf(await pay('1.001')), [422, 'amount_precision']);
    assert.equal((await pay('10.00')).status, 202);
  });

  it('pay, twice at once, starts one attempt', async () => {
    const group = await owing();
    const { transferId } = await collecting(group);
    const answers = await Promise.all(
      [1, 2, 3].map(() => world.post(group.users[1]!, `/v1/transfers/${transferId}/pay`, { method: 'manual' })),
    );
    assert.deepEqual(statuses(answers), [202, 409, 409]);
    assert.ok(answers.filter((answer) => answer.status === 409).every((answer) => answer.body.code === 'payment_in_progress'));
    const { rows } = await payment().pool.query('select 1 from payment.attempt where transfer_id = $1', [transferId]);
    assert.equal(rows.length, 1);
  });

  it('pay by Stripe, receiver without payout account or a currency it does not carry, is refused', async () => {
    const group = await owing();
    const { transferId } = await collecting(group);
    const path = `/v1/transfers/${transferId}/pay`;
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, path, { method: 'stripe', paymentMethodId: 'pm_card_visa' })), [
      409,
      'receiver_cannot_receive',
    ]);
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, path, { method: 'manual', paymentMethodId: 'pm_card_visa' })), [
      422,
      'payment_method_not_used',
    ]);
    await world.onboard(group.users[0]!);
    const clf = { from: group.members[1], to: group.members[0], money: { amount: '1.0000', currency: 'CLF' }, method: 'stripe' };
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, payments(group), clf)), [422, 'amount_not_payable']);
    const fils = { ...clf, money: { amount: '1.001', currency: 'KWD' } };
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, payments(group), fils)), [422, 'amount_not_payable']);
  });

  it('confirm, twice at once, counts once; dispute needs a payment that waits', async () => {
    const group = await owing();
    const { transferId } = await collecting(group);
    const confirm = () => world.post(group.users[0]!, `/v1/transfers/${transferId}/confirm`);
    assert.deepEqual(refusalOf(await confirm()), [409, 'wrong_state']);
    assert.deepEqual(refusalOf(await world.post(group.users[0]!, `/v1/transfers/${transferId}/dispute`, { reason: 'Nothing.' })), [
      409,
      'wrong_state',
    ]);
    await world.post(group.users[1]!, `/v1/transfers/${transferId}/pay`, { method: 'manual' });
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, `/v1/transfers/${transferId}/confirm`)), [403, 'forbidden']);
    const answers = await Promise.all([confirm(), confirm()]);
    assert.deepEqual(statuses(answers), [200, 409]);
  });

  it('remind, twice in a day, is refused the second time', async () => {
    const group = await owing();
    const { transferId } = await collecting(group);
    const remind = () => group.users[0]!.call('POST', `/v1/transfers/${transferId}/remind`);
    assert.equal((await remind()).status, 202);
    assert.deepEqual(refusalOf(await remind()), [409, 'already_reminded']);
    assert.deepEqual(refusalOf(await group.users[1]!.call('POST', `/v1/transfers/${transferId}/remind`)), [403, 'forbidden']);
  });

  it('POST payments, between members, may be recorded by either and by nobody else', async () => {
    const group = await world.group(3);
    const body = { from: group.members[1], to: group.members[0], money: { amount: '5.00', currency: 'EUR' }, method: 'manual' };
    const id = uuidv7();
    const made = await world.post(group.users[0]!, payments(group), { ...body, id, date: '2026-01-31' });
    assert.deepEqual([made.status, made.body.id, made.body.settlementId, made.body.state], [202, id, null, 'awaiting_confirmation']);
    assert.deepEqual(refusalOf(await world.post(group.users[1]!, payments(group), { ...body, id })), [409, 'id_taken']);
    assert.deepEqual(refusalOf(await world.post(group.users[2]!, payments(group), body)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await world.post(group.users[0]!, payments(group), { ...body, to: body.from })), [422, 'same_member']);
    assert.deepEqual(refusalOf(await world.post(group.users[0]!, payments(group), { ...body, from: uuidv7() })), [422, 'unknown_member']);
    assert.deepEqual(
      refusalOf(await world.post(group.users[0]!, payments(group), { ...body, money: { amount: '0.00', currency: 'EUR' } })),
      [422, 'amount_not_positive'],
    );
    const guest = await world.memberWithoutAccount(group);
    assert.equal((await world.post(group.users[0]!, payments(group), { ...body, from: guest })).status, 202);
    assert.deepEqual(refusalOf(await world.post(group.users[2]!, payments(group), { ...body, from: guest })), [403, 'forbidden']);
  });

  it('refunds, asked for at once, never exceed the payment together', async () => {
    const group = await owing();
    const paymentId = await paidByHand(group);
    const ask = (amount: string) => world.post(group.users[1]!, `/v1/payments/${paymentId}/refunds`, { amount, reason: 'Back.' });
    assert.deepEqual(refusalOf(await ask('10.01')), [409, 'refund_exceeds_payment']);
    const answers = await Promise.all(['4.00', '4.00', '4.00', '4.00'].map(ask));
    assert.deepEqual(statuses(answers), [202, 202, 409, 409]);
    const asked = answers.find((answer) => answer.status === 202)!.body;
    assert.deepEqual([asked.state, asked.money.amount, asked.workflowId], ['requested', '4.00', `refund/${asked.id}`]);
    assert.deepEqual(refusalOf(await world.post(group.users[2]!, `/v1/payments/${paymentId}/refunds`, { reason: 'Mine?' })), [
      403,
      'forbidden',
    ]);
    assert.deepEqual(refusalOf(await group.users[1]!.call('POST', `/v1/refunds/${asked.id}/approve`)), [403, 'forbidden']);
    const decided = await Promise.all(
      ['approve', 'reject'].map((verdict) => group.users[0]!.call('POST', `/v1/refunds/${asked.id}/${verdict}`)),
    );
    assert.deepEqual(statuses(decided), [200, 409]);
    assert.equal((await group.users[2]!.call('GET', `/v1/refunds/${asked.id}`)).status, 200);
  });

  it('GET payments, shows mine by group, the newest first', async () => {
    const group = await owing();
    const paymentId = await paidByHand(group);
    const mine = await group.users[0]!.call('GET', `/v1/payments?group=${group.groupId}`);
    assert.deepEqual(
      mine.body.data.map((one: { id: string }) => one.id),
      [paymentId],
    );
    assert.deepEqual((await group.users[2]!.call('GET', '/v1/payments')).body.data, []);
    const one = await group.users[2]!.call('GET', `/v1/payments/${paymentId}`);
    assert.deepEqual([one.status, one.body.money.amount, one.body.refunds], [200, '10.00', []]);
    assert.equal((await (await world.api.user()).call('GET', `/v1/payments/${paymentId}`)).status, 404);
  });

  it('webhook, without a valid signature, is refused; unknown gateways are not there', async () => {
    const answer = await world.api.call('POST', '/v1/webhooks/stripe', { id: 'evt_1' }, { 'stripe-signature': 't=1,v1=00' });
    assert.deepEqual(refusalOf(answer), [400, 'signature_invalid']);
    assert.equal((await world.api.call('POST', '/v1/webhooks/paypal', {})).status, 404);
  });

  it('webhook, delivered twice, is kept once', async () => {
    await world.faults([{ match: { event: 'account.updated' }, fault: 'webhook_twice' }]);
    const user = await world.api.user();
    const before = await payment().pool.query(`select 1 from payment.gateway_event where type = 'account.updated'`);
    await world.onboard(user);
    await world.faults([]);
    const { rows } = await payment().pool.query('select charges_enabled from payment.payout_account where user_id = $1', [user.userId]);
    assert.deepEqual(rows, [{ charges_enabled: true }]);
    const after = await payment().pool.query(`select 1 from payment.gateway_event where type = 'account.updated'`);
    assert.ok(after.rows.length - before.rows.length <= 1);
  });

  it('payout account, none yet, is told as none', async () => {
    const user = await world.api.user();
    assert.deepEqual((await user.call('GET', '/v1/me/payout-account')).body.state, 'none');
  });
});
