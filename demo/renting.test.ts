// The days of the demo's rent: the last of each month, three at least of them past, on whatever day the demo plays.
import assert from 'node:assert/strict';
import { checkRent, type Rent, slotsUntil, startOf } from './renting.ts';

const on = (date: string) => ({ date, expenseId: date });
const TRUE: Rent = {
  id: 'r',
  workflowId: 'recurring/r',
  amount: '1.00',
  currency: 'EUR',
  start: '2027-12-31',
  state: 'ended',
  recorded: [on('2027-12-31'), on('2028-01-31'), on('2028-02-29')],
  next: ['2028-03-31', '2028-04-30'],
};

describe('demo/renting', () => {
  it('of any day of four years, the start is a 31st, at most 366 days past, and three to five slots are due', () => {
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2030, 0, 1); at += 86_400_000) {
      const today = new Date(at).toISOString().slice(0, 10);
      const start = startOf(today);
      const due = slotsUntil(start, today);
      assert.match(start, /-31$/, today);
      assert.ok(at - Date.parse(start) <= 366 * 86_400_000 && due.length >= 3 && due.length <= 5, `${today}: ${due.join()}`);
      // The day after each one is the first of a month.
      assert.ok(
        due.every((date) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(8, 10) === '01'),
        due.join(),
      );
    }
  });

  it('a slot counts on its own day, and not on the day before', () => {
    assert.deepEqual(slotsUntil('2026-12-31', '2027-02-27'), ['2026-12-31', '2027-01-31']);
    assert.deepEqual(slotsUntil('2026-12-31', '2027-02-28'), ['2026-12-31', '2027-01-31', '2027-02-28']);
  });

  it('one expense for each slot agrees', () => assert.deepEqual(checkRent(TRUE).problems, []));

  for (const [what, change, reason] of [
    ['a slot that was recorded twice', { recorded: [on('2027-12-31'), ...TRUE.recorded] }, /its days are 2027-12-31, 2027-12-31/],
    ['a slot that was left out', { recorded: [on('2027-12-31'), on('2028-02-29')] }, /should be 2027-12-31, 2028-01-31/],
    ['a day that has drifted', { next: ['2028-03-29', '2028-04-29'] }, /2028-03-29/],
    ['nothing to come', { next: [] }, /0 are to come/],
    ['a rent that goes on', { state: 'active' }, /it is active and should be ended/],
  ] as const) {
    it(`${what} is said`, () => assert.match(checkRent({ ...TRUE, ...change }).problems.join('\n'), reason));
  }
});
