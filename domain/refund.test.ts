import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRefundOpen, REFUND_STATES, refundable, refundDecision } from './refund.ts';

const refunded = (input: Parameters<typeof refundable>[0]): bigint | string => {
  const outcome = refundable(input);
  return outcome.ok ? outcome.value : outcome.refusal.code;
};

describe('refundable', () => {
  const payment = { paidMinor: 1000n, refundedMinor: 300n, openRefundsMinor: 200n };

  it('what is left, a part of it, and one minor unit beyond each limit', () => {
    assert.equal(refunded(payment), 500n);
    assert.equal(refunded({ ...payment, requestedMinor: 1n }), 1n);
    assert.equal(refunded({ ...payment, requestedMinor: 500n }), 500n);
    assert.equal(refunded({ ...payment, requestedMinor: 501n }), 'refund_exceeds_payment');
    assert.equal(refunded({ ...payment, requestedMinor: 0n }), 'amount_not_positive');
    assert.equal(refunded({ ...payment, refundedMinor: 800n }), 'refund_exceeds_payment');
  });

  it('any refunds one after the other, together never above the payment', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 1000n), fc.array(fc.bigInt(-5n, 600n), { maxLength: 12 }), (paidMinor, requests) => {
        let openRefundsMinor = 0n;
        for (const requestedMinor of requests) {
          const outcome = refundable({ paidMinor, refundedMinor: 0n, openRefundsMinor, requestedMinor });
          assert.equal(outcome.ok, requestedMinor > 0n && openRefundsMinor + requestedMinor <= paidMinor);
          if (outcome.ok) openRefundsMinor += outcome.value;
        }
        assert.ok(openRefundsMinor <= paidMinor);
      }),
    );
  });

  it('states that keep their amount reserved', () => {
    assert.deepEqual(REFUND_STATES.filter(isRefundOpen), ['requested', 'approved', 'processing', 'unknown']);
  });
});

describe('refundDecision', () => {
  it('every policy and requester', () => {
    const ask = (isManual: boolean): string[] =>
      (['none', 'receiver', 'owner'] as const).map((policy) =>
        (['payer', 'receiver', 'owner'] as const).map((requestedBy) => refundDecision({ policy, requestedBy, isManual })).join(' '),
      );
    assert.deepEqual(ask(false), ['nobody nobody nobody', 'receiver nobody receiver', 'owner nobody nobody']);
    assert.deepEqual(ask(true), ['receiver nobody receiver', 'receiver nobody receiver', 'receiver nobody receiver']);
  });
});
