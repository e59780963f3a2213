// Goal: what goes wrong between client and gateway never moves money twice, and no fault goes unnoticed.
// Method: the SDK with its own retries against each fault; the effect journal judges.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import Stripe from 'stripe';
import { chargeTo, control, eventually, onboardedAccount, openWorld, sdkFor, typeOf, type TestWorld } from '../test-world.ts';
import type { JournalView } from './journal.ts';

describe('stripe double, keys, faults and restarts', () => {
  let world: TestWorld;
  let account: Stripe.Account;
  beforeEach(async () => {
    world = await openWorld();
    account = await onboardedAccount(world);
  });
  afterEach(() => world.close());

  const journal = async () => (await control(world.doubles, 'GET', '/_sandbox/journal')) as unknown as JournalView;
  const faults = (...rules: unknown[]) => control(world.doubles, 'POST', '/_sandbox/faults', { seed: 7, rules });
  const create = { method: 'POST', path: '/v1/payment_intents$' };
  const receivedOf = (type: string) => world.received.filter((webhook) => typeOf(webhook) === type);

  it('idempotency key, same parameters, gives the first answer again', async () => {
    const params = chargeTo(account.id, randomUUID());
    const options = { idempotencyKey: randomUUID() };
    const first = await world.stripe.paymentIntents.create(params, options);
    const again = await world.stripe.paymentIntents.create(params, options);
    assert.equal(again.id, first.id);
    assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
    assert.equal((await journal()).totals.charges, 1);
  });

  it('idempotency key, other parameters or endpoint, is refused', async () => {
    const params = chargeTo(account.id, randomUUID());
    const options = { idempotencyKey: randomUUID() };
    const intent = await world.stripe.paymentIntents.create(params, options);
    await assert.rejects(world.stripe.paymentIntents.create({ ...params, amount: 1 }, options), {
      type: 'StripeIdempotencyError',
      statusCode: 400,
    });
    await assert.rejects(world.stripe.refunds.create({ payment_intent: intent.id }, options), { type: 'StripeIdempotencyError' });
  });

  it('idempotency key, declined, answers the decline again; a malformed request does not use it up', async () => {
    const params = chargeTo(account.id, randomUUID(), 'pm_card_chargeDeclined');
    const options = { idempotencyKey: randomUUID() };
    const wrong = { ...params, amount: 'much' } as unknown as Stripe.PaymentIntentCreateParams;
    await assert.rejects(world.stripe.paymentIntents.create(wrong, options), { code: 'parameter_invalid_integer' });
    const intents = [];
    for (let round = 0; round < 2; round += 1) {
      const error = await world.stripe.paymentIntents.create(params, options).catch((caught: unknown) => caught);
      assert.ok(error instanceof Stripe.errors.StripeCardError);
      intents.push(error.payment_intent?.id);
    }
    assert.equal(intents[0], intents[1]);
  });

  it('idempotency key, two at once, the second is told to wait', async () => {
    await faults({ match: { ...create, times: 1 }, fault: 'slow', ms: 300 });
    const sdk = sdkFor(world.doubles.stripePort, 0);
    const params = chargeTo(account.id, randomUUID());
    const options = { idempotencyKey: randomUUID() };
    const results = await Promise.allSettled([sdk.paymentIntents.create(params, options), sdk.paymentIntents.create(params, options)]);
    const refused = results.find((result) => result.status === 'rejected')?.reason as Stripe.errors.StripeError | undefined;
    assert.deepEqual([refused?.statusCode, refused?.code], [409, 'idempotency_key_in_use']);
    assert.equal((await journal()).totals.charges, 1);
  });

  for (const fault of ['lost_after', 'lost_before', 'status_500', 'status_503']) {
    it(`fault ${fault}, the SDK repeats, one charge`, async () => {
      await faults({ match: { ...create, nth: 1 }, fault });
      const intent = await world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID()));
      assert.equal(intent.status, 'succeeded');
      assert.equal(intent.lastResponse.headers['idempotent-replayed'], fault === 'lost_after' ? 'true' : undefined);
      assert.equal((await journal()).totals.charges, 1);
      const plan = (await control(world.doubles, 'GET', '/_sandbox/faults')) as { rules: { matched: number; fired: number }[] };
      assert.deepEqual([plan.rules[0]?.matched, plan.rules[0]?.fired], [2, 1]);
    });
  }

  it('fault lost_after without a repeat, the client does not know, the journal does', async () => {
    // Twice, because the SDK repeats a closed connection once even when told not to.
    await faults({ match: { ...create, times: 2 }, fault: 'lost_after' });
    const reference = randomUUID();
    await assert.rejects(sdkFor(world.doubles.stripePort, 0).paymentIntents.create(chargeTo(account.id, reference)), {
      type: 'StripeConnectionError',
    });
    const found = await world.stripe.paymentIntents.search({ query: `metadata['transfer']:'${reference}'` });
    assert.deepEqual([found.data.length, found.data[0]?.status], [1, 'succeeded']);
  });

  it('faults rate_limited, decline, slow: each does what it says', async () => {
    await faults(
      { match: { ...create, nth: 1 }, fault: 'rate_limited' },
      { match: { ...create, nth: 1 }, fault: 'decline' },
      { match: { ...create, nth: 2 }, fault: { slow: { ms: 120 } } },
    );
    await assert.rejects(world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID())), {
      type: 'StripeRateLimitError',
      statusCode: 429,
    });
    await assert.rejects(world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID())), { type: 'StripeCardError' });
    const started = performance.now();
    await world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID()));
    assert.ok(performance.now() - started >= 115);
    assert.deepEqual((await control(world.doubles, 'DELETE', '/_sandbox/faults'))['rules'], []);
  });

  it('webhook twice and late, the endpoint gets the same event twice, the late one after its time', async () => {
    await faults(
      { match: { event: 'payment_intent.succeeded', nth: 1 }, fault: 'webhook_twice' },
      { match: { event: 'charge.succeeded', nth: 1 }, fault: 'webhook_late', ms: 200 },
    );
    const started = performance.now();
    await world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID()));
    const [first, second] = await eventually(
      () => receivedOf('payment_intent.succeeded').length === 2 && receivedOf('payment_intent.succeeded'),
    );
    assert.equal(first?.body, second?.body);
    await eventually(() => receivedOf('charge.succeeded').length === 1);
    assert.ok(performance.now() - started >= 195);
  });

  it('webhook out of order, arrives after the one that follows it', async () => {
    await faults({ match: { event: 'refund.created', nth: 1 }, fault: 'webhook_out_of_order' });
    const intent = await world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID()));
    await eventually(() => receivedOf('payment_intent.succeeded').length === 1 && receivedOf('charge.succeeded').length === 1);
    const before = world.received.length;
    await world.stripe.refunds.create({ payment_intent: intent.id });
    await eventually(() => world.received.length === before + 3);
    assert.notEqual(typeOf(world.received[before] ?? { body: '{}', signature: '' }), 'refund.created');
  });

  it('webhook endpoint down across a restart, the event arrives after it', async () => {
    world.answerWith(503);
    const intent = await world.stripe.paymentIntents.create(chargeTo(account.id, randomUUID()));
    const down = async () =>
      ((await control(world.doubles, 'GET', '/_sandbox/webhooks'))['data'] as { type: string; lastStatus: number | null }[]).some(
        (row) => row.type === 'payment_intent.succeeded' && row.lastStatus === 503,
      );
    await eventually(down);
    world = await world.restart();
    await eventually(() => receivedOf('payment_intent.succeeded').some((webhook) => webhook.body.includes(intent.id)));
  });

  it('restart, everything is kept, and a line cut off by the crash does no harm', async () => {
    const params = chargeTo(account.id, randomUUID());
    const options = { idempotencyKey: randomUUID() };
    const intent = await world.stripe.paymentIntents.create(params, options);
    const refund = await world.stripe.refunds.create({ payment_intent: intent.id, amount: 100, reverse_transfer: true });
    const journalBefore = await journal();
    const file = join(world.dataDir, 'doubles', 'stripe.jsonl');
    world = await world.restart(() => appendFileSync(file, '{"puts":[{"id":"pi_half'));
    assert.equal((await world.stripe.accounts.retrieve(account.id)).charges_enabled, true);
    assert.equal((await world.stripe.refunds.retrieve(refund.id)).amount, 100);
    const again = await world.stripe.paymentIntents.create(params, options);
    assert.deepEqual([again.id, again.lastResponse.headers['idempotent-replayed']], [intent.id, 'true']);
    assert.deepEqual(await journal(), journalBefore);
    await world.stripe.refunds.create({ payment_intent: intent.id, amount: 1 });
    world = await world.restart();
    assert.equal((await journal()).totals.refunds, 2);
  });

  it('many at once with every second answer lost, exactly one charge each', async () => {
    await faults({ match: { ...create, probability: 0.5 }, fault: 'lost_after' });
    const sdk = sdkFor(world.doubles.stripePort, 12);
    const references = Array.from({ length: 12 }, () => randomUUID());
    await Promise.all(
      references.map((reference) => sdk.paymentIntents.create(chargeTo(account.id, reference), { idempotencyKey: reference })),
    );
    const view = await journal();
    assert.deepEqual(view.chargedTwice, []);
    for (const reference of references) assert.equal(view.byReference[`transfer=${reference}`]?.charges, 1);
  });
});
