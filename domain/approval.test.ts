import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkApprovalPolicy,
  decideRound,
  needsApproval,
  openRound,
  timeoutEvent,
  voteAllowed,
  votersFor,
  type ApprovalPolicy,
  type ApprovalQuestion,
  type ApprovalRound,
  type Vote,
} from './approval.ts';

const members = [
  { memberId: 'ann', hasAccount: true },
  { memberId: 'bob', hasAccount: true },
  { memberId: 'cat', hasAccount: false },
  { memberId: 'dan', hasAccount: true },
];
const question = (policy: ApprovalPolicy, rest: Partial<ApprovalQuestion> = {}): ApprovalQuestion => ({
  policy,
  total: { minor: 10_000n, currency: 'EUR' },
  members,
  payers: ['ann'],
  sharers: ['ann', 'bob', 'cat'],
  creatorId: 'ann',
  ...rest,
});
const limit = (amount: string, currency: string): ApprovalPolicy => ({ mode: 'above', above: { amount, currency } });
const votes = (approved: readonly string[], rejected: readonly string[] = []): Vote[] => [
  ...approved.map((memberId): Vote => ({ memberId, decision: 'approved' })),
  ...rejected.map((memberId): Vote => ({ memberId, decision: 'rejected' })),
];

describe('needsApproval', () => {
  it('limit in the same currency, one cent around it', () => {
    const ask = (minor: bigint): boolean => needsApproval(limit('100.00', 'EUR'), { minor, currency: 'EUR' });
    assert.deepEqual([9_999n, 10_000n, 10_001n].map(ask), [false, false, true]);
  });

  it('limit in another currency, compared exactly by the rate, across different digits', () => {
    // 10,870 JPY at 0.0092 are 100.004 EUR; 10,869 JPY are 99.9948 EUR.
    const ask = (minor: bigint): boolean => needsApproval(limit('100.00', 'EUR'), { minor, currency: 'JPY' }, '0.0092');
    assert.deepEqual([10_869n, 10_870n].map(ask), [false, true]);
    assert.equal(needsApproval(limit('100.00', 'EUR'), { minor: 100_000n, currency: 'KWD' }, '1'), false);
    assert.equal(needsApproval(limit('100.00', 'EUR'), { minor: 100_001n, currency: 'KWD' }, '1'), true);
  });

  it('no known rate, counts as above; the other modes do not look at the total', () => {
    const tiny = { minor: 1n, currency: 'JPY' };
    assert.ok(needsApproval(limit('100.00', 'EUR'), tiny));
    assert.ok(needsApproval({ mode: 'all' }, tiny) && needsApproval({ mode: 'quorum', quorum: 1 }, tiny));
    assert.ok(!needsApproval({ mode: 'none' }, tiny));
  });
});

describe('openRound', () => {
  it('all: payers and sharers with an account, without the creator', () => {
    assert.deepEqual(openRound(question({ mode: 'all' })), { mode: 'all', voters: ['bob'], quorum: 1 });
    assert.deepEqual(openRound(question({ mode: 'all' }, { creatorId: 'dan' }))?.voters, ['ann', 'bob']);
  });

  it('quorum: any member with an account, capped by those there are', () => {
    assert.deepEqual(openRound(question({ mode: 'quorum', quorum: 9 })), { mode: 'quorum', voters: ['bob', 'dan'], quorum: 2 });
    assert.equal(openRound(question({ mode: 'quorum', quorum: 1 }))?.quorum, 1);
  });

  it('nobody but the creator could vote, it posts', () => {
    assert.equal(openRound(question({ mode: 'all' }, { sharers: ['ann', 'cat'] })), null);
    assert.equal(openRound(question({ mode: 'quorum', quorum: 1 }, { members: members.slice(0, 1) })), null);
  });

  it('nothing asked, or the total within the limit, it posts', () => {
    assert.equal(openRound(question({ mode: 'none' })), null);
    assert.equal(openRound(question(limit('100.00', 'EUR'))), null);
    assert.equal(openRound(question(limit('99.99', 'EUR')))?.mode, 'above');
  });

  it('voters do not depend on the order of members', () => {
    const input = { ...question({ mode: 'all' }), mode: 'quorum' as const };
    assert.deepEqual(votersFor({ ...input, members: members.toReversed() }), votersFor(input));
  });
});

