// How a plan is paid: every way is shown once, on three transfers or in three parts of one, and the parts add up to each transfer.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatAmount } from '../domain/money.ts';
import type { Person } from './cast.ts';
import { assignParts } from './parts.ts';
import { type Leg, payableByStripe } from './paying.ts';
import { expenseBody, inverse } from './recording.ts';

const account = { email: '', password: '', token: () => Promise.resolve('') };
const person = (name: string, has = true): Person => ({ name, memberId: name, account: has ? account : null });

function leg(minor: bigint, currency = 'EUR', to = person('receiver'), from = person('payer')): Leg {
  const amount = formatAmount(minor, currency);
  const transfer = {
    id: `${minor}`,
    from: from.name,
    to: to.name,
    money: { amount, currency },
    paid: '0',
    remaining: amount,
    state: 'planned',
    method: 'manual',
    payments: [],
    workflowId: '',
  };
  return { transfer, from, to };
}

describe('demo/parts', () => {
  it('three transfers or more: one by card, one declined at first, the others in cash', () => {
    const ways = assignParts([leg(100n), leg(300n), leg(200n), leg(50n)]).map(({ leg: { transfer }, parts }) => [
      transfer.id,
      ...parts.map(({ how }) => how),
    ]);
    assert.deepEqual(ways, [
      ['300', 'card'],
      ['200', 'declined card, then card'],
      ['100', 'cash'],
      ['50', 'cash'],
    ]);
  });

  it('cards go to receivers with an account, and are held by payers with one where there is a choice', () => {
    const child = person('child', false);
    const ways = assignParts([leg(900n, 'EUR', child), leg(800n, 'EUR', person('a'), child), leg(10n), leg(20n)]);
    assert.deepEqual(
      ways.map(({ leg: { transfer }, parts }) => [transfer.id, parts[0]?.how]),
      [
        ['900', 'cash'],
        ['800', 'cash'],
        ['20', 'card'],
        ['10', 'declined card, then card'],
      ],
    );
  });

  it('fewer transfers: all ways are played on the largest, in three parts', () => {
    const [first, second] = assignParts([leg(10n), leg(1001n)]);
    assert.deepEqual(first?.parts, [
      { how: 'card', minor: 333n },
      { how: 'cash', minor: 335n },
      { how: 'declined card, then card', minor: 333n },
    ]);
    assert.deepEqual(second?.parts, [{ how: 'cash', minor: 10n }]);
  });

  it('a transfer that cannot be cut in three, or a plan that no card can pay, is refused', () => {
    assert.throws(() => assignParts([leg(2n)]), /too small/);
    assert.throws(() => assignParts([leg(500n, 'EUR', person('child', false))]), /No transfer of the plan can be paid by card/);
  });

  it('property: the parts of a transfer add up to it, are above zero, and cards can carry theirs', () => {
    const amounts = fc.array(fc.bigInt({ min: 40n, max: 9_999_999n }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(amounts, fc.constantFrom('EUR', 'JPY', 'KWD'), (minors, currency) => {
        for (const { leg: one, parts } of assignParts(minors.map((minor) => leg(minor, currency)))) {
          assert.equal(
            formatAmount(
              parts.reduce((sum, { minor }) => sum + minor, 0n),
              currency,
            ),
            one.transfer.money.amount,
          );
          for (const { how, minor } of parts) assert.ok(minor > 0n && (how === 'cash' || payableByStripe(minor, currency) === minor));
        }
      }),
    );
  });

  it('rates are turned around to at most 12 digits, rounded half up', () => {
    assert.equal(inverse('1.25'), '0.8');
    assert.equal(inverse('3'), '0.333333333333');
    assert.equal(inverse('0.6'), '1.666666666667');
    assert.equal(inverse('0.006'), '166.666666666667');
    assert.equal(inverse('1000000000000'), '0.000000000001');
    assert.equal(inverse('10000000000000'), null);
    assert.equal(inverse('0.0000000000001'), null);
  });

  it('the request of a row has its rate only in another currency than the group has', () => {
    const owner = person('Ana');
    const cast = { groupId: 'g', currency: 'EUR', owner, people: [owner], byName: person, byMember: person };
    const row = {
      kind: 'expense',
      line: 2,
      date: '2026-01-02',
      title: '  two\nlines ',
      category: 'Groceries',
      totalMinor: 500n,
      paid: [{ name: 'Ana', minor: 500n }],
      owed: [{ name: 'Ben', minor: 500n }],
      exchangeRate: '0.5',
    } as const;
    assert.deepEqual(expenseBody({ ...row, currency: 'CHF' }, cast), {
      description: 'two lines',
      total: { amount: '5.00', currency: 'CHF' },
      date: '2026-01-02',
      payers: [{ memberId: 'Ana', amount: '5.00' }],
      split: { method: 'exact', parts: [{ memberId: 'Ben', amount: '5.00' }] },
      category: 'food.groceries',
      tags: ['Groceries'],
      rate: { perGroupCurrency: '2', source: 'ledger' },
    });
    assert.equal('rate' in expenseBody({ ...row, currency: 'EUR' }, cast), false);
  });
});
