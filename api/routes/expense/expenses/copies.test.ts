// Goal: an expense is recorded once more, or goes to another group whole: money, history and papers on both sides, or nothing.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { formOf, ONE_PIXEL } from '../../../../test/support/pictures.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };

describe('copies and moves of expenses', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let home: Side;
  let away: Side;
  let expenseId: string;

  /** A group with Ana as owner, Ben as editor, and a guest without an account. */
  interface Side {
    readonly id: string;
    readonly ana: string;
    readonly ben: string;
    readonly guest: string;
  }

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    [home, away] = [await side('EUR'), await side('EUR')];
    expenseId = (await record(home, '10.00')).body.id;
  });

  async function side(currency: string, policy = {}): Promise<Side> {
    const group = await createGroup(ana, { currency, policy });
    const guest = await ana.call('POST', `/v1/groups/${group.id}/members`, { displayName: 'Guest' });
    return { id: group.id, ana: group.myMemberId, ben: await join(ana, group.id, ben, { role: 'editor' }), guest: guest.body.id };
  }
  const record = (where: Side, amount: string, more: object = {}): Promise<TestAnswer> =>
    ana.call('POST', `/v1/groups/${where.id}/expenses`, {
      description: 'Dinner',
      date: '2026-11-20',
      total: { amount, currency: 'EUR' },
      category: 'food.restaurants',
      notes: 'late',
      tags: ['trip'],
      payers: [{ memberId: where.ana, amount }],
      split: { method: 'equal', among: [where.ana, where.ben, where.guest] },
      ...more,
    });
  const move = (to: Side, more: object = {}, who = ana, id = expenseId): Promise<TestAnswer> =>
    who.call('POST', `/v1/expenses/${id}/move`, { groupId: to.id, memberMap: { [home.guest]: to.guest }, ...more });
  const duplicate = (body: object = {}, who = ana, headers = {}): Promise<TestAnswer> =>
    who.call('POST', `/v1/expenses/${expenseId}/duplicate`, body, headers);
  /** Who has how much, by name. */
  async function balances(where: Side): Promise<Record<string, string>> {
    const { body } = await ana.call('GET', `/v1/groups/${where.id}/balances`);
    const names = new Map([
      [where.ana, 'ana'],
      [where.ben, 'ben'],
      [where.guest, 'guest'],
    ]);
    const rows = body.balances as { memberId: string; net: string }[];
    return Object.fromEntries(rows.filter(({ net }) => Number(net) !== 0).map(({ memberId, net }) => [names.get(memberId) ?? '?', net]));
  }
  const activity = async (where: Side): Promise<string[]> =>
    (await ana.call('GET', `/v1/groups/${where.id}/activity?subject=expense`)).body.data.map(
      (item: { type: string; title: string | null }) => `${item.type} ${item.title ?? '-'}`,
    );

  describe('duplicate', () => {
    it('an expense, is recorded once more with what it had, and what is said of the copy', async () => {
      const { body: original } = await ana.call('GET', `/v1/expenses/${expenseId}`);
      const copy = await duplicate();
      assert.equal(copy.status, 201, JSON.stringify(copy.body));
      assert.notEqual(copy.body.id, expenseId);
      assert.equal(copy.headers.get('location'), `/v1/expenses/${copy.body.id}`);
      for (const field of ['description', 'total', 'date', 'category', 'notes', 'tags', 'payers', 'split'])
        assert.deepEqual(copy.body[field], original[field], field);
      const id = uuidv7();
      const other = await duplicate({ id, date: '2026-11-27', description: 'Again', notes: '', tags: [], category: null }, ben);
      const { createdBy, date, description, notes, tags, category } = other.body;
      assert.deepEqual(
        [other.body.id, createdBy, date, description, notes, tags, category],
        [id, home.ben, '2026-11-27', 'Again', '', [], null],
      );
      assert.deepEqual(refusalOf(await duplicate({ id })), [409, 'id_taken']);
    });

    it('under a policy, a lock, a deletion or with somebody gone, is decided as a new expense is', async () => {
      assert.deepEqual(refusalOf(await duplicate({ amount: '1' })), [400, 'unknown_field']);
      assert.deepEqual(refusalOf(await duplicate({ category: 'nothing' })), [422, 'unknown_category']);
      await ana.call('PATCH', `/v1/groups/${home.id}`, { policy: { approval: { mode: 'all' } } }, ANY);
      const waits = await duplicate();
      assert.deepEqual([waits.status, waits.body.state], [202, 'pending']);
      await ana.call('PATCH', `/v1/groups/${home.id}`, { policy: { whoMayAdd: 'admin' } }, ANY);
      assert.deepEqual(refusalOf(await duplicate({}, ben)), [403, 'forbidden']);
      await ana.call('POST', `/v1/groups/${home.id}/lock`, { until: '2026-11-21' });
      assert.deepEqual(refusalOf(await duplicate()), [409, 'period_locked']);
      assert.equal((await duplicate({ date: '2026-11-21' })).status, 201);
      const guestIs = async (state: string): Promise<void> => {
        await api.deps.databases.expense!.pool.query('update expense.member set state = $2 where id = $1', [home.guest, state]);
        await ana.call('PATCH', `/v1/groups/${home.id}`, { name: `Seen ${state}` }, ANY);
      };
      await guestIs('left');
      assert.deepEqual(refusalOf(await duplicate({ date: '2026-11-22' })), [422, 'member_not_active']);
      await guestIs('active');
      await ana.call('POST', `/v1/groups/${home.id}/lock`, { until: null });
      await ana.call('DELETE', `/v1/expenses/${expenseId}`, undefined, ANY);
      assert.deepEqual(refusalOf(await duplicate()), [409, 'deleted']);
      assert.deepEqual(refusalOf(await duplicate({}, await api.user('Eve'))), [404, 'not_found']);
    });

    it('repeated with its key, makes one copy', async () => {
      const key = { 'idempotency-key': uuidv7() };
      const [one, again] = [await duplicate({}, ana, key), await duplicate({}, ana, key)];
      assert.equal(one.body.id, again.body.id);
      assert.equal((await ana.call('GET', `/v1/groups/${home.id}/expenses`)).body.data.length, 2);
    });
  });

  describe('move', () => {
    it('an expense, goes with each share to the cent and its receipts; comments stay with their group', async () => {
      const before = (await ana.call('GET', `/v1/expenses/${expenseId}`)).body.shares as { memberId: string; paid: string; owed: string }[];
      const receipt = (await ana.call('POST', `/v1/expenses/${expenseId}/receipts`, formOf(ONE_PIXEL))).body.id as string;
      const cem = await api.user('Cem');
      await join(ana, home.id, cem, { role: 'contributor' });
      const mine = await ben.call('POST', `/v1/expenses/${expenseId}/comments`, { text: 'Mine', mentions: [home.ana, home.guest] });
      await cem.call('POST', `/v1/expenses/${expenseId}/comments`, { text: 'Of this group alone' });
      const nets = await balances(home);

      const moved = await move(away, {}, ben);

      assert.equal(moved.status, 200, JSON.stringify(moved.body));
      const there = new Map([
        [home.ana, away.ana],
        [home.ben, away.ben],
        [home.guest, away.guest],
      ]);
      const byId = (one: { memberId: string }, other: { memberId: string }): number => (one.memberId < other.memberId ? -1 : 1);
      assert.deepEqual(moved.body.shares, before.map((share) => ({ ...share, memberId: there.get(share.memberId)! })).toSorted(byId));
      const { id, groupId, createdBy, version, payers, split, category, tags } = moved.body;
      assert.deepEqual([id, groupId, createdBy, version, category, tags], [expenseId, away.id, away.ana, 2, 'food.restaurants', ['trip']]);
      assert.deepEqual(payers, [{ memberId: away.ana, amount: '10.00' }]);
      assert.deepEqual(new Set(split.among), new Set(there.values()));
      assert.deepEqual([await balances(home), await balances(away)], [{}, nets]);
      assert.equal((await ben.call('GET', `/v1/receipts/${receipt}`)).status, 200);
      assert.equal((await cem.call('GET', `/v1/receipts/${receipt}`)).status, 404);
      const texts = async (who = ana): Promise<string[]> =>
        (await who.call('GET', `/v1/expenses/${expenseId}/comments`)).body.data.map((one: { text: string }) => one.text);
      assert.deepEqual(await texts(), []);
      const at = `/v1/comments/${mine.body.id}`;
      assert.deepEqual(refusalOf(await ben.call('PATCH', at, { text: 'Changed' })), [404, 'not_found']);
      assert.equal((await ana.call('POST', `/v1/expenses/${expenseId}/comments`, { text: 'Of there' })).status, 201);
      assert.deepEqual(await texts(), ['Of there']);
      assert.equal((await cem.call('GET', `/v1/expenses/${expenseId}`)).status, 404);
      await ana.call('POST', `/v1/expenses/${expenseId}/move`, { groupId: home.id, memberMap: { [away.guest]: home.guest } });
      assert.deepEqual(await texts(cem), ['Mine', 'Of this group alone']);
    });

    it('both groups, tell of it, the one it left no more than what it was there', async () => {
      await ana.call('PATCH', `/v1/expenses/${expenseId}`, { description: 'Supper' }, ANY);
      await ana.call('POST', `/v1/expenses/${expenseId}/comments`, { text: 'Here' });
      await move(away);
      await ana.call('PATCH', `/v1/expenses/${expenseId}`, { description: 'Secret of there' }, ANY);
      assert.deepEqual(await activity(away), ['expense.edited Secret of there', 'expense.moved Secret of there']);
      assert.deepEqual(await activity(home), ['expense.moved_away -', 'expense.edited Supper', 'expense.created Dinner']);
      const moved = (await ana.call('GET', `/v1/groups/${away.id}/activity?subject=expense`)).body.data.at(-1);
      assert.deepEqual([moved.type, moved.changes], ['expense.moved', []]);
      const said = (await ana.call('GET', `/v1/groups/${home.id}/activity?subject=comment`)).body.data;
      assert.deepEqual(
        said.map((one: { title: string | null }) => one.title),
        [null],
      );
      const { body } = await ben.call('GET', `/v1/expenses/${expenseId}/history`);
      assert.deepEqual(
        body.data.map((one: { change: string }) => one.change),
        ['moved', 'edited'],
      );
      assert.deepEqual(
        body.data.map((one: { changes: object[] }) => one.changes),
        [[], [{ field: 'description', from: 'Supper', to: 'Secret of there' }]],
      );
      assert.equal((await ben.call('POST', `/v1/expenses/${expenseId}/comments`, { text: 'There' })).status, 201);
      const told = api.events.filter(({ event }) => event.subjectId === expenseId && event.type.startsWith('expense.moved'));
      assert.deepEqual(
        told.map(({ event }) => [event.type, event.groupId]),
        [
          ['expense.moved_away', home.id],
          ['expense.moved', away.id],
        ],
      );
    });

    it('there and back, deleted and restored there, leaves every sum as it was', async () => {
      const nets = await balances(home);
      await move(away);
      await ana.call('DELETE', `/v1/expenses/${expenseId}`, undefined, ANY);
      assert.deepEqual(await balances(away), {});
      assert.equal((await ana.call('POST', `/v1/expenses/${expenseId}/restore`)).status, 200);
      assert.deepEqual(await balances(away), nets);
      const back = await ana.call('POST', `/v1/expenses/${expenseId}/move`, { groupId: home.id, memberMap: { [away.guest]: home.guest } });
      assert.equal(back.status, 200, JSON.stringify(back.body));
      assert.deepEqual([await balances(home), await balances(away)], [nets, {}]);
      assert.deepEqual(await activity(home), ['expense.moved Dinner', 'expense.moved_away Dinner', 'expense.created Dinner']);
    });

    it('a group of another currency or with an approval, counts it at its own rate, and asks', async () => {
      const yen = await side('JPY', { approval: { mode: 'all' } });
      const moved = await move(yen);
      assert.deepEqual([moved.status, moved.body.state, moved.body.groupId], [202, 'pending', yen.id], JSON.stringify(moved.body));
      assert.deepEqual([await balances(home), await balances(yen)], [{}, {}]);
      assert.equal((await ben.call('POST', `/v1/expenses/${expenseId}/approve`)).status, 200);
      assert.deepEqual(Object.keys(await balances(yen)).toSorted(), ['ana', 'ben', 'guest']);
    });

    it('what does not fit, is refused at its place and moves nothing', async () => {
      const nets = await balances(home);
      const eves = await createGroup(await api.user('Eve'));
      const quiet = await side('EUR', { whoMayAdd: 'admin' });
      for (const [body, status, code, pointer] of [
        [{ groupId: home.id }, 422, 'same_group', '/groupId'],
        [{ groupId: eves.id }, 422, 'unknown_group', '/groupId'],
        [{ groupId: uuidv7() }, 422, 'unknown_group', '/groupId'],
        [{ groupId: away.id }, 422, 'unknown_member', '/memberMap'],
        [{ groupId: away.id, memberMap: { [home.guest]: home.guest } }, 422, 'unknown_member', `/memberMap/${home.guest}`],
        [{ groupId: away.id, memberMap: { [away.guest]: away.guest } }, 422, 'unknown_member', `/memberMap/${away.guest}`],
        [{ groupId: away.id, memberMap: { x: away.guest } }, 400, 'invalid_request', '/memberMap/x'],
        [{}, 400, 'invalid_request', '/groupId'],
        [{ groupId: quiet.id, memberMap: { [home.guest]: quiet.guest } }, 403, 'forbidden', undefined],
      ] as const) {
        const refused = await ben.call('POST', `/v1/expenses/${expenseId}/move`, body);
        assert.deepEqual([...refusalOf(refused), refused.body.errors[0]?.pointer], [status, code, pointer], JSON.stringify(body));
      }
      assert.deepEqual(refusalOf(await move(away, {}, await api.user('Eve'))), [404, 'not_found']);
      await ana.call('POST', `/v1/groups/${away.id}/lock`, { until: '2027-01-01' });
      assert.deepEqual(refusalOf(await move(away)), [409, 'period_locked']);
      await ana.call('POST', `/v1/groups/${away.id}/archive`);
      assert.deepEqual(refusalOf(await move(away)), [409, 'archived']);
      await ana.call('POST', `/v1/expenses/${expenseId}/dispute`, { reason: 'No' });
      assert.deepEqual(refusalOf(await move(quiet)), [409, 'wrong_state']);
      assert.deepEqual([await balances(home), (await ana.call('GET', `/v1/expenses/${expenseId}`)).body.version], [nets, 1]);
    });

    it('two at once to two groups, one goes; two that cross, both go', async () => {
      const third = await side('EUR');
      const both = await Promise.all([move(away), move(third)]);
      const moved = both.filter(({ status }) => status === 200);
      // The other one finds it gone, or in a group of which its map says nothing.
      assert.ok(
        moved.length === 1 && both.every(({ status }) => [200, 404, 422].includes(status)),
        JSON.stringify(both.map(({ body }) => body)),
      );
      const sums = await Promise.all([home, away, third].map(balances));
      assert.deepEqual(
        sums.map((one) => Object.keys(one).length).toSorted((one, other) => one - other),
        [0, 0, 3],
      );
      const [here, there] = [(await record(home, '7.00')).body.id, (await record(third, '8.00')).body.id];
      const crossed = await Promise.all([
        ana.call('POST', `/v1/expenses/${here}/move`, { groupId: third.id, memberMap: { [home.guest]: third.guest } }),
        ben.call('POST', `/v1/expenses/${there}/move`, { groupId: home.id, memberMap: { [third.guest]: home.guest } }),
      ]);
      assert.deepEqual(
        crossed.map(({ status }) => status),
        [200, 200],
      );
    });

    it('a category of the group’s own, becomes the main one above it, or none', async () => {
      await ana.call('POST', `/v1/groups/${home.id}/categories`, { name: 'Lunch', parent: 'food', key: 'lunch' });
      await ana.call('POST', `/v1/groups/${home.id}/categories`, { name: 'Ski', key: 'ski' });
      for (const [category, there] of [
        ['food.lunch', 'food'],
        ['ski', null],
      ] as const) {
        const { body } = await record(home, '5.00', { category });
        assert.equal((await move(away, {}, ana, body.id)).body.category, there);
      }
    });
  });
});
