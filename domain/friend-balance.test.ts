import assert from 'node:assert/strict';
import { balanceWithFriend } from './friend-balance.ts';
import type { Moved } from './plan-stable.ts';

describe('balance with a friend', () => {
  const of = (nets: Record<string, bigint>, units: Record<string, string> = {}, moved: readonly Moved[] = []): bigint =>
    balanceWithFriend({
      mine: 'me',
      theirs: 'friend',
      moved,
      balances: Object.entries(nets).map(([memberId, minor]) => ({ memberId, minor })),
      units: new Map(Object.entries(units)),
    });

  it('is what the plan lets pass between the two, whoever owes', () => {
    assert.equal(of({ me: 500n, friend: -500n }), 500n);
    assert.equal(of({ me: -500n, friend: 500n }), -500n);
    assert.equal(of({ me: 500n, friend: -300n, other: -200n }), 300n);
  });

  it('is nothing where each has to do with others', () => {
    assert.equal(of({ me: 500n, a: -500n, friend: -700n, b: 700n }), 0n);
    assert.equal(of({ me: 500n, friend: 300n, other: -800n }), 0n);
    assert.equal(of({}), 0n);
  });

  it('is what their units have to do with each other, and nothing within one', () => {
    assert.equal(of({ me: 500n, friend: -500n }, { me: 'couple', friend: 'couple' }), 0n);
    assert.equal(of({ me: 900n, spouse: 100n, friend: -1000n }, { me: 'couple', spouse: 'couple' }), 1000n);
  });

  it('is what is left of the plan after payments along it, not what a new plan would be', () => {
    // Of 500, 300 and 200 that two owe two, one pays a part; a new plan would send the rest elsewhere.
    const before = { me: 400n, other: 100n, friend: -300n, third: -200n };
    const whole = of(before);
    assert.equal(whole, 300n);
    assert.equal(of({ ...before, me: 200n, friend: -100n }, {}, [{ from: 'friend', to: 'me', minor: 200n }]), 100n);
    assert.equal(of({ ...before, me: 200n, friend: -100n }), 0n, 'without what was paid');
  });
});
