// Goal: figures add up to the ledger's, by every key, and hold nothing that is not spent. Method: HTTP on a real Postgres.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { findStats } from '../../../../db/queries/expense/stats.ts';
import { readSums } from '../../../../db/read-sums.ts';
import type { Tx } from '../../../../db/transact.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

type Row = Record<string, unknown>;

describe('statistics', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let groupId: string;
  let a: string;
  let b: string;
  let url: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    const group = await createGroup(ana);
    [groupId, a] = [group.id as string, group.myMemberId as string];
    b = await join(ana, groupId, ben);
    url = `/v1/groups/${groupId}`;
    await record('30.00', { category: 'food', date: '2026-01-31', tags: ['trip', 'sun'] });
    await record('10.01', { category: 'food', date: '2026-02-01', tags: ['trip'] });
    await record('20.00', { category: 'food.restaurants', date: '2026-02-28' });
    await record('1000', { category: null, date: '2026-02-28' }, 'JPY');
    await record('6.00', { kind: 'income', category: 'income', date: '2026-03-01', tags: ['sun'] });
    const gone = await record('999.00', { category: 'gifts', date: '2026-03-01' });
    await ana.call('DELETE', `/v1/expenses/${gone}`, undefined, { 'if-match': '*' });
    const edited = await record('500.00', { category: 'gifts', date: '2026-03-01' });
    await ana.call(
      'PATCH',
      `/v1/expenses/${edited}`,
      { total: { amount: '4.00', currency: 'EUR' }, category: 'health' },
      { 'if-match': '*' },
    );
    const entries = [
      { memberId: a, money: { amount: '77.00', currency: 'EUR' } },
      { memberId: b, money: { amount: '-77.00', currency: 'EUR' } },
    ];
    await ana.call('POST', `${url}/adjustments`, { reason: 'x', entries }, { 'idempotency-key': uuidv7() });
    await ana.call('PATCH', url, { policy: { approval: { mode: 'all' } } }, { 'if-match': '*' });
    assert.equal((await ana.call('POST', `${url}/expenses`, expense('55.00'))).status, 202);
    // An edit that waits does not count: the version that stands does.
    const waits = await ana.call('PATCH', `/v1/expenses/${edited}`, { total: { amount: '400.00', currency: 'EUR' } }, { 'if-match': '*' });
    assert.equal(waits.status, 202);
  });
  after(() => api.stop());

  const expense = (amount: string, fields: Row = {}, currency = 'EUR'): Row => ({
    description: 'Thing',
    date: '2026-03-02',
    total: { amount, currency },
    payers: [{ memberId: a, amount }],
    split: { method: 'equal', among: [a, b] },
    ...fields,
  });
  const record = async (amount: string, fields: Row, currency = 'EUR'): Promise<string> => {
    const answer = await ana.call('POST', `${url}/expenses`, expense(amount, fields, currency));
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.id as string;
  };
  const rowsOf = async (path: string, by: TestUser = ana): Promise<[unknown, ...unknown[]][]> => {
    const { status, body } = await by.call('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data
      .map((row: Row) => [row['key'], row['currency'], row['spent'], row['income'], row['count']])
      .toSorted((one: unknown[], other: unknown[]) => (String(one) < String(other) ? -1 : 1));
  };
  const TOTALS = [
    { currency: 'EUR', spent: '64.01', income: '6.00', count: 5 },
    { currency: 'JPY', spent: '1000', income: '0', count: 1 },
  ];

  it('by category, leave out what is deleted, waits, or is no expense', async () => {
    assert.deepEqual(await rowsOf(`${url}/stats`), [
      [null, 'JPY', '1000', '0', 1],
      ['food', 'EUR', '40.01', '0.00', 2],
      ['food.restaurants', 'EUR', '20.00', '0.00', 1],
      ['health', 'EUR', '4.00', '0.00', 1],
      ['income', 'EUR', '0.00', '6.00', 1],
    ]);
    const { body } = await ana.call('GET', `${url}/stats?by=category`);
    assert.deepEqual([body.totals, body.by, body.from, body.to, body.more], [TOTALS, 'category', null, null, false]);
  });

  it('by month, are in order of time, by the day of the expense', async () => {
    const { body } = await ana.call('GET', `${url}/stats?by=month`);
    assert.deepEqual(
      body.data.map((row: Row) => [row['key'], row['currency'], row['spent'], row['income']]),
      [
        ['2026-01', 'EUR', '30.00', '0.00'],
        ['2026-02', 'JPY', '1000', '0'],
        ['2026-02', 'EUR', '30.01', '0.00'],
        ['2026-03', 'EUR', '4.00', '6.00'],
      ],
    );
    assert.deepEqual(body.totals, TOTALS);
  });

  it('by tag, count an expense for each of its tags, and once in the totals', async () => {
    assert.deepEqual(await rowsOf(`${url}/stats?by=tag`), [
      [null, 'EUR', '24.00', '0.00', 2],
      [null, 'JPY', '1000', '0', 1],
      ['sun', 'EUR', '30.00', '6.00', 2],
      ['trip', 'EUR', '40.01', '0.00', 2],
    ]);
    assert.deepEqual((await ana.call('GET', `${url}/stats?by=tag`)).body.totals, TOTALS);
  });

  it('by member, say what each bore and paid, and add up to the totals', async () => {
    const { body } = await ana.call('GET', `${url}/stats?by=member`);
    const euro = body.data.filter((row: Row) => row['currency'] === 'EUR');
    const sum = (field: string): number => euro.reduce((total: number, row: Row) => total + Math.round(Number(row[field]) * 100), 0);
    assert.deepEqual([sum('spent'), sum('paid'), sum('income'), sum('received')], [6401, 6401, 600, 600]);
    const mine = euro.find((row: Row) => row['key'] === a);
    assert.deepEqual([mine.paid, mine.received, mine.income, mine.count], ['64.01', '6.00', '3.00', 5]);
    assert.deepEqual(body.totals, TOTALS);
  });

  it('of a period, take its first and its last day in', async () => {
    assert.deepEqual(await rowsOf(`${url}/stats?from=2026-02-01&to=2026-02-28`), [
      [null, 'JPY', '1000', '0', 1],
      ['food', 'EUR', '10.01', '0.00', 1],
      ['food.restaurants', 'EUR', '20.00', '0.00', 1],
    ]);
    assert.deepEqual((await ana.call('GET', `${url}/stats?from=2026-05-01&to=2026-06-01`)).body.data, []);
  });

  it('of my own, are my shares over my groups, and nothing of others', async () => {
    const other = await createGroup(ben);
    const own = other.myMemberId as string;
    await ben.call('POST', `/v1/groups/${other.id}/expenses`, {
      ...expense('8.00'),
      payers: [{ memberId: own, amount: '8.00' }],
      split: { method: 'equal', among: [own] },
      category: 'food',
    });
    const byGroup = await rowsOf('/v1/me/stats?by=group', ben);
    assert.deepEqual(
      byGroup.map(([key, currency]) => [key, currency]).toSorted((x, y) => (String(x) < String(y) ? -1 : 1)),
      [
        [groupId, 'EUR'],
        [groupId, 'JPY'],
        [other.id, 'EUR'],
      ].toSorted((x, y) => (String(x) < String(y) ? -1 : 1)),
    );
    const food = (await rowsOf('/v1/me/stats', ben)).find(([key]) => key === 'food');
    assert.ok(food?.[2] === '28.00' || food?.[2] === '28.01', `15.00 + 5.00 or 5.01 + 8.00: ${String(food?.[2])}`);
    await ben.call('DELETE', `/v1/groups/${other.id}`, undefined, { 'if-match': '*' });
    assert.equal((await rowsOf('/v1/me/stats?by=group', ben)).length, 2);
    assert.deepEqual((await (await api.user()).call('GET', '/v1/me/stats')).body.data, []);
  });

  it('of a group that is not theirs, are not there; and bad questions are refused', async () => {
    const stranger = await api.user();
    assert.deepEqual(refusalOf(await stranger.call('GET', `${url}/stats`)), [404, 'not_found']);
    for (const query of ['by=group', 'by=day', 'from=2026-02-30', 'to=x', 'by=', 'x=1'])
      assert.equal((await ana.call('GET', `${url}/stats?${query}`)).status, 400, query);
    assert.equal((await ana.call('GET', '/v1/me/stats?by=member')).status, 400);
    for (const path of [`${url}/stats`, '/v1/me/stats', `${url}/chart.svg`]) {
      const reversed = await ana.call('GET', `${path}?from=2026-02-01&to=2026-01-31`);
      assert.deepEqual([...refusalOf(reversed), reversed.body.errors[0].pointer], [422, 'contradictory_filters', '/query/to'], path);
    }
  });

  it('statistics of the database know nothing of a bulk, rows are still joined and grouped by hashing', async () => {
    const sums = readSums(api.deps.databases.expense!);
    const plans: string[] = [];
    const explained: Tx['query'] = async (text, values) => {
      const rows = await sums<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return [];
    };
    for (const by of ['category', 'member', 'month', 'group'] as const) {
      await findStats(explained, by === 'group' ? { userId: ana.userId } : { groupId }, { by });
    }
    const joins = plans.filter((plan) => plan.includes('posting_line'));
    assert.equal(joins.length, 2);
    for (const plan of joins) assert.match(plan, /Hash Join/);
    for (const plan of plans) assert.match(plan, /HashAggregate/);
    for (const plan of plans) assert.doesNotMatch(plan, /Nested Loop/);
  });
});
