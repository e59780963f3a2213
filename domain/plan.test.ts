import assert from 'node:assert/strict';
import fc from 'fast-check';
import { partitionExactly } from './plan-exact.ts';
import { settleInSizeOrder, settleLargestFirst, type Net, type PlannedTransfer } from './plan-settle.ts';
import { packBySubsets } from './plan-subsets.ts';
import { findZeroSums, groupValues } from './plan-zero-sums.ts';
import { planTransfers, type Plan, type PlanInput } from './plan.ts';

// Goal: plans settle exactly, and `minimal` means it. Method: an independent brute force over set partitions for up to
// ten members, the peers' golden cases, and properties on larger groups.

const netsOf = (...minors: number[]): Net[] => minors.map((minor, index) => ({ memberId: `m${String(index)}`, minor: BigInt(minor) }));

function plan(input: Omit<PlanInput, 'strategy'> & Partial<PlanInput>): Plan {
  const outcome = planTransfers({ strategy: 'minimal', ...input });
  assert.ok(outcome.ok);
  return outcome.value;
}

function refusedWith(input: PlanInput): string {
  const outcome = planTransfers(input);
  assert.ok(!outcome.ok);
  return outcome.refusal.code;
}

function leftover(balances: readonly Net[], transfers: readonly PlannedTransfer[], unitOf = (id: string): string => id): bigint[] {
  const open = new Map<string, bigint>();
  const add = (id: string, minor: bigint): unknown => open.set(unitOf(id), (open.get(unitOf(id)) ?? 0n) + minor);
  for (const net of balances) add(net.memberId, net.minor);
  for (const transfer of transfers) {
    assert.ok(transfer.minor > 0n && transfer.from !== transfer.to);
    add(transfer.from, transfer.minor);
    add(transfer.to, -transfer.minor);
  }
  return [...open.values()].filter((minor) => minor !== 0n);
}

/** Puts each value into one of the parts so far or a new one, and counts the parts when all of them are zero. */
function mostZeroParts(values: readonly number[], index = 0, sums: number[] = []): number {
  const value = values[index];
  if (value === undefined) return sums.every((sum) => sum === 0) ? sums.length : 0;
  let most = 0;
  for (let part = 0; part <= sums.length; part += 1) {
    const next = part === sums.length ? [...sums, value] : sums.map((sum, at) => (at === part ? sum + value : sum));
    most = Math.max(most, mostZeroParts(values, index + 1, next));
  }
  return most;
}

const closed = (minors: number[]): number[] => [...minors, -minors.reduce((sum, minor) => sum + minor, 0)];
const minorsUpTo = (length: number, size: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: -size, max: size }), { minLength: 1, maxLength: length - 1 }).map(closed);

