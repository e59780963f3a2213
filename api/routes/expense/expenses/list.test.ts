// Goal: a list of expenses holds what fits, in the order asked for, once each over its pages. Method: HTTP on a real Postgres.
import assert from 'node:assert/strict';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('lists of expenses', () => {
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  });
  after(() => api.stop());

  async function groupOf(count: number): Promise<{ groupId: string; members: string[] }> {
    const group = await createGroup(ana);
    const members = [group.myMemberId as string, await join(ana, group.id, ben)];
    while (members.length < count) {
      const added = await ana.call('POST', `/v1/groups/${group.id}/members`, { displayName: `M${members.length}` });
      members.push(added.body.id as string);
    }
    return { groupId: group.id, members };
  }
  const expense = (payer: string, among: readonly string[], amount: string, currency = 'EUR'): Record<string, unknown> => ({
    description: 'Thing',
    date: '2026-11-20',
    total: { amount, currency },
    payers: [{ memberId: payer, amount }],
    split: { method: 'equal', among },
  });
  it('bounds that contradict each other, are refused in a group and over all; those that meet are not', async () => {
    const { groupId } = await groupOf(2);
    for (const url of [`/v1/groups/${groupId}/expenses`, '/v1/expenses']) {
      const asked = async (query: string): Promise<unknown[]> => {
        const { status, body } = await ana.call('GET', `${url}?${query}`);
        return status === 200 ? [200] : [status, body.code, body.errors.map(({ pointer }: { pointer: string }) => pointer)];
      };
      const refused = (...pointers: string[]): unknown[] => [422, 'contradictory_filters', pointers];
      assert.deepEqual(await asked('from=2026-01-02&to=2026-01-01'), refused('/query/to'));
      assert.deepEqual(await asked('min=0.000002&max=0.000001'), refused('/query/max'));
      assert.deepEqual(await asked('min=9007199254740993&max=9007199254740992'), refused('/query/max'));
      assert.deepEqual(await asked('min=10&max=9.5&to=2026-01-01&from=2026-01-02&limit=1'), refused('/query/to', '/query/max'));
      assert.deepEqual(await asked('from=2026-01-01&to=2026-01-01&min=1.50&max=1.5'), [200]);
      assert.deepEqual(await asked('from=2026-01-01&max=1'), [200]);
      assert.deepEqual((await asked('from=2026-01-02&to=x'))[0], 400, 'what is malformed comes first');
      assert.deepEqual((await asked('from=2026-01-02&to=2026-01-01&x=1'))[0], 400);
    }
  });

  it('a currency that is none, is refused in a group and over all; one in which nothing was spent is not', async () => {
    const { groupId } = await groupOf(2);
    for (const url of [`/v1/groups/${groupId}/expenses`, '/v1/expenses']) {
      const refused = await ana.call('GET', `${url}?currency=ZZZ`);
      assert.deepEqual([...refusalOf(refused), refused.body.errors[0].pointer], [422, 'unknown_currency', '/query/currency']);
      assert.deepEqual((await ana.call('GET', `${url}?currency=ISK`)).body.data, []);
    }
  });

  it('filters, sorts and pages by each key', async () => {
    const { groupId, members } = await groupOf(2);
    const url = `/v1/groups/${groupId}/expenses`;
    const [a, b] = members as [string, string];
    const make = async (amount: string, fields: Record<string, unknown>, currency = 'EUR') =>
      (await ana.call('POST', url, { ...expense(a, [a], amount, currency), ...fields })).body.id as string;
    const one = await make('10.00', { description: '100% Pizza', date: '2026-01-01', category: 'food.restaurants', tags: ['x'] });
    const two = await make('30.00', { description: 'Taxi', date: '2026-01-03', category: 'transport', notes: 'to the PIZZA place' });
    const three = await make(
      '2000',
      { description: 'Sushi', date: '2026-01-02', category: 'food', split: { method: 'equal', among: [a, b] } },
      'JPY',
    );
    const list = async (query: string): Promise<string[]> => {
      const { status, body } = await ana.call('GET', `${url}?${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body.data.map((row: { id: string }) => row.id);
    };
    const cases: [string, string[]][] = [
      ['', [three, two, one]],
      ['sort=createdAt', [one, two, three]],
      ['sort=date', [one, three, two]],
      ['sort=-date', [two, three, one]],
      ['sort=amount', [one, two, three]],
      ['sort=-amount', [three, two, one]],
      ['q=pizza', [two, one]],
      ['q=100%25', [one]],
      ['q=_axi', []],
      ['q=PIZ', [two, one]],
      ['q=pl%C3%A0ce+tAX', [two]],
      ['q=pla+taxi', []],
      ['q=transport&max=30', [two]],
      ['q=' + encodeURIComponent('\' & | ! :* <-> \\ ( ) " ; --'), []],
      ['q=' + encodeURIComponent('pizza:* | !taxi'), [two]],
      ['q=+', [three, two, one]],
      ['category=food', [three, one]],
      ['category=food.restaurants', [one]],
      [`member=${b}`, [three]],
      ['from=2026-01-02&to=2026-01-02', [three]],
      ['min=30&max=30', [two]],
      ['min=31', [three]],
      ['currency=JPY', [three]],
      ['tag=x', [one]],
      ['state=pending', []],
    ];
    for (const [query, expected] of cases) assert.deepEqual(await list(query), expected, query);
    for (const sort of ['createdAt', '-createdAt', 'date', '-date', 'amount', '-amount']) {
      const whole = await list(`sort=${sort}`);
      const paged: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const { body } = await ana.call(
          'GET',
          `${url}?sort=${sort}&limit=1${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        paged.push(...body.data.map((row: { id: string }) => row.id));
        cursor = body.nextCursor as string | null;
      }
      assert.deepEqual(paged, whole, sort);
    }
    const first = (await ana.call('GET', `${url}?limit=1`)).body.nextCursor as string;
    assert.deepEqual(refusalOf(await ana.call('GET', `${url}?limit=1&sort=date&cursor=${encodeURIComponent(first)}`)), [
      400,
      'invalid_cursor',
    ]);
    for (const [query, status] of [
      ['from=0001-01-01&to=9999-12-31', 200],
      ['from=0000-12-31', 400],
      ['to=0000-01-01', 400],
    ] as const)
      assert.equal((await ana.call('GET', `${url}?${query}`)).status, status, query);
    const mine = await ben.call('GET', '/v1/expenses?q=sushi');
    assert.deepEqual(
      mine.body.data.map((row: { id: string }) => row.id),
      [three],
    );
    const stranger = await api.user();
    assert.deepEqual((await stranger.call('GET', '/v1/expenses')).body.data, []);
    assert.equal((await stranger.call('GET', url)).status, 404);
  });
});
