// The judge of a run: what agrees passes, and each way to disagree about money is said.
import assert from 'node:assert/strict';
import type { Person } from './cast.ts';
import { checkBalances, checkJournal, checkPlan, checkTransfers, checkZero } from './checks.ts';
import { netsOf } from './oracle.ts';
import type { Leg, Transfer } from './paying.ts';
import type { JournalEntry } from './sandbox.ts';
import type { Refunded } from './settling.ts';

const person = (name: string): Person => ({ name, memberId: name, account: null });
const money = (amount: string) => ({ amount, currency: 'EUR' });
const eur = (name: string, minor: bigint) => ({ name, currency: 'EUR', minor });

const transfer: Transfer = {
  id: 't1',
  from: 'A',
  to: 'B',
  money: money('10.00'),
  paid: '10.00',
  remaining: '0.00',
  state: 'succeeded',
  method: 'stripe',
  workflowId: 'transfer/t1',
  payments: [
    { id: 'p1', money: money('6.00'), method: 'stripe' },
    { id: 'p2', money: money('4.00'), method: 'manual' },
  ],
};
const leg: Leg = { transfer, from: person('A'), to: person('B') };
const refund = { id: 'r1', paymentId: 'p1', money: money('2.00'), state: 'succeeded', workflowId: 'refund/r1' };
const refunded: Refunded = { refund, leg, minor: 200n };
const entry = (effect: JournalEntry['effect'], amount: number, paymentIntent = 'pi_1', currency = 'eur'): JournalEntry => ({
  seq: 1,
  at: '',
  effect,
  id: effect,
  paymentIntent,
  amount,
  currency,
  metadata: { transfer: 't1' },
});
const TRUE_JOURNAL = [entry('charge', 600), entry('refund', 200), entry('reversal', 200)];

describe('demo/checks', () => {
  it('the journal with one charge for each card payment and one refund agrees', () => {
    assert.deepEqual(checkJournal(TRUE_JOURNAL, [leg], refunded).problems, []);
  });

  for (const [what, journal, reason] of [
    ['a charge twice', [...TRUE_JOURNAL, entry('charge', 600, 'pi_2')], /charged \[600, 600\]/],
    ['an intent charged twice', [...TRUE_JOURNAL, entry('charge', 600)], /charged pi_1 2 times/],
    ['a charge that is missing', TRUE_JOURNAL.slice(1), /charged \[\]/],
    ['another amount', [entry('charge', 601), ...TRUE_JOURNAL.slice(1)], /\[600\], the gateway charged \[601\]/],
    ['a refund twice', [...TRUE_JOURNAL, entry('refund', 200)], /refunds are \[200, 200\]/],
    ['a refund that does not come from the receiver', TRUE_JOURNAL.slice(0, 2), /reversals are \[\]/],
    ['another currency', [entry('charge', 600, 'pi_1', 'usd'), ...TRUE_JOURNAL.slice(1)], /moved USD/],
  ] as const) {
    it(`${what} in the journal is said`, () => assert.match(checkJournal(journal, [leg], refunded).problems.join('\n'), reason));
  }

  it('a transfer that is not paid, or paid more than once, is said', () => {
    const other = (change: Partial<Transfer>): string => checkTransfers([{ ...leg, transfer: { ...transfer, ...change } }]).problems.join();
    assert.equal(other({}), '');
    assert.match(other({ state: 'failed' }), /is failed/);
    assert.match(other({ paid: '20.00' }), /payments are 20.00/);
    assert.match(other({ payments: [...transfer.payments, { id: 'p3', money: money('0.01'), method: 'manual' }] }), /is 10.00/);
  });

  it('a plan that leaves somebody with something is said', () => {
    const nets = netsOf([eur('A', -500n), eur('B', 500n)]);
    const plan = (minor: bigint) => checkPlan('', [{ from: 'A', to: 'B', currency: 'EUR', minor }], nets, 'EUR').problems;
    assert.deepEqual(plan(500n), []);
    assert.deepEqual(plan(499n), ['A would be left with -0.01 EUR', 'B would be left with 0.01 EUR']);
  });

  it('at the end only the refund is left, and balances that do not sum to zero are said', () => {
    assert.deepEqual(checkZero(netsOf([eur('A', -200n), eur('B', 200n)]), 'EUR', refunded).problems, []);
    assert.equal(checkZero(netsOf([eur('A', -201n), eur('B', 201n)]), 'EUR', refunded).problems.length, 2);
    const crooked = netsOf([eur('A', 1n)]);
    assert.deepEqual(checkBalances('', crooked, crooked).problems, ["the API's balances in EUR do not sum to zero"]);
  });
});
