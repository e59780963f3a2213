import assert from 'node:assert/strict';
import { mayCancel, mayPay, payAmount, settlementState, TRANSFER_STATES, type SettlementState, type TransferState } from './transfer.ts';

const paid = (input: Parameters<typeof payAmount>[0]): bigint | string => {
  const outcome = payAmount(input);
  return outcome.ok ? outcome.value : outcome.refusal.code;
};

describe('transfer', () => {
  it('may be paid and cancelled only while nothing is on its way', () => {
    const free: TransferState[] = ['planned', 'failed'];
    assert.deepEqual(TRANSFER_STATES.filter(mayPay), free);
    assert.deepEqual(TRANSFER_STATES.filter(mayCancel), free);
  });

  it('payAmount, all that remains, a part, and one minor unit beyond each limit', () => {
    const open = { moneyMinor: 1000n, paidMinor: 400n };
    assert.equal(paid(open), 600n);
    assert.equal(paid({ ...open, requestedMinor: 1n }), 1n);
    assert.equal(paid({ ...open, requestedMinor: 600n }), 600n);
    assert.equal(paid({ ...open, requestedMinor: 601n }), 'overpayment');
    assert.equal(paid({ ...open, requestedMinor: 0n }), 'amount_not_positive');
    assert.equal(paid({ ...open, requestedMinor: -1n }), 'amount_not_positive');
    assert.equal(paid({ moneyMinor: 1000n, paidMinor: 1000n }), 'overpayment');
  });
});

describe('settlementState', () => {
  const of = (...transfers: (readonly [TransferState, bigint])[]): SettlementState =>
    settlementState(transfers.map(([state, paidMinor]) => ({ state, paidMinor })));

  it('follows from the transfers', () => {
    assert.equal(settlementState(null), 'planning');
    assert.equal(of(), 'cancelled');
    assert.equal(of(['succeeded', 5n], ['succeeded', 5n]), 'settled');
    assert.equal(of(['succeeded', 5n], ['cancelled', 0n]), 'partly_settled');
    assert.equal(of(['cancelled', 2n], ['cancelled', 0n]), 'partly_settled');
    assert.equal(of(['cancelled', 0n], ['cancelled', 0n]), 'cancelled');
  });

  it('any transfer that has not ended, still collecting', () => {
    for (const state of TRANSFER_STATES) {
      if (state === 'succeeded' || state === 'cancelled') continue;
      assert.equal(of(['succeeded', 5n], [state, 0n]), 'collecting');
      assert.equal(of(['cancelled', 0n], [state, 0n]), 'collecting');
    }
  });
});
