// Goal: a budget shows what is spent of it, and alerts once in a period for each share, whatever is recorded, deleted or read again, and
// whoever is at work. Method: HTTP on a real Postgres; committed events are handed to the consumers as the relay would.
import assert from 'node:assert/strict';
import { alertBudgets, BUDGET_EVENTS } from '../../../../db/commands/expense/budgets.ts';
import { noticeEvents } from '../../../../db/commands/notification/notices.ts';
import type { StoredEvent } from '../../../../db/outbox.ts';
import { read, transact } from '../../../../db/transact.ts';
import { WRITERS } from '../../../../activities/notification/letters/writers.ts';
import { BUDGETS_MAX } from '../../../../domain/budget.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { publishedOf } from '../../../../test/support/published.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('budgets of a group', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  const today = new Date().toISOString().slice(0, 10);

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  });
  after(() => api.stop());

  interface World {
    readonly groupId: string;
    readonly url: string;
    readonly a: string;
    readonly b: string;
  }
  const world = async (): Promise<World> => {
    const group = await createGroup(ana);
    const groupId = group.id as string;
    return { groupId, url: `/v1/groups/${groupId}/budgets`, a: group.myMemberId as string, b: await join(ana, groupId, ben) };
  };
  const budget = (amount: string, fields: object = {}, currency = 'EUR'): object => ({
    period: 'month',
    amount: { amount, currency },
    ...fields,
  });
  const put = (at: World, budgets: readonly object[], who = ana): Promise<TestAnswer> => who.call('PUT', at.url, { budgets });
  const record = async (at: World, amount: string, fields: object = {}, currency = 'EUR'): Promise<string> => {
    const answer = await ana.call('POST', `/v1/groups/${at.groupId}/expenses`, {
      description: 'Thing',
      date: today,
      total: { amount, currency },
      payers: [{ memberId: at.a, amount }],
      split: { method: 'equal', among: [at.a, at.b] },
      ...fields,
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.id as string;
  };
  const spent = async (at: World): Promise<unknown[]> =>
    (await ana.call('GET', at.url)).body.data.map(
      (row: { category: string | null; current: { spent: string; percent: number; alerted: number[] } }) => [
        row.category,
        row.current.spent,
        row.current.percent,
        row.current.alerted,
      ],
    );
  /** The consumer on what was committed since; gives the alerts as [percent, spent]. */
  let seen = 0;
  const consume = async (from = seen): Promise<StoredEvent[]> => {
    const wanted = api.events.slice(from).filter(({ event }) => BUDGET_EVENTS.includes(event.type));
    seen = api.events.length;
    return [...(await transact(api.deps.databases.expense!, (tx) => alertBudgets(tx, publishedOf(wanted)))).events];
  };
  const alertsOf = (events: readonly StoredEvent[]): unknown[] =>
    events.map(({ event }) =>
      event.type === 'budget.reached' ? [event.data.percent, event.data.spent.amount, event.data.periodStart] : event.type,
    );
  const monthStart = `${today.slice(0, 8)}01`;

  it('spent, is what stands of the category and all below it, in the period that runs', async () => {
    const at = await world();
    assert.equal((await put(at, [budget('100'), budget('50', { category: 'food', alerts: [] })])).status, 200);
    await record(at, '10.00', { category: 'food.restaurants' });
    await record(at, '5.00', { category: 'food' });
    await record(at, '7.00');
    await record(at, '3.00', { kind: 'income' });
    await record(at, '99.00', { date: '2020-01-01' });
    await record(at, '90', {}, 'JPY');
    await record(at, '30.00', { category: 'payment' });
    const gone = await record(at, '40.00');
    await ana.call('DELETE', `/v1/expenses/${gone}`, undefined, { 'if-match': '*' });
    assert.deepEqual(await spent(at), [
      [null, '22.00', 22, []],
      ['food', '15.00', 30, []],
    ]);
    const [all] = (await ana.call('GET', at.url)).body.data;
    assert.deepEqual(
      [all.alerts, all.amount, all.current.from, all.current.leftOut],
      [[80, 100], { amount: '100.00', currency: 'EUR' }, monthStart, 1],
    );
  });

  it('another currency, counts at the rate that is kept with the expense', async () => {
    const at = await world();
    await put(at, [budget('100'), budget('1000', {}, 'JPY')]);
    await record(at, '500', { rate: { perGroupCurrency: '100' } }, 'JPY');
    assert.deepEqual(await spent(at), [
      [null, '5.00', 5, []],
      [null, '500', 50, []],
    ]);
  });

  it('alerts, are given at the share and not a cent before, once, whoever reads the events again', async () => {
    const at = await world();
    await put(at, [budget('100')]);
    await record(at, '79.99');
    assert.deepEqual(alertsOf(await consume()), []);
    const from = api.events.length;
    await record(at, '0.01');
    assert.deepEqual(alertsOf(await consume()), [[80, '80.00', monthStart]]);
    assert.deepEqual(alertsOf(await consume(from)), []);
    await record(at, '20.00');
    await record(at, '20.00');
    assert.deepEqual(alertsOf(await consume()), [[100, '120.00', monthStart]]);
    assert.deepEqual(await spent(at), [[null, '120.00', 120, [80, 100]]]);
  });

  it('two shares reached at once, by two consumers at once, give one alert each', async () => {
    const at = await world();
    await put(at, [budget('10')]);
    const from = api.events.length;
    await record(at, '10.00');
    const both = await Promise.all([consume(from), consume(from)]);
    assert.deepEqual(
      both.flatMap(alertsOf).toSorted((one, other) => (String(one) < String(other) ? -1 : 1)),
      [
        [100, '10.00', monthStart],
        [80, '10.00', monthStart],
      ],
    );
  });

  it('what is deleted and spent again, or set again with another amount, gives no alert twice; a new budget gives its own', async () => {
    const at = await world();
    await put(at, [budget('10', { alerts: [100] })]);
    const id = await record(at, '10.00');
    assert.equal((await consume()).length, 1);
    await ana.call('DELETE', `/v1/expenses/${id}`, undefined, { 'if-match': '*' });
    await record(at, '10.00');
    await put(at, [budget('5', { alerts: [100] })]);
    assert.deepEqual(alertsOf(await consume()), []);
    await put(at, [budget('5', { alerts: [100, 150] })]);
    assert.deepEqual(alertsOf(await consume()), [[150, '10.00', monthStart]]);
    await put(at, []);
    assert.deepEqual((await ana.call('GET', at.url)).body, { data: [] });
    await put(at, [budget('5', { alerts: [100] })]);
    assert.deepEqual(alertsOf(await consume()), [[100, '10.00', monthStart]]);
  });

  it('a period that has ended, gives no alert; one to come gives its own', async () => {
    const at = await world();
    await put(at, [budget('10', { alerts: [100] })]);
    await consume();
    await record(at, '50.00', { date: '2020-02-29' });
    assert.deepEqual(alertsOf(await consume()), []);
    await record(at, '50.00', { date: '2099-12-31' });
    assert.deepEqual(alertsOf(await consume()), [[100, '50.00', '2099-12-01']]);
  });

  it('an alert, tells every member, by inbox and mail, and the letter names budget and figures', async () => {
    const at = await world();
    await put(at, [budget('10', { category: 'food' })]);
    await record(at, '9.00', { category: 'food' });
    const events = await consume();
    const db = api.deps.databases.notification!;
    const letters: (() => Promise<unknown>)[] = [];
    await transact(db, (tx) => noticeEvents(tx, publishedOf(events)));
    await transact(db, (tx) => noticeEvents(tx, publishedOf(events)));
    for (const { userId, email } of [ana, ben]) {
      const budgetId = events[0]!.event.subjectId;
      const lines = await read<{ type: string; data: object }>(
        db,
        'select type, data from notification.notification where user_id = $1 and subject_id = $2',
        [userId, budgetId],
      );
      const amounts = { spent: { amount: '9.00', currency: 'EUR' }, amount: { amount: '10.00', currency: 'EUR' } };
      assert.deepEqual(lines, [{ type: 'budget.reached', data: { percent: 80, periodStart: monthStart, ...amounts } }]);
      const mails = await read<{ id: string; data: Record<string, unknown> }>(
        db,
        `select id, data from notification.delivery where recipient_id = $1 and subject_id = $2 and template = 'budget-alert'`,
        [userId, budgetId],
      );
      assert.equal(mails.length, 1);
      const desk = {
        query: <Row extends object>(text: string, values?: readonly unknown[]) => read<Row>(db, text, values),
        secrets: api.deps.secrets,
        publicUrl: api.url,
      };
      const delivery = { id: mails[0]!.id, recipientId: userId, subjectId: budgetId, groupId: at.groupId, data: mails[0]!.data };
      const letter = await WRITERS['budget-alert'](desk, [delivery]);
      assert.equal(letter?.to, email);
      assert.match(letter?.subject ?? '', /^80 % of a budget in .* is spent$/);
      assert.match(letter?.items?.[0] ?? '', new RegExp(`^food, month from ${monthStart}: 9\\.00 of 10\\.00 EUR`));
      letters.push(() => WRITERS['budget-alert'](desk, [delivery]));
    }
    await put(at, []);
    for (const again of letters) assert.equal(await again(), null);
  });

  it('what is beyond a bigint, is still added up, and stops nobody else’s alerts', async () => {
    const at = await world();
    await put(at, [budget('1', { alerts: [100] })]);
    // The largest total there is, twenty thousand times, as the recording leaves it.
    await api.deps.databases.expense!.pool.query(
      `insert into expense.expense (id, group_id, state, description, total_minor, currency, date, payers, split, shares, created_by)
       select gen_random_uuid(), $1, 'posted', 'x', 1000000000000000, 'EUR', $2::date, '[]', '{}', '[]', $3 from generate_series(1, 20000)`,
      [at.groupId, today, at.a],
    );
    await record(at, '1.00');
    assert.deepEqual(alertsOf(await consume()), [[100, '200000000000000001.00', monthStart]]);
    assert.deepEqual(await spent(at), [[null, '200000000000000001.00', 1_000_000, [100]]]);
  });

  it('bad ones, are refused at their place, and nothing is changed', async () => {
    const at = await world();
    await put(at, [budget('1')]);
    for (const [budgets, status, code, pointer] of [
      [[budget('0')], 422, 'budget_not_positive', '/budgets/0/amount/amount'],
      [[budget('1.234')], 422, 'amount_precision', '/budgets/0/amount/amount'],
      [[budget('1', {}, 'XXX')], 422, 'unknown_currency', '/budgets/0/amount/currency'],
      [[budget('1'), budget('2')], 422, 'duplicate_budget', '/budgets/1'],
      [[budget('1', { category: 'nothing.known' })], 422, 'unknown_category', '/budgets/0/category'],
      [[budget('1', { period: 'day' })], 400, 'invalid_request', '/budgets/0/period'],
      [[budget('1', { alerts: [0] })], 400, 'invalid_request', '/budgets/0/alerts/0'],
      [[budget('1', { alerts: [1, 2, 3, 4, 5, 6] })], 400, 'invalid_request', '/budgets/0/alerts'],
      [Array.from({ length: BUDGETS_MAX + 1 }, () => budget('1')), 400, 'invalid_request', '/budgets'],
    ] as const) {
      const answer = await put(at, budgets);
      assert.deepEqual([answer.status, answer.body.code, answer.body.errors[0]?.pointer], [status, code, pointer]);
    }
    assert.equal((await ana.call('GET', at.url)).body.data[0].amount.amount, '1.00');
  });

  it('of a category that was archived since, is kept as long as it is sent, and not made anew', async () => {
    const at = await world();
    const categories = `/v1/groups/${at.groupId}/categories`;
    const { id, key } = (await ana.call('POST', categories, { name: 'Boat' })).body;
    assert.equal((await put(at, [budget('10.00', { category: key })])).status, 200);
    const archived = await ana.call('PATCH', `${categories}/${id}`, { archived: true }, { 'if-match': '*' });
    assert.equal(archived.status, 200, JSON.stringify(archived.body));
    const again = await put(at, [budget('12.00', { category: key }), budget('5.00')]);
    assert.equal(again.status, 200, JSON.stringify(again.body));
    assert.equal((await put(at, [budget('5.00')])).status, 200);
    assert.deepEqual(refusalOf(await put(at, [budget('12.00', { category: key })])), [422, 'unknown_category']);
  });

  it('those who may not, strangers and groups that rest, are refused; two at once leave one of the two', async () => {
    const at = await world();
    const stranger = await api.user();
    assert.deepEqual(refusalOf(await put(at, [], stranger)), [404, 'not_found']);
    assert.deepEqual(refusalOf(await put(at, [], ben)), [403, 'forbidden']);
    assert.equal((await ben.call('GET', at.url)).status, 200);
    const answers = await Promise.all(
      ['1', '2', '3', '4'].map((amount) => put(at, [budget(amount), budget(amount, { category: 'food' })])),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    const [all, food] = (await ana.call('GET', at.url)).body.data;
    assert.equal(all.amount.amount, food.amount.amount);
    await ana.call('POST', `/v1/groups/${at.groupId}/archive`);
    assert.deepEqual(refusalOf(await put(at, [])), [409, 'archived']);
  });

  it('sent again with its key, is answered as before', async () => {
    const at = await world();
    const send = (): Promise<TestAnswer> =>
      ana.call('PUT', at.url, { budgets: [budget('1')] }, { 'idempotency-key': `budget-${at.groupId}` });
    const [first, again] = [await send(), await send()];
    assert.deepEqual([again.status, again.body, again.headers.get('idempotent-replayed')], [200, first.body, 'true']);
  });
});
