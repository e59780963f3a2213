// Goal: a client that works against the double works against Stripe. Method: the vendor's own SDK, no knowledge of the inside.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { chargeTo, control, eventually, onboardedAccount, openWorld, typeOf, type TestWorld } from '../test-world.ts';
import type { JournalView } from './journal.ts';

describe('stripe double, payments', () => {
  let world: TestWorld;
  let account: Stripe.Account;
  before(async () => {
    world = await openWorld();
    account = await onboardedAccount(world);
  });
  after(() => world.close());

  const journal = async () => (await control(world.doubles, 'GET', '/_sandbox/journal')) as unknown as JournalView;
  const eventOf = (type: string, id: string) =>
    eventually(() => world.received.find((webhook) => typeOf(webhook) === type && webhook.body.includes(id)));

  it('account, onboarding page posted, everything is enabled and account.updated is sent', async () => {
    const fresh = await world.stripe.accounts.create({
      controller: { stripe_dashboard: { type: 'express' } },
      capabilities: { transfers: { requested: true } },
    });
    assert.equal(fresh.charges_enabled, false);
    assert.equal(fresh.capabilities?.transfers, 'inactive');
    const link = await world.stripe.accountLinks.create({ account: fresh.id, type: 'account_onboarding' });
    const page = await fetch(link.url);
    assert.match(await page.text(), /<form method="post"><button>/);
    const done = await fetch(link.url, { method: 'POST' });
    assert.equal(done.status, 200);
    const ready = await world.stripe.accounts.retrieve(fresh.id);
    assert.deepEqual(
      [ready.charges_enabled, ready.payouts_enabled, ready.details_submitted, ready.capabilities?.transfers],
      [true, true, true, 'active'],
    );
    await eventOf('account.updated', fresh.id);
  });

  it('destination charge, paid and partly refunded, money moves on and back and webhooks are signed', async () => {
    const reference = randomUUID();
    const intent = await world.stripe.paymentIntents.create({ ...chargeTo(account.id, reference), expand: ['latest_charge.transfer'] });
    assert.equal(intent.status, 'succeeded');
    const charge = intent.latest_charge as Stripe.Charge;
    assert.equal((charge.transfer as Stripe.Transfer).destination, account.id);
    const sent = await eventOf('payment_intent.succeeded', intent.id);
    const event = world.stripe.webhooks.constructEvent(sent.body, sent.signature, 'whsec_test');
    assert.equal((event.data.object as Stripe.PaymentIntent).id, intent.id);
    assert.throws(() => world.stripe.webhooks.constructEvent(`${sent.body} `, sent.signature, 'whsec_test'), /signature/);

    const refund = await world.stripe.refunds.create({
      payment_intent: intent.id,
      amount: 234,
      reverse_transfer: true,
      metadata: { refund: 'r1' },
    });
    assert.equal(refund.status, 'succeeded');
    const balance = await world.stripe.balance.retrieve({}, { stripeAccount: account.id });
    assert.equal(balance.available[0]?.amount, 1000);
    await eventOf('charge.refunded', intent.id);
    await eventOf('refund.created', refund.id);
    const totals = (await journal()).byReference[`transfer=${reference}`];
    assert.deepEqual(totals, {
      charges: 1,
      refunds: 1,
      reversals: 1,
      charged: { eur: 1234 },
      refunded: { eur: 234 },
      reversed: { eur: 234 },
    });
  });

  it('refunds, above what is left, are refused; the rest and then nothing more', async () => {
    const intent = await world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID()));
    await assert.rejects(world.stripe.refunds.create({ payment_intent: intent.id, amount: 1235 }), {
      type: 'StripeInvalidRequestError',
      param: 'amount',
    });
    await world.stripe.refunds.create({ payment_intent: intent.id, amount: 1000, reverse_transfer: true });
    await assert.rejects(world.stripe.refunds.create({ payment_intent: intent.id, amount: 235 }), { param: 'amount' });
    await world.stripe.refunds.create({ payment_intent: intent.id, amount: 234, reverse_transfer: true });
    await assert.rejects(world.stripe.refunds.create({ payment_intent: intent.id }), { code: 'charge_already_refunded' });
    const listed = await world.stripe.refunds.list({ payment_intent: intent.id });
    assert.deepEqual(
      listed.data.map((refund) => refund.amount),
      [234, 1000],
    );
  });

  it('declined card, the same intent confirmed again with another, one charge in the journal', async () => {
    const error = await world.stripe.paymentIntents
      .create(chargeTo(account.id, randomUUID(), 'pm_card_chargeDeclined'))
      .catch((caught: unknown) => caught);
    assert.ok(error instanceof Stripe.errors.StripeCardError);
    assert.deepEqual([error.statusCode, error.code, error.decline_code], [402, 'card_declined', 'generic_decline']);
    const id = error.payment_intent?.id ?? '';
    const declined = await world.stripe.paymentIntents.retrieve(id);
    assert.equal(declined.status, 'requires_payment_method');
    assert.equal(declined.last_payment_error?.decline_code, 'generic_decline');
    await eventOf('payment_intent.payment_failed', id);
    const paid = await world.stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    assert.equal(paid.status, 'succeeded');
    await assert.rejects(world.stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' }), {
      code: 'payment_intent_unexpected_state',
    });
    const view = await journal();
    assert.equal(view.byPaymentIntent[id]?.charges, 1);
    assert.deepEqual(view.chargedTwice, []);
  });

  it('cancel, waiting intent, canceled once and never confirmed after', async () => {
    const intent = await world.stripe.paymentIntents.create({ amount: 500, currency: 'jpy', allowed_payment_method_types: ['card'] });
    assert.equal(intent.status, 'requires_payment_method');
    const canceled = await world.stripe.paymentIntents.cancel(intent.id, { cancellation_reason: 'abandoned' });
    assert.deepEqual([canceled.status, canceled.cancellation_reason], ['canceled', 'abandoned']);
    await eventOf('payment_intent.canceled', intent.id);
    await assert.rejects(world.stripe.paymentIntents.cancel(intent.id), { code: 'payment_intent_unexpected_state' });
    await assert.rejects(world.stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' }), {
      code: 'payment_intent_unexpected_state',
    });
  });

  it('authentication, page approved by one post, succeeds; refused, asks for another card', async () => {
    const params = chargeTo(account.id, randomUUID(), 'pm_card_authenticationRequired');
    const intent = await world.stripe.paymentIntents.create({ ...params, return_url: 'http://127.0.0.1/back' });
    assert.equal(intent.status, 'requires_action');
    const url = intent.next_action?.redirect_to_url?.url ?? '';
    const posted = await fetch(url, { method: 'POST', redirect: 'manual' });
    assert.match(posted.headers.get('location') ?? '', /redirect_status=succeeded/);
    assert.equal((await world.stripe.paymentIntents.retrieve(intent.id)).status, 'succeeded');
    const other = await world.stripe.paymentIntents.create(params);
    await fetch(other.next_action?.redirect_to_url?.url ?? '', { method: 'POST', body: new URLSearchParams({ outcome: 'fail' }) });
    const failed = await world.stripe.paymentIntents.retrieve(other.id);
    assert.deepEqual(
      [failed.status, failed.last_payment_error?.code],
      ['requires_payment_method', 'payment_intent_authentication_failure'],
    );
  });

  it('search and list, by metadata and time, find the intents and page through them', async () => {
    const reference = randomUUID();
    const made = [];
    for (let round = 0; round < 3; round += 1)
      made.push(
        await world.stripe.paymentIntents.create({ amount: 100, currency: 'usd', metadata: { batch: reference, round: String(round) } }),
      );
    const found = await world.stripe.paymentIntents.search({ query: `metadata['batch']:'${reference}' AND metadata["round"]:"1"` });
    assert.deepEqual(
      found.data.map((intent) => intent.id),
      [made[1]?.id],
    );
    const listed = [];
    for await (const intent of world.stripe.paymentIntents.list({ limit: 2, created: { gte: made[0]?.created ?? 0 } }))
      listed.push(intent.id);
    assert.deepEqual(listed.slice(0, 3), made.map((intent) => intent.id).toReversed());
  });

  it('cards kept for a customer, set up and charged later, belong to that customer alone', async () => {
    const customer = await world.stripe.customers.create({ metadata: { user: randomUUID() } });
    const setup = await world.stripe.setupIntents.create({
      customer: customer.id,
      payment_method: 'pm_card_visa',
      confirm: true,
      allowed_payment_method_types: ['card'],
    });
    assert.equal(setup.status, 'succeeded');
    const kept = await world.stripe.paymentMethods.list({ customer: customer.id, type: 'card' });
    assert.equal(kept.data[0]?.card?.last4, '4242');
    const params = chargeTo(account.id, randomUUID(), kept.data[0]?.id);
    await assert.rejects(world.stripe.paymentIntents.create(params), { param: 'payment_method' });
    const paid = await world.stripe.paymentIntents.create({ ...params, customer: customer.id, off_session: true });
    assert.equal(paid.status, 'succeeded');
  });

  it('bank account, processing at first, succeeds by itself', async () => {
    const params = {
      ...chargeTo(account.id, randomUUID(), 'pm_usBankAccount'),
      allowed_payment_method_types: ['us_bank_account'],
      currency: 'usd',
    };
    const intent = await world.stripe.paymentIntents.create(params);
    assert.equal(intent.status, 'processing');
    await eventOf('payment_intent.succeeded', intent.id);
  });

  it('wrong requests, each kind, get the error that Stripe gives', async () => {
    const { paymentIntents } = world.stripe;
    const unknown = { amount: 1, currency: 'eur', colour: 'red' } as Stripe.PaymentIntentCreateParams;
    await assert.rejects(paymentIntents.create(unknown), { statusCode: 400, code: 'parameter_unknown', param: 'colour' });
    await assert.rejects(paymentIntents.create({ amount: 1.5, currency: 'eur' }), { code: 'parameter_invalid_integer', param: 'amount' });
    await assert.rejects(paymentIntents.create({ currency: 'eur' } as Stripe.PaymentIntentCreateParams), {
      code: 'parameter_missing',
      param: 'amount',
    });
    await assert.rejects(paymentIntents.create({ amount: 1234, currency: 'kwd' }), { param: 'amount' });
    await assert.rejects(paymentIntents.create(chargeTo('acct_none', 'x')), {
      code: 'resource_missing',
      param: 'transfer_data[destination]',
    });
    await assert.rejects(paymentIntents.retrieve('pi_none'), { statusCode: 404, code: 'resource_missing' });
    const idle = await world.stripe.accounts.create({ type: 'express' });
    await assert.rejects(paymentIntents.create(chargeTo(idle.id, 'x')), { code: 'insufficient_capabilities_for_transfer' });
    const open = await paymentIntents.create({ amount: 100, currency: 'eur', payment_method: 'pm_card_visa' });
    await assert.rejects(paymentIntents.confirm(open.id), { param: 'return_url' });
    const stranger = new Stripe('sk_live_nothing', { host: '127.0.0.1', port: world.doubles.stripePort, protocol: 'http' });
    await assert.rejects(stranger.balance.retrieve(), { type: 'StripeAuthenticationError' });
  });
});
