// Goal: who is asked, how votes decide, and that edits, deletes and votes at once leave one truth. Method: HTTP on a real Postgres.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

interface World {
  readonly groupId: string;
  readonly ids: readonly [string, string, string];
  readonly total: (amount: string) => Record<string, unknown>;
  record(by: TestUser, amount: string, fields?: Record<string, unknown>): Promise<TestAnswer>;
  nets(): Promise<Record<string, string>>;
}

describe('approving, editing and deleting an expense', () => {
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let cy: TestUser;
  const any = { 'if-match': '*' };

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben, cy] = [await api.user('Ana'), await api.user('Ben'), await api.user('Cy')];
  });
  after(() => api.stop());

  async function world(approval?: Record<string, unknown>, roles: Record<string, unknown> = {}): Promise<World> {
    const group = await createGroup(ana, approval === undefined ? {} : { policy: { approval } });
    const ids = [group.myMemberId, await join(ana, group.id, ben, roles), await join(ana, group.id, cy, roles)] as [string, string, string];
    const total = (amount: string): Record<string, unknown> => ({
      total: { amount, currency: 'EUR' },
      payers: [{ memberId: ids[0], amount }],
      split: { method: 'equal', among: ids },
    });
    return {
      groupId: group.id,
      ids,
      total,
      record: (by, amount, fields = {}) =>
        by.call('POST', `/v1/groups/${group.id}/expenses`, { description: 'Dinner', date: '2026-11-20', ...total(amount), ...fields }),
      async nets() {
        const { body } = await ana.call('GET', `/v1/groups/${group.id}/balances`);
        return Object.fromEntries(body.balances.map((row: { memberId: string; net: string }) => [row.memberId, row.net]));
      },
    };
  }
  const get = (id: string, by = ana): Promise<TestAnswer> => by.call('GET', `/v1/expenses/${id}`);
  const vote = (by: TestUser, id: string, verb = 'approve'): Promise<TestAnswer> => by.call('POST', `/v1/expenses/${id}/${verb}`);

  describe('approval', () => {
    it('mode all, posts when every voter has agreed', async () => {
      const own = await world({ mode: 'all' });
      const { status, body } = await own.record(ana, '30.00');
      assert.equal(status, 202);
      assert.deepEqual([body.state, body.workflowId], ['pending', `expense-approval/${body.id}`]);
      assert.deepEqual(
        body.approvals.map((one: { memberId: string; decision: string }) => [one.memberId, one.decision]),
        own.ids
          .slice(1)
          .toSorted((x, y) => (x < y ? -1 : 1))
          .map((id) => [id, 'waiting']),
      );
      assert.deepEqual(await own.nets(), {});
      const first = await vote(ben, body.id);
      assert.deepEqual([first.status, first.body.state], [200, 'pending']);
      assert.deepEqual(refusalOf(await vote(ben, body.id)), [409, 'already_voted']);
      assert.deepEqual(refusalOf(await vote(ana, body.id)), [403, 'forbidden']);
      const last = await vote(cy, body.id);
      assert.deepEqual([last.body.state, last.body.version, 'workflowId' in last.body], ['posted', 1, false]);
      assert.deepEqual(await own.nets(), { [own.ids[0]]: '20.00', [own.ids[1]]: '-10.00', [own.ids[2]]: '-10.00' });
      assert.deepEqual(refusalOf(await vote(ben, body.id, 'reject')), [409, 'expense_not_pending']);
    });

    it('mode all, one rejection rejects; an edit asks again', async () => {
      const own = await world({ mode: 'all' });
      const { body } = await own.record(ana, '30.00');
      assert.equal((await vote(ben, body.id, 'reject')).body.state, 'rejected');
      assert.deepEqual(await own.nets(), {});
      const edited = await ana.call('PATCH', `/v1/expenses/${body.id}`, own.total('60.00'), any);
      assert.deepEqual([edited.status, edited.body.state, edited.body.version], [202, 'pending', 2]);
    });

    it('mode above, only what is above the limit waits; other currencies without a rate do', async () => {
      const own = await world({ mode: 'above', above: { amount: '50.00', currency: 'EUR' } });
      assert.equal((await own.record(ana, '50.00')).status, 201);
      assert.equal((await own.record(ana, '50.01')).status, 202);
      const dollars = { total: { amount: '10.00', currency: 'USD' }, payers: [{ memberId: own.ids[0], amount: '10.00' }] };
      assert.equal((await own.record(ana, '1', dollars)).status, 202);
      assert.equal((await own.record(ana, '1', { ...dollars, rate: { perGroupCurrency: '1.10', source: 'typed' } })).status, 201);
      assert.equal((await own.record(ana, '1', { ...dollars, rate: { perGroupCurrency: '0.1', source: 'typed' } })).status, 202);
    });

    it('mode quorum, capped by the voters there are', async () => {
      const own = await world({ mode: 'quorum', quorum: 9 });
      const { body } = await own.record(ana, '30.00');
      assert.equal((await vote(ben, body.id)).body.state, 'pending');
      assert.equal((await vote(cy, body.id)).body.state, 'posted');
      const one = await world({ mode: 'quorum', quorum: 1 });
      const second = await one.record(ana, '30.00');
      assert.equal((await vote(ben, second.body.id, 'reject')).body.state, 'pending');
      assert.equal((await vote(cy, second.body.id)).body.state, 'posted');
    });

    it('nobody to ask, posts at once', async () => {
      const group = await createGroup(ana, { policy: { approval: { mode: 'all' } } });
      const payers = [{ memberId: group.myMemberId, amount: '1' }];
      const split = { method: 'equal', among: [group.myMemberId] };
      const body = { description: 'Tea', date: '2026-11-20', total: { amount: '1', currency: 'EUR' }, payers, split };
      assert.equal((await ana.call('POST', `/v1/groups/${group.id}/expenses`, body)).status, 201);
    });

    it('two deciding votes at once, posted once', async () => {
      const own = await world({ mode: 'quorum', quorum: 1 });
      for (let round = 0; round < 5; round++) {
        const { body } = await own.record(ana, '3.00');
        const answers = await Promise.all([vote(ben, body.id), vote(cy, body.id)]);
        assert.deepEqual(
          answers.map((answer) => answer.status).toSorted((x, y) => x - y),
          [200, 409],
        );
      }
      assert.equal((await own.nets())[own.ids[0]], '10.00');
    });

    it('edit of a posted one, the old version stands until the new one is approved', async () => {
      const own = await world({ mode: 'above', above: { amount: '50.00', currency: 'EUR' } });
      const { body, headers } = await own.record(ana, '30.00');
      const edit = await ana.call('PATCH', `/v1/expenses/${body.id}`, own.total('90.00'), { 'if-match': headers.get('etag')! });
      assert.deepEqual([edit.status, edit.body.state, edit.body.version, edit.body.pendingVersion], [202, 'posted', 1, 2]);
      assert.equal(edit.body.total.amount, '30.00');
      assert.notEqual(edit.headers.get('etag'), headers.get('etag'));
      assert.equal((await own.nets())[own.ids[0]], '20.00');
      await vote(ben, body.id);
      const { body: applied } = await vote(cy, body.id);
      assert.deepEqual([applied.state, applied.version, applied.total.amount, applied.pendingVersion], ['posted', 2, '90.00', undefined]);
      assert.equal((await own.nets())[own.ids[0]], '60.00');
      const second = await ana.call('PATCH', `/v1/expenses/${body.id}`, own.total('99.00'), any);
      assert.equal(second.body.pendingVersion, 3);
      const { body: refused } = await vote(ben, body.id, 'reject');
      assert.deepEqual([refused.state, refused.version, refused.total.amount], ['posted', 2, '90.00']);
      const { body: history } = await ana.call('GET', `/v1/expenses/${body.id}/history`);
      assert.deepEqual(
        history.data.map((one: { version: number; change: string; outcome: string | null }) => [one.version, one.change, one.outcome]),
        [
          [1, 'created', null],
          [2, 'edited', 'approved'],
          [3, 'edited', 'rejected'],
        ],
      );
      const paged: number[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body: page } = await ana.call(
          'GET',
          `/v1/expenses/${body.id}/history?limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        paged.push(...page.data.map((one: { version: number }) => one.version));
        assert.deepEqual(page.data, [history.data[paged.length - 1]]);
        cursor = page.nextCursor as string | null;
      }
      assert.deepEqual([paged, history.nextCursor], [[1, 2, 3], null]);
      const changes = history.data[2].changes.map((change: { field: string }) => change.field);
      assert.deepEqual(changes, ['total', 'payers', 'shares']);
    });

    it('edit of a pending one, its votes are void', async () => {
      const own = await world({ mode: 'all' });
      const { body } = await own.record(ana, '30.00');
      const before = (await get(body.id)).headers.get('etag')!;
      await vote(ben, body.id);
      assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'x' }, { 'if-match': before })), [
        412,
        'version_mismatch',
      ]);
      const edited = await ana.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'x' }, any);
      assert.deepEqual([edited.status, edited.body.version], [202, 2]);
      assert.deepEqual(
        edited.body.approvals.map((one: { decision: string }) => one.decision),
        ['waiting', 'waiting'],
      );
      await vote(cy, body.id);
      assert.equal((await vote(ben, body.id)).body.state, 'posted');
    });

    it('withdrawing, only by who recorded it', async () => {
      const own = await world({ mode: 'all' });
      const { body } = await own.record(ben, '30.00');
      assert.deepEqual(refusalOf(await vote(cy, body.id, 'withdraw')), [403, 'forbidden']);
      assert.equal((await vote(ben, body.id, 'withdraw')).body.state, 'withdrawn');
      assert.deepEqual(refusalOf(await vote(ben, body.id, 'withdraw')), [409, 'expense_not_pending']);
      assert.deepEqual(refusalOf(await vote(cy, body.id)), [409, 'expense_not_pending']);
    });
  });

  describe('change', () => {
    it('edit, old posting reversed and new one made; total alone, the one payer follows', async () => {
      const own = await world();
      const { body, headers } = await own.record(ana, '30.00');
      const tag = headers.get('etag')!;
      const edited = await ana.call('PATCH', `/v1/expenses/${body.id}`, { total: { amount: '60', currency: 'EUR' } }, { 'if-match': tag });
      assert.deepEqual([edited.status, edited.body.version, edited.body.payers[0].amount], [200, 2, '60.00']);
      assert.equal((await own.nets())[own.ids[0]], '40.00');
      assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'x' }, { 'if-match': tag })), [
        412,
        'version_mismatch',
      ]);
      assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'x' })), [428, 'precondition_required']);
      const { rows } = await api.deps.databases.expense!.pool.query<{ kind: string }>(
        'select kind from expense.posting where source_id = $1 order by id',
        [body.id],
      );
      assert.deepEqual(rows.map((row) => row.kind).toSorted(), ['expense', 'expense', 'reversal']);
    });

    it('text only, nothing is posted; nothing new, no version', async () => {
      const own = await world();
      const { body } = await own.record(ana, '30.00');
      const edited = await ana.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'late', tags: ['a'] }, any);
      assert.deepEqual([edited.body.version, edited.body.notes], [2, 'late']);
      const same = await ana.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'late' }, any);
      assert.deepEqual([same.status, same.body.version], [200, 2]);
      const { rows } = await api.deps.databases.expense!.pool.query('select 1 from expense.posting where source_id = $1', [body.id]);
      assert.equal(rows.length, 1);
    });

    it('delete and restore, twice; deleted ones are listed only when asked for', async () => {
      const own = await world();
      const { body } = await own.record(ana, '30.00');
      const url = `/v1/expenses/${body.id}`;
      for (let round = 0; round < 2; round++) {
        assert.equal((await ana.call('DELETE', url, undefined, any)).status, 204);
        assert.deepEqual(await own.nets(), {});
        assert.equal((await get(body.id)).body.state, 'deleted');
        assert.deepEqual(refusalOf(await ana.call('DELETE', url, undefined, any)), [409, 'deleted']);
        assert.deepEqual(refusalOf(await ana.call('PATCH', url, { notes: 'x' }, any)), [409, 'deleted']);
        const listed = await ana.call('GET', `/v1/groups/${own.groupId}/expenses`);
        assert.equal(listed.body.data.length, 0);
        assert.equal((await ana.call('GET', `/v1/groups/${own.groupId}/expenses?state=deleted`)).body.data.length, 1);
        assert.equal((await vote(ana, body.id, 'restore')).body.state, 'posted');
        assert.equal((await own.nets())[own.ids[0]], '20.00');
        assert.deepEqual(refusalOf(await vote(ana, body.id, 'restore')), [409, 'not_deleted']);
      }
    });

    it('edit and delete at once, one after the other', async () => {
      const own = await world();
      for (let round = 0; round < 5; round++) {
        const { body } = await own.record(ana, '30.00');
        const [edit, remove] = await Promise.all([
          ana.call('PATCH', `/v1/expenses/${body.id}`, own.total('60.00'), any),
          ana.call('DELETE', `/v1/expenses/${body.id}`, undefined, any),
        ]);
        assert.equal(remove.status, 204);
        assert.ok(edit.status === 200 || edit.status === 409);
        assert.deepEqual(await own.nets(), {});
      }
    });

    it('contributors change their own only', async () => {
      const own = await world(undefined, { role: 'contributor' });
      const { body } = await own.record(ben, '30.00');
      assert.deepEqual(refusalOf(await cy.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'x' }, any)), [403, 'forbidden']);
      assert.deepEqual(refusalOf(await cy.call('DELETE', `/v1/expenses/${body.id}`, undefined, any)), [403, 'forbidden']);
      assert.equal((await ben.call('PATCH', `/v1/expenses/${body.id}`, { notes: 'x' }, any)).status, 200);
    });

    it('the same key twice, the edit is made once', async () => {
      const own = await world();
      const { body } = await own.record(ana, '30.00');
      const key = { ...any, 'idempotency-key': uuidv7() };
      const [one, other] = await Promise.all([0, 1].map(() => ana.call('PATCH', `/v1/expenses/${body.id}`, own.total('60.00'), key)));
      assert.deepEqual([one!.status, other!.status, one!.body.version, other!.body.version], [200, 200, 2, 2]);
    });
  });

  describe('group changes at once', () => {
    it('what is remembered of a group is out of date, nothing is recorded by it', async () => {
      const own = await world();
      assert.equal((await own.record(ana, '3.00')).status, 201);
      // Behind the API's back and within the second for which it remembers the group.
      await api.deps.databases.expense!.pool.query(
        `with gone as (update expense.member set state = 'left' where id = $2) update expense."group" set version = version + 1 where id = $1`,
        [own.groupId, own.ids[2]],
      );
      assert.deepEqual(refusalOf(await own.record(ana, '3.00')), [422, 'member_not_active']);
      assert.deepEqual(refusalOf(await own.record(cy, '3.00', { split: { method: 'equal', among: own.ids.slice(0, 2) } })), [
        404,
        'not_found',
      ]);
      assert.equal((await own.nets())[own.ids[2]], '-1.00');
    });

    it('somebody is changing the group, recording waits and goes by what was decided', async () => {
      const own = await world();
      assert.equal((await own.record(ana, '3.00')).status, 201);
      const client = await api.deps.databases.expense!.pool.connect();
      try {
        await client.query('begin');
        await client.query('select id from expense."group" where id = $1 for update', [own.groupId]);
        const recording = own.record(ana, '3.00');
        const other = await (await world()).record(ana, '3.00');
        assert.equal(other.status, 201, 'other groups do not wait');
        await client.query(`update expense."group" set state = 'archived', version = version + 1 where id = $1`, [own.groupId]);
        await client.query('commit');
        assert.deepEqual(refusalOf(await recording), [409, 'archived']);
      } finally {
        client.release(true);
      }
    });

    it('a member who is removed, never recorded against', async function () {
      this.timeout(30_000);
      for (let round = 0; round < 4; round++) {
        const own = await world();
        const leaver = (await ana.call('POST', `/v1/groups/${own.groupId}/members`, { displayName: 'Di' })).body;
        const among = { split: { method: 'equal', among: [own.ids[0], leaver.id] } };
        await own.record(ana, '1.00', { split: { method: 'equal', among: [own.ids[0]] } });
        const [removed, ...recorded] = await Promise.all([
          ana.call('DELETE', `/v1/groups/${own.groupId}/members/${leaver.id}`, undefined, any),
          ...Array.from({ length: 6 }, () => own.record(ana, '10.00', among)),
        ]);
        const posted = recorded.filter((answer) => answer.status === 201).length;
        if (removed.status === 204) assert.equal(posted, 0, 'somebody who has left owes something');
        else assert.deepEqual([...refusalOf(removed), posted], [409, 'member_has_balance', 6]);
        assert.deepEqual(
          refusalOf(await own.record(ana, '10.00', among)),
          removed.status === 204 ? [422, 'member_not_active'] : [201, undefined],
        );
      }
    });

    it('a group that is archived or gets a policy, nothing slips through afterwards', async function () {
      this.timeout(30_000);
      const own = await world();
      await own.record(ana, '1.00');
      const policy = { policy: { approval: { mode: 'all' } } };
      const [changed, ...during] = await Promise.all([
        ana.call('PATCH', `/v1/groups/${own.groupId}`, policy, any),
        ...Array.from({ length: 8 }, () => own.record(ana, '3.00')),
      ]);
      assert.equal(changed.status, 200);
      for (const answer of during) assert.ok(answer.status === 201 || answer.status === 202);
      const after = await Promise.all(Array.from({ length: 4 }, () => own.record(ana, '3.00')));
      assert.deepEqual(
        after.map((answer) => answer.status),
        [202, 202, 202, 202],
      );
      const [archived] = await Promise.all([ana.call('POST', `/v1/groups/${own.groupId}/archive`), own.record(ana, '3.00')]);
      assert.equal(archived.status, 200);
      assert.deepEqual(refusalOf(await own.record(ana, '3.00')), [409, 'archived']);
    });
  });
});
