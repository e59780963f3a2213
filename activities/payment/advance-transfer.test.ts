// Goal: an answer that does not fit what was sent is never taken for a payment, and a webhook's order does not matter.
// Method: the activity over real Postgres with gateways of the test that implement the interface.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { recordGatewayEvent } from '../../db/commands/payment/gateway-events.ts';
import { transact } from '../../db/transact.ts';
import { type PaymentGroup, type PaymentWorld, startPaymentWorld } from '../../test/support/payment-world.ts';
import { type AdvanceDeps, advanceTransfer } from './advance-transfer.ts';
import type { Charge, ChargeOutcome, Gateway } from './gateways/gateway.ts';
import { gatewaysOf } from './gateways/registry.ts';

describe('advanceTransfer', function () {
  this.timeout(30_000);
  let world: PaymentWorld;
  let group: PaymentGroup;
  before(async () => {
    world = await startPaymentWorld();
    group = await world.group(2);
    await world.onboard(group.users[0]!);
  });
  after(() => world?.stop());

  /** Stripe, except that every answer about a charge is the one given. */
  function depsThatAnswer(answer: (charge: Charge) => ChargeOutcome): AdvanceDeps {
    const stripe = gatewaysOf(world.api.deps.env).find('stripe')!;
    const reply = async (charge: Charge): Promise<ChargeOutcome> => answer(charge);
    const gateway: Gateway = { ...stripe, charge: reply, confirmAgain: reply, lookup: reply, cancel: reply };
    return {
      db: world.api.deps.databases.payment!,
      dispatcher: { dispatch: () => {} },
      gateways: { find: () => gateway },
      returnUrl: 'http://127.0.0.1/',
    } as unknown as AdvanceDeps;
  }

  async function paying(): Promise<string> {
    const made = await world.post(group.users[1]!, `/v1/groups/${group.groupId}/payments`, {
      from: group.members[1],
      to: group.members[0],
      money: { amount: '9.00', currency: 'EUR' },
      method: 'stripe',
      paymentMethodId: 'pm_card_visa',
    });
    assert.equal(made.status, 202, JSON.stringify(made.body));
    return made.body.id as string;
  }

  const fits = (charge: Charge) => ({ reference: charge.reference, amount: charge.amount, destination: charge.destination });
  const advance = (deps: AdvanceDeps, transferId: string) => advanceTransfer(deps, { transferId, nowIso: new Date().toISOString() });

  const lies: readonly [string, (charge: Charge) => object][] = [
    ['amount', (charge) => ({ amount: { ...charge.amount, units: charge.amount.units + 1n } })],
    ['currency', (charge) => ({ amount: { ...charge.amount, currency: 'USD' } })],
    ['reference', () => ({ reference: uuidv7() })],
    ['destination', () => ({ destination: 'acct_other' })],
  ];
  for (const [what, lie] of lies) {
    it(`gateway answers another ${what}, the transfer is quarantined and nothing is posted`, async () => {
      const transferId = await paying();
      const deps = depsThatAnswer((charge) => ({
        kind: 'succeeded',
        ref: `pi_${charge.reference}`,
        seen: { ...fits(charge), ...lie(charge) },
      }));
      const step = await advance(deps, transferId);
      assert.equal(step.step, 'wait');
      assert.equal(step.shown.state, 'quarantined');
      const shown = await group.users[1]!.call('GET', `/v1/transfers/${transferId}`);
      assert.deepEqual([shown.body.state, shown.body.paid, shown.body.failureCode], ['quarantined', '0.00', 'gateway_mismatch']);
    });
  }

  it('activity, run twice at once, stores one capture', async () => {
    const transferId = await paying();
    const deps = depsThatAnswer((charge) => ({ kind: 'succeeded', ref: `pi_${charge.reference}`, seen: fits(charge) }));
    const steps = await Promise.all([advance(deps, transferId), advance(deps, transferId)]);
    assert.deepEqual(
      steps.map((step) => step.step),
      ['post', 'post'],
    );
    assert.deepEqual(steps[0], steps[1]);
  });

  it('gateway does not answer, then says success, the transfer goes on from unknown', async () => {
    const transferId = await paying();
    const silent = await advance(
      depsThatAnswer(() => ({ kind: 'unknown', reason: 'time-out' })),
      transferId,
    );
    assert.deepEqual([silent.step, silent.shown.state], ['wait', 'unknown']);
    const told = await advance(
      depsThatAnswer((charge) => ({ kind: 'succeeded', ref: `pi_${charge.reference}`, seen: fits(charge) })),
      transferId,
    );
    assert.equal(told.step, 'post');
  });

  it('key no longer kept and nothing found, the try is over and may be paid anew', async () => {
    const transferId = await paying();
    const deps = depsThatAnswer(() => ({ kind: 'not_found' }));
    const later = new Date(Date.now() + 23.1 * 3_600_000).toISOString();
    await advanceTransfer(deps, { transferId, nowIso: later });
    const shown = await group.users[1]!.call('GET', `/v1/transfers/${transferId}`);
    assert.deepEqual([shown.body.state, shown.body.failureCode], ['failed', 'never_arrived']);
    const again = await world.post(group.users[1]!, `/v1/transfers/${transferId}/pay`, { method: 'manual' });
    assert.equal(again.status, 202);
  });

  it('webhooks twice and late, after the capture, wake nobody', async () => {
    const transferId = await paying();
    const deps = depsThatAnswer((charge) => ({ kind: 'succeeded', ref: `pi_${charge.reference}`, seen: fits(charge) }));
    const step = await advance(deps, transferId);
    const reference = step.step === 'post' ? step.posting.paymentId : '';
    const notice = {
      gateway: 'stripe',
      eventId: `evt_${reference}`,
      type: 'payment_intent.payment_failed',
      about: 'charge',
      ref: `pi_${reference}`,
      reference,
    } as const;
    const first = await transact(deps.db, (tx) => recordGatewayEvent(tx, notice));
    const second = await transact(deps.db, (tx) => recordGatewayEvent(tx, notice));
    assert.deepEqual([first.value, second.value, first.events.length, second.events.length], [true, false, 0, 0]);
    assert.deepEqual(await advance(deps, transferId), step);
  });
});
