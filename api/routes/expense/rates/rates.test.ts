// Goal: a rate is the published one, of the right day, and a day without one says so. Method: the ECB's real figures in a real Postgres,
// asked over HTTP.
import assert from 'node:assert/strict';
import { keepRates } from '../../../../db/commands/expense/fx-rates.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { refusalOf } from '../../../../test/support/groups.ts';
import { keepRatesOfEcb } from '../../../../test/support/rates.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('rates', () => {
  let api: TestApi;
  let ana: TestUser;

  before(async function () {
    this.timeout(60_000);
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
    await keepRatesOfEcb(api.deps.databases.expense!);
  });
  after(() => api?.stop());

  const rate = async (base: string, quote: string, date: string) =>
    (await ana.call('GET', `/v1/rates?base=${base}&quote=${quote}&date=${date}`)).body as Record<string, unknown>;

  it('business day, of the euro, is the published figure', async () => {
    assert.deepEqual(await rate('EUR', 'USD', '2026-10-30'), {
      base: 'EUR',
      quote: 'USD',
      date: '2026-10-30',
      rate: '1.1172',
      source: 'ecb',
      publishedOn: '2026-10-30',
    });
  });

  it('two other currencies, are the quotient of the same day', async () => {
    assert.equal((await rate('USD', 'GBP', '2026-10-30')).rate, '0.746330110992');
    assert.equal((await rate('USD', 'EUR', '2026-10-30')).rate, '0.895094880057');
  });

  it('weekend and holidays, take the last rates before', async () => {
    // Easter of 2026: no rates on Good Friday, 3 April, and Easter Monday.
    for (const date of ['2026-04-03', '2026-04-04', '2026-04-05', '2026-04-06'])
      assert.equal((await rate('EUR', 'USD', date)).publishedOn, '2026-04-02', date);
    assert.equal((await rate('EUR', 'USD', '2026-04-07')).publishedOn, '2026-04-07');
  });

  it('last rate, counts for seven days and not for eight', async () => {
    // The lev was last published on 31 December 2025.
    assert.equal((await rate('EUR', 'BGN', '2026-01-07')).publishedOn, '2025-12-31');
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/rates?base=EUR&quote=BGN&date=2026-01-08')), [404, 'rate_unknown']);
    // The dollar was: both must be known of one day.
    assert.equal((await rate('USD', 'BGN', '2026-01-07')).publishedOn, '2025-12-31');
  });

  it('day before the first, and a currency that nobody publishes, have none', async () => {
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/rates?base=EUR&quote=USD&date=2025-01-01')), [404, 'rate_unknown']);
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/rates?base=EUR&quote=AED&date=2026-10-30')), [404, 'rate_unknown']);
  });

  it('currency in itself, is one, whether anybody publishes it or not', async () => {
    assert.deepEqual(await rate('AED', 'AED', '2026-10-31'), {
      base: 'AED',
      quote: 'AED',
      date: '2026-10-31',
      rate: '1',
      source: null,
      publishedOn: '2026-10-31',
    });
  });

  it('day still to come and no day at all, take the newest rates', async () => {
    const today = new Date().toISOString().slice(0, 10);
    await transact(api.deps.databases.expense!, (tx) =>
      keepRates(tx, 'ecb', [{ publishedOn: today, perEuro: new Map([['USD', '1.25']]) }]),
    );
    assert.equal((await rate('EUR', 'USD', '2099-01-01')).rate, '1.25');
    const none = await ana.call('GET', '/v1/rates?base=EUR&quote=USD');
    assert.deepEqual([none.status, none.body.rate, none.body.publishedOn, none.body.date], [200, '1.25', today, today]);
  });

  it('correction, is a new revision beside the old one, and the same again is nothing', async () => {
    const database = api.deps.databases.expense!;
    const keep = async (figure: string) =>
      (await transact(database, (tx) => keepRates(tx, 'ecb', [{ publishedOn: '2026-10-29', perEuro: new Map([['USD', figure]]) }]))).value;
    assert.deepEqual(await keep('1.1130'), { added: 0, corrected: 0 }, 'the same figure with more zeros');
    assert.deepEqual(await keep('1.1131'), { added: 0, corrected: 1 });
    assert.equal((await rate('EUR', 'USD', '2026-10-29')).rate, '1.1131');
    const { rows } = await database.pool.query(
      `select trim_scale(per_euro)::text as rate from expense.fx_rate where currency = 'USD' and published_on = '2026-10-29' order by revision`,
    );
    assert.deepEqual(rows, [{ rate: '1.113' }, { rate: '1.1131' }]);
    await assert.rejects(database.pool.query('update expense.fx_rate set per_euro = 1'), /permission denied/);
    await assert.rejects(database.pool.query('delete from expense.fx_rate'), /permission denied/);
  });

  it('bad questions, are refused with what is wrong', async () => {
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/rates?base=EUR&quote=XAU')), [422, 'unknown_currency']);
    for (const query of ['base=EUR', 'base=eur&quote=USD', 'base=EUR&quote=USD&date=2026-02-30', 'base=EUR&quote=USD&x=1'])
      assert.equal((await ana.call('GET', `/v1/rates?${query}`)).status, 400, query);
    assert.equal((await api.call('GET', '/v1/rates?base=EUR&quote=USD')).status, 401);
  });
});
