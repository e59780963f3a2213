// Goal: a chart shows the group's own figures, to its members alone, and nothing in it can run. Method: HTTP on a real Postgres.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { planSettlement } from '../../../../db/commands/expense/settlements.ts';
import { postTransfer } from '../../../../db/commands/expense/transfers.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

interface Leg {
  readonly from: string;
  readonly to: string;
  readonly money: { readonly amount: string; readonly currency: string };
}

describe('charts of a group', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let url: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
    const ben = await api.user('Ben');
    const group = await createGroup(ana);
    const [a, b] = [group.myMemberId as string, await join(ana, group.id as string, ben)];
    url = `/v1/groups/${group.id}/chart.svg`;
    const record = async (amount: string, code: string, fields: object): Promise<void> => {
      const { status } = await ana.call('POST', `/v1/groups/${group.id}/expenses`, {
        description: 'Thing',
        date: '2026-11-20',
        total: { amount, currency: code },
        payers: [{ memberId: a, amount }],
        split: { method: 'equal', among: [a, b] },
        ...fields,
      });
      assert.equal(status, 201);
    };
    await record('10.00', 'EUR', { category: 'food.restaurants' });
    await record('5.00', 'EUR', { category: 'food', date: '2026-10-01' });
    await record('4.00', 'EUR', { kind: 'income', category: 'income' });
    await record('900', 'JPY', { category: 'travel' });
  });
  after(() => api.stop());

  const svgOf = async (query: string, headers?: Record<string, string>): Promise<{ status: number; headers: Headers; svg: string }> => {
    const answer = await fetch(`${api.url}${url}?${query}`, { headers: { authorization: `Bearer ${ana.token}`, ...headers } });
    return { status: answer.status, headers: answer.headers, svg: await answer.text() };
  };

  it('each kind, shows what the ledger has, in the currency asked for', async () => {
    for (const [query, pattern] of [
      ['kind=debts', /Ben.* owes 5\.50 EUR/],
      ['kind=debts&currency=JPY', /Ben.* would pay 450 JPY to .*Ana/],
      ['kind=debts&currency=USD', /Nobody owes anything in USD/],
      ['kind=categories', /Food and drink.*: 15\.00 EUR, 100\.0 %/],
      ['kind=categories&from=2026-11-01', /since 2026-11-01/],
      ['kind=categories&to=2020-01-01', /Nothing was spent in EUR/],
      ['kind=months', /Nov 2026: 10\.00 EUR spent, 4\.00 EUR came in/],
      ['', /Who owes, and who is owed/],
    ] as const) {
      const { status, svg } = await svgOf(query);
      assert.equal(status, 200, query);
      assert.match(svg, pattern, query);
    }
    assert.doesNotMatch((await svgOf('kind=categories')).svg, /Income/);
  });

  it('debts, of a unit, under a reservation and after a payment, are those of the plan', async () => {
    const group = await createGroup(ana);
    const at = `/v1/groups/${group.id}`;
    const names = new Map([[group.myMemberId as string, 'Ana']]);
    for (const name of ['Bea', 'Cem', 'Dan', 'Eva']) {
      const { body } = await ana.call('POST', `${at}/members`, { displayName: name });
      names.set(body.id, name);
      if (name === 'Bea' || name === 'Cem')
        await ana.call('PATCH', `${at}/members/${body.id}`, { unitId: '019f2c6e-0000-7000-8000-00000000000b' }, { 'if-match': '*' });
    }
    const ids = [...names.keys()] as [string, string, string, string, string];
    const record = async (amount: string, payer: string, among: readonly string[]): Promise<void> => {
      const { status } = await ana.call('POST', `${at}/expenses`, {
        description: 'Thing',
        date: '2026-11-20',
        total: { amount, currency: 'EUR' },
        payers: [{ memberId: payer, amount }],
        split: { method: 'equal', among },
      });
      assert.equal(status, 201);
    };
    const asPlanned = async (count: number): Promise<Leg[]> => {
      const { transfers } = (await ana.call('GET', `${at}/plan`)).body as { transfers: Leg[] };
      const answer = await fetch(`${api.url}${at}/chart.svg?locale=en`, { headers: { authorization: `Bearer ${ana.token}` } });
      const shown = (await answer.text()).replaceAll(/[\u2066-\u2069]/g, '').matchAll(/(\w+) would pay ([\d.]+ EUR) to (\w+)/g);
      const told = transfers.map(({ from, to, money }) => `${names.get(from)} ${money.amount} EUR ${names.get(to)}`);
      assert.deepEqual(new Set([...shown].map(([, from, money, to]) => `${from} ${money} ${to}`)), new Set(told));
      assert.equal(told.length, count);
      return transfers;
    };
    const database = api.deps.databases.expense!;
    await record('100.00', ids[0], ids);
    await record('35.00', ids[3], [ids[1], ids[4]]);
    const [leg] = await asPlanned(3);
    const money = { amount: '7.00', currency: 'EUR' };
    await transact(database, (tx) =>
      postTransfer(tx, { groupId: group.id, ...leg!, money, date: '2026-11-20', paymentId: uuidv7(), transferId: uuidv7() }),
    );
    await asPlanned(3);
    await transact(database, (tx) =>
      planSettlement(tx, { settlementId: uuidv7(), groupId: group.id, currencies: ['EUR'], strategy: 'minimal' }),
    );
    await asPlanned(0);
    await record('9.00', ids[4], [ids[0]]);
    await asPlanned(1);
  });

  it('runs nothing, is not sniffed, and is answered 304 until a figure changes', async () => {
    const { headers } = await svgOf('kind=months&theme=dark');
    assert.equal(headers.get('content-type'), 'image/svg+xml; charset=utf-8');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'unsafe-inline';.* sandbox$/);
    assert.equal(headers.get('cache-control'), 'private, no-cache');
    const tag = headers.get('etag') ?? '';
    const again = await svgOf('kind=months&theme=dark', { 'if-none-match': tag });
    assert.deepEqual([again.status, again.svg], [304, '']);
    assert.equal((await svgOf('kind=months&theme=light', { 'if-none-match': tag })).status, 200);
  });

  it('words and categories, are in the language asked for, else the accepted, else the caller’s own, else English', async () => {
    const german = { 'accept-language': 'xx, de-AT;q=0.9, fr;q=0.1' };
    for (const [query, headers, language, pattern] of [
      ['kind=categories', german, 'de', /Essen und Trinken.*: 15,00 EUR, 100,0 %/],
      ['kind=months', german, 'de', /Nov 2026: 10,00 EUR ausgegeben, 4,00 EUR eingenommen/],
      ['kind=debts', german, 'de', /Ben.* schuldet 5,50 EUR/],
      ['kind=categories&from=2026-11-01', { 'accept-language': 'ja' }, 'ja', /2026-11-01 以降/],
      ['kind=categories&locale=pt-BR', german, 'pt', /Alimentação/],
      ['kind=categories', { 'accept-language': 'xx' }, 'en', /Food and drink/],
    ] as const) {
      const { headers: answered, svg } = await svgOf(query, headers);
      assert.match(svg, pattern, query);
      assert.ok(svg.includes(`lang="${language}"`));
      assert.deepEqual([answered.get('content-language'), answered.get('vary')?.includes('Accept-Language')], [language, true]);
      assert.equal((await svgOf(query, { ...headers, 'if-none-match': answered.get('etag') ?? '' })).status, 304);
    }
    await ana.call('PATCH', '/v1/me', { locale: 'fr-CA' }, { 'if-match': '*' });
    assert.match((await svgOf('kind=months')).svg, /Dépenses par mois/);
    assert.match((await svgOf('kind=months', { 'accept-language': 'nl' })).svg, /Uitgaven per maand/);
    await ana.call('PATCH', '/v1/me', { locale: 'en' }, { 'if-match': '*' });
    assert.equal((await svgOf('locale=x')).status, 400);
  });

  it('sums above the greatest amount of one expense, are drawn', async () => {
    const group = await createGroup(ana);
    const amount = '10000000000000.00';
    for (let recorded = 0; recorded < 2; recorded += 1) {
      const { status } = await ana.call('POST', `/v1/groups/${group.id}/expenses`, {
        description: 'Everything',
        date: '2026-11-20',
        total: { amount, currency: 'EUR' },
        payers: [{ memberId: group.myMemberId, amount }],
        split: { method: 'equal', among: [group.myMemberId] },
      });
      assert.equal(status, 201);
    }
    for (const kind of ['months', 'categories', 'debts'])
      assert.equal((await ana.call('GET', `/v1/groups/${group.id}/chart.svg?kind=${kind}`)).status, 200, kind);
  });

  it('strangers, and questions that make no sense, are refused', async () => {
    const stranger = await api.user();
    assert.deepEqual(refusalOf(await stranger.call('GET', url)), [404, 'not_found']);
    for (const query of ['kind=pie', 'theme=blue', 'from=2026-13-01', 'x=1', 'currency=eur'])
      assert.equal((await svgOf(query)).status, 400, query);
    assert.deepEqual(refusalOf(await ana.call('GET', `${url}?currency=XXX`)), [422, 'unknown_currency']);
  });
});
