import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addRationals, compareRationals, divideRationals, multiplyRationals, parseDecimal, rational } from './decimal.ts';
import type { Rational } from './decimal.ts';
import { formatAmount, MAX_MINOR } from './money.ts';
import { unwrap } from './refusal.ts';
import { computeShares } from './split.ts';
import type { MemberAmount, SharesPart, Split, SplitItem } from './split.ts';

// Goal: what holds for every split of every method. Method: random splits that are right by construction; an oracle
// works out each member's exact part with fractions, one operation at a time, straight from the formulas.

interface World {
  readonly totalMinor: bigint;
  readonly currency: string;
  readonly split: Split;
  readonly weights: ReadonlyMap<string, string>;
  readonly tieBreak: bigint;
}

const currency = fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF');
const members = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 });
const total = fc.oneof(fc.bigInt({ min: 1n, max: 1000n }), fc.bigInt({ min: 1n, max: MAX_MINOR }));
const micros = fc.oneof(fc.constantFrom(0n, 1n, 500_000n, 1_000_000n, 1_500_000n), fc.bigInt({ min: 0n, max: 10n ** 12n }));

function microsText(value: bigint): string {
  const digits = value.toString().padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** Cuts a sum into one part a member at random places. */
function cut(sum: bigint, count: number): fc.Arbitrary<bigint[]> {
  return fc.array(fc.bigInt({ min: 0n, max: sum }), { minLength: count - 1, maxLength: count - 1 }).map((places) => {
    const edges = [0n, ...places.toSorted((a, b) => (a < b ? -1 : Number(a > b))), sum];
    return edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0n));
  });
}

/** Shares with at least one above zero. */
function sharesParts(ids: readonly string[]): fc.Arbitrary<SharesPart[]> {
  const texts = fc.array(micros, { minLength: ids.length, maxLength: ids.length }).filter((values) => values.some((value) => value > 0n));
  return texts.map((values) => ids.map((memberId, index) => ({ memberId, shares: microsText(values[index] ?? 0n) })));
}

function items(ids: readonly string[], code: string): fc.Arbitrary<SplitItem[]> {
  const some = fc.subarray([...ids], { minLength: 1 });
  const amount = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 6n })).map((minor) => formatAmount(minor, code));
  const equal = fc.record({ name: fc.constant('Line'), amount, among: some });
  const weighted = fc.record({ name: fc.constant('Line'), amount, parts: some.chain((chosen) => sharesParts(chosen)) });
  return fc.array(fc.oneof<fc.Arbitrary<SplitItem>[]>(equal, weighted), { minLength: 1, maxLength: 8 });
}

function itemizedWorld(ids: readonly string[], code: string): fc.Arbitrary<{ totalMinor: bigint; split: Split }> {
  const extra = fc.bigInt({ min: 0n, max: 10n ** 5n });
  return fc.record({ lines: items(ids, code), tax: extra, tip: extra, discount: extra }).map(({ lines, tax, tip, discount }) => {
    const sum = lines.reduce((minor, item) => minor + minorOf(item.amount, code), 0n) + tax + tip;
    const taken = discount < sum ? discount : 0n;
    const extras = { tax: formatAmount(tax, code), tip: formatAmount(tip, code), discount: formatAmount(taken, code) };
    return { totalMinor: sum - taken, split: { method: 'itemized' as const, items: lines, ...extras } };
  });
}

/** Signed adjustments that leave every exact share at zero or above; the common part may push the rest below zero. */
function adjustments(ids: readonly string[], sum: bigint): fc.Arbitrary<bigint[]> {
  const reach = sum / (2n * BigInt(ids.length));
  const own = fc.array(fc.bigInt({ min: -reach, max: reach }), { minLength: ids.length, maxLength: ids.length });
  const common = fc.bigInt({ min: -sum / 4n, max: sum / 4n });
  return fc.tuple(own, common).map(([values, shift]) => values.map((value) => value + shift));
}

