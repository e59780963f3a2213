// Goal: what people spend in another currency counts in their group's at a rate that is fixed with it, on any day, and nothing is hidden.
// Method: the ECB's real figures, expenses and payments through the API, sums compared to the cent.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { keepRates } from '../../../../db/commands/expense/fx-rates.ts';
import { postTransfer } from '../../../../db/commands/expense/transfers.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { keepRatesOfEcb } from '../../../../test/support/rates.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const DAY = '2026-10-30';

describe('balances of several currencies', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    await keepRatesOfEcb(api.deps.databases.expense!);
  });
  after(() => api?.stop());

  interface World {
    readonly groupId: string;
    readonly ids: readonly [string, string];
    readonly record: (amount: string, currency: string, more?: object) => Promise<TestAnswer>;
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape.
    readonly balances: (query?: string) => Promise<any>;
  }
  async function world(fields: Record<string, unknown> = {}): Promise<World> {
    const group = await createGroup(ana, fields);
    const groupId = group.id as string;
    const ids = [group.myMemberId as string, await join(ana, groupId, ben, { role: 'editor' })] as const;
    return {
      groupId,
      ids,
      record: (amount, currency, more = {}) =>
        ana.call('POST', `/v1/groups/${groupId}/expenses`, {
          description: 'Dinner',
          total: { amount, currency },
          date: DAY,
          payers: [{ memberId: ids[0], amount }],
          split: { method: 'equal', among: ids },
          ...more,
        }),
      balances: async (query = '') => {
        const answer = await ana.call('GET', `/v1/groups/${groupId}/balances${query}`);
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        return answer.body;
      },
    };
  }
  const netsOf = (list: readonly { memberId: string; net: string }[], ids: readonly string[]): (string | undefined)[] =>
    ids.map((id) => list.find(({ memberId }) => memberId === id)?.net);

  it('expense in another currency, is frozen at the rate of its day and counts in the group’s', async () => {
    const { record, balances, ids } = await world();
    const made = await record('111.72', 'USD');
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.deepEqual(made.body.rate, { perGroupCurrency: '1.1172', source: 'ecb', date: DAY });
    assert.deepEqual((await ana.call('GET', `/v1/expenses/${made.body.id}`)).body.rate, made.body.rate);
    const sheet = await balances();
    assert.deepEqual(netsOf(sheet.balances, ids), ['55.86', '-55.86']);
    assert.deepEqual(netsOf(sheet.inGroupCurrency, ids), ['50.00', '-50.00']);
    assert.deepEqual(sheet.withoutRate, []);
  });

  it('correction published later, changes nothing that is frozen', async () => {
    const { record, balances, ids, groupId } = await world();
    const made = await record('100.00', 'SEK', { date: '2026-10-28' });
    const before = await balances();
    await transact(api.deps.databases.expense!, (tx) =>
      keepRates(tx, 'ecb', [{ publishedOn: '2026-10-28', perEuro: new Map([['SEK', '99']]) }]),
    );
    assert.deepEqual((await balances()).inGroupCurrency, before.inGroupCurrency);
    // Nor does an edit of what has nothing to do with it, or of the amount.
    const edit = (body: object): Promise<TestAnswer> => ana.call('PATCH', `/v1/expenses/${made.body.id}`, body, { 'if-match': '*' });
    assert.deepEqual((await edit({ description: 'Lunch' })).body.rate, made.body.rate);
    const doubled = await edit({ total: { amount: '200.00', currency: 'SEK' } });
    assert.deepEqual(doubled.body.rate, made.body.rate);
    const twice = (net: string): string => (2 * Number(net)).toFixed(2);
    const [one, other] = netsOf(before.inGroupCurrency, ids) as [string, string];
    const [twiceOne, twiceOther] = netsOf((await balances()).inGroupCurrency, ids) as [string, string];
    assert.ok(Math.abs(Number(twice(one)) - Number(twiceOne)) <= 0.01 && Number(twiceOne) === -Number(twiceOther));
    assert.ok(Number(other) < 0);
    // Another day is another rate.
    const moved = await edit({ date: '2026-10-29' });
    assert.deepEqual(moved.body.rate, { perGroupCurrency: '10.9995', source: 'ecb', date: '2026-10-29' });
    // Deleted, it leaves nothing; restored, it has its rate again.
    await ana.call('DELETE', `/v1/expenses/${made.body.id}`, undefined, { 'if-match': '*' });
    assert.deepEqual((await balances()).inGroupCurrency, []);
    const restored = await ana.call('POST', `/v1/expenses/${made.body.id}/restore`);
    assert.deepEqual(restored.body.rate, moved.body.rate);
    assert.notDeepEqual((await balances()).inGroupCurrency, []);
    const rates = await api.deps.databases.expense!.pool.query(
      'select count(*)::int as uses, count(distinct source)::int as sources from expense.conversion where group_id = $1',
      [groupId],
    );
    assert.deepEqual(rates.rows, [{ uses: 7, sources: 1 }], 'three postings, their reversals, and the restored one');
  });

  it('typed rate, both amounts typed, and a publisher’s name with any figure', async () => {
    const { record, balances, ids } = await world();
    const typed = await record('100.00', 'USD', { rate: { perGroupCurrency: '1.25', source: 'card' } });
    assert.deepEqual(typed.body.rate, { perGroupCurrency: '1.25', source: 'card' });
    assert.deepEqual(netsOf((await balances()).inGroupCurrency, ids), ['40.00', '-40.00']);
    const both = await record('100.00', 'USD', { rate: { total: { amount: '91.37', currency: 'EUR' } } });
    assert.deepEqual(both.body.rate, { perGroupCurrency: '1.09445113276', source: 'typed', total: { amount: '91.37', currency: 'EUR' } });
    // Half of 91.37 is 45.685; the cent goes to one of the two.
    const [one] = netsOf((await balances()).inGroupCurrency, ids) as [string];
    assert.ok(['85.68', '85.69'].includes(one), one);
    const forged = await record('100.00', 'USD', { rate: { perGroupCurrency: '99', source: 'ecb' } });
    assert.deepEqual(forged.body.rate, { perGroupCurrency: '1.1172', source: 'ecb', date: DAY });
  });

  it('published rate of another day, is taken where it is asked for, and refused where there is none', async () => {
    const { record, groupId, ids } = await world();
    const of = (rate: object, date = DAY): Promise<TestAnswer> => record('100.00', 'SEK', { date, rate });
    const [usual, earlier] = [(await record('100.00', 'SEK')).body.rate, (await of({ source: 'ecb', date: '2026-10-29' })).body.rate];
    assert.deepEqual(earlier, { perGroupCurrency: '10.9995', source: 'ecb', date: '2026-10-29' });
    assert.notEqual(usual.perGroupCurrency, earlier.perGroupCurrency);
    const copied = await of(earlier);
    assert.deepEqual(copied.body.rate, earlier, 'what was read is recorded again as it was');
    const edited = await ana.call('PATCH', `/v1/expenses/${copied.body.id}`, { rate: { source: 'ecb', date: DAY } }, { 'if-match': '*' });
    assert.deepEqual(edited.body.rate, usual);
    const none = await of({ source: 'ecb', date: '1998-01-02' });
    assert.deepEqual([...refusalOf(none), none.body.errors[0].pointer], [422, 'rate_not_published', '/rate/date']);
    const recurring = await ana.call('POST', `/v1/groups/${groupId}/recurring`, {
      expense: {
        description: 'Rent',
        total: { amount: '100.00', currency: 'SEK' },
        payers: [{ memberId: ids[0], amount: '100.00' }],
        split: { method: 'equal', among: ids },
        rate: { source: 'ecb', date: DAY },
      },
      every: { n: 1, unit: 'month' },
      start: '2099-01-01',
    });
    assert.equal(recurring.status, 201, JSON.stringify(recurring.body));
  });

  it('rate that is none, is refused where it stands', async () => {
    const { record } = await world();
    const refused = async (rate: object): Promise<unknown[]> => {
      const answer = await record('100.00', 'USD', { rate });
      return [answer.status, answer.body.code, answer.body.errors[0]?.pointer];
    };
    assert.deepEqual(await refused({ total: { amount: '90.00', currency: 'USD' } }), [422, 'rate_currency', '/rate/total/currency']);
    assert.deepEqual(await refused({ total: { amount: '0', currency: 'EUR' } }), [422, 'rate_not_positive', '/rate/total/amount']);
    assert.deepEqual(await refused({ total: { amount: '1.001', currency: 'EUR' } }), [422, 'amount_precision', '/rate/total/amount']);
    assert.equal((await refused({ perGroupCurrency: '0' }))[0], 400);
    assert.equal((await refused({}))[0], 400);
    assert.equal((await refused({ perGroupCurrency: '1', amount: '1' }))[1], 'unknown_field');
    const huge = await record('1000000000000.00', 'USD', { rate: { perGroupCurrency: '0.0001' } });
    assert.deepEqual(refusalOf(huge), [422, 'amount_out_of_range']);
  });

  it('rate and other amount that contradict each other, are refused wherever they are sent, and nothing is written', async () => {
    const { record, groupId, ids } = await world();
    const rate = { perGroupCurrency: '1.2', total: { amount: '91.37', currency: 'EUR' } };
    const whyOf = ({ status, body }: TestAnswer): unknown[] => [status, body.code, body.errors?.[0]?.pointer];
    assert.deepEqual(whyOf(await record('100.00', 'USD', { rate })), [422, 'rate_contradicts_total', '/rate/total/amount']);
    const agreed = await record('100.00', 'USD', { rate: { ...rate, perGroupCurrency: '1.0945' } });
    assert.deepEqual(agreed.body.rate, { perGroupCurrency: '1.09445113276', source: 'typed', total: rate.total });
    const expense = {
      description: 'Dinner',
      total: { amount: '100.00', currency: 'USD' },
      payers: [{ memberId: ids[0], amount: '100.00' }],
      split: { method: 'equal', among: ids },
    };
    const sent = { ...expense, date: DAY };
    const bulk = await ana.call('POST', `/v1/groups/${groupId}/expenses/bulk`, { expenses: [sent, { ...sent, rate }] });
    assert.deepEqual(whyOf(bulk), [422, 'rate_contradicts_total', '/expenses/1/rate/total/amount']);
    const rule = { expense: { ...expense, rate }, every: { n: 1, unit: 'month' }, start: '2027-01-31' };
    const recurring = await ana.call('POST', `/v1/groups/${groupId}/recurring`, rule);
    assert.deepEqual(whyOf(recurring), [422, 'rate_contradicts_total', '/expense/rate/total/amount']);
    const edit = (body: object): Promise<TestAnswer> => ana.call('PATCH', `/v1/expenses/${agreed.body.id}`, body, { 'if-match': '*' });
    assert.deepEqual(whyOf(await edit({ rate })), [422, 'rate_contradicts_total', '/rate/total/amount']);
    assert.equal((await edit({ rate: agreed.body.rate })).status, 200, 'what was read is sent back');
    const { body } = await ana.call('GET', `/v1/groups/${groupId}/expenses`);
    assert.deepEqual([body.data.length, body.data[0].version], [1, 1]);
  });

  it('currency without a rate, is posted and listed as such', async () => {
    const { record, balances, ids } = await world();
    const made = await record('100.00', 'AED');
    assert.equal(made.status, 201);
    assert.equal(made.body.rate, null);
    await record('10.00', 'EUR');
    const sheet = await balances('?in=USD');
    assert.deepEqual(netsOf(sheet.inGroupCurrency, ids), ['5.00', '-5.00']);
    assert.deepEqual(netsOf(sheet.withoutRate, ids), ['50.00', '-50.00']);
    assert.equal(sheet.withoutRate[0].currency, 'AED');
    assert.deepEqual(netsOf(sheet.converted.withoutRate, ids), ['50.00', '-50.00']);
  });

  it('digits of a currency, are its own: yen and dinars', async () => {
    const { record, balances, ids } = await world({ currency: 'JPY' });
    const made = await record('10.00', 'EUR');
    // One euro in yen: 1 / 175.68, to twelve digits.
    assert.equal(made.body.rate.perGroupCurrency, '0.00569216757741');
    assert.deepEqual(netsOf((await balances()).inGroupCurrency, ids), ['878', '-878']);
    await record('1.000', 'KWD', { rate: { perGroupCurrency: '0.002' } });
    assert.deepEqual(netsOf((await balances()).inGroupCurrency, ids), ['1128', '-1128']);
  });

  it('payment in another currency, counts at the rate of its day, and what repeats it takes back exactly that', async () => {
    const { record, balances, ids, groupId } = await world();
    await record('111.72', 'USD');
    await transact(api.deps.databases.expense!, (tx) =>
      postTransfer(tx, {
        paymentId: uuidv7(),
        transferId: uuidv7(),
        groupId,
        from: ids[1],
        to: ids[0],
        money: { amount: '55.86', currency: 'USD' },
        date: '2026-09-30',
      }),
    );
    const sheet = await balances();
    assert.deepEqual(sheet.balances, []);
    // 55.86 / 1.1355 = 49.19: the dollar was worth less.
    assert.deepEqual(netsOf(sheet.inGroupCurrency, ids), ['0.81', '-0.81']);
  });

  it('bulk and approval, freeze in the same way', async () => {
    const { ids, groupId, balances } = await world({
      policy: { approval: { mode: 'above', above: { amount: '100.00', currency: 'EUR' } } },
    });
    const expense = (amount: string, date: string): object => ({
      description: 'Dinner',
      total: { amount, currency: 'USD' },
      date,
      payers: [{ memberId: ids[0], amount }],
      split: { method: 'equal', among: ids },
    });
    const bulk = await ana.call('POST', `/v1/groups/${groupId}/expenses/bulk`, {
      expenses: [expense('111.72', DAY), expense('111.73', DAY), expense('111.00', '2026-10-25')],
    });
    assert.equal(bulk.status, 201, JSON.stringify(bulk.body));
    // 111.72 dollars are 100.00 euro, which is not above the limit; a cent more is.
    assert.deepEqual(
      bulk.body.data.map((one: { state: string; rate: { date: string } }) => [one.state, one.rate.date]),
      [
        ['posted', DAY],
        ['pending', DAY],
        ['posted', '2026-10-23'],
      ],
    );
    const before = await balances();
    const approved = await ben.call('POST', `/v1/expenses/${bulk.body.data[1].id}/approve`);
    assert.equal(approved.body.state, 'posted');
    const after = await balances();
    assert.equal(
      Number(netsOf(after.inGroupCurrency, ids)[0]) - Number(netsOf(before.inGroupCurrency, ids)[0]) > 49.99,
      true,
      'what waited counts now',
    );
  });

  it('limit in a third currency, is compared at the rates of the day; without a rate it waits', async () => {
    const limit = { approval: { mode: 'above', above: { amount: '100.00', currency: 'GBP' } } };
    const { record } = await world({ policy: limit });
    // 1.1172 / 0.8338: a pound is 1.33989… dollars.
    assert.equal((await record('133.98', 'USD')).status, 201);
    assert.equal((await record('133.99', 'USD')).status, 202);
    assert.equal((await record('119.93', 'EUR')).status, 201);
    assert.equal((await record('119.94', 'EUR')).status, 202);
    assert.equal((await record('1.00', 'AED')).status, 202);
  });

  it('in another currency, at the rates of today or of a day', async () => {
    const { record, balances, ids } = await world();
    await record('111.72', 'USD');
    await record('20.00', 'EUR');
    const sheet = await balances(`?in=GBP&at=${DAY}`);
    assert.equal(sheet.at, DAY);
    assert.equal(sheet.converted.currency, 'GBP');
    // (55.86 / 1.1172 + 10) * 0.8338 = 60 * 0.8338 = 50.028
    assert.deepEqual(netsOf(sheet.converted.balances, ids), ['50.03', '-50.03']);
    assert.deepEqual(
      sheet.converted.rates.map((rate: { quote: string; publishedOn: string }) => [rate.quote, rate.publishedOn]).toSorted(),
      [
        ['EUR', DAY],
        ['USD', DAY],
      ],
    );
    // In the group's own currency at the day of the expenses, it is what was frozen.
    assert.deepEqual((await balances(`?in=EUR&at=${DAY}`)).converted.balances, (await balances()).inGroupCurrency);
    assert.deepEqual(refusalOf(await ana.call('GET', `/v1/groups/${uuidv7()}/balances?in=USD`)), [404, 'not_found']);
  });

  it('past day, is everything dated until then, as the ledger tells it now', async () => {
    const { record, balances, ids } = await world();
    await record('10.00', 'EUR', { date: '2026-10-01' });
    const later = await record('20.00', 'EUR', { date: '2026-10-15' });
    await record('111.72', 'USD', { date: DAY });
    assert.deepEqual((await balances('?at=2026-09-30')).balances, []);
    assert.deepEqual(netsOf((await balances('?at=2026-10-01')).balances, ids), ['5.00', '-5.00']);
    assert.deepEqual(netsOf((await balances('?at=2026-10-14')).balances, ids), ['5.00', '-5.00']);
    assert.deepEqual(netsOf((await balances('?at=2026-10-15')).inGroupCurrency, ids), ['15.00', '-15.00']);
    assert.deepEqual(netsOf((await balances(`?at=${DAY}`)).inGroupCurrency, ids), ['65.00', '-65.00']);
    assert.deepEqual((await balances('?at=2099-01-01')).balances, (await balances()).balances);
    // An expense that is dated earlier after all counts earlier, and one that is deleted never was.
    await ana.call('PATCH', `/v1/expenses/${later.body.id}`, { date: '2026-10-02' }, { 'if-match': '*' });
    assert.deepEqual(netsOf((await balances('?at=2026-10-14')).balances, ids), ['15.00', '-15.00']);
    await ana.call('DELETE', `/v1/expenses/${later.body.id}`, undefined, { 'if-match': '*' });
    assert.deepEqual(netsOf((await balances('?at=2026-10-14')).balances, ids), ['5.00', '-5.00']);
  });

  it('bad questions, are refused', async () => {
    const { groupId } = await world();
    const ask = (query: string): Promise<TestAnswer> => ana.call('GET', `/v1/groups/${groupId}/balances?${query}`);
    assert.deepEqual(refusalOf(await ask('in=XAU')), [422, 'unknown_currency']);
    for (const query of ['at=2026-02-30', 'at=today', 'in=eur', 'x=1']) assert.equal((await ask(query)).status, 400, query);
    const stranger = await api.user('Stranger');
    assert.equal((await stranger.call('GET', `/v1/groups/${groupId}/balances?at=2026-10-30`)).status, 404);
  });

  it('many at once in several currencies, add up to the ledger', async () => {
    const { record, balances, groupId } = await world();
    const currencies = ['USD', 'EUR', 'JPY', 'GBP'];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => record(`${index + 1}${index % 4 === 2 ? '' : '.37'}`, currencies[index % 4]!)),
    );
    assert.ok(answers.every(({ status }) => status === 201));
    const sheet = await balances();
    const sum = sheet.inGroupCurrency.reduce((total: number, { net }: { net: string }) => total + Math.round(Number(net) * 100), 0);
    assert.equal(sum, 0);
    const { rows } = await api.deps.databases.expense!.pool.query(
      `select count(*)::int as wrong from expense.converted_balance b
       join (select account_id, currency, sum(net) as net, sum(converted) as converted from expense.converted_line where group_id = $1 group by 1, 2) l
         using (account_id, currency) where b.group_id = $1 and (b.net <> l.net or b.converted <> l.converted)`,
      [groupId],
    );
    assert.deepEqual(rows, [{ wrong: 0 }]);
  });
});