describe('decideRound', () => {
  const three = ['a', 'b', 'c'];

  it('all and above: one rejection rejects, everybody approves', () => {
    for (const mode of ['all', 'above'] as const) {
      const round: ApprovalRound = { mode, voters: three, quorum: 3 };
      assert.equal(decideRound(round, votes(['a', 'b'])), 'waiting');
      assert.equal(decideRound(round, votes(['a', 'b'], ['c'])), 'rejected');
      assert.equal(decideRound(round, votes([], ['a'])), 'rejected');
      assert.equal(decideRound(round, votes(three)), 'approved');
    }
  });

  it('quorum: reached, still possible, and no longer possible', () => {
    const round: ApprovalRound = { mode: 'quorum', voters: three, quorum: 2 };
    assert.equal(decideRound(round, votes(['a'], ['b'])), 'waiting');
    assert.equal(decideRound(round, votes(['a', 'c'], ['b'])), 'approved');
    assert.equal(decideRound(round, votes([], ['a', 'b'])), 'rejected');
  });

  it('a vote counted twice, or of somebody who is not asked, changes nothing', () => {
    const round: ApprovalRound = { mode: 'quorum', voters: three, quorum: 2 };
    assert.equal(decideRound(round, votes(['a', 'a', 'stranger'])), 'waiting');
    assert.equal(decideRound(round, votes([], ['stranger', 'other'])), 'waiting');
  });

  it('any votes of any order, decided once everybody voted, and a decision stands', () => {
    const ballots = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ballots, fc.integer({ min: 1, max: 8 }), fc.constantFrom('all', 'quorum'), (choices, quorum, mode) => {
        const voters = choices.map((_, index) => `v${String(index)}`);
        const round: ApprovalRound = { mode, voters, quorum };
        let decided: string = 'waiting';
        for (let count = 0; count <= choices.length; count += 1) {
          const cast = choices
            .slice(0, count)
            .map((yes, index): Vote => ({ memberId: `v${String(index)}`, decision: yes ? 'approved' : 'rejected' }));
          const now = decideRound(round, cast);
          if (decided !== 'waiting') assert.equal(now, decided);
          decided = now;
        }
        assert.notEqual(decided, 'waiting');
      }),
    );
  });
});

describe('voting and time-out', () => {
  it('only those who are asked, once', () => {
    const round: ApprovalRound = { mode: 'all', voters: ['a', 'b'], quorum: 2 };
    const code = (memberId: string): string => {
      const outcome = voteAllowed(round, votes(['a']), memberId);
      return outcome.ok ? 'ok' : outcome.refusal.code;
    };
    assert.deepEqual(['a', 'b', 'c'].map(code), ['already_voted', 'ok', 'forbidden']);
  });

  it('time is up, expired unless the policy approves', () => {
    assert.deepEqual(
      [timeoutEvent({}), timeoutEvent({ onTimeout: 'reject' }), timeoutEvent({ onTimeout: 'approve' })],
      ['expire', 'expire', 'approve'],
    );
  });

  it('policies that lack something, refused', () => {
    const code = (policy: ApprovalPolicy): string => {
      const outcome = checkApprovalPolicy(policy);
      return outcome.ok ? 'ok' : outcome.refusal.code;
    };
    assert.equal(code({ mode: 'above' }), 'approval_limit_required');
    assert.equal(code(limit('1.001', 'EUR')), 'amount_precision');
    assert.equal(code({ mode: 'quorum', quorum: 0 }), 'approval_quorum_required');
    assert.deepEqual(
      [0, 1, 2160, 2161].map((timeoutHours) => code({ mode: 'all', timeoutHours })),
      ['invalid_timeout', 'ok', 'ok', 'invalid_timeout'],
    );
  });
});