function splitWorld(ids: readonly string[], code: string): fc.Arbitrary<{ totalMinor: bigint; split: Split }> {
  const withTotal = (make: (totalMinor: bigint) => fc.Arbitrary<Split>): fc.Arbitrary<{ totalMinor: bigint; split: Split }> =>
    total.chain((totalMinor) => make(totalMinor).map((split) => ({ totalMinor, split })));
  const amounts = (values: readonly bigint[]): { memberId: string; amount: string }[] =>
    ids.map((memberId, index) => ({ memberId, amount: formatAmount(values[index] ?? 0n, code) }));
  return fc.oneof(
    withTotal(() => fc.constant({ method: 'equal', among: ids })),
    withTotal((sum) => cut(sum, ids.length).map((values) => ({ method: 'exact', parts: amounts(values) }))),
    withTotal(() =>
      cut(10n ** 8n, ids.length).map((values) => ({
        method: 'percentage',
        parts: ids.map((memberId, index) => ({ memberId, percent: microsText(values[index] ?? 0n) })),
      })),
    ),
    withTotal(() => sharesParts(ids).map((parts) => ({ method: 'shares', parts }))),
    withTotal((sum) => adjustments(ids, sum).map((values) => ({ method: 'adjustment', among: ids, parts: amounts(values) }))),
    withTotal(() => fc.constant({ method: 'weights', among: ids })),
    itemizedWorld(ids, code),
  );
}

const world: fc.Arbitrary<World> = fc
  .tuple(members, currency)
  .chain(([ids, code]) =>
    fc
      .record({
        chosen: splitWorld(ids, code),
        standing: sharesParts(ids),
        tieBreak: fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
      })
      .map(({ chosen, standing, tieBreak }) => ({
        ...chosen,
        currency: code,
        tieBreak,
        weights: new Map(standing.map(({ memberId, shares }) => [memberId, shares])),
      })),
  )
  .filter(({ totalMinor }) => totalMinor > 0n);

/** Turns every list of a split round. */
function reversed(split: Split): Split {
  const turned = JSON.parse(JSON.stringify(split), (_, value: unknown) => (Array.isArray(value) ? value.toReversed() : value)) as Split;
  return turned;
}