describe('planTransfers, minimal', () => {
  for (const [minors, count] of [
    [[1, 2, -1, -2], 2],
    [[3, 4, -2, -2, -3], 3],
    [[2, 3, -1, -2, -2], 3],
    [[2, 2, 6, -3, -3, -4], 4],
  ] as const) {
    it(`balances ${minors.join(' ')}, on which peers waste a transfer, ${String(count)} transfers`, () => {
      const { transfers, ...rest } = plan({ balances: netsOf(...minors) });
      assert.deepEqual(rest, { count, minimal: true, lowerBound: count, strategy: 'minimal' });
      assert.deepEqual(leftover(netsOf(...minors), transfers), []);
    });
  }

  it('30.00 paid by one for seven, the plan pays 25.71 and everybody ends at zero', () => {
    const balances = netsOf(3000 - 429, -429, -429, -429, -428, -428, -428);
    const { transfers, count, minimal } = plan({ balances });
    assert.deepEqual([count, minimal, leftover(balances, transfers)], [6, true, []]);
    assert.equal(
      transfers.reduce((sum, transfer) => sum + transfer.minor, 0n),
      2571n,
    );
  });

  it('nothing to settle, an empty plan that is minimal', () => {
    assert.deepEqual(plan({ balances: netsOf(0, 0) }), { transfers: [], count: 0, minimal: true, lowerBound: 0, strategy: 'minimal' });
    assert.equal(plan({ balances: [] }).count, 0);
  });

  it('up to ten members, as few transfers as brute force finds', () => {
    for (const [length, size, numRuns] of [
      [10, 6, 60],
      [8, 6, 200],
      [9, 30, 80],
      [7, 3, 300],
    ] as const) {
      fc.assert(
        fc.property(minorsUpTo(length, size), (minors) => {
          const nonzero = minors.filter((minor) => minor !== 0);
          const { count, minimal, transfers } = plan({ balances: netsOf(...minors) });
          assert.deepEqual([count, minimal], [nonzero.length - mostZeroParts(nonzero), true]);
          assert.deepEqual(leftover(netsOf(...minors), transfers), []);
        }),
        { numRuns },
      );
    }
  });

  it('search and table of all subsets, the same number of parts', () => {
    fc.assert(
      fc.property(minorsUpTo(15, 12), (minors) => {
        const values = minors.filter((minor) => minor !== 0).map(BigInt);
        fc.pre(values.length > 0);
        const groups = groupValues(values);
        const parts = packBySubsets(groups, findZeroSums(groups, 30, 1e6) ?? new Int32Array());
        for (const counts of parts) {
          assert.equal(
            counts.reduce((sum, count, index) => sum + BigInt(count) * (groups[index]?.value ?? 0n), 0n),
            0n,
          );
        }
        const found = partitionExactly(values);
        assert.deepEqual([found?.parts.length, found?.partsMax], [parts.length, parts.length]);
      }),
      { numRuns: 300 },
    );
  });

  it('amounts beyond 2^53, exact all the same', () => {
    const huge = 2n ** 70n;
    const balances = [huge + 1n, huge * 2n, -huge, -huge * 2n - 1n].map((minor, index) => ({ memberId: `m${String(index)}`, minor }));
    const { count, transfers } = plan({ balances });
    assert.deepEqual([count, leftover(balances, transfers)], [3, []]);
    const many = Array.from({ length: 40 }, (_, index) => ({ memberId: `n${String(index)}`, minor: huge + BigInt(index) }));
    const total = many.reduce((sum, net) => sum + net.minor, 0n);
    const balanced = [...many, { memberId: 'n', minor: -total }];
    assert.deepEqual(leftover(balanced, plan({ balances: balanced }).transfers), []);
  });

  it('any size, settles exactly, not worse than largest-first, bound true, minimal when they meet', () => {
    // An odd number of odd amounts never sums to zero: so zero sums of four and six are looked for as well.
    const odd = fc
      .array(fc.integer({ min: -200, max: 199 }), { minLength: 59, maxLength: 59 })
      .map((values) => closed(values.map((value) => 2 * value + 1)));
    fc.assert(
      fc.property(fc.oneof(minorsUpTo(200, 20_000), minorsUpTo(60, 40), minorsUpTo(200, 1_000), odd), (minors) => {
        const balances = netsOf(...minors);
        const { count, transfers, lowerBound, minimal } = plan({ balances });
        assert.deepEqual(leftover(balances, transfers), []);
        const nonzero = balances.filter((net) => net.minor !== 0n);
        assert.ok(count <= Math.min(settleLargestFirst(nonzero).length, settleInSizeOrder(nonzero).length));
        assert.ok(lowerBound <= count);
        assert.equal(minimal, lowerBound === count);
        if (nonzero.length <= 23) assert.ok(minimal);
      }),
      { numRuns: 120 },
    );
  });

  it('the input in another order, the same plan', () => {
    const shuffled = minorsUpTo(45, 300).chain((minors) => {
      const balances = netsOf(...minors);
      return fc.tuple(fc.constant(balances), fc.shuffledSubarray(balances, { minLength: balances.length }));
    });
    fc.assert(
      fc.property(shuffled, ([balances, other]) => {
        assert.deepEqual(plan({ balances: other }), plan({ balances }));
      }),
      { numRuns: 60 },
    );
  });

  it('twenty-two members with as many coincidences as there are, proven', () => {
    for (const minors of [
      closed(Array.from({ length: 21 }, (_, index) => (index % 2 === 0 ? 1 : -1))),
      closed(Array.from({ length: 21 }, (_, index) => (index % 3 === 0 ? 2 : -1))),
      closed(Array.from({ length: 21 }, (_, index) => 3 ** index)),
      closed(Array.from({ length: 21 }, (_, index) => (index % 2 === 0 ? 5 * index + 1 : -5 * index - 1))),
    ]) {
      assert.ok(plan({ balances: netsOf(...minors) }).minimal);
    }
  });

  it('balances that do not sum to zero, refused', () => {
    assert.equal(refusedWith({ balances: netsOf(1, -2), strategy: 'minimal' }), 'balances_do_not_sum_to_zero');
  });
});

