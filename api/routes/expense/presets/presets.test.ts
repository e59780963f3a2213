// Goal: named splits are checked like the group's default one, seen by all, bounded, and never name who is gone.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { PRESETS_MAX } from '../../../../db/commands/expense/presets.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('presets', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let groupId: string;
  let [anaId, benId, boId] = ['', '', ''];

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    const group = await createGroup(ana);
    [groupId, anaId] = [group.id, group.myMemberId];
    benId = await join(ana, groupId, ben, { role: 'contributor' });
    boId = (await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Bo' })).body.id as string;
  });

  const create = (name: string, split: object, who = ana, more = {}): Promise<TestAnswer> =>
    who.call('POST', `/v1/groups/${groupId}/presets`, { name, split, ...more });
  const list = (query = '', who = ana): Promise<TestAnswer> => who.call('GET', `/v1/groups/${groupId}/presets${query}`);
  const names = async (): Promise<string[]> => (await list()).body.data.map((one: { name: string }) => one.name);
  const equal = (...among: string[]): object => ({ method: 'equal', among });

  it('made by an editor, are listed by name, paged, and their split makes an expense', async () => {
    const shares = {
      method: 'shares',
      parts: [
        { memberId: anaId, shares: '2' },
        { memberId: benId, shares: '1' },
      ],
    };
    const made = await create('Rent by rooms', shares);
    assert.deepEqual([made.status, made.headers.get('location')], [201, `/v1/groups/${groupId}/presets/${made.body.id}`]);
    await create('All', equal(anaId, benId, boId));
    assert.deepEqual(await names(), ['All', 'Rent by rooms']);
    const first = await list('?limit=1', ben);
    assert.deepEqual(
      [first.body.data[0].name, (await list(`?limit=1&cursor=${first.body.nextCursor}`)).body.data[0].name],
      ['All', 'Rent by rooms'],
    );
    const expense = await ana.call('POST', `/v1/groups/${groupId}/expenses`, {
      description: 'Rent',
      total: { amount: '900.00', currency: 'EUR' },
      date: '2026-11-20',
      payers: [{ memberId: anaId, amount: '900.00' }],
      split: made.body.split,
    });
    assert.deepEqual(
      expense.body.shares.map((one: { owed: string }) => one.owed),
      ['600.00', '300.00'],
    );
  });

  it('names taken, ids taken, strangers, amounts and rules that do not hold, are refused with their place', async () => {
    const first = (await create('Rent', equal(anaId))).body;
    const place = (answer: TestAnswer): unknown[] => [...refusalOf(answer), answer.body.errors[0]?.pointer];
    assert.deepEqual(place(await create('Rent', equal(benId))), [409, 'name_taken', '/name']);
    assert.deepEqual(place(await create('Other', equal(benId), ana, { id: first.id })), [409, 'id_taken', '/id']);
    assert.deepEqual(place(await create('X', equal(anaId, uuidv7()))), [422, 'unknown_member', '/split/among/1']);
    assert.deepEqual(place(await create('X', { method: 'percentage', parts: [{ memberId: anaId, percent: '99' }] })), [
      422,
      'percent_not_100',
      '/split/parts',
    ]);
    assert.equal((await create('X', { method: 'exact', parts: [{ memberId: anaId, amount: '1.00' }] })).status, 400);
    for (const name of ['', 'x'.repeat(81), 'a\u0000', ' x']) assert.equal((await create(name, equal(anaId))).status, 400);
    assert.deepEqual(refusalOf(await create('X', equal(anaId), ben)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await create('X', equal(anaId), await api.user('Eve'))), [404, 'not_found']);
    assert.deepEqual(await names(), ['Rent']);
  });

  it('deleted twice, are not found the second time; those of another group are not found', async () => {
    const { id } = (await create('Rent', equal(anaId))).body;
    const remove = (group = groupId): Promise<TestAnswer> => ana.call('DELETE', `/v1/groups/${group}/presets/${id}`);
    assert.deepEqual(refusalOf(await remove((await createGroup(ana)).id)), [404, 'not_found']);
    assert.equal((await remove()).status, 204);
    assert.deepEqual(refusalOf(await remove()), [404, 'not_found']);
  });

  it('a member leaves, those that name them go; is merged, they name who remains', async () => {
    await create('All', equal(anaId, benId, boId));
    await create('Two', equal(anaId, boId));
    await create('One', { method: 'weights', among: [anaId] });
    assert.equal((await ben.call('POST', `/v1/groups/${groupId}/leave`)).status, 204);
    assert.deepEqual(await names(), ['One', 'Two']);
    const twin = (await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Twin' })).body.id as string;
    await create('Three', equal(anaId, boId, twin));
    await ana.call('POST', `/v1/groups/${groupId}/members/${boId}/merge`, { intoMemberId: twin });
    assert.deepEqual(
      (await list()).body.data.map((one: { split: { among: string[] } }) => one.split.among),
      [[anaId], [anaId, twin], [anaId, twin]],
    );
  });

  it('one fewer than the limit, one more is made, and not two, also at once', async () => {
    await api.deps.databases.expense!.pool.query(
      `insert into expense.preset (id, group_id, name, split, created_by) select gen_random_uuid(), $1, 'p' || n, $2, $3 from generate_series(1, $4::int) n`,
      [groupId, JSON.stringify(equal(anaId)), anaId, PRESETS_MAX - 1],
    );
    const both = await Promise.all([create('a', equal(anaId)), create('b', equal(anaId))]);
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((one, other) => one - other),
      [201, 409],
    );
    assert.deepEqual(refusalOf(both.find(({ status }) => status === 409)!), [409, 'preset_limit_reached']);
  });
});
