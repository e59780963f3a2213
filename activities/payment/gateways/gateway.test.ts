// Goal: every adapter keeps the promises of the interface, whatever the gateway does.
// Method: one suite for all, Stripe through its own SDK against the double with its faults.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { startDoubles, type RunningDoubles } from '../../../sandbox/doubles/doubles.ts';
import type { Charge, Gateway } from './gateway.ts';
import { manualGateway } from './manual.ts';
import { stripeGateway } from './stripe.ts';
import { stripeAmount } from './stripe-amounts.ts';

describe('gateways', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-gateways-'));
  let doubles: RunningDoubles;
  let stripe: Gateway;
  let destination: string;

  before(async () => {
    doubles = await startDoubles({ dataDir: folder });
    stripe = stripeGateway({
      secretKey: 'sk_test_suite',
      apiBase: doubles.stripeUrl,
      webhookSecret: 'whsec_suite',
      networkRetries: 0,
      timeoutMs: 3_000,
    });
    const account = await stripe.createAccount(uuidv7());
    destination = account.ref;
    await fetch(await stripe.onboardingLink(account.ref, 'http://127.0.0.1/'), { method: 'POST', headers: { accept: 'application/json' } });
    assert.equal((await stripe.accountState(account.ref)).chargesEnabled, true);
  });
  after(async () => {
    await doubles?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => faults([]));

  async function faults(rules: readonly object[]): Promise<void> {
    await fetch(`${doubles.sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ rules }) });
  }

  function chargeOf(gateway: Gateway, paymentMethod: string | null = 'pm_card_visa'): Charge {
    const reference = uuidv7();
    return {
      reference,
      transferId: uuidv7(),
      idempotencyKey: `${gateway.name}:${reference}:1`,
      amount: gateway.amount(1234n, 'EUR')!,
      destination: gateway.capabilities.needsPayoutAccount ? destination : null,
      paymentMethod: gateway.capabilities.confirmedBy === 'gateway' ? paymentMethod : null,
      returnUrl: 'http://127.0.0.1/',
    };
  }

  const adapters: readonly [string, () => Gateway][] = [
    ['stripe', () => stripe],
    ['manual', () => manualGateway()],
  ];
  for (const [name, find] of adapters) {
    describe(name, () => {
      it('carries what its currency can express, and refuses nothing and less', () => {
        assert.deepEqual(find().amount(1234n, 'EUR'), { units: 1234n, currency: 'EUR' });
        assert.equal(find().amount(0n, 'EUR'), null);
        assert.equal(find().amount(-1n, 'EUR'), null);
      });

      it('charging twice is charging once', async () => {
        const charge = chargeOf(find());
        assert.deepEqual(await find().charge(charge), await find().charge(charge));
      });

      it('charge, cancelled before it succeeded, is seen as canceled', async () => {
        const charge = chargeOf(find(), 'pm_card_chargeDeclined');
        const outcome = await find().charge(charge);
        const canceled = await find().cancel(charge, 'ref' in outcome ? outcome.ref : 'none');
        assert.equal(canceled.kind, 'canceled');
      });

      it('refunding twice is refunding once, and is found by our reference', async () => {
        const charge = chargeOf(find());
        const outcome = await find().charge(charge);
        const reference = uuidv7();
        const order = {
          reference,
          idempotencyKey: `${name}:refund:${reference}`,
          chargeRef: 'ref' in outcome ? outcome.ref : '',
          amount: charge.amount,
        };
        const first = await find().refund(order);
        assert.equal(first.kind, 'succeeded');
        assert.deepEqual(await find().refund(order), first);
        assert.deepEqual(await find().lookupRefund(order, null), first);
      });

      it('webhook, not signed, is not believed', () => {
        assert.equal(find().parseWebhook(Buffer.from('{}'), {}), null);
      });
    });
  }

  it('stripe, charged, says what it was asked for', async () => {
    const charge = chargeOf(stripe);
    const outcome = await stripe.charge(charge);
    assert.equal(outcome.kind, 'succeeded');
    assert.deepEqual('seen' in outcome && outcome.seen, { reference: charge.reference, amount: charge.amount, destination });
    assert.deepEqual(await stripe.lookup(charge, null), outcome);
  });

  it('stripe, declined, may be confirmed again on the same intent', async () => {
    const charge = chargeOf(stripe, 'pm_card_chargeDeclined');
    const declined = await stripe.charge(charge);
    assert.equal(declined.kind, 'declined');
    const ref = 'ref' in declined ? declined.ref : '';
    const again = await stripe.confirmAgain({ ...charge, paymentMethod: 'pm_card_visa' }, ref, 2);
    assert.deepEqual([again.kind, 'ref' in again && again.ref], ['succeeded', ref]);
    // What has succeeded cannot be cancelled: how it stands is the answer.
    assert.equal((await stripe.cancel(charge, ref)).kind, 'succeeded');
  });

  for (const [fault, kind] of [
    ['lost_after', 'unknown'],
    ['lost_before', 'unknown'],
    ['status_500', 'unknown'],
    ['status_503', 'unknown'],
    ['rate_limited', 'later'],
  ] as const) {
    it(`stripe, ${fault}, is ${kind}, and asking under the same key gives one charge`, async () => {
      const charge = chargeOf(stripe);
      // On a lost connection the SDK tries once more by itself, whatever it is told.
      const times = fault.startsWith('lost') ? 2 : 1;
      await faults([{ match: { method: 'POST', path: '/v1/payment_intents', times }, fault }]);
      assert.equal((await stripe.charge(charge)).kind, kind);
      assert.equal((await stripe.charge(charge)).kind, 'succeeded');
      const journal = (await (await fetch(`${doubles.sandboxUrl}/_sandbox/journal`)).json()) as {
        byReference: Record<string, { charges: number }>;
      };
      assert.equal(journal.byReference[`attempt=${charge.reference}`]?.charges, 1);
    });
  }

  it('stripe, slower than we wait, is unknown', async () => {
    await faults([{ match: { method: 'POST', path: '/v1/payment_intents' }, fault: 'slow', ms: 5_000 }]);
    assert.equal((await stripe.charge(chargeOf(stripe))).kind, 'unknown');
  });

  it('stripe, nothing under our reference, is not found', async () => {
    assert.equal((await stripe.lookup(chargeOf(stripe), null)).kind, 'not_found');
  });

  it('stripe, payment method that is none, is refused with nothing kept', async () => {
    const charge = chargeOf(stripe, 'pm_none');
    assert.equal((await stripe.charge(charge)).kind, 'refused');
    assert.equal((await stripe.lookup(charge, null)).kind, 'not_found');
  });

  it('stripe amounts follow its own table of units', () => {
    const units = (minor: bigint, currency: string) => stripeAmount(minor, currency)?.units ?? null;
    assert.equal(units(500n, 'JPY'), 500n);
    assert.equal(units(500n, 'ISK'), 50_000n);
    assert.equal(units(500n, 'MGA'), 5n);
    assert.equal(units(501n, 'MGA'), null);
    assert.equal(units(1230n, 'KWD'), 1230n);
    assert.equal(units(1234n, 'KWD'), null);
    assert.equal(units(10_000n, 'CLF'), null);
    assert.equal(units(99_999_999n, 'EUR'), 99_999_999n);
    assert.equal(units(100_000_000n, 'EUR'), null);
  });
});
