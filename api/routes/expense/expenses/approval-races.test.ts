// Goal: votes in every order, and at once with everything else that may happen to an expense, leave one outcome, one posting and
// balances that follow from it. Method: every order of the votes of three over HTTP; then many at once, the ledger asked afterwards.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { expireRound } from '../../../../db/commands/expense/approvals.ts';
import { eraseStep } from '../../../../db/commands/expense/erasure.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };
type Word = 'approve' | 'reject';

describe('votes', function () {
  this.timeout(120_000);
  let api: TestApi;
  let ana: TestUser;
  let voters: [TestUser, TestUser, TestUser];

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
    voters = [await api.user('Ben'), await api.user('Cara'), await api.user('Dora')];
  });
  after(() => api.stop());

  interface World {
    readonly groupId: string;
    readonly expenseId: string;
    readonly anaId: string;
    readonly memberIds: readonly string[];
  }

  type Place = Omit<World, 'expenseId'>;

  async function place(approval: Record<string, unknown>): Promise<Place> {
    const group = await createGroup(ana, { policy: { approval } });
    const memberIds: string[] = [];
    for (const voter of voters) memberIds.push(await join(ana, group.id, voter, { role: 'editor' }));
    return { groupId: group.id, anaId: group.myMemberId, memberIds };
  }

  /** 40.00 paid by Ana for all four, which waits. */
  async function pending(where: Record<string, unknown> | Place, among?: readonly number[]): Promise<World> {
    const at = 'mode' in where ? await place(where) : (where as Place);
    const { anaId, memberIds } = at;
    const named = among === undefined ? memberIds : among.map((index) => memberIds[index]!);
    const answer = await ana.call('POST', `/v1/groups/${at.groupId}/expenses`, {
      description: 'Dinner',
      total: { amount: '40.00', currency: 'EUR' },
      date: '2026-11-20',
      payers: [{ memberId: anaId, amount: '40.00' }],
      split: { method: 'equal', among: [anaId, ...named] },
    });
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    return { ...at, expenseId: answer.body.id };
  }
  const vote = (who: TestUser, { expenseId }: World, word: Word | 'withdraw'): Promise<TestAnswer> =>
    who.call('POST', `/v1/expenses/${expenseId}/${word}`);
  const read = async ({ expenseId }: World): Promise<TestAnswer['body']> => (await ana.call('GET', `/v1/expenses/${expenseId}`)).body;
  const expire = ({ expenseId, groupId }: World, version = 1): Promise<string> =>
    transact(api.deps.databases.expense!, (tx) => expireRound(tx, { expenseId, groupId, version, force: true })).then(({ value }) => value);

  /** What must hold whoever was first: posted means exactly one posting that stands, and balances of it; else none. */
  async function consistent(world: World): Promise<string> {
    const { state, pendingVersion } = await read(world);
    const { rows } = await api.deps.databases.expense!.pool.query<{ standing: number; outcomes: string[] }>(
      `select (select count(*)::int from expense.posting p where p.source_id = $1 and p.kind = 'expense'
           and not exists (select 1 from expense.posting r where r.reverses_id = p.id)) as standing,
         (select array_agg(outcome order by version) from expense.approval_round where expense_id = $1) as outcomes`,
      [world.expenseId],
    );
    assert.equal(rows[0]!.standing, state === 'posted' ? 1 : 0, state);
    const open = rows[0]!.outcomes.filter((outcome) => outcome === 'waiting').length;
    assert.equal(open, state === 'pending' || pendingVersion !== undefined ? 1 : 0, `${state}: ${rows[0]!.outcomes.join()}`);
    const { body } = await ana.call('GET', `/v1/groups/${world.groupId}/balances`);
    const sum = body.balances.reduce((total: number, row: { net: string }) => total + Math.round(Number(row.net) * 100), 0);
    assert.equal(sum, 0);
    return state as string;
  }

  const ORDERS = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const;

  for (const [mode, words, expected] of [
    [{ mode: 'all' }, ['approve', 'approve', 'approve'], 'posted'],
    [{ mode: 'all' }, ['approve', 'reject', 'approve'], 'rejected'],
    [{ mode: 'above', above: { amount: '10.00', currency: 'EUR' } }, ['approve', 'approve', 'reject'], 'rejected'],
    [{ mode: 'quorum', quorum: 2 }, ['approve', 'reject', 'approve'], 'posted'],
    [{ mode: 'quorum', quorum: 2 }, ['reject', 'approve', 'reject'], 'rejected'],
    [{ mode: 'quorum', quorum: 9 }, ['approve', 'approve', 'approve'], 'posted'],
  ] as const)
    it(`${JSON.stringify(mode)}, ${words.join(' ')}, in every order is ${expected}`, async () => {
      const at = await place(mode);
      for (const order of ORDERS) {
        const world = await pending(at);
        let ended = false;
        for (const index of order) {
          const answer = await vote(voters[index], world, words[index]);
          if (ended) assert.deepEqual(refusalOf(answer), [409, 'expense_not_pending']);
          else assert.equal(answer.status, 200);
          ended = answer.body.state !== 'pending';
        }
        assert.equal(await consistent(world), expected, order.join());
      }
    });

  it('all at once, the outcome is that of some order, and there is one', async () => {
    for (const words of [
      ['approve', 'approve', 'approve'],
      ['approve', 'reject', 'approve'],
      ['reject', 'reject', 'approve'],
    ] as const) {
      const world = await pending({ mode: 'quorum', quorum: 2 });
      const answers = await Promise.all(voters.map((voter, index) => vote(voter, world, words[index]!)));
      for (const answer of answers.filter(({ status }) => status !== 200))
        assert.deepEqual(refusalOf(answer), [409, 'expense_not_pending']);
      assert.equal(await consistent(world), words.filter((word) => word === 'approve').length >= 2 ? 'posted' : 'rejected');
    }
  });

  it('one who votes both ways at once, is counted once', async () => {
    const world = await pending({ mode: 'quorum', quorum: 2 });
    const answers = await Promise.all([
      vote(voters[0], world, 'approve'),
      vote(voters[0], world, 'reject'),
      vote(voters[0], world, 'approve'),
    ]);
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal((await read(world)).approvals.filter((one: { decision: string }) => one.decision !== 'waiting').length, 1);
  });

  it('the last vote against an edit, a delete, a withdrawal, the time-out and the lock, whoever is first', async () => {
    const rivals: Record<string, (world: World) => Promise<unknown>> = {
      edit: ({ expenseId }) => ana.call('PATCH', `/v1/expenses/${expenseId}`, { description: 'Supper' }, ANY),
      remove: ({ expenseId }) => ana.call('DELETE', `/v1/expenses/${expenseId}`, undefined, ANY),
      withdraw: (world) => vote(ana, world, 'withdraw'),
      expire: (world) => expire(world),
      lock: ({ groupId }) => ana.call('POST', `/v1/groups/${groupId}/lock`, { until: '2026-12-01' }),
      policy: ({ groupId }) => ana.call('PATCH', `/v1/groups/${groupId}`, { policy: {} }, ANY),
      leave: ({ groupId }) => voters[2].call('POST', `/v1/groups/${groupId}/leave`),
    };
    for (const [name, rival] of Object.entries(rivals))
      for (let round = 0; round < 2; round++) {
        const world = await pending({ mode: 'quorum', quorum: 2 }, [0]);
        await vote(voters[0], world, 'approve');
        const [voted] = await Promise.all([vote(voters[1], world, 'approve'), rival(world)]);
        const state = await consistent(world);
        if (name === 'policy' || name === 'leave') assert.equal(state, 'posted', name);
        assert.ok(voted.status === 200 || voted.status === 409, `${name}: ${voted.status}`);
      }
  });

  it('an edit of a posted one, approved by all while it is edited again, stands at what was asked about when the vote came', async () => {
    const world = await pending({ mode: 'all' }, [0]);
    await vote(voters[0], world, 'approve');
    const edit = (amount: string): Promise<TestAnswer> =>
      ana.call('PATCH', `/v1/expenses/${world.expenseId}`, { total: { amount, currency: 'EUR' } }, ANY);
    assert.equal((await edit('50.00')).status, 202);
    await Promise.all([vote(voters[0], world, 'approve'), edit('60.00')]);
    assert.equal(await read(world).then(({ state }) => state), 'posted');
    const { total, pendingVersion } = await read(world);
    // The vote came first, or the edit did: then it is about the edit.
    assert.equal(total.amount, pendingVersion === undefined ? '60.00' : '50.00');
    if (pendingVersion !== undefined) assert.equal((await vote(voters[0], world, 'approve')).body.total.amount, '60.00');
  });

  describe('with the version that was read', () => {
    const voteFor = (who: TestUser, { expenseId }: World, version: unknown, word: Word = 'approve'): Promise<TestAnswer> =>
      who.call('POST', `/v1/expenses/${expenseId}/${word}`, { version });
    const edit = ({ expenseId }: World, amount: string): Promise<TestAnswer> =>
      ana.call('PATCH', `/v1/expenses/${expenseId}`, { total: { amount, currency: 'EUR' } }, ANY);

    it('that waits, counts; any other is refused, and nothing is written', async () => {
      const world = await pending({ mode: 'all' }, [0, 1]);
      await edit(world, '50.00');
      const { version } = await read(world);
      for (const word of ['approve', 'reject'] as const)
        for (const other of [version - 1, version + 1, 2_147_483_647]) {
          const answer = await voteFor(voters[0], world, other, word);
          assert.deepEqual([...refusalOf(answer), answer.body.errors[0].pointer], [412, 'version_mismatch', '/version']);
        }
      for (const bad of [0, -1, 1.5, '1', 2_147_483_648, null])
        assert.deepEqual(refusalOf(await voteFor(voters[0], world, bad)), [400, 'invalid_request'], String(bad));
      assert.deepEqual(refusalOf(await voteFor(voters[2], world, 99)), [403, 'forbidden'], 'who is not asked learns nothing of it');
      assert.ok((await read(world)).approvals.every(({ decision }: { decision: string }) => decision === 'waiting'));
      assert.equal((await voteFor(voters[0], world, version)).status, 200);
      assert.deepEqual(refusalOf(await voteFor(voters[0], world, version)), [409, 'already_voted']);
      assert.equal((await vote(voters[1], world, 'approve')).body.state, 'posted');
      assert.deepEqual(refusalOf(await voteFor(voters[1], world, version)), [409, 'expense_not_pending']);
    });

    it('of an edit of a posted one, is its pendingVersion', async () => {
      const world = await pending({ mode: 'all' }, [0]);
      await voteFor(voters[0], world, 1);
      const { pendingVersion, version } = (await edit(world, '50.00')).body;
      assert.deepEqual(refusalOf(await voteFor(voters[0], world, version)), [412, 'version_mismatch']);
      assert.equal((await voteFor(voters[0], world, pendingVersion)).body.total.amount, '50.00');
    });

    it('beside an edit, never agrees to what was not read', async () => {
      for (let round = 0; round < 4; round++) {
        const world = await pending({ mode: 'all' }, [0]);
        await voteFor(voters[0], world, 1);
        const { pendingVersion } = (await edit(world, '50.00')).body;
        const [voted] = await Promise.all([voteFor(voters[0], world, pendingVersion), edit(world, '60.00')]);
        const { total } = await read(world);
        if (voted.status === 200) assert.deepEqual([voted.body.total.amount, total.amount], ['50.00', '50.00']);
        else assert.deepEqual([...refusalOf(voted), total.amount], [412, 'version_mismatch', '40.00']);
      }
    });
  });

  describe('somebody who is asked leaves', () => {
    it('the quorum is capped by those who are left, and what they said decides', async () => {
      const world = await pending({ mode: 'quorum', quorum: 3 }, [0]);
      await vote(voters[0], world, 'approve');
      await vote(voters[1], world, 'approve');
      assert.equal((await read(world)).state, 'pending');
      assert.equal((await voters[2].call('POST', `/v1/groups/${world.groupId}/leave`)).status, 204);
      assert.equal(await consistent(world), 'posted');
      assert.ok(api.events.some(({ event }) => event.type === 'expense.approved' && event.subjectId === world.expenseId));
    });

    it('a vote that was cast counts on, and one that is out is not asked for', async () => {
      const world = await pending({ mode: 'quorum', quorum: 2 }, [0]);
      await vote(voters[1], world, 'reject');
      await voters[1].call('POST', `/v1/groups/${world.groupId}/leave`);
      assert.deepEqual((await read(world)).approvals.length, 3);
      await ana.call('DELETE', `/v1/groups/${world.groupId}/members/${world.memberIds[2]}`, undefined, ANY);
      assert.equal(await consistent(world), 'rejected', 'the one who is left cannot reach two');
    });

    for (const [mode, left] of [
      [{ mode: 'all' }, 1],
      [{ mode: 'above', above: { amount: '10.00', currency: 'EUR' } }, 1],
      [{ mode: 'quorum', quorum: 3 }, 0],
    ] as const)
      it(`who shares it, under ${mode.mode} it is rejected at once whatever was said, and can be asked about anew without them`, async () => {
        const world = await pending({ ...mode, onTimeout: 'approve' }, [0, 1]);
        await vote(voters[0], world, 'approve');
        assert.equal((await voters[left].call('POST', `/v1/groups/${world.groupId}/leave`)).status, 204);
        assert.equal(await consistent(world), 'rejected');
        assert.ok(api.events.some(({ event }) => event.type === 'expense.rejected' && event.subjectId === world.expenseId));
        assert.equal(await expire(world), 'rejected', 'its time-out has nothing to decide');
        const among = [world.anaId, world.memberIds[1 - left]];
        const again = await ana.call('PATCH', `/v1/expenses/${world.expenseId}`, { split: { method: 'equal', among } }, ANY);
        assert.deepEqual([again.status, again.body.state], [202, 'pending']);
        assert.equal((await vote(voters[1 - left]!, world, 'approve')).status, 200);
      });

    it('who shares it and has no account, is taken out: it is rejected; who does not, changes nothing', async () => {
      const at = await place({ mode: 'quorum', quorum: 2 });
      const added = async (): Promise<string> =>
        (await ana.call('POST', `/v1/groups/${at.groupId}/members`, { displayName: 'Eva' })).body.id;
      const [eva, other] = [await added(), await added()];
      const world = await pending({ ...at, memberIds: [eva] }, [0]);
      const removed = (memberId: string): Promise<TestAnswer> =>
        ana.call('DELETE', `/v1/groups/${at.groupId}/members/${memberId}`, undefined, ANY);
      assert.equal((await removed(other)).status, 204);
      assert.equal(await consistent(world), 'pending');
      assert.equal((await removed(eva)).status, 204);
      assert.equal(await consistent(world), 'rejected');
    });

    it('as the last who could be asked, it is posted', async () => {
      const world = await pending({ mode: 'quorum', quorum: 1 }, []);
      for (const voter of voters) {
        assert.equal((await read(world)).state, 'pending');
        assert.equal((await voter.call('POST', `/v1/groups/${world.groupId}/leave`)).status, 204);
      }
      assert.deepEqual([await consistent(world), (await read(world)).approvals], ['posted', []]);
    });

    it('as the last one while it cannot be posted, it is as soon as the period or the group is open again', async () => {
      const close = {
        lock: [
          ['POST', '/lock', { until: '2026-12-01' }],
          ['POST', '/lock', { until: '2026-11-21' }],
          ['POST', '/lock', { until: null }],
        ],
        archive: [
          ['POST', '/archive'],
          ['POST', '/unarchive'],
        ],
      } as const;
      for (const [how, steps] of Object.entries(close)) {
        const world = await pending({ mode: 'quorum', quorum: 2 }, []);
        const undecided = await pending({ groupId: world.groupId, anaId: world.anaId, memberIds: world.memberIds }, []);
        await vote(voters[0], world, 'approve');
        const step = ([method, path, body]: readonly [string, string, object?]): Promise<TestAnswer> =>
          ana.call(method, `/v1/groups/${world.groupId}${path}`, body, ANY);
        const [first, ...later] = steps;
        assert.equal((await step(first)).status, 200);
        for (const voter of [voters[1], voters[2]])
          assert.equal((await voter.call('POST', `/v1/groups/${world.groupId}/leave`)).status, 204, how);
        assert.equal((await read(world)).state, 'pending', how);
        for (const one of later.slice(0, -1)) {
          await step(one);
          assert.equal((await read(world)).state, 'pending', how);
        }
        assert.equal((await step(later.at(-1)!)).status, 200);
        assert.deepEqual([(await read(world)).state, (await read(undecided)).state], ['posted', 'pending'], how);
        assert.equal(await consistent(world), 'posted');
      }
    });

    it('at once with another one and with a vote, the outcome is that of those who are left, and there is one', async () => {
      const leave = (who: TestUser, { groupId }: World): Promise<TestAnswer> => who.call('POST', `/v1/groups/${groupId}/leave`);
      for (let round = 0; round < 3; round++) {
        const both = await pending({ mode: 'quorum', quorum: 3 }, []);
        await vote(voters[0], both, 'approve');
        await Promise.all([leave(voters[1], both), leave(voters[2], both)]);
        assert.equal(await consistent(both), 'posted');
        const last = await pending({ mode: 'quorum', quorum: 2 }, []);
        await leave(voters[2], last);
        await vote(voters[0], last, 'approve');
        const [voted] = await Promise.all([vote(voters[1], last, 'reject'), leave(voters[1], last)]);
        assert.equal(await consistent(last), voted.status === 200 ? 'rejected' : 'posted', `${voted.status}`);
        const named = await pending({ mode: 'all' }, [0, 1]);
        await vote(voters[1], named, 'approve');
        await Promise.all([vote(voters[0], named, 'approve'), leave(voters[1], named)]);
        const state = await consistent(named);
        const { body } = await ana.call('GET', `/v1/groups/${named.groupId}`);
        const stays = body.members.find(({ id }: { id: string }) => id === named.memberIds[1]).state === 'active';
        assert.equal(state, stays ? 'posted' : 'rejected', 'who owes does not leave');
      }
    });

    it('whose account is erased, a debt keeps the place and it is posted; with none it is rejected', async () => {
      for (const [owes, expected] of [
        [true, 'posted'],
        [false, 'rejected'],
      ] as const) {
        const eva = await api.user(`Eva ${expected}`);
        const group = await createGroup(ana, { policy: { approval: { mode: 'all' } } });
        const at = { groupId: group.id, anaId: group.myMemberId, memberIds: [await join(ana, group.id, eva)] };
        if (owes) await vote(eva, await pending(at), 'approve');
        const world = await pending(at);
        const erased = await transact(api.deps.databases.expense!, (tx) => eraseStep(tx, eva.userId));
        assert.equal(erased.value, 1);
        assert.equal(await consistent(world), expected);
      }
    });

    it('new words about what stands, are agreed to by those who are left', async () => {
      const world = await pending({ mode: 'all' }, [0, 1]);
      for (const voter of [voters[0], voters[1]]) await vote(voter, world, 'approve');
      const { owed: amount } = (await read(world)).shares.find(({ memberId }: { memberId: string }) => memberId === world.memberIds[0]);
      const settled = await voters[0].call('POST', `/v1/groups/${world.groupId}/expenses`, {
        description: 'Back',
        total: { amount, currency: 'EUR' },
        date: '2026-11-20',
        payers: [{ memberId: world.memberIds[0], amount }],
        split: { method: 'equal', among: [world.anaId] },
      });
      await vote(ana, { ...world, expenseId: settled.body.id }, 'approve');
      assert.equal((await voters[0].call('POST', `/v1/groups/${world.groupId}/leave`)).status, 204);
      const edit = await ana.call('PATCH', `/v1/expenses/${world.expenseId}`, { description: 'Supper' }, ANY);
      assert.equal(edit.status, 202);
      const { body } = await vote(voters[1], world, 'approve');
      assert.deepEqual([body.state, body.description], ['posted', 'Supper']);
    });
  });

  it('a rate that is published or typed, is what a total in another currency is compared at', async () => {
    const above = { mode: 'above', above: { amount: '100.00', currency: 'EUR' } };
    const group = await createGroup(ana, { policy: { approval: above } });
    const benId = await join(ana, group.id, voters[0]);
    const record = (amount: string, rate?: object): Promise<TestAnswer> =>
      ana.call('POST', `/v1/groups/${group.id}/expenses`, {
        id: uuidv7(),
        description: 'Hotel',
        total: { amount, currency: 'USD' },
        date: '2026-11-20',
        payers: [{ memberId: group.myMemberId, amount }],
        split: { method: 'equal', among: [group.myMemberId, benId] },
        ...(rate === undefined ? {} : { rate }),
      });
    const typed = { perGroupCurrency: '1.25', source: 'typed' };
    assert.deepEqual(
      [(await record('125.00', typed)).status, (await record('125.01', typed)).status],
      [201, 202],
      'the limit itself does not wait',
    );
    assert.equal((await record('1.00')).status, 202, 'no rate is known');
    await api.deps.databases.expense!.pool.query(
      `insert into expense.fx_rate (source, published_on, currency, revision, per_euro) values ('ecb', '2026-11-20', 'USD', 1, 1.25) on conflict do nothing`,
    );
    assert.deepEqual([(await record('125.00')).status, (await record('125.01')).status], [201, 202]);
  });
});
