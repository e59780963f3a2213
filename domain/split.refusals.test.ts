import assert from 'node:assert/strict';
import { MAX_MINOR } from './money.ts';
import type { Outcome } from './refusal.ts';
import { SPLIT_ITEM_SHARERS_MAX, SPLIT_ITEMS_MAX, SPLIT_MEMBERS_MAX, SPLIT_PARTS_MAX } from './split-form.ts';
import { computePaid, computeShares } from './split.ts';
import type { AmountPart, Split, SplitItem } from './split.ts';

// Goal: each way in which a split can be wrong is refused with its code and place; each limit holds at n - 1, n, n + 1.

function refusalOf(outcome: Outcome<unknown>): readonly [string, string | undefined] {
  return outcome.ok ? ['ok', undefined] : [outcome.refusal.code, outcome.refusal.pointer];
}

function refused(split: Split, totalMinor = 10_000n, weights: Record<string, string> = {}): readonly [string, string | undefined] {
  return refusalOf(computeShares({ totalMinor, currency: 'EUR', split, weights: new Map(Object.entries(weights)), tieBreak: 0n }));
}

function refusedPayers(payers: readonly AmountPart[]): readonly [string, string | undefined] {
  return refusalOf(computePaid({ totalMinor: 10_000n, currency: 'EUR', payers }));
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);
const itemized = (items: readonly SplitItem[], extras: { tax?: string; tip?: string; discount?: string } = {}): Split => ({
  method: 'itemized',
  items,
  ...extras,
});
const line = (amount: string, among: readonly string[] = ['a']): SplitItem => ({ name: 'Line', amount, among });

