// Goal: an explanation adds up to the figure that it explains, whatever was shared. Method: the cases of a dinner by hand, then any debts,
// reservations and units, with every pair of members.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Debt, explainTransfer } from './explain.ts';
import { planTransfers } from './plan.ts';
import { unwrap } from './refusal.ts';

function netsOf(debts: readonly Debt[], members: readonly string[]): Map<string, bigint> {
  const nets = new Map(members.map((member) => [member, 0n]));
  for (const { from, to, minor } of debts) {
    nets.set(from, nets.get(from)! - minor);
    nets.set(to, nets.get(to)! + minor);
  }
  return nets;
}

function directOf(debts: readonly Debt[], from: string, to: string): bigint {
  return debts.reduce((sum, debt) => {
    if (debt.from === from && debt.to === to) return sum + debt.minor;
    return debt.from === to && debt.to === from ? sum - debt.minor : sum;
  }, 0n);
}

describe('explanation', () => {
  const members = ['ana', 'ben', 'cara', 'dan'];
  const explain = (
    debts: readonly Debt[],
    [from, to]: readonly [string, string],
    {
      reserved = [],
      units = new Map<string, string>(),
    }: { reserved?: readonly (Debt & { transferId: string })[]; units?: Map<string, string> } = {},
  ) => {
    const nets = netsOf(debts, members);
    for (const leg of reserved) {
      nets.set(leg.from, nets.get(leg.from)! + leg.minor);
      nets.set(leg.to, nets.get(leg.to)! - leg.minor);
    }
    const balances = [...nets].map(([memberId, minor]) => ({ memberId, minor }));
    const { transfers } = unwrap(planTransfers({ balances, strategy: 'minimal', units }));
    return explainTransfer({ from, to, transfers, nets, units, reserved, direct: directOf(debts, from, to), debts });
  };

  it('debt that nobody else touches, needs no step', () => {
    assert.deepEqual(explain([{ from: 'ana', to: 'ben', minor: 10n }], ['ana', 'ben']), { figure: 10n, steps: [] });
    assert.deepEqual(explain([{ from: 'ana', to: 'ben', minor: 10n }], ['ben', 'ana']), { figure: -10n, steps: [] });
  });

  it('debt over a third, is paid directly', () => {
    const debts = [
      { from: 'ana', to: 'ben', minor: 10n },
      { from: 'ben', to: 'cara', minor: 10n },
    ];
    assert.deepEqual(explain(debts, ['ana', 'cara']), { figure: 10n, steps: [{ kind: 'through', through: ['ben'], minor: 10n }] });
    // What ana owed ben goes to cara.
    assert.deepEqual(explain(debts, ['ana', 'ben']), { figure: 0n, steps: [{ kind: 'through', through: ['cara'], minor: -10n }] });
  });

  it('circle of debts, falls away', () => {
    const debts = [
      { from: 'ana', to: 'ben', minor: 5n },
      { from: 'ben', to: 'cara', minor: 5n },
      { from: 'cara', to: 'ana', minor: 5n },
    ];
    assert.deepEqual(explain(debts, ['ana', 'ben']), { figure: 0n, steps: [{ kind: 'through', through: ['cara'], minor: -5n }] });
  });

  it('reservation, is named by its transfer', () => {
    const debts = [{ from: 'ana', to: 'ben', minor: 10n }];
    const reserved = [{ transferId: 't1', from: 'ana', to: 'ben', minor: 4n }];
    assert.deepEqual(explain(debts, ['ana', 'ben'], { reserved }), {
      figure: 6n,
      steps: [{ kind: 'reserved', transferId: 't1', minor: -4n }],
    });
  });

  it('unit, settles as one: what its members owe each other is not paid', () => {
    const debts = [
      { from: 'ana', to: 'ben', minor: 10n },
      { from: 'ben', to: 'cara', minor: 7n },
    ];
    const units = new Map([
      ['ana', 'couple'],
      ['ben', 'couple'],
    ]);
    assert.deepEqual(explain(debts, ['ana', 'ben'], { units }).figure, 0n);
    const { figure, steps } = explain(debts, ['ana', 'cara'], { units });
    assert.deepEqual([figure, steps], [7n, [{ kind: 'through', through: ['ben'], minor: 7n }]]);
  });

  it('everything, adds up for every pair, over named ways only', () => {
    const member = fc.constantFrom(...members);
    const debt = fc.record({ from: member, to: member, minor: fc.bigInt({ min: 1n, max: 1_000n }) }).filter(({ from, to }) => from !== to);
    const leg = debt.map((one) => ({ ...one, transferId: 't1' }));
    const unit = fc.constantFrom('', 'one', 'two');
    fc.assert(
      fc.property(
        fc.array(debt, { maxLength: 20 }),
        fc.array(leg, { maxLength: 3 }),
        fc.array(unit, { minLength: members.length, maxLength: members.length }),
        (debts, reserved, named) => {
          const units = new Map(members.flatMap((one, index) => (named[index] === '' ? [] : [[one, named[index]!] as const])));
          for (const from of members)
            for (const to of members.filter((one) => one !== from)) {
              const { figure, steps } = explain(debts, [from, to], { reserved, units });
              const sum = steps.reduce((total, { minor }) => total + minor, directOf(debts, from, to));
              assert.equal(sum, figure, `${from} to ${to}`);
              assert.ok(steps.every(({ kind }) => kind !== 'others'));
              for (const step of steps)
                if (step.kind === 'through')
                  assert.ok(step.through.length > 0 && !step.through.includes(from) && !step.through.includes(to));
            }
        },
      ),
    );
  });

  it('group too large to follow, has one sum for all others', () => {
    const transfers = [{ from: 'ana', to: 'cara', minor: 10n }];
    const nets = new Map([
      ['ana', -10n],
      ['cara', 10n],
    ]);
    const input = { from: 'ana', to: 'cara', transfers, nets, units: new Map(), reserved: [], direct: 3n, debts: null };
    assert.deepEqual(explainTransfer(input), { figure: 10n, steps: [{ kind: 'others', minor: 7n }] });
  });
});