describe('settleLargestFirst, settleInSizeOrder', () => {
  it('equal amounts in another order, the same transfers', () => {
    const nets = netsOf(5, 5, 5, -5, -5, -3, -2);
    assert.deepEqual(settleLargestFirst(nets.toReversed()), settleLargestFirst(nets));
    assert.deepEqual(settleInSizeOrder(nets.toReversed()), settleInSizeOrder(nets));
  });
});

describe('planTransfers, units', () => {
  const balances: Net[] = [
    { memberId: 'ann', minor: -300n },
    { memberId: 'bob', minor: -700n },
    { memberId: 'cat', minor: 1500n },
    { memberId: 'dan', minor: -500n },
  ];

  it('a couple owes, the one who owes most pays for both', () => {
    const { transfers } = plan({
      balances,
      units: new Map([
        ['ann', 'home'],
        ['bob', 'home'],
      ]),
    });
    assert.deepEqual(transfers, [
      { from: 'bob', to: 'cat', minor: 1000n },
      { from: 'dan', to: 'cat', minor: 500n },
    ]);
  });

  it('a couple is owed, the one who is owed most receives; what they owe each other stays', () => {
    const { transfers } = plan({
      balances,
      units: new Map([
        ['cat', 'home'],
        ['dan', 'home'],
      ]),
    });
    assert.deepEqual(transfers, [
      { from: 'ann', to: 'cat', minor: 300n },
      { from: 'bob', to: 'cat', minor: 700n },
    ]);
  });

  it('equal members of a unit, the first id pays; a unit in balance pays nothing', () => {
    const couple = new Map([
      ['b', 'home'],
      ['a', 'home'],
    ]);
    const owing: Net[] = [
      { memberId: 'b', minor: -5n },
      { memberId: 'a', minor: -5n },
      { memberId: 'c', minor: 10n },
    ];
    assert.deepEqual(plan({ balances: owing, units: couple }).transfers, [{ from: 'a', to: 'c', minor: 10n }]);
    const even: Net[] = [
      { memberId: 'a', minor: -5n },
      { memberId: 'b', minor: 5n },
    ];
    assert.equal(plan({ balances: even, units: couple }).count, 0);
  });

  it('any units and strategies, every unit ends at zero', () => {
    const unitIndexes = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(minorsUpTo(30, 50), unitIndexes, fc.constantFrom('minimal', 'hub'), (minors, indexes, strategy) => {
        const balances = netsOf(...minors);
        const units = new Map(
          balances.flatMap((net, index) => (indexes[index] === 0 ? [] : [[net.memberId, `u${String(indexes[index])}`]])),
        );
        const { transfers } = plan({ balances, units, strategy, hub: 'm0' });
        assert.deepEqual(
          leftover(balances, transfers, (id) => units.get(id) ?? id),
          [],
        );
      }),
    );
  });
});

