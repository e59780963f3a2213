// Goal: categories in two levels, named in the caller's language, with a group's own; expenses take no others.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('categories', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let groupId: string;
  let anaId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api.stop());
  beforeEach(async () => {
    const group = await createGroup(ana);
    [groupId, anaId] = [group.id, group.myMemberId];
  });

  const create = (body: object, who = ana): Promise<TestAnswer> => who.call('POST', `/v1/groups/${groupId}/categories`, body);
  const expense = (category: unknown): object => ({
    description: 'Thing',
    date: '2026-11-20',
    total: { amount: '5.00', currency: 'EUR' },
    category,
    payers: [{ memberId: anaId, amount: '5.00' }],
    split: { method: 'equal', among: [anaId] },
  });
  const record = (category: unknown): Promise<TestAnswer> => ana.call('POST', `/v1/groups/${groupId}/expenses`, expense(category));

  it('the list, in the language asked for, else the accepted, else the caller’s own, else English', async () => {
    const french = await api.user('Fanny');
    await api.deps.databases.user!.pool.query(`update "user".account set locale = 'fr-CA' where id = $1`, [french.userId]);
    for (const [query, accept, locale, name] of [
      ['?locale=de-AT', 'es', 'de', 'Essen und Trinken'],
      ['', 'sv, es;q=0.5, ja;q=0.8', 'ja', '飲食'],
      ['?locale=sv', 'x', 'fr', 'Alimentation'],
      ['', '*', 'fr', 'Alimentation'],
      ['', 'en;q=0', 'fr', 'Alimentation'],
    ] as const) {
      const { status, headers, body } = await french.call('GET', `/v1/categories${query}`, undefined, { 'accept-language': accept });
      assert.deepEqual([status, body.locale, headers.get('content-language')], [200, locale, locale]);
      const food = body.data.find((main: { key: string }) => main.key === 'food');
      assert.equal(food.name, name);
      assert.ok(food.subcategories.some((sub: { key: string }) => sub.key === 'food.restaurants'));
      assert.equal(body.nextCursor, null);
    }
    assert.equal((await ana.call('GET', '/v1/categories', undefined, { 'accept-language': 'sv' })).body.locale, 'en');
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/categories?locale=d_e')), [400, 'invalid_request']);
  });

  it('an expense, with a category of nobody, is refused by every way in and at its place', async () => {
    for (const [path, body, pointer] of [
      ['expenses', expense('food.nothing'), '/category'],
      ['expenses/bulk', { expenses: [expense('food'), expense('nothing')] }, '/expenses/1/category'],
    ] as const) {
      const refused = await ana.call('POST', `/v1/groups/${groupId}/${path}`, body);
      assert.deepEqual([...refusalOf(refused), refused.body.errors[0].pointer], [422, 'unknown_category', pointer]);
    }
    const made = await record('food.restaurants');
    assert.equal(made.status, 201);
    const edited = await ana.call('PATCH', `/v1/expenses/${made.body.id}`, { category: 'nothing' }, { 'if-match': '*' });
    assert.deepEqual(refusalOf(edited), [422, 'unknown_category']);
    assert.deepEqual(refusalOf(await record('Food')), [400, 'invalid_request']);
  });

  it("a group's own, of either level, is taken by its expenses at once and by those of no other group", async () => {
    assert.equal((await record('food')).status, 201);
    const main = await create({ name: 'Skiing', key: 'ski' });
    const sub = await create({ name: 'Passes', parent: 'ski' });
    const below = await create({ name: 'School lunch', parent: 'food', key: 'school_lunch' });
    assert.deepEqual([main.status, main.body.key, main.body.parent, main.body.archived], [201, 'ski', null, false]);
    assert.deepEqual([sub.body.parent, sub.body.key.startsWith('ski.c'), below.body.key], ['ski', true, 'food.school_lunch']);
    for (const { body } of [main, sub, below]) assert.equal((await record(body.key)).status, 201, body.key);
    const found = await ana.call('GET', `/v1/groups/${groupId}/expenses?category=food`);
    assert.deepEqual(
      found.body.data.map((row: { category: string }) => row.category),
      ['food.school_lunch', 'food'],
    );
    const other = await createGroup(ana);
    const body = {
      ...expense('ski'),
      payers: [{ memberId: other.myMemberId, amount: '5.00' }],
      split: { method: 'equal', among: [other.myMemberId] },
    };
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/groups/${other.id}/expenses`, body)), [422, 'unknown_category']);
  });

  it('an archived one, of which expenses exist, stays with those and is taken by no other until it is back', async () => {
    const own = (await create({ name: 'Skiing', key: 'ski' })).body;
    const kept = (await record('ski')).body.id as string;
    const path = `/v1/groups/${groupId}/categories/${own.id}`;
    const archived = await ana.call('PATCH', path, { archived: true });
    assert.deepEqual([archived.status, archived.body.archived], [200, true]);
    assert.deepEqual(refusalOf(await record('ski')), [422, 'unknown_category']);
    assert.equal((await ana.call('PATCH', `/v1/expenses/${kept}`, { description: 'Still' }, { 'if-match': '*' })).body.category, 'ski');
    assert.deepEqual((await ana.call('GET', `/v1/groups/${groupId}/categories`)).body.data, []);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/categories?archived=true`)).body.data[0].key, 'ski');
    const renamed = await ana.call('PATCH', path, { archived: false, name: 'Snow' });
    assert.deepEqual([renamed.body.name, renamed.body.key, renamed.body.archived], ['Snow', 'ski', false]);
    assert.equal((await record('ski')).status, 201);
  });

  it('a new one, whose key or id or parent does not do, is refused', async () => {
    const { body: own } = await create({ name: 'Skiing', key: 'ski' });
    for (const [body, status, code] of [
      [{ name: 'x', key: 'ski' }, 409, 'category_exists'],
      [{ name: 'x', key: 'food' }, 409, 'category_exists'],
      [{ name: 'x', parent: 'food', key: 'restaurants' }, 409, 'category_exists'],
      [{ name: 'x', id: own.id }, 409, 'id_taken'],
      [{ name: 'x', parent: 'nothing' }, 422, 'unknown_category'],
      [{ name: 'x', parent: 'food.restaurants' }, 400, 'invalid_request'],
      [{ name: ' x' }, 400, 'invalid_request'],
      [{ name: 'x'.repeat(61) }, 400, 'invalid_request'],
      [{}, 400, 'invalid_request'],
      [{ name: 'x', color: 'red' }, 400, 'unknown_field'],
    ] as const)
      assert.deepEqual(refusalOf(await create(body)), [status, code], JSON.stringify(body));
    const path = `/v1/groups/${groupId}/categories/${uuidv7()}`;
    assert.deepEqual(refusalOf(await ana.call('PATCH', path, { name: 'x' })), [404, 'not_found']);
    const twice = await Promise.all([create({ name: 'One', key: 'same' }), create({ name: 'Two', key: 'same' })]);
    assert.deepEqual(
      twice.map((one) => one.status).toSorted((one, other) => one - other),
      [201, 409],
    );
  });

  it('the two-hundredth is the last', async () => {
    await api.deps.databases.expense!.pool.query(
      `insert into expense.category (id, group_id, key, name, created_by) select gen_random_uuid(), $1, 'k' || n, 'x', $2 from generate_series(1, 199) n`,
      [groupId, anaId],
    );
    assert.equal((await create({ name: 'Last' })).status, 201);
    assert.deepEqual(refusalOf(await create({ name: 'More' })), [409, 'category_limit_reached']);
  });

  it('strangers find none, contributors make none, and a repeated request makes one', async () => {
    const [eve, cat] = [await api.user('Eve'), await api.user('Cat')];
    await join(ana, groupId, cat, { role: 'contributor' });
    assert.equal((await create({ name: 'x' }, eve)).status, 404);
    assert.equal((await eve.call('GET', `/v1/groups/${groupId}/categories`)).status, 404);
    assert.deepEqual(refusalOf(await create({ name: 'x' }, cat)), [403, 'forbidden']);
    const key = { 'idempotency-key': uuidv7() };
    const again = [];
    for (let n = 0; n < 2; n++) again.push(await ana.call('POST', `/v1/groups/${groupId}/categories`, { name: 'Once' }, key));
    assert.deepEqual([again[1]!.status, again[1]!.body], [201, again[0]!.body]);
    await ana.call('POST', `/v1/groups/${groupId}/archive`);
    assert.deepEqual(refusalOf(await create({ name: 'y' })), [409, 'archived']);
  });
});
