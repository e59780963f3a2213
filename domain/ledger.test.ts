import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  adjustmentLines,
  ADJUSTMENT_ENTRIES_MAX,
  assertBalanced,
  expenseLines,
  mergeLines,
  netOf,
  reverseLines,
  transferLines,
} from './ledger.ts';
import type { AdjustmentEntry, PostingLine } from './ledger.ts';
import { unwrap } from './refusal.ts';
import type { MemberAmount } from './split.ts';

const accountId = fc.constantFrom('a', 'b', 'c', 'd', 'rounding');
const currency = fc.constantFrom('EUR', 'JPY');
const amounts = fc.uniqueArray(fc.record({ memberId: accountId, minor: fc.bigInt({ min: 0n, max: 10n ** 15n }) }), {
  selector: ({ memberId }) => memberId,
  minLength: 1,
});

/** Two sides of one expense: the second is the first one's total, shared by weights of a random list. */
const sides = fc.tuple(amounts, amounts).map(([paid, others]) => {
  const total = sumOf(paid);
  const [first, ...rest] = others.map(({ memberId, minor }) => ({ memberId, minor: minor % (total / BigInt(others.length) + 1n) }));
  assert.ok(first !== undefined);
  return { paid, owed: [{ ...first, minor: total - sumOf(rest) }, ...rest] };
});

function sumOf(list: readonly MemberAmount[]): bigint {
  return list.reduce((sum, { minor }) => sum + minor, 0n);
}

function netsOf(lines: readonly PostingLine[]): Record<string, bigint> {
  return Object.fromEntries(lines.map((line) => [`${line.accountId} ${line.currency}`, netOf(line)]));
}

describe('ledger', () => {
  it('expense: payers are owed, sharers owe, one line for each', () => {
    const lines = expenseLines({
      kind: 'expense',
      currency: 'EUR',
      paid: [{ memberId: 'b', minor: 100n }],
      owed: [
        { memberId: 'b', minor: 50n },
        { memberId: 'a', minor: 50n },
        { memberId: 'c', minor: 0n },
      ],
    });
    assert.deepEqual(lines, [
      { accountId: 'a', currency: 'EUR', paid: 0n, owed: 50n },
      { accountId: 'b', currency: 'EUR', paid: 100n, owed: 50n },
    ]);
  });

  it('income: who received the money owes it to the sharers', () => {
    const shares = [
      { memberId: 'a', minor: 50n },
      { memberId: 'b', minor: 50n },
    ];
    const lines = expenseLines({ kind: 'income', currency: 'EUR', paid: [{ memberId: 'b', minor: 100n }], owed: shares });
    assert.deepEqual(netsOf(lines), { 'a EUR': 50n, 'b EUR': -50n });
  });

  it('every expense and income sums to zero, and turning one into the other turns the signs', () => {
    fc.assert(
      fc.property(sides, currency, ({ paid, owed }, code) => {
        const [expense, income] = (['expense', 'income'] as const).map((kind) => expenseLines({ kind, currency: code, paid, owed }));
        assert.ok(expense !== undefined && income !== undefined);
        assertBalanced(expense);
        assert.equal(
          expense.reduce((sum, line) => sum + line.paid, 0n),
          sumOf(paid),
        );
        assert.deepEqual(income, reverseLines(expense));
      }),
    );
  });

  it('a reversal cancels its original', () => {
    fc.assert(
      fc.property(sides, currency, ({ paid, owed }, code) => {
        const lines = expenseLines({ kind: 'expense', currency: code, paid, owed });
        for (const line of mergeLines([...lines, ...reverseLines(lines)])) assert.equal(netOf(line), 0n);
        assert.deepEqual(reverseLines(reverseLines(lines)), lines);
      }),
    );
  });

  it('expense, sides that differ or are below zero, is a defect', () => {
    const one = [{ memberId: 'a', minor: 1n }];
    const two = [{ memberId: 'b', minor: 2n }];
    assert.throws(() => expenseLines({ kind: 'expense', currency: 'EUR', paid: one, owed: two }), /does not sum to zero in EUR/);
    const below = [{ memberId: 'a', minor: -1n }];
    assert.throws(() => expenseLines({ kind: 'expense', currency: 'EUR', paid: below, owed: below }), /below zero/);
  });

  it('transfer: the payer rises, the receiver falls', () => {
    assert.deepEqual(netsOf(transferLines({ from: 'a', to: 'b', currency: 'EUR', minor: 30n })), { 'a EUR': 30n, 'b EUR': -30n });
    assert.throws(() => transferLines({ from: 'a', to: 'b', currency: 'EUR', minor: 0n }), /more than zero/);
    assert.throws(() => transferLines({ from: 'a', to: 'a', currency: 'EUR', minor: 1n }), /two different ends/);
  });

  it('adjustment: entries change balances as they say, merged by account and currency', () => {
    const entry = (id: string, minor: bigint, code = 'EUR'): AdjustmentEntry => ({ accountId: id, currency: code, minor });
    const lines = unwrap(
      adjustmentLines([entry('b', -5n), entry('a', 3n), entry('a', 2n), entry('a', 7n, 'JPY'), entry('b', -7n, 'JPY'), entry('c', 0n)]),
    );
    assert.deepEqual(netsOf(lines), { 'a EUR': 5n, 'a JPY': 7n, 'b EUR': -5n, 'b JPY': -7n });
  });

  it('adjustment, nothing in it, a currency that does not sum to zero, too many entries: refused', () => {
    const refused = (entries: readonly AdjustmentEntry[]): string => {
      const outcome = adjustmentLines(entries);
      return outcome.ok ? 'ok' : `${outcome.refusal.code} ${outcome.refusal.pointer}`;
    };
    assert.equal(refused([]), 'empty_adjustment /entries');
    assert.equal(refused([{ accountId: 'a', currency: 'EUR', minor: 0n }]), 'empty_adjustment /entries');
    const across = [
      { accountId: 'a', currency: 'EUR', minor: 1n },
      { accountId: 'b', currency: 'JPY', minor: -1n },
    ];
    assert.equal(refused(across), 'adjustment_not_zero /entries');
    const many = (count: number): AdjustmentEntry[] =>
      Array.from({ length: count }, (_, index) => ({
        accountId: `m${index}`,
        currency: 'EUR',
        minor: index === 0 ? BigInt(count - 1) : -1n,
      }));
    const outcomes = [ADJUSTMENT_ENTRIES_MAX - 1, ADJUSTMENT_ENTRIES_MAX, ADJUSTMENT_ENTRIES_MAX + 1].map((count) => refused(many(count)));
    assert.deepEqual(outcomes, ['ok', 'ok', 'too_many_entries /entries']);
  });

  it('merged lines stand in the order in which balance rows are locked', () => {
    const line = (id: string, code: string): PostingLine => ({ accountId: id, currency: code, paid: 1n, owed: 0n });
    const order = mergeLines([line('b', 'EUR'), line('a', 'JPY'), line('B', 'EUR'), line('a', 'EUR')]).map(
      (one) => `${one.accountId} ${one.currency}`,
    );
    assert.deepEqual(order, ['B EUR', 'a EUR', 'a JPY', 'b EUR']);
  });
});
