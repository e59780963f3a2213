// Goal: what people are told to pay does not change because somebody paid. Method: any balances, any transfer of the plan paid in whole
// or part, one after the other; then payments that no plan had.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planTransfers, SETTLEMENT_STRATEGIES } from './plan.ts';
import { type Moved, planStably } from './plan-stable.ts';
import type { Net, PlannedTransfer } from './plan-settle.ts';
import { unwrap } from './refusal.ts';

const balancesOf = (minors: readonly number[]): Net[] =>
  [...minors, -minors.reduce((sum, minor) => sum + minor, 0)].map((minor, index) => ({ memberId: `m${index}`, minor: BigInt(minor) }));
const afterPaying = (balances: readonly Net[], moved: readonly Moved[]): Net[] =>
  balances.map(({ memberId, minor }) => ({
    memberId,
    minor: moved.reduce((net, one) => net + (one.from === memberId ? one.minor : 0n) - (one.to === memberId ? one.minor : 0n), minor),
  }));
const minors = fc.array(fc.integer({ min: -300, max: 300 }), { minLength: 2, maxLength: 9 });

describe('plan, stable', () => {
  it('transfers paid one after the other, in whole or part, leave the others as they were', () => {
    fc.assert(
      fc.property(
        minors,
        fc.constantFrom(...SETTLEMENT_STRATEGIES),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 4 })), { maxLength: 6 }),
        (amounts, strategy, payments) => {
          const balances = balancesOf(amounts);
          const pairs = balances.slice(1).map(({ memberId }) => ['m0', memberId] as const);
          const input = { strategy, pairs, ...(strategy === 'hub' ? { hub: 'm0' } : {}) };
          let shown: readonly PlannedTransfer[] = unwrap(planTransfers({ ...input, balances })).transfers;
          const moved: Moved[] = [];
          for (const [which, quarters] of payments) {
            const leg = shown[which % Math.max(shown.length, 1)];
            if (leg === undefined) break;
            const part = (leg.minor * BigInt(quarters)) / 4n;
            const minor = part === 0n ? leg.minor : part;
            moved.push({ from: leg.from, to: leg.to, minor });
            const expected = shown.map((one) => (one === leg ? { ...one, minor: one.minor - minor } : one)).filter((one) => one.minor > 0n);
            const plan = unwrap(planStably({ ...input, balances: afterPaying(balances, moved) }, moved));
            assert.deepEqual(plan.transfers, expected);
            assert.equal(plan.count, expected.length);
            assert.ok(plan.lowerBound <= plan.count);
            shown = plan.transfers;
          }
        },
      ),
    );
  });

  it('whole transfers paid of a plan with the fewest, leave one with the fewest', () => {
    fc.assert(
      fc.property(minors, fc.nat(), (amounts, which) => {
        const balances = balancesOf(amounts);
        const plan = unwrap(planTransfers({ balances, strategy: 'minimal' }));
        const leg = plan.transfers[which % Math.max(plan.count, 1)];
        if (leg === undefined || !plan.minimal) return;
        const next = unwrap(planStably({ balances: afterPaying(balances, [leg]), strategy: 'minimal' }, [leg]));
        assert.equal(next.minimal, true);
      }),
    );
  });

  it('anything moved by anybody, the plan settles what is left', () => {
    const member = fc.integer({ min: 0, max: 5 }).map((index) => `m${index}`);
    const move = fc
      .record({ from: member, to: member, minor: fc.bigInt({ min: -200n, max: 200n }) })
      .filter(({ from, to, minor }) => from !== to && minor !== 0n);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -300, max: 300 }), { minLength: 5, maxLength: 5 }),
        fc.array(move, { maxLength: 8 }),
        (amounts, moved) => {
          const balances = afterPaying(balancesOf(amounts), moved);
          const plan = unwrap(planStably({ balances, strategy: 'minimal' }, moved));
          assert.ok(afterPaying(balances, plan.transfers).every(({ minor }) => minor === 0n));
          assert.ok(plan.transfers.every(({ from, to, minor }) => minor > 0n && from !== to));
        },
      ),
    );
  });

  it('payment that goes back, brings its transfer back', () => {
    const balances = balancesOf([-10, -20, 5]);
    const shown = unwrap(planTransfers({ balances, strategy: 'minimal' })).transfers;
    const [leg] = shown as [PlannedTransfer];
    const moved = [leg, { ...leg, minor: -leg.minor }];
    assert.deepEqual(unwrap(planStably({ balances: afterPaying(balances, moved), strategy: 'minimal' }, moved)).transfers, shown);
  });
});