describe('split properties', () => {
  it('parts add up to the total, none is below zero, everybody named has one', () => {
    fc.assert(
      fc.property(world, (given) => {
        const shares = unwrap(computeShares(given));
        assert.equal(
          shares.reduce((sum, { minor }) => sum + minor, 0n),
          given.totalMinor,
        );
        assert.ok(shares.every(({ minor }) => minor >= 0n));
        assert.deepEqual(
          shares.map(({ memberId }) => memberId),
          [...exactShares(given).keys()].toSorted(),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('each share is less than one minor unit away from the exact one', () => {
    fc.assert(
      fc.property(world, (given) => {
        const exact = exactShares(given);
        for (const { memberId, minor } of unwrap(computeShares(given))) {
          const target = exact.get(memberId) ?? assert.fail(memberId);
          assert.ok(compareRationals(rational(minor - 1n), target) < 0 && compareRationals(target, rational(minor + 1n)) < 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('the order given changes nothing', () => {
    fc.assert(
      fc.property(world, (given) => {
        const turned = { ...given, split: reversed(given.split), weights: new Map([...given.weights].toReversed()) };
        assert.deepEqual(computeShares(turned), computeShares(given));
      }),
      { numRuns: 500 },
    );
  });

  it('a larger exact share never gets less', () => {
    fc.assert(
      fc.property(world, (given) => {
        const exact = exactShares(given);
        const shares = unwrap(computeShares(given)).map(({ memberId, minor }) => ({
          minor,
          exact: exact.get(memberId) ?? assert.fail(memberId),
        }));
        const ordered = shares.toSorted((left, right) => compareRationals(left.exact, right.exact));
        for (const [index, share] of ordered.slice(1).entries()) {
          const before = ordered[index] ?? assert.fail();
          if (compareRationals(before.exact, share.exact) < 0) assert.ok(before.minor <= share.minor);
        }
      }),
    );
  });

  it('over all tie breaks, members with equal parts take the odd units equally often', () => {
    fc.assert(
      fc.property(members, fc.bigInt({ min: 1n, max: 100_000n }), (ids, totalMinor) => {
        const taken = new Map<string, bigint>();
        for (let turn = 0n; turn < BigInt(ids.length); turn += 1n) {
          const split = { method: 'equal', among: ids } as const;
          const shares = unwrap(computeShares({ totalMinor, currency: 'EUR', split, weights: new Map(), tieBreak: turn }));
          for (const { memberId, minor } of shares) taken.set(memberId, (taken.get(memberId) ?? 0n) + minor);
        }
        for (const sum of taken.values()) assert.equal(sum, totalMinor);
      }),
    );
  });

  it('whether an adjustment is refused does not depend on the tie break', () => {
    const signed = fc.array(fc.bigInt({ min: -50n, max: 50n }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(signed, fc.bigInt({ min: 1n, max: 60n }), fc.nat(10), (values, totalMinor, turn) => {
        const parts = values.map((value, index) => ({ memberId: `m${index}`, amount: value.toString() }));
        const split = { method: 'adjustment', among: ['m0', 'm1', 'm2'], parts } as const;
        const outcomes = [0n, BigInt(turn)].map((tieBreak) =>
          computeShares({ totalMinor, currency: 'JPY', split, weights: new Map(), tieBreak }),
        );
        const [first, other] = outcomes.map((outcome) => (outcome.ok ? outcome.value.length : outcome.refusal));
        assert.deepEqual(other, first);
        for (const outcome of outcomes) if (outcome.ok) assert.ok(outcome.value.every(({ minor }) => minor >= 0n));
      }),
      { numRuns: 1000 },
    );
  });

  it('shares written on the wire and read back as exact amounts are the same shares', () => {
    fc.assert(
      fc.property(world, (given) => {
        const shares = unwrap(computeShares(given));
        const parts = shares.map(({ memberId, minor }) => ({ memberId, amount: formatAmount(minor, given.currency) }));
        const again: MemberAmount[] = unwrap(computeShares({ ...given, split: { method: 'exact', parts } }));
        assert.deepEqual(again, shares);
      }),
    );
  });
});

function minorOf(amount: string, code: string): bigint {
  const digits = { EUR: 2, JPY: 0, KWD: 3, CLF: 4 }[code] ?? assert.fail(code);
  const value = multiplyRationals(decimal(amount), rational(10n ** BigInt(digits)));
  assert.equal(value.den, 1n);
  return value.num;
}

function decimal(text: string): Rational {
  return unwrap(parseDecimal(text, { integerDigitsMax: 20, allowNegative: true }));
}

/** The oracle: the formulas as fractions. */
function exactShares({ totalMinor, currency: code, split, weights }: World): Map<string, Rational> {
  const whole = rational(totalMinor);
  switch (split.method) {
    case 'equal':
      return scaled(new Map(split.among.map((memberId) => [memberId, rational(1n)])), whole);
    case 'exact':
      return new Map(split.parts.map((part) => [part.memberId, rational(minorOf(part.amount, code))]));
    case 'percentage':
      return new Map(
        split.parts.map((part) => [part.memberId, multiplyRationals(whole, divideRationals(decimal(part.percent), rational(100n)))]),
      );
    case 'shares':
      return scaled(new Map(split.parts.map((part) => [part.memberId, decimal(part.shares)])), whole);
    case 'weights':
      return scaled(new Map(split.among.map((memberId) => [memberId, decimal(weights.get(memberId) ?? '0')])), whole);
    case 'adjustment': {
      const adjustments = split.parts.map((part) => [part.memberId, rational(minorOf(part.amount, code))] as const);
      const rest = totalMinor - adjustments.reduce((sum, [, { num }]) => sum + num, 0n);
      return merged([...split.among.map((memberId) => [memberId, rational(rest, BigInt(split.among.length))] as const), ...adjustments]);
    }
    case 'itemized': {
      const lines = merged(
        split.items.flatMap((item) => {
          const sharers =
            item.parts?.map((part) => [part.memberId, decimal(part.shares)] as const) ??
            item.among?.map((memberId) => [memberId, rational(1n)] as const);
          return [...scaled(new Map(sharers), rational(minorOf(item.amount, code)))];
        }),
      );
      const empty = [...lines.values()].every(({ num }) => num === 0n);
      return scaled(empty ? new Map([...lines.keys()].map((memberId) => [memberId, rational(1n)])) : lines, whole);
    }
  }
}

function merged(entries: readonly (readonly [string, Rational])[]): Map<string, Rational> {
  const sums = new Map<string, Rational>();
  for (const [memberId, value] of entries) sums.set(memberId, addRationals(sums.get(memberId) ?? rational(0n), value));
  return sums;
}

/** Scales values so that they add up to `whole`. */
function scaled(values: ReadonlyMap<string, Rational>, whole: Rational): Map<string, Rational> {
  const sum = [...values.values()].reduce(addRationals, rational(0n));
  return new Map([...values].map(([memberId, value]) => [memberId, multiplyRationals(whole, divideRationals(value, sum))]));
}