describe('split refusals', () => {
  it('total: not above zero, out of range, in nothing that can be spent', () => {
    const split: Split = { method: 'equal', among: ['a'] };
    assert.deepEqual(refused(split, 0n), ['total_not_positive', '/total/amount']);
    assert.deepEqual(refused(split, -1n), ['total_not_positive', '/total/amount']);
    assert.deepEqual(
      [MAX_MINOR - 1n, MAX_MINOR, MAX_MINOR + 1n].map((total) => refused(split, total)[0]),
      ['ok', 'ok', 'amount_out_of_range'],
    );
    assert.deepEqual(refusalOf(computeShares({ totalMinor: 1n, currency: 'XAU', split, weights: new Map(), tieBreak: 0n })), [
      'unknown_currency',
      '/total/currency',
    ]);
  });

  it('nobody named', () => {
    assert.deepEqual(refused({ method: 'equal', among: [] }), ['empty_split', '/split/among']);
    assert.deepEqual(refused({ method: 'weights', among: [] }), ['empty_split', '/split/among']);
    assert.deepEqual(refused({ method: 'adjustment', among: [], parts: [{ memberId: 'a', amount: '100' }] }), [
      'empty_split',
      '/split/among',
    ]);
    for (const method of ['exact', 'percentage', 'shares'] as const) {
      assert.deepEqual(refused({ method, parts: [] }), ['empty_split', '/split/parts']);
    }
    assert.deepEqual(refused(itemized([])), ['empty_split', '/split/items']);
    assert.deepEqual(refused(itemized([line('100', [])])), ['empty_split', '/split/items/0/among']);
    assert.deepEqual(refused(itemized([{ name: 'Line', amount: '100', parts: [] }])), ['empty_split', '/split/items/0/parts']);
    assert.deepEqual(refusedPayers([]), ['empty_payers', '/payers']);
  });

  it('somebody named twice', () => {
    assert.deepEqual(refused({ method: 'equal', among: ['a', 'b', 'a'] }), ['duplicate_member', '/split/among/2']);
    assert.deepEqual(refused({ method: 'weights', among: ['a', 'a'] }, 1n, { a: '1' }), ['duplicate_member', '/split/among/1']);
    const twice = <T>(rest: T): (T & { memberId: string })[] => [
      { memberId: 'a', ...rest },
      { memberId: 'a', ...rest },
    ];
    const place = ['duplicate_member', '/split/parts/1/memberId'];
    assert.deepEqual(refused({ method: 'exact', parts: twice({ amount: '50' }) }), place);
    assert.deepEqual(refused({ method: 'percentage', parts: twice({ percent: '50' }) }), place);
    assert.deepEqual(refused({ method: 'shares', parts: twice({ shares: '1' }) }), place);
    assert.deepEqual(refused({ method: 'adjustment', among: ['a'], parts: twice({ amount: '1' }) }), place);
    assert.deepEqual(refused(itemized([line('1'), line('99', ['a', 'a'])])), ['duplicate_member', '/split/items/1/among/1']);
    assert.deepEqual(refusedPayers(twice({ amount: '50' })), ['duplicate_member', '/payers/1/memberId']);
  });

  it('sums that do not add up, by one minor unit', () => {
    const exact = (amount: string): Split => ({
      method: 'exact',
      parts: [
        { memberId: 'a', amount: '50' },
        { memberId: 'b', amount },
      ],
    });
    assert.deepEqual(
      ['49.99', '50.00', '50.01'].map((amount) => refused(exact(amount))[0]),
      ['parts_do_not_add_up', 'ok', 'parts_do_not_add_up'],
    );
    assert.equal(refused(exact('50.01'))[1], '/split/parts');
    const percentage = (percent: string): Split => ({
      method: 'percentage',
      parts: [
        { memberId: 'a', percent: '50' },
        { memberId: 'b', percent },
      ],
    });
    assert.deepEqual(
      ['49.999999', '50', '50.000001'].map((percent) => refused(percentage(percent))),
      [
        ['percent_not_100', '/split/parts'],
        ['ok', undefined],
        ['percent_not_100', '/split/parts'],
      ],
    );
    assert.deepEqual(refused(itemized([line('99.99')])), ['items_do_not_add_up', '/split/items']);
    assert.deepEqual(refused(itemized([line('100.00')], { tip: '0.01' })), ['items_do_not_add_up', '/split/items']);
    assert.deepEqual(refused(itemized([line('100.00')], { discount: '200.00' })), ['items_do_not_add_up', '/split/items']);
    assert.deepEqual(refusedPayers([{ memberId: 'a', amount: '99.99' }]), ['payers_do_not_add_up', '/payers']);
  });

  it('amounts and decimals that cannot be read', () => {
    const exact = (amount: string): Split => ({
      method: 'exact',
      parts: [
        { memberId: 'a', amount: '50' },
        { memberId: 'b', amount },
      ],
    });
    assert.deepEqual(refused(exact('50.000')), ['amount_precision', '/split/parts/1/amount']);
    assert.deepEqual(refused(exact('5e1')), ['amount_malformed', '/split/parts/1/amount']);
    assert.deepEqual(refused(exact('1' + '0'.repeat(14))), ['amount_out_of_range', '/split/parts/1/amount']);
    assert.deepEqual(refused({ method: 'percentage', parts: [{ memberId: 'a', percent: '100.0000000' }] }), [
      'decimal_malformed',
      '/split/parts/0/percent',
    ]);
    assert.deepEqual(refused({ method: 'percentage', parts: [{ memberId: 'a', percent: '-1' }] }), [
      'decimal_malformed',
      '/split/parts/0/percent',
    ]);
    assert.deepEqual(refused({ method: 'shares', parts: [{ memberId: 'a', shares: '-1' }] }), [
      'decimal_malformed',
      '/split/parts/0/shares',
    ]);
    assert.deepEqual(refused({ method: 'weights', among: ['a'] }, 1n, { a: 'x' }), ['decimal_malformed', '/split/among/0']);
    assert.deepEqual(refused({ method: 'adjustment', among: ['a'], parts: [{ memberId: 'a', amount: '0.001' }] }), [
      'amount_precision',
      '/split/parts/0/amount',
    ]);
    assert.deepEqual(refused(itemized([{ ...line('100'), quantity: '-1' }])), ['decimal_malformed', '/split/items/0/quantity']);
    assert.deepEqual(refused(itemized([line('1.001')])), ['amount_precision', '/split/items/0/amount']);
    assert.deepEqual(refused(itemized([line('100')], { tax: '1.001' })), ['amount_precision', '/split/tax']);
    assert.deepEqual(refusedPayers([{ memberId: 'a', amount: '100.001' }]), ['amount_precision', '/payers/0/amount']);
  });

  it('nothing to share by', () => {
    assert.deepEqual(refused({ method: 'shares', parts: [{ memberId: 'a', shares: '0' }] }), ['weights_sum_zero', '/split/parts']);
    assert.deepEqual(refused({ method: 'weights', among: ['a', 'b'] }, 1n, { a: '0', b: '0.0' }), ['weights_sum_zero', '/split/among']);
    assert.deepEqual(refused({ method: 'weights', among: ['a', 'b'] }, 1n, { a: '1' }), ['unknown_member', '/split/among/1']);
    assert.deepEqual(refused(itemized([{ name: 'Line', amount: '100', parts: [{ memberId: 'a', shares: '0' }] }])), [
      'weights_sum_zero',
      '/split/items/0/parts',
    ]);
    assert.deepEqual(refused(itemized([{ name: 'Line', amount: '100' }])), ['item_needs_among_or_parts', '/split/items/0']);
    assert.deepEqual(refused(itemized([{ ...line('100'), parts: [{ memberId: 'a', shares: '1' }] }])), [
      'item_needs_among_or_parts',
      '/split/items/0',
    ]);
  });

  it('shares and payments below zero', () => {
    const exact: Split = {
      method: 'exact',
      parts: [
        { memberId: 'a', amount: '101' },
        { memberId: 'b', amount: '-1' },
      ],
    };
    assert.deepEqual(refused(exact), ['negative_share', '/split/parts/1/amount']);
    const adjusted = (amount: string): Split => ({ method: 'adjustment', among: ['a', 'b'], parts: [{ memberId: 'a', amount }] });
    assert.deepEqual(
      ['100.00', '100.01', '-100.00', '-100.01'].map((amount) => refused(adjusted(amount))),
      [
        ['ok', undefined],
        ['negative_share', '/split/among'],
        ['ok', undefined],
        ['negative_share', '/split/parts/0/amount'],
      ],
    );
    const outside: Split = { method: 'adjustment', among: ['a'], parts: [{ memberId: 'z', amount: '-0.01' }] };
    assert.deepEqual(refused(outside), ['negative_share', '/split/parts/0/amount']);
    assert.deepEqual(refused(itemized([line('101', ['a']), line('-1', ['b'])])), ['negative_share', '/split/items']);
    assert.deepEqual(refused(itemized([line('-1')], { tax: '101' })), ['negative_share', '/split/items']);
    for (const field of ['tax', 'tip', 'discount']) {
      assert.deepEqual(refused(itemized([line('100')], { [field]: '-0.01' })), ['negative_amount', `/split/${field}`]);
    }
    assert.deepEqual(
      refusedPayers([
        { memberId: 'a', amount: '101' },
        { memberId: 'b', amount: '-1' },
      ]),
      ['negative_amount', '/payers/1/amount'],
    );
    assert.deepEqual(
      refusedPayers([
        { memberId: 'a', amount: '100' },
        { memberId: 'b', amount: '0' },
      ]),
      ['zero_payment', '/payers/1/amount'],
    );
  });

  it('members and parts at their limits', () => {
    const around = (limit: number): number[] => [limit - 1, limit, limit + 1];
    assert.deepEqual(
      around(SPLIT_MEMBERS_MAX).map((count) => refused({ method: 'equal', among: ids(count) })[0]),
      ['ok', 'ok', 'too_many_members'],
    );
    assert.deepEqual(
      around(SPLIT_PARTS_MAX).map((count) =>
        refused({ method: 'shares', parts: ids(count).map((memberId) => ({ memberId, shares: '1' })) }),
      ),
      [
        ['ok', undefined],
        ['ok', undefined],
        ['too_many_parts', '/split/parts'],
      ],
    );
    const adjusted = (count: number): Split => ({ method: 'adjustment', among: ids(count), parts: [{ memberId: 'extra', amount: '0' }] });
    assert.deepEqual(
      around(SPLIT_MEMBERS_MAX - 1).map((count) => refused(adjusted(count))[0]),
      ['ok', 'ok', 'too_many_members'],
    );
    const payers = (count: number): AmountPart[] =>
      ids(count).map((memberId, index) => ({ memberId, amount: index === 0 ? `${100 - count}.01` : '1' }));
    assert.deepEqual(refusedPayers(payers(SPLIT_PARTS_MAX + 1)), ['too_many_parts', '/payers']);
  });

  it('items at their limits', () => {
    const lines = (count: number): Split => itemized(Array.from({ length: count }, () => line('1.00')));
    const outcomes = [SPLIT_ITEMS_MAX - 1, SPLIT_ITEMS_MAX, SPLIT_ITEMS_MAX + 1].map((count) =>
      refused(lines(count), BigInt(count) * 100n),
    );
    assert.deepEqual(outcomes, [
      ['ok', undefined],
      ['ok', undefined],
      ['too_many_items', '/split/items'],
    ]);
    const halves = (extra: number): Split => itemized([line('1', ids(SPLIT_MEMBERS_MAX - 1)), line('1', ['x', 'y'].slice(0, 1 + extra))]);
    assert.deepEqual(
      [0, 1].map((extra) => refused(halves(extra), 200n)),
      [
        ['ok', undefined],
        ['too_many_members', '/split/items'],
      ],
    );
    const full = SPLIT_ITEM_SHARERS_MAX / SPLIT_MEMBERS_MAX;
    const sharers = (extra: readonly string[]): Split => {
      const items = Array.from({ length: full - 1 }, () => line('1', ids(SPLIT_MEMBERS_MAX)));
      return itemized([...items, line('1', ids(SPLIT_MEMBERS_MAX - 1)), ...extra.map((memberId) => line('1', [memberId]))]);
    };
    const counts = [[], ['m0'], ['m0', 'm1']].map((extra) => refused(sharers(extra), BigInt(full + extra.length) * 100n)[0]);
    assert.deepEqual(counts, ['ok', 'ok', 'too_many_parts']);
  });
});
