// Goal: whoever asks why they should pay somebody gets reasons that add up to the figure of the plan, to the cent. Method: groups with
// every kind of posting, each pair of members asked in both directions, compared to the plan; then pages, reservations and refusals.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { postRefund, postTransfer } from '../../../../db/commands/expense/transfers.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

interface Explained {
  readonly amount: string;
  readonly direct: string;
  readonly items: readonly { kind: string; id: string; date: string; description: string | null; amount: string }[];
  readonly rest: { count: number; amount: string };
  readonly steps: readonly { kind: string; amount: string; through?: string[]; transferId?: string }[];
  readonly nextCursor: string | null;
}

const cents = (amount: string): number => Math.round(Number(amount) * 100);
const sumOf = (parts: readonly { amount: string }[]): number => parts.reduce((sum, { amount }) => sum + cents(amount), 0);

describe('explained balances', function () {
  this.timeout(120_000);
  let api: TestApi;
  let ana: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api?.stop());

  async function group(names: readonly string[]): Promise<{ at: string; groupId: string; ids: string[] }> {
    const made = await createGroup(ana);
    const at = `/v1/groups/${made.id}`;
    const ids = [made.myMemberId as string];
    for (const displayName of names) ids.push((await ana.call('POST', `${at}/members`, { displayName })).body.id);
    return { at, groupId: made.id, ids };
  }
  async function ok(answer: Promise<TestAnswer>): Promise<TestAnswer['body']> {
    const { status, body } = await answer;
    assert.ok(status < 300, JSON.stringify(body));
    return body;
  }
  const explain = (at: string, from: string, to: string, more = ''): Promise<Explained> =>
    ok(ana.call('GET', `${at}/balances/explain?from=${from}&to=${to}${more}`));
  const paidBy = (payer: string, amount: string, among: readonly string[], more: object = {}): object => ({
    description: 'Dinner',
    total: { amount, currency: 'EUR' },
    date: '2026-10-01',
    payers: [{ memberId: payer, amount }],
    split: { method: 'equal', among },
    ...more,
  });
  async function everyPairAddsUp(at: string, ids: readonly string[]): Promise<void> {
    const { transfers } = await ok(ana.call('GET', `${at}/plan`));
    for (const from of ids)
      for (const to of ids.filter((id) => id !== from)) {
        const told = await explain(at, from, to);
        const planned = (one: string, other: string): number =>
          cents(transfers.find((leg: { from: string; to: string }) => leg.from === one && leg.to === other)?.money.amount ?? '0');
        assert.equal(cents(told.amount), planned(from, to) - planned(to, from), 'the figure is the plan’s');
        assert.equal(sumOf(told.items) + cents(told.rest.amount) + sumOf(told.steps), cents(told.amount), JSON.stringify(told));
        assert.equal(sumOf(told.items) + cents(told.rest.amount), cents(told.direct));
        assert.ok(!told.steps.some(({ kind }) => kind === 'others'));
      }
  }

  it('three who owe in a row, are told whose debt is paid directly', async () => {
    const { at, ids } = await group(['Ben', 'Cara']);
    const [a, b, c] = ids as [string, string, string];
    const lunch = await ok(ana.call('POST', `${at}/expenses`, paidBy(b, '20.00', [a, b], { description: 'Lunch' })));
    await ok(ana.call('POST', `${at}/expenses`, paidBy(c, '10.00', [b])));
    const told = await explain(at, a, c);
    assert.deepEqual([told.amount, told.direct, told.items], ['10.00', '0.00', []]);
    assert.deepEqual(told.steps, [{ kind: 'through', amount: '10.00', through: [b] }]);
    const other = await explain(at, a, b);
    assert.deepEqual(other.items, [{ kind: 'expense', id: lunch.id, date: '2026-10-01', description: 'Lunch', amount: '10.00' }]);
    assert.deepEqual(other.steps, [{ kind: 'through', amount: '-10.00', through: [c] }]);
  });

  it('every kind of posting, adds up for every pair', async () => {
    const { at, groupId, ids } = await group(['Ben', 'Cara', 'Dan', 'Eva']);
    const [a, b, c, d, e] = ids as [string, string, string, string, string];
    const record = (body: object): Promise<TestAnswer['body']> => ok(ana.call('POST', `${at}/expenses`, body));
    await record(paidBy(a, '100.00', ids));
    await record(paidBy(b, '33.37', [a, b, c]));
    await record(paidBy(c, '0.01', [a, b, c, d, e]));
    await record({
      ...paidBy(a, '77.77', ids),
      payers: [
        { memberId: b, amount: '50.00' },
        { memberId: d, amount: '27.77' },
      ],
    });
    await record({ ...paidBy(e, '12.00', [a, b, e]), kind: 'income' });
    const edited = await record(paidBy(d, '40.00', [a, d]));
    await ok(ana.call('PATCH', `/v1/expenses/${edited.id}`, { total: { amount: '44.00', currency: 'EUR' } }, { 'if-match': '*' }));
    const deleted = await record(paidBy(e, '999.00', [a, b]));
    await ana.call('DELETE', `/v1/expenses/${deleted.id}`, undefined, { 'if-match': '*' });
    await ok(
      ana.call(
        'POST',
        `${at}/adjustments`,
        {
          reason: 'Before',
          entries: [
            { memberId: a, money: { amount: '-7.00', currency: 'EUR' } },
            { memberId: b, money: { amount: '3.00', currency: 'EUR' } },
            { memberId: c, money: { amount: '4.00', currency: 'EUR' } },
          ],
        },
        { 'idempotency-key': uuidv7() },
      ),
    );
    const money = { amount: '5.55', currency: 'EUR' };
    const payment = { groupId, from: c, to: b, money, date: '2026-10-20' };
    await transact(api.deps.databases.expense!, (tx) => postTransfer(tx, { ...payment, paymentId: uuidv7(), transferId: uuidv7() }));
    await transact(api.deps.databases.expense!, (tx) =>
      postRefund(tx, { ...payment, refundId: uuidv7(), money: { amount: '1.11', currency: 'EUR' } }),
    );
    await everyPairAddsUp(at, ids);
    const told = await explain(at, c, b);
    assert.deepEqual(
      told.items.filter(({ kind }) => kind !== 'expense').map(({ kind, amount }) => [kind, amount]),
      [
        ['refund', '1.11'],
        ['payment', '-5.55'],
      ],
    );
    assert.ok(!told.items.some(({ id }) => id === deleted.id));
    assert.equal((await explain(at, a, d)).items.find(({ id }) => id === edited.id)?.amount, '22.00', 'as it is after the edit');
  });

  it('random groups, add up for every pair', async () => {
    let seed = 20_261_128;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 4; round += 1) {
      const { at, ids } = await group(['Ben', 'Cara', 'Dan', 'Eva', 'Finn']);
      const expenses = Array.from({ length: 25 }, () => {
        const among = ids.filter(() => random(3) > 0);
        const amount = (random(50_000) / 100 + 0.01).toFixed(2);
        return paidBy(ids[random(ids.length)]!, amount, among.length === 0 ? ids : among);
      });
      await ok(ana.call('POST', `${at}/expenses/bulk`, { expenses }));
      await everyPairAddsUp(at, ids);
    }
  });

  it('settlement under way, is told by its transfers; units are told as one', async () => {
    const { at, ids } = await group(['Ben', 'Cara']);
    const [a, b, c] = ids as [string, string, string];
    await ok(ana.call('POST', `${at}/expenses`, paidBy(a, '90.00', ids)));
    const transferId = uuidv7();
    await api.deps.databases.expense!.pool.query(
      `with reserved as (insert into expense.reservation (transfer_id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor)
         select $1::uuid, $1::uuid, b.group_id, $2::uuid, $3::uuid, 'EUR', 1000 from expense.balance b where account_id = $2::uuid returning group_id)
       update expense.balance set reserved = case when account_id = $2::uuid then 1000 else -1000 end where account_id = any(array[$2, $3]::uuid[])`,
      [transferId, b, a],
    );
    const told = await explain(at, b, a);
    assert.deepEqual([told.amount, told.direct, told.steps], ['20.00', '30.00', [{ kind: 'reserved', amount: '-10.00', transferId }]]);
    await everyPairAddsUp(at, ids);
    for (const memberId of [b, c])
      await ok(ana.call('PATCH', `${at}/members/${memberId}`, { unitId: '019f2c6e-0000-7000-8000-00000000000a' }, { 'if-match': '*' }));
    await everyPairAddsUp(at, ids);
    const plan = await ok(ana.call('GET', `${at}/plan`));
    assert.deepEqual(
      plan.transfers.map((leg: { from: string; to: string; money: { amount: string } }) => [leg.to, leg.money.amount]),
      [[a, '50.00']],
      'the couple pays once',
    );
  });

  it('more than a page, goes on without a gap, and each page adds up', async () => {
    const { at, ids } = await group(['Ben']);
    const [a, b] = ids as [string, string];
    const expenses = Array.from({ length: 7 }, (_, index) =>
      paidBy(a, '10.00', [a, b], { description: `Dinner ${index}`, date: `2026-10-0${(index % 3) + 1}` }),
    );
    await ok(ana.call('POST', `${at}/expenses/bulk`, { expenses }));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const told = await explain(at, b, a, `&limit=3${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      seen.push(...told.items.map(({ id }) => id));
      assert.equal(sumOf(told.items) + cents(told.rest.amount) + sumOf(told.steps), 3_500);
      assert.equal(told.items.length + told.rest.count, 7);
      cursor = told.nextCursor;
    } while (cursor !== null);
    assert.equal(new Set(seen).size, 7);
    assert.equal(seen.length, 7);
  });

  it('recorded while it is asked, is in all parts or in none', async () => {
    const { at, ids } = await group(['Ben', 'Cara']);
    const [a, b] = ids as [string, string];
    let going = true;
    const recording = (async () => {
      for (let index = 0; index < 30; index += 1) await ok(ana.call('POST', `${at}/expenses`, paidBy(ids[index % 3]!, '9.99', ids)));
      going = false;
    })();
    let asked = 0;
    while (going) {
      const told = await explain(at, a, b);
      assert.equal(sumOf(told.items) + cents(told.rest.amount) + sumOf(told.steps), cents(told.amount));
      assert.ok(!told.steps.some(({ kind }) => kind === 'others'));
      asked += 1;
    }
    await recording;
    assert.ok(asked > 1);
  });

  it('strategy and currency, are those of the plan', async () => {
    const { at, ids } = await group(['Ben', 'Cara']);
    const [a, b, c] = ids as [string, string, string];
    const yen = (body: object): object => ({
      ...body,
      total: { amount: '300', currency: 'JPY' },
      payers: [{ memberId: a, amount: '300' }],
    });
    await ok(ana.call('POST', `${at}/expenses`, yen(paidBy(a, '300', ids))));
    assert.equal((await explain(at, b, a, '&currency=JPY')).amount, '100');
    assert.equal((await explain(at, b, a)).amount, '0.00');
    const hub = await explain(at, b, c, `&currency=JPY&strategy=hub&hub=${c}`);
    assert.deepEqual([hub.amount, hub.direct, hub.steps], ['100', '0', [{ kind: 'through', amount: '100', through: [a] }]]);
  });

  it('bad questions, are refused', async () => {
    const { at, ids } = await group(['Ben']);
    const [a, b] = ids as [string, string];
    const ask = (query: string, by = ana): Promise<TestAnswer> => by.call('GET', `${at}/balances/explain?${query}`);
    assert.deepEqual(refusalOf(await ask(`from=${a}&to=${a}`)), [422, 'same_member']);
    const unknown = await ask(`from=${a}&to=${uuidv7()}`);
    assert.deepEqual([...refusalOf(unknown), unknown.body.errors[0].pointer], [422, 'unknown_member', '/query/to']);
    assert.deepEqual(refusalOf(await ask(`from=${a}&to=${b}&currency=XAU`)), [422, 'unknown_currency']);
    assert.deepEqual(refusalOf(await ask(`from=${a}&to=${b}&strategy=hub`)), [422, 'hub_required']);
    assert.deepEqual(refusalOf(await ask(`from=${a}&to=${b}&cursor=x`)), [400, 'invalid_cursor']);
    for (const query of [`from=${a}`, `from=${a}&to=x`, `from=${a}&to=${b}&limit=101`, `from=${a}&to=${b}&x=1`])
      assert.equal((await ask(query)).status, 400, query);
    assert.equal((await ask(`from=${a}&to=${b}`, await api.user('Stranger'))).status, 404);
  });
});