describe('planTransfers, pairwise', () => {
  it('any connected pairs, only those are used, everybody settled, fewer transfers than people', () => {
    const graph = minorsUpTo(40, 500).chain((minors) =>
      fc.tuple(
        fc.constant(minors),
        fc.array(fc.nat(), { minLength: minors.length, maxLength: minors.length }),
        fc.array(fc.tuple(fc.nat(minors.length - 1), fc.nat(minors.length - 1)), { maxLength: 60 }),
      ),
    );
    fc.assert(
      fc.property(graph, ([minors, parents, extra]) => {
        const balances = netsOf(...minors);
        const tree = parents.slice(1).map((parent, index): [number, number] => [index + 1, parent % (index + 1)]);
        const pairs = [...tree, ...extra].map(([one, other]): [string, string] => [`m${String(one)}`, `m${String(other)}`]);
        const { transfers, count, lowerBound } = plan({ balances, strategy: 'pairwise', pairs });
        const allowed = new Set(pairs.flatMap(([one, other]) => [`${one} ${other}`, `${other} ${one}`]));
        assert.ok(transfers.every((transfer) => allowed.has(`${transfer.from} ${transfer.to}`)));
        assert.deepEqual(leftover(balances, transfers), []);
        assert.ok(count < balances.length && lowerBound <= count);
        assert.deepEqual(plan({ balances: balances.toReversed(), strategy: 'pairwise', pairs: pairs.toReversed() }).transfers, transfers);
      }),
    );
  });

  it('opposites between whom others must pass, no more transfers than along the tree', () => {
    const pairs = [1, 2, 3, 4, 5, 6, 7].map((index): [string, string] => ['m0', `m${String(index)}`]);
    assert.ok(plan({ balances: netsOf(-390, 390, 0, -1, 1, 1, 1, -2), strategy: 'pairwise', pairs }).count <= 6);
    const chain = [0, 1, 2].map((index): [string, string] => [`m${String(index)}`, `m${String(index + 1)}`]);
    assert.equal(plan({ balances: netsOf(-1, -9, 9, 1), strategy: 'pairwise', pairs: chain }).count, 3);
  });

  it('money passes through somebody who owes nothing', () => {
    const pairs = [
      ['m0', 'x'],
      ['x', 'm1'],
    ] as const;
    const { transfers, minimal, lowerBound } = plan({ balances: netsOf(-5, 5), strategy: 'pairwise', pairs });
    assert.deepEqual(transfers, [
      { from: 'm0', to: 'x', minor: 5n },
      { from: 'x', to: 'm1', minor: 5n },
    ]);
    assert.deepEqual([minimal, lowerBound], [false, 1]);
  });

  it('pairs that leave somebody out, refused', () => {
    const balances = netsOf(-5, 5, -2, 2);
    assert.equal(refusedWith({ balances, strategy: 'pairwise', pairs: [['m0', 'm1']] }), 'pairs_cannot_settle');
    assert.equal(refusedWith({ balances, strategy: 'pairwise' }), 'pairs_cannot_settle');
  });
});

describe('planTransfers, hub', () => {
  it('everybody settles with the hub', () => {
    const { transfers, count, lowerBound } = plan({ balances: netsOf(-5, 3, 2, 0), strategy: 'hub', hub: 'm3' });
    assert.deepEqual(transfers, [
      { from: 'm0', to: 'm3', minor: 5n },
      { from: 'm3', to: 'm1', minor: 3n },
      { from: 'm3', to: 'm2', minor: 2n },
    ]);
    assert.deepEqual([count, lowerBound], [3, 2]);
  });

  it('no hub, or one who is not in the group, refused', () => {
    assert.equal(refusedWith({ balances: netsOf(-5, 5), strategy: 'hub' }), 'hub_required');
    assert.equal(refusedWith({ balances: netsOf(-5, 5), strategy: 'hub', hub: 'nobody' }), 'hub_unknown');
  });
});
