import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyLines, assertZeroSum, available, availableBalances, releaseDeltas, reservationDeltas } from './balance.ts';
import type { Balance } from './balance.ts';
import { expenseLines, netOf, reverseLines, transferLines } from './ledger.ts';
import type { PostingLine, TransferPosting } from './ledger.ts';
import { unwrap } from './refusal.ts';
import { computeShares } from './split.ts';

const memberId = fc.constantFrom('a', 'b', 'c', 'd');
const currency = fc.constantFrom('EUR', 'JPY');
const minor = fc.bigInt({ min: 1n, max: 10n ** 15n });

const transfer: fc.Arbitrary<TransferPosting> = fc
  .record({ from: memberId, to: memberId, currency, minor })
  .filter(({ from, to }) => from !== to);

const expense: fc.Arbitrary<PostingLine[]> = fc
  .record({
    payer: memberId,
    currency,
    minor,
    among: fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }),
    kind: fc.constantFrom('expense', 'income'),
  })
  .map(({ payer, currency: code, minor: totalMinor, among, kind }) => {
    const owed = unwrap(
      computeShares({ totalMinor, currency: code, split: { method: 'equal', among }, weights: new Map(), tieBreak: totalMinor }),
    );
    return expenseLines({ kind, currency: code, paid: [{ memberId: payer, minor: totalMinor }], owed });
  });

const posting: fc.Arbitrary<PostingLine[]> = fc.oneof(expense, transfer.map(transferLines));

function nonZero(balances: readonly Balance[]): Balance[] {
  return balances.filter(({ net }) => net !== 0n);
}

describe('balance', () => {
  it('balances sum to zero after any postings, whatever their order', () => {
    fc.assert(
      fc.property(fc.array(posting, { maxLength: 30 }), (postings) => {
        const balances = postings.reduce<Balance[]>(applyLines, []);
        assertZeroSum(balances);
        assert.deepEqual(postings.toReversed().reduce<Balance[]>(applyLines, []), balances);
        assert.deepEqual(applyLines([], postings.flat()), balances);
      }),
    );
  });

  it('reversing every posting brings every balance back to zero', () => {
    fc.assert(
      fc.property(fc.array(posting, { maxLength: 30 }), (postings) => {
        const balances = [...postings, ...postings.map(reverseLines)].reduce<Balance[]>(applyLines, []);
        assert.deepEqual(nonZero(balances), []);
      }),
    );
  });

  it('applies lines to what was there, and leaves what it was given as it was', () => {
    const before: Balance[] = [{ accountId: 'b', currency: 'EUR', net: 5n }];
    const lines = transferLines({ from: 'a', to: 'b', currency: 'EUR', minor: 5n });
    assert.deepEqual(applyLines(before, lines), [
      { accountId: 'a', currency: 'EUR', net: 5n },
      { accountId: 'b', currency: 'EUR', net: 0n },
    ]);
    assert.deepEqual(before, [{ accountId: 'b', currency: 'EUR', net: 5n }]);
  });

  it('a reservation raises the payer and lowers the receiver', () => {
    const transfers = [
      { from: 'a', to: 'c', currency: 'EUR', minor: 30n },
      { from: 'b', to: 'c', currency: 'EUR', minor: 12n },
    ];
    const deltas = reservationDeltas(transfers);
    assert.deepEqual(deltas, [
      { accountId: 'a', currency: 'EUR', reserved: 30n },
      { accountId: 'b', currency: 'EUR', reserved: 12n },
      { accountId: 'c', currency: 'EUR', reserved: -42n },
    ]);
    assert.equal(available(-30n, 30n), 0n);
  });

  it('reservations sum to zero, and a release takes back exactly what was reserved', () => {
    fc.assert(
      fc.property(fc.array(transfer), (transfers) => {
        const deltas = reservationDeltas(transfers);
        assertZeroSum(deltas.map(({ accountId, currency: code, reserved }) => ({ accountId, currency: code, net: reserved })));
        assert.deepEqual(nonZero(availableBalances([], [...deltas, ...releaseDeltas(transfers)])), []);
      }),
    );
  });

  it('available is the balance after all reserved transfers are paid, and paying one of them leaves it unchanged', () => {
    fc.assert(
      fc.property(fc.array(posting, { maxLength: 10 }), fc.array(transfer, { minLength: 1, maxLength: 6 }), (postings, transfers) => {
        const balances = postings.reduce<Balance[]>(applyLines, []);
        const planned = availableBalances(balances, reservationDeltas(transfers));
        assert.deepEqual(planned, transfers.map(transferLines).reduce(applyLines, balances));
        const [first, ...rest] = transfers;
        assert.ok(first !== undefined);
        const afterFirst = availableBalances(applyLines(balances, transferLines(first)), reservationDeltas(rest));
        assert.deepEqual(nonZero(afterFirst), nonZero(planned));
      }),
    );
  });

  it('30.00 for seven, everybody pays back a share, nobody owes anything', () => {
    const among = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (let tieBreak = 0n; tieBreak < 7n; tieBreak += 1n) {
      const owed = unwrap(
        computeShares({ totalMinor: 3000n, currency: 'EUR', split: { method: 'equal', among }, weights: new Map(), tieBreak }),
      );
      const lines = expenseLines({ kind: 'expense', currency: 'EUR', paid: [{ memberId: 'a', minor: 3000n }], owed });
      const payments = lines
        .filter((line) => netOf(line) < 0n)
        .map((line) => transferLines({ from: line.accountId, to: 'a', currency: 'EUR', minor: -netOf(line) }));
      assert.equal(payments.length, 6);
      assert.deepEqual(nonZero(payments.reduce(applyLines, applyLines([], lines))), []);
    }
  });

  it('balances that do not sum to zero are a defect', () => {
    assert.throws(
      () =>
        assertZeroSum([
          { accountId: 'a', currency: 'EUR', net: 1n },
          { accountId: 'b', currency: 'JPY', net: -1n },
        ]),
      /EUR/,
    );
  });
});
