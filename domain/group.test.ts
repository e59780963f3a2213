import assert from 'node:assert/strict';
import { checkGroupPolicy, settlementDateIn } from './group.ts';

describe('group policy', () => {
  it('settlement day at its limits', () => {
    const check = (settlementDay: number): boolean => checkGroupPolicy({ settlementDay }).ok;
    assert.deepEqual([0, 1, 31, 32, 1.5].map(check), [false, true, true, false, false]);
    assert.ok(checkGroupPolicy({}).ok);
  });

  it('an approval policy without what its mode needs, refused', () => {
    const outcome = checkGroupPolicy({ approval: { mode: 'quorum' } });
    assert.equal(outcome.ok ? '' : outcome.refusal.code, 'approval_quorum_required');
  });

  it('day 31 in shorter months, their last day', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((month) => settlementDateIn(31, 2027, month)),
      ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30'],
    );
    assert.equal(settlementDateIn(30, 2028, 2), '2028-02-29');
    assert.equal(settlementDateIn(5, 2028, 12), '2028-12-05');
  });
});
