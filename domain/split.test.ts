import assert from 'node:assert/strict';
import { formatAmount } from './money.ts';
import { unwrap } from './refusal.ts';
import { computePaid, computeShares, splitMembers, splitMentions } from './split.ts';
import type { Split } from './split.ts';

// Goal: the formulas of the seven methods on cases small enough to check by hand, and those on which other products fail.

interface Case {
  readonly total: bigint;
  readonly split: Split;
  readonly currency?: string;
  readonly tieBreak?: bigint;
  readonly weights?: Record<string, string>;
}

function sharesOf({ total, split, currency = 'EUR', tieBreak = 0n, weights = {} }: Case): Record<string, string> {
  const shares = unwrap(computeShares({ totalMinor: total, currency, split, tieBreak, weights: new Map(Object.entries(weights)) }));
  return Object.fromEntries(shares.map(({ memberId, minor }) => [memberId, formatAmount(minor, currency)]));
}

const SEVEN = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

describe('split', () => {
  it('equal, 30.00 among seven, adds up: four pay 4.29 and three 4.28', () => {
    const shares = sharesOf({ total: 3000n, split: { method: 'equal', among: SEVEN } });
    assert.deepEqual(shares, { a: '4.29', b: '4.29', c: '4.29', d: '4.29', e: '4.28', f: '4.28', g: '4.28' });
  });

  it('equal, the odd cents rotate with the tie break, so that nobody always pays them', () => {
    const split: Split = { method: 'equal', among: ['a', 'b', 'c'] };
    const payers = [0n, 1n, 2n, 3n, -1n].map((tieBreak) => {
      const shares = sharesOf({ total: 100n, split, tieBreak });
      return Object.keys(shares).find((memberId) => shares[memberId] === '0.34');
    });
    assert.deepEqual(payers, ['a', 'b', 'c', 'a', 'c']);
  });

  it('equal, a currency with no or three digits is split by its own minor unit', () => {
    assert.deepEqual(sharesOf({ total: 1000n, currency: 'JPY', split: { method: 'equal', among: ['a', 'b', 'c'] } }), {
      a: '334',
      b: '333',
      c: '333',
    });
    assert.deepEqual(sharesOf({ total: 10_000n, currency: 'KWD', split: { method: 'equal', among: ['a', 'b', 'c'] } }), {
      a: '3.334',
      b: '3.333',
      c: '3.333',
    });
  });

  it('equal, one cent among many goes to one of them', () => {
    assert.deepEqual(sharesOf({ total: 1n, split: { method: 'equal', among: ['a', 'b'] }, tieBreak: 1n }), { a: '0.00', b: '0.01' });
  });

  it('exact, amounts are taken as they are, zero too', () => {
    const parts = [
      { memberId: 'b', amount: '40' },
      { memberId: 'a', amount: '59.99' },
      { memberId: 'c', amount: '0.00' },
      { memberId: 'd', amount: '0.01' },
    ];
    assert.deepEqual(sharesOf({ total: 10_000n, split: { method: 'exact', parts } }), { a: '59.99', b: '40.00', c: '0.00', d: '0.01' });
  });

  it('percentage, 0.01 and 65.40 and 34.59 are one hundred', () => {
    const parts = [
      { memberId: 'a', percent: '0.01' },
      { memberId: 'b', percent: '65.40' },
      { memberId: 'c', percent: '34.59' },
    ];
    assert.deepEqual(sharesOf({ total: 10_000n, split: { method: 'percentage', parts } }), { a: '0.01', b: '65.40', c: '34.59' });
    assert.deepEqual(sharesOf({ total: 1001n, split: { method: 'percentage', parts } }), { a: '0.00', b: '6.55', c: '3.46' });
  });

  it('shares, the remainder goes to the largest fraction and not to the last', () => {
    const parts = [
      { memberId: 'a', shares: '1.5' },
      { memberId: 'b', shares: '1' },
      { memberId: 'c', shares: '0' },
    ];
    assert.deepEqual(sharesOf({ total: 101n, split: { method: 'shares', parts } }), { a: '0.61', b: '0.40', c: '0.00' });
  });

  it('adjustment, the rest is shared by those among, and who is only adjusted gets that alone', () => {
    const parts = [
      { memberId: 'a', amount: '10.00' },
      { memberId: 'b', amount: '-5.00' },
      { memberId: 'z', amount: '1.00' },
    ];
    assert.deepEqual(sharesOf({ total: 10_000n, split: { method: 'adjustment', among: ['a', 'b', 'c'], parts } }), {
      a: '41.34',
      b: '26.33',
      c: '31.33',
      z: '1.00',
    });
  });

  it('adjustment, a rest below zero is shared too, as long as nobody ends below zero', () => {
    const parts = [
      { memberId: 'a', amount: '7.00' },
      { memberId: 'b', amount: '7.00' },
    ];
    assert.deepEqual(sharesOf({ total: 1000n, split: { method: 'adjustment', among: ['a', 'b'], parts } }), { a: '5.00', b: '5.00' });
    assert.deepEqual(sharesOf({ total: 1000n, split: { method: 'adjustment', among: ['b', 'a'], parts: [] } }), { a: '5.00', b: '5.00' });
  });

  it('weights, the standing weights decide', () => {
    const weights = { a: '2', b: '1', c: '0.5', absent: '9' };
    assert.deepEqual(sharesOf({ total: 3500n, split: { method: 'weights', among: ['c', 'b', 'a'] }, weights }), {
      a: '20.00',
      b: '10.00',
      c: '5.00',
    });
  });

  it('itemized, tax, tip and discount follow the items', () => {
    const split: Split = {
      method: 'itemized',
      items: [
        { name: 'Pizza', amount: '20.00', quantity: '2', among: ['a', 'b'] },
        {
          name: 'Wine',
          amount: '30.00',
          parts: [
            { memberId: 'b', shares: '2' },
            { memberId: 'c', shares: '1' },
          ],
        },
      ],
      tax: '5.00',
      tip: '10.00',
      discount: '5.00',
    };
    assert.deepEqual(sharesOf({ total: 6000n, split }), { a: '12.00', b: '36.00', c: '12.00' });
  });

  it('itemized, thirds of several lines are rounded once, at the end', () => {
    const line = { name: 'Snack', amount: '0.01', among: ['a', 'b', 'c'] };
    assert.deepEqual(sharesOf({ total: 3n, split: { method: 'itemized', items: [line, line, line] } }), {
      a: '0.01',
      b: '0.01',
      c: '0.01',
    });
  });

  it('itemized, a voucher is a line below zero', () => {
    const items = [
      { name: 'Bread', amount: '5.00', among: ['a', 'b'] },
      { name: 'Voucher', amount: '-2.00', among: ['b'] },
    ];
    assert.deepEqual(sharesOf({ total: 300n, split: { method: 'itemized', items } }), { a: '2.50', b: '0.50' });
  });

  it('itemized, items that come to zero leave tax and tip to everybody named, equally', () => {
    const items = [
      {
        name: 'Water',
        amount: '0.00',
        parts: [
          { memberId: 'a', shares: '9' },
          { memberId: 'b', shares: '1' },
        ],
      },
    ];
    assert.deepEqual(sharesOf({ total: 301n, split: { method: 'itemized', items, tax: '1.00', tip: '2.01' }, tieBreak: 1n }), {
      a: '1.50',
      b: '1.51',
    });
  });

  it('itemized, a discount above the items leaves the rest of the tax in proportion', () => {
    const items = [
      { name: 'Tea', amount: '1.00', among: ['a'] },
      { name: 'Cake', amount: '3.00', among: ['b'] },
    ];
    assert.deepEqual(sharesOf({ total: 400n, split: { method: 'itemized', items, tax: '5.00', discount: '5.00' } }), {
      a: '1.00',
      b: '3.00',
    });
  });

  it('names members once each, in order, and every place that names them', () => {
    const items = [
      { name: 'Tea', amount: '1.00', among: ['c', 'a'] },
      { name: 'Cake', amount: '3.00', parts: [{ memberId: 'c', shares: '1' }] },
    ];
    assert.deepEqual(splitMembers({ method: 'itemized', items }), ['a', 'c']);
    assert.deepEqual(splitMembers({ method: 'adjustment', among: ['b'], parts: [{ memberId: 'a', amount: '1' }] }), ['a', 'b']);
    assert.deepEqual(splitMentions({ method: 'itemized', items }, '/expense/split'), [
      { memberId: 'c', pointer: '/expense/split/items/0/among/0' },
      { memberId: 'a', pointer: '/expense/split/items/0/among/1' },
      { memberId: 'c', pointer: '/expense/split/items/1/parts/0/memberId' },
    ]);
  });

  it('payers, several of them add up to the total', () => {
    const payers = [
      { memberId: 'b', amount: '60' },
      { memberId: 'a', amount: '40.00' },
    ];
    assert.deepEqual(unwrap(computePaid({ totalMinor: 10_000n, currency: 'EUR', payers })), [
      { memberId: 'a', minor: 4000n },
      { memberId: 'b', minor: 6000n },
    ]);
  });
});
