// Goal: every split method, refusal and limit of recording an expense, through HTTP on a real Postgres.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('recording an expense', () => {
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let groupId: string;
  let a: string;
  let b: string;
  let c: string;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    ({ groupId, a, b, c } = await trio());
  });
  after(() => api.stop());

  async function trio(fields: Record<string, unknown> = {}): Promise<{ groupId: string; a: string; b: string; c: string }> {
    const group = await createGroup(ana, fields);
    const memberB = await join(ana, group.id, ben);
    const memberC = await ana.call('POST', `/v1/groups/${group.id}/members`, { displayName: 'Cy', weight: '2' });
    assert.equal(memberC.status, 201, JSON.stringify(memberC.body));
    return { groupId: group.id, a: group.myMemberId, b: memberB, c: memberC.body.id };
  }

  const dinner = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
    description: 'Dinner',
    total: { amount: '100.00', currency: 'EUR' },
    date: '2026-11-20',
    payers: [{ memberId: a, amount: '100.00' }],
    split: { method: 'equal', among: [a, b, c] },
    ...fields,
  });
  const record = (fields: Record<string, unknown> = {}, headers: Record<string, string> = {}, by = ana) =>
    by.call('POST', `/v1/groups/${groupId}/expenses`, dinner(fields), headers);
  const owedOf = (body: { shares: { memberId: string; owed: string }[] }): Record<string, string> =>
    Object.fromEntries(body.shares.map((share) => [share.memberId, share.owed]));

  it('equal split, answers the posted expense with all digits, its place and its tag', async () => {
    const { status, body, headers } = await record({ total: { amount: '100', currency: 'EUR' }, tags: ['trip'], notes: 'two\nlines' });
    assert.equal(status, 201);
    assert.equal(body.state, 'posted');
    assert.deepEqual(body.total, { amount: '100.00', currency: 'EUR' });
    assert.deepEqual(Object.values(owedOf(body)).sort(), ['33.33', '33.33', '33.34']);
    assert.equal(body.createdBy, a);
    assert.deepEqual([body.approvals, body.disputed, body.version, body.category, body.tags], [[], false, 1, null, ['trip']]);
    assert.equal('pendingVersion' in body || 'workflowId' in body, false);
    assert.equal(headers.get('location'), `/v1/expenses/${body.id}`);
    const read = await ben.call('GET', `/v1/expenses/${body.id}`);
    assert.deepEqual(read.body, body);
    assert.equal(read.headers.get('etag'), headers.get('etag'));
  });

  const splits: [string, () => Record<string, unknown>, () => Record<string, string>][] = [
    ['exact', () => ({ method: 'exact', parts: [part(a, '70.5'), part(b, '29.50')] }), () => ({ [a]: '70.50', [b]: '29.50' })],
    [
      'percentage',
      () => ({
        method: 'percentage',
        parts: [
          { memberId: a, percent: '12.5' },
          { memberId: b, percent: '87.5' },
        ],
      }),
      () => ({ [a]: '12.50', [b]: '87.50' }),
    ],
    [
      'shares',
      () => ({
        method: 'shares',
        parts: [
          { memberId: a, shares: '1.5' },
          { memberId: b, shares: '0.5' },
        ],
      }),
      () => ({ [a]: '75.00', [b]: '25.00' }),
    ],
    ['adjustment', () => ({ method: 'adjustment', among: [a, b], parts: [part(b, '-20')] }), () => ({ [a]: '60.00', [b]: '40.00' })],
    ['weights', () => ({ method: 'weights', among: [a, b, c] }), () => ({ [a]: '25.00', [b]: '25.00', [c]: '50.00' })],
    [
      'itemized',
      () => ({
        method: 'itemized',
        items: [
          { name: 'Soup', amount: '30', among: [a] },
          { name: 'Fish', amount: '60', parts: [{ memberId: b, shares: '1' }] },
        ],
        tax: '9',
        tip: '3',
        discount: '2',
      }),
      () => ({ [a]: '33.33', [b]: '66.67' }),
    ],
  ];
  const part = (memberId: string, amount: string): Record<string, string> => ({ memberId, amount });
  for (const [method, split, expected] of splits) {
    it(`${method} split, shares follow its formula`, async () => {
      const { status, body } = await record({ split: split() });
      assert.equal(status, 201, JSON.stringify(body));
      const shares = owedOf(body);
      for (const [memberId, owed] of Object.entries(expected())) assert.equal(shares[memberId], owed);
    });
  }

  it('several payers and an income, balances follow', async () => {
    const own = await trio();
    const url = `/v1/groups/${own.groupId}`;
    const payers = [part(own.a, '60'), part(own.b, '40')];
    const among = [own.a, own.b];
    assert.equal((await ana.call('POST', `${url}/expenses`, dinner({ payers, split: { method: 'equal', among } }))).status, 201);
    const refund = dinner({
      kind: 'income',
      total: { amount: '30', currency: 'EUR' },
      payers: [part(own.b, '30')],
      split: { method: 'equal', among: [own.a, own.b, own.c] },
    });
    assert.equal((await ana.call('POST', `${url}/expenses`, refund)).status, 201);
    const { body } = await ana.call('GET', `${url}/balances`);
    const nets = Object.fromEntries(body.balances.map((row: { memberId: string; net: string }) => [row.memberId, row.net]));
    assert.deepEqual(nets, { [own.a]: '20.00', [own.b]: '-30.00', [own.c]: '10.00' });
    assert.equal(refusalOf(await ana.call('GET', `${url}/balances?since=2026-01-01`))[1], 'unknown_field');
  });

  it('currencies without and with three digits', async () => {
    const yen = await record({ total: { amount: '100', currency: 'JPY' }, payers: [part(a, '100')] });
    assert.deepEqual(Object.values(owedOf(yen.body)).sort(), ['33', '33', '34']);
    const dinar = await record({ total: { amount: '1.000', currency: 'KWD' }, payers: [part(a, '1')] });
    assert.deepEqual(Object.values(owedOf(dinar.body)).sort(), ['0.333', '0.333', '0.334']);
    assert.deepEqual(refusalOf(await record({ total: { amount: '1.5', currency: 'JPY' } })), [422, 'amount_precision']);
  });

  const refusals: [string, () => Record<string, unknown>, number, string, string][] = [
    ['total of zero', () => ({ total: { amount: '0', currency: 'EUR' } }), 422, 'total_not_positive', '/total/amount'],
    ['negative total', () => ({ total: { amount: '-1', currency: 'EUR' } }), 422, 'total_not_positive', '/total/amount'],
    [
      'total above the limit',
      () => ({ total: { amount: '10000000000000.01', currency: 'EUR' } }),
      422,
      'amount_out_of_range',
      '/total/amount',
    ],
    ['too many digits', () => ({ total: { amount: '1.001', currency: 'EUR' } }), 422, 'amount_precision', '/total/amount'],
    ['unknown currency', () => ({ total: { amount: '1', currency: 'XXX' } }), 422, 'unknown_currency', '/total/currency'],
    ['stranger as payer', () => ({ payers: [part(uuidv7(), '100')] }), 422, 'unknown_member', '/payers/0/memberId'],
    ['stranger as sharer', () => ({ split: { method: 'equal', among: [a, uuidv7()] } }), 422, 'unknown_member', '/split/among/1'],
    ['payer twice', () => ({ payers: [part(a, '50'), part(a, '50')] }), 422, 'duplicate_member', '/payers/1/memberId'],
    ['payers short', () => ({ payers: [part(a, '99.99')] }), 422, 'payers_do_not_add_up', '/payers'],
    ['payer of nothing', () => ({ payers: [part(a, '100'), part(b, '0')] }), 422, 'zero_payment', '/payers/1/amount'],
    ['parts short', () => ({ split: { method: 'exact', parts: [part(a, '99')] } }), 422, 'parts_do_not_add_up', '/split/parts'],
    [
      'percent short',
      () => ({ split: { method: 'percentage', parts: [{ memberId: a, percent: '99' }] } }),
      422,
      'percent_not_100',
      '/split/parts',
    ],
    [
      'share below zero',
      () => ({ split: { method: 'adjustment', among: [a, b], parts: [part(a, '-300')] } }),
      422,
      'negative_share',
      '/split/parts/0/amount',
    ],
    ['unknown field', () => ({ colour: 'red' }), 400, 'unknown_field', '/colour'],
    ['number as amount', () => ({ total: { amount: 100, currency: 'EUR' } }), 400, 'invalid_request', '/total/amount'],
    ['day before 1970', () => ({ date: '1969-12-31' }), 400, 'invalid_request', '/date'],
    ['day after 2100', () => ({ date: '2101-01-01' }), 400, 'invalid_request', '/date'],
    ['no day', () => ({ date: '2026-02-30' }), 400, 'invalid_request', '/date'],
    ['category with a space', () => ({ category: 'food .x' }), 400, 'invalid_request', '/category'],
    ['21 tags', () => ({ tags: Array.from({ length: 21 }, (_, index) => `t${index}`) }), 400, 'invalid_request', '/tags'],
    ['description of 201', () => ({ description: 'x'.repeat(201) }), 400, 'invalid_request', '/description'],
    ['half a character', () => ({ description: 'x\ud800' }), 400, 'invalid_request', '/description'],
    ['half a character in a tag', () => ({ tags: ['x\udc00'] }), 400, 'invalid_request', '/tags/0'],
    ['notes of 5001', () => ({ notes: 'x'.repeat(5001) }), 400, 'invalid_request', '/notes'],
    ['rate of zero', () => ({ rate: { perGroupCurrency: '0.00', source: 'typed' } }), 400, 'invalid_request', '/rate/perGroupCurrency'],
  ];
  for (const [name, fields, status, code, pointer] of refusals) {
    it(`${name}, refused with its place and nothing written`, async () => {
      const count = async (): Promise<string> =>
        (await api.deps.databases.expense!.pool.query('select count(*) as n from expense.expense where group_id = $1', [groupId])).rows[0]
          .n as string;
      const before = await count();
      const answer = await record(fields());
      assert.deepEqual(refusalOf(answer), [status, code]);
      assert.equal(answer.body.errors[0].pointer, pointer);
      assert.equal(await count(), before);
    });
  }

  it('limits are inclusive', async () => {
    const fields = {
      total: { amount: '10000000000000.00', currency: 'EUR' },
      payers: [part(a, '10000000000000')],
      date: '2100-12-31',
      description: 'x'.repeat(200),
      notes: 'x'.repeat(5000),
      tags: Array.from({ length: 20 }, (_, index) => `t${index}`),
    };
    assert.equal((await record(fields)).status, 201);
  });

  it('500 sharers, recorded; 501, refused', async function () {
    this.timeout(30_000);
    const own = await trio();
    await api.deps.databases.expense!.pool.query(
      `insert into expense.member (id, group_id, display_name, role) select gen_random_uuid(), $1, 'M', 'contributor' from generate_series(1, 498)`,
      [own.groupId],
    );
    const { rows } = await api.deps.databases.expense!.pool.query<{ id: string }>('select id from expense.member where group_id = $1', [
      own.groupId,
    ]);
    const all = rows.map((row) => row.id);
    const post = (among: string[]) =>
      ana.call('POST', `/v1/groups/${own.groupId}/expenses`, dinner({ payers: [part(own.a, '100')], split: { method: 'equal', among } }));
    assert.equal((await post(all.slice(0, 500))).status, 201);
    assert.equal((await post(all)).status, 400);
  });

  it("a client's own id, taken the second time", async () => {
    const id = uuidv7();
    assert.equal((await record({ id })).body.id, id);
    const again = await record({ id });
    assert.deepEqual(refusalOf(again), [409, 'id_taken']);
    assert.equal(again.body.errors[0].pointer, '/id');
    const both = uuidv7();
    const answers = await Promise.all([record({ id: both }), record({ id: both }), record({ id: both })]);
    assert.deepEqual(
      answers.map((answer) => answer.status).toSorted((x, y) => x - y),
      [201, 409, 409],
    );
  });

  it("no split, takes the group's default one; is refused where there is none", async () => {
    const group = await createGroup(ana);
    const [url, mine] = [`/v1/groups/${group.id}/expenses`, group.myMemberId];
    const { split: _split, ...bare } = dinner({ payers: [part(mine, '100.00')] });
    const refused = [await ana.call('POST', url, bare), await ana.call('POST', `${url}/bulk`, { expenses: [bare] })];
    assert.deepEqual(
      refused.map((answer) => [...refusalOf(answer), answer.body.errors[0].pointer]),
      [
        [400, 'invalid_request', '/split'],
        [400, 'invalid_request', '/expenses/0/split'],
      ],
    );
    const cy = (await ana.call('POST', `/v1/groups/${group.id}/members`, { displayName: 'Cy' })).body.id as string;
    const defaultSplit = {
      method: 'shares',
      parts: [
        { memberId: mine, shares: '1' },
        { memberId: cy, shares: '3' },
      ],
    };
    const anyVersion = { 'if-match': '*' };
    assert.equal((await ana.call('PATCH', `/v1/groups/${group.id}`, { policy: { defaultSplit } }, anyVersion)).status, 200);
    const alone = await ana.call('POST', url, bare);
    const inBulk = await ana.call('POST', `${url}/bulk`, { expenses: [bare] });
    assert.deepEqual([alone.status, inBulk.status], [201, 201], JSON.stringify([alone.body, inBulk.body]));
    for (const body of [alone.body, inBulk.body.data[0]]) {
      assert.deepEqual(body.split, defaultSplit);
      assert.deepEqual(owedOf(body), { [mine]: '25.00', [cy]: '75.00' });
    }
  });

  it('the same id at once, on every way of writing, one expense and 409 id_taken for the others', async () => {
    for (let round = 0; round < 3; round++) {
      const expense = dinner({ id: uuidv7() });
      const url = `/v1/groups/${groupId}/expenses`;
      const answers = await Promise.all([
        ana.call('POST', url, expense),
        ana.call('POST', `${url}/bulk`, { expenses: [expense] }),
        ana.call('POST', `${url}/bulk`, { expenses: [expense, dinner()] }),
        ben.call('POST', `${url}/bulk`, { expenses: [expense] }),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status).toSorted((one, other) => one - other),
        [201, 409, 409, 409],
      );
      for (const { status, body } of answers) if (status === 409) assert.equal(body.code, 'id_taken');
    }
  });

  it('the same key at once, one expense and one answer; other content is refused', async () => {
    const key = uuidv7();
    const answers = await Promise.all(Array.from({ length: 8 }, () => record({}, { 'idempotency-key': key })));
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([201]));
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
    assert.equal(answers.filter((answer) => answer.headers.get('idempotent-replayed') === 'true').length, 7);
    assert.deepEqual(new Set(answers.map((answer) => answer.headers.get('etag'))).size, 1);
    assert.deepEqual(refusalOf(await record({ notes: 'other' }, { 'idempotency-key': key })), [422, 'idempotency_key_reused']);
  });

  it('a refused request leaves its key free', async () => {
    const key = uuidv7();
    assert.equal((await record({ payers: [part(a, '1')] }, { 'idempotency-key': key })).status, 422);
    assert.equal((await record({}, { 'idempotency-key': key })).status, 201);
  });

  it('viewers and strangers', async () => {
    const stranger = await api.user();
    assert.deepEqual(refusalOf(await record({}, {}, stranger)), [404, 'not_found']);
    const viewer = await api.user();
    await join(ana, groupId, viewer, { role: 'viewer' });
    assert.deepEqual(refusalOf(await record({}, {}, viewer)), [403, 'forbidden']);
    const { body } = await record();
    assert.equal((await stranger.call('GET', `/v1/expenses/${body.id}`)).status, 404);
    assert.equal((await stranger.call('PATCH', `/v1/expenses/${body.id}`, {}, { 'if-match': '*' })).status, 404);
    assert.equal((await viewer.call('GET', `/v1/expenses/${body.id}`)).status, 200);
  });

  it('whoMayAdd narrows who records', async () => {
    const own = await trio({ policy: { whoMayAdd: 'admin' } });
    const body = dinner({ payers: [part(own.a, '100')], split: { method: 'equal', among: [own.a] } });
    assert.deepEqual(refusalOf(await ben.call('POST', `/v1/groups/${own.groupId}/expenses`, body)), [403, 'forbidden']);
    assert.equal((await ana.call('POST', `/v1/groups/${own.groupId}/expenses`, body)).status, 201);
  });

  it('bulk, all or nothing with the place of the fault', async () => {
    const own = await trio();
    const one = dinner({ payers: [part(own.a, '100')], split: { method: 'equal', among: [own.a, own.b] } });
    const url = `/v1/groups/${own.groupId}/expenses`;
    const bad = { ...one, split: { method: 'exact', parts: [part(own.a, '1')] } };
    const refused = await ana.call('POST', `${url}/bulk`, { expenses: [one, one, one, bad] });
    assert.deepEqual(refusalOf(refused), [422, 'parts_do_not_add_up']);
    assert.equal(refused.body.errors[0].pointer, '/expenses/3/split/parts');
    assert.equal((await ana.call('GET', url)).body.data.length, 0);
    const id = uuidv7();
    const twice = await ana.call('POST', `${url}/bulk`, {
      expenses: [
        { ...one, id },
        { ...one, id },
      ],
    });
    assert.deepEqual([...refusalOf(twice), twice.body.errors[0].pointer], [409, 'id_taken', '/expenses/1/id']);
    const many = await ana.call('POST', `${url}/bulk`, { expenses: Array.from({ length: 500 }, () => one) });
    assert.equal(many.status, 201);
    assert.equal(many.body.data.length, 500);
    assert.equal((await ana.call('POST', `${url}/bulk`, { expenses: Array.from({ length: 501 }, () => one) })).status, 400);
    const { body } = await ana.call('GET', `/v1/groups/${own.groupId}/balances`);
    assert.deepEqual(body.balances.map((row: { net: string }) => row.net).sort(), ['-25000.00', '25000.00']);
  });

  it('archived and deleted groups take nothing', async () => {
    const own = await trio();
    const body = dinner({ payers: [part(own.a, '100')], split: { method: 'equal', among: [own.a] } });
    const url = `/v1/groups/${own.groupId}`;
    const recorded = await ana.call('POST', `${url}/expenses`, body);
    assert.equal((await ana.call('POST', `${url}/archive`)).status, 200);
    assert.deepEqual(refusalOf(await ana.call('POST', `${url}/expenses`, body)), [409, 'archived']);
    assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/expenses/${recorded.body.id}`, { notes: 'x' }, { 'if-match': '*' })), [
      409,
      'archived',
    ]);
  });
});
