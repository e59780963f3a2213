// Goal: merging two members moves nobody else's money, and the rule stays one that can be edited. Method: random expenses of
// every method, merged; the shares compared with the sums, and the rule worked out anew.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { contentLines, draftExpense, type ExpenseContent } from './expense.ts';
import { netOf } from './ledger.ts';
import { mergedContent, mergedPostingLines, mergedSplit, mergedInput, type MergedPair } from './merge.ts';
import { formatAmount, parseAmount } from './money.ts';
import { unwrap } from './refusal.ts';
import { computeShares, type Split } from './split.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];
const WEIGHTS = new Map(IDS.map((id, index) => [id, `${index + 1}.5`]));
const MEMBERS = new Map(IDS.map((id) => [id, { active: true, weight: WEIGHTS.get(id)! }]));
const among = fc.subarray(IDS, { minLength: 1 });
const cents = (minor: bigint): string => formatAmount(minor, 'EUR');

/** A total of 12.00 to 1000.00 and a rule that fits it. */
const ruled: fc.Arbitrary<{ total: bigint; split: Split }> = fc.bigInt({ min: 1_200n, max: 100_000n }).chain((total) =>
  fc
    .oneof<fc.Arbitrary<Split>[]>(
      among.map((ids) => ({ method: 'equal', among: ids })),
      among.map((ids) => ({ method: 'weights', among: ids })),
      among.map((ids) => ({ method: 'shares', parts: ids.map((memberId, index) => ({ memberId, shares: `${index + 1}.25` })) })),
      among.map((ids) => ({
        method: 'exact',
        parts: ids.map((memberId, index) => ({ memberId, amount: cents(index === 0 ? total - 7n * BigInt(ids.length - 1) : 7n) })),
      })),
      among.map((ids) => ({
        method: 'percentage',
        parts: ids.map((memberId, index) => ({ memberId, percent: index === 0 ? String(100 - 3 * (ids.length - 1)) : '3' })),
      })),
      fc.tuple(among, among).map(([ids, extra]) => ({
        method: 'adjustment',
        among: ids,
        parts: extra.map((memberId) => ({ memberId, amount: '1.13' })),
      })),
      fc.tuple(among, among).map(([ids, others]) => ({
        method: 'itemized',
        items: [
          { name: 'Wine', amount: cents(total - 500n), among: ids },
          { name: 'Bread', amount: '5.00', parts: others.map((memberId) => ({ memberId, shares: '2' })) },
        ],
      })),
    )
    .map((split) => ({ total, split })),
);

const pair: fc.Arbitrary<MergedPair> = fc
  .tuple(fc.constantFrom(...IDS), fc.constantFrom(...IDS))
  .filter(([from, into]) => from !== into)
  .map(([from, into]) => ({ from, into }));

function contentOf({ total, split }: { total: bigint; split: Split }, kind: 'expense' | 'income'): ExpenseContent {
  const payers = [
    { memberId: 'a', amount: cents(total - 100n) },
    { memberId: 'b', amount: '1.00' },
  ];
  const money = { amount: cents(total), currency: 'EUR' };
  return unwrap(draftExpense({ kind, description: 'x', total: money, date: '2026-11-20', payers, split }, MEMBERS, 7n)).content;
}

const minorOf = (amount: string): bigint => unwrap(parseAmount(amount, 'EUR'));

describe('merge of two members', () => {
  it('any expense, adds up what both paid and owe, and leaves everybody else as they were', () => {
    fc.assert(
      fc.property(ruled, pair, fc.constantFrom('expense', 'income'), (rule, { from, into }, kind) => {
        const before = contentOf(rule, kind);
        const after = mergedContent(before, { from, into });
        const sum = (content: ExpenseContent, side: 'paid' | 'owed', ...ids: string[]): bigint =>
          content.shares.filter(({ memberId }) => ids.includes(memberId)).reduce((total, share) => total + minorOf(share[side]), 0n);
        for (const side of ['paid', 'owed'] as const) {
          assert.equal(sum(after, side, into), sum(before, side, from, into));
          for (const id of IDS) if (id !== from && id !== into) assert.equal(sum(after, side, id), sum(before, side, id));
        }
        assert.ok(!JSON.stringify(after).includes(`"${from}"`), 'nothing names the one who is gone');
        assert.equal(new Set(after.shares.map(({ memberId }) => memberId)).size, after.shares.length);
        const lines = contentLines(after);
        assert.equal(
          lines.reduce((total, line) => total + netOf(line), 0n),
          0n,
        );
        assert.deepEqual(lines, mergedPostingLines(contentLines(before), { from, into }));
      }),
    );
  });

  it('any rule, is one that can be worked out anew, to the shares that stand but for odd cents', () => {
    fc.assert(
      fc.property(ruled, pair, (rule, both) => {
        const after = mergedContent(contentOf(rule, 'expense'), both);
        // Who takes over a place by standing weight has their own.
        if (after.split.method === 'weights') return;
        const owed = unwrap(computeShares({ totalMinor: rule.total, currency: 'EUR', split: after.split, weights: WEIGHTS, tieBreak: 3n }));
        const stands = new Map(after.shares.map((share) => [share.memberId, minorOf(share.owed)]));
        for (const { memberId, minor } of owed) {
          const difference = minor - (stands.get(memberId) ?? 0n);
          assert.ok(difference > -3n && difference < 3n, `${memberId}: ${difference}`);
        }
      }),
    );
  });

  it('what is still to be recorded, names who remains once and still makes an expense', () => {
    fc.assert(
      fc.property(ruled, pair, ({ total, split }, { from, into }) => {
        const { payers, ...content } = contentOf({ total, split }, 'expense');
        const template = mergedInput({ ...content, payers }, { from, into });
        assert.ok(!JSON.stringify([template.payers, template.split]).includes(`"${from}"`));
        const remaining = new Map([...MEMBERS].filter(([id]) => id !== from));
        const drafted = draftExpense({ ...template, rate: undefined }, remaining, 1n);
        assert.ok(drafted.ok || drafted.refusal.code === 'negative_share', drafted.ok ? '' : drafted.refusal.code);
      }),
    );
  });

  it('heads of an equal split, count both; standing weights and adjustments of both, become amounts', () => {
    const merged = (split: Split): Split | null => mergedSplit(split, { from: 'a', into: 'b' }, 'EUR');
    assert.deepEqual(merged({ method: 'equal', among: ['a', 'b', 'c'] }), {
      method: 'shares',
      parts: [
        { memberId: 'b', shares: '2' },
        { memberId: 'c', shares: '1' },
      ],
    });
    assert.deepEqual(merged({ method: 'equal', among: ['a', 'c'] }), { method: 'equal', among: ['b', 'c'] });
    assert.deepEqual(merged({ method: 'percentage', parts: ['a', 'b'].map((memberId) => ({ memberId, percent: '50.000001' })) }), {
      method: 'percentage',
      parts: [{ memberId: 'b', percent: '100.000002' }],
    });
    assert.equal(merged({ method: 'weights', among: ['a', 'b'] }), null);
    assert.equal(merged({ method: 'adjustment', among: ['a', 'b'], parts: [] }), null);
    const exact = mergedContent(contentOf({ total: 1_000n, split: { method: 'weights', among: ['a', 'b', 'c'] } }, 'expense'), {
      from: 'a',
      into: 'b',
    });
    assert.deepEqual(exact.split, { method: 'exact', parts: exact.shares.map(({ memberId, owed }) => ({ memberId, amount: owed })) });
  });
});
