// Goal: at the edges of amounts, currencies, members and bills every cent is somebody's, over HTTP and down to the ledger.
// Method: whatever is recorded is read back, and held to the same sums: shares add up to the total, balances to zero.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { currencyDigits } from '../../../../domain/currency.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('money at the edges', function () {
  this.timeout(120_000);
  let api: TestApi;
  let ana: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api.stop());

  interface World {
    readonly id: string;
    readonly currency: string;
    readonly members: readonly string[];
  }

  async function world(count: number, currency = 'EUR', weights: readonly string[] = []): Promise<World> {
    const group = await createGroup(ana, { currency });
    const others = Array.from({ length: count - 1 }, () => uuidv7());
    await api.deps.databases.expense!.pool.query(
      `insert into expense.member (id, group_id, display_name, role, weight)
       select m.id, $1, 'Member', 'contributor', coalesce(m.weight, 1) from unnest($2::uuid[], $3::numeric[]) as m (id, weight)`,
      [group.id, others, others.map((_, index) => weights[index] ?? '1')],
    );
    // A new version, so that nobody remembers the group without them.
    await ana.call('PATCH', `/v1/groups/${group.id}`, { name: 'Trip' }, { 'if-match': '*' });
    return { id: group.id, currency, members: [group.myMemberId, ...others] };
  }

  const send = ({ id, currency, members }: World, amount: string, split: object, more: object = {}): Promise<TestAnswer> =>
    ana.call('POST', `/v1/groups/${id}/expenses`, {
      description: 'Edge',
      date: '2026-11-20',
      total: { amount, currency },
      payers: [{ memberId: members[0], amount }],
      split,
      ...more,
    });
  const minor = (amount: string, currency: string): bigint => {
    const [whole = '', fraction = ''] = amount.replace('-', '').split('.');
    assert.equal(fraction.length, currencyDigits(currency), `${amount} ${currency} has all digits`);
    return BigInt(whole + fraction) * (amount.startsWith('-') ? -1n : 1n);
  };

  /** Records, holds what is read back to its sums, and gives what each owes, in the order of the members. */
  async function owed(where: World, amount: string, split: object, more: object = {}): Promise<string[]> {
    const made = await send(where, amount, split, more);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { body } = await ana.call('GET', `/v1/expenses/${made.body.id}`);
    const shares = body.shares as { memberId: string; paid: string; owed: string }[];
    const sum = (side: 'paid' | 'owed'): bigint => shares.reduce((total, share) => total + minor(share[side], where.currency), 0n);
    assert.deepEqual([sum('paid'), sum('owed')], [minor(body.total.amount, where.currency), minor(body.total.amount, where.currency)]);
    const { body: sheet } = await ana.call('GET', `/v1/groups/${where.id}/balances`);
    const nets = (sheet.balances as { net: string }[]).map(({ net }) => minor(net, where.currency));
    assert.equal(
      nets.reduce((total, net) => total + net, 0n),
      0n,
    );
    const of = new Map(shares.map((share) => [share.memberId, share.owed]));
    return where.members.map((memberId) => of.get(memberId) ?? '-');
  }
  const refused = async (answer: Promise<TestAnswer>): Promise<unknown[]> => {
    const { status, body } = await answer;
    return [status, body.code, body.errors[0]?.pointer];
  };
  const equal = ({ members }: World): object => ({ method: 'equal', among: members });

  it('a total of 10^15 minor units, is kept to the last one, in currencies of 0, 2 and 3 digits', async () => {
    for (const [currency, amount, each] of [
      ['JPY', '1000000000000000', ['333333333333333', '333333333333333', '333333333333334']],
      ['EUR', '10000000000000.00', ['3333333333333.33', '3333333333333.33', '3333333333333.34']],
      ['KWD', '1000000000000.000', ['333333333333.333', '333333333333.333', '333333333333.334']],
    ] as const) {
      const where = await world(3, currency);
      assert.deepEqual((await owed(where, amount, equal(where))).toSorted(), each);
      const parts = where.members.map((memberId, index) => ({ memberId, shares: ['0.000001', '9999999', '1'][index] }));
      await owed(where, amount, { method: 'shares', parts });
    }
  });

  it('a total beyond what the ledger holds, or a balance that would grow beyond it, is refused', async () => {
    const where = await world(2);
    for (const amount of ['10000000000000.01', '92233720368547758.08', '99999999999999999999.99'])
      assert.deepEqual(await refused(send(where, amount, equal(where))), [422, 'amount_out_of_range', '/total/amount']);
    assert.deepEqual(await refused(send(where, '1e3', equal(where))), [400, 'invalid_request', '/total/amount']);
    await api.deps.databases.expense!.pool.query(
      `insert into expense.balance (group_id, account_id, currency, net) values ($1, $2, 'EUR', 9223372036854775000), ($1, $3, 'EUR', -9223372036854775000)`,
      [where.id, ...where.members],
    );
    assert.deepEqual(await refused(send(where, '10000000000000.00', equal(where))), [422, 'balance_out_of_range', '/total/amount']);
    assert.deepEqual((await ana.call('GET', `/v1/groups/${where.id}/expenses`)).body.data, []);
  });

  it('more digits than the currency has, or a total not above zero, is refused at its place', async () => {
    for (const [currency, amount] of [
      ['JPY', '10.5'],
      ['EUR', '10.555'],
      ['KWD', '10.5555'],
    ] as const) {
      const where = await world(1, currency);
      assert.deepEqual(await refused(send(where, amount, equal(where))), [422, 'amount_precision', '/total/amount']);
    }
    const where = await world(1);
    for (const amount of ['0.00', '-5.00', '0', '-0.00'])
      assert.deepEqual(refusalOf(await send(where, amount, equal(where))), [422, 'total_not_positive'], amount);
  });

  it('one member, or five hundred, share the least amount that there is', async () => {
    for (const [currency, least] of [
      ['JPY', '1'],
      ['EUR', '0.01'],
      ['KWD', '0.001'],
    ] as const) {
      const alone = await world(1, currency);
      assert.deepEqual(await owed(alone, least, equal(alone)), [least]);
      const all = await world(500, currency);
      const shares = await owed(all, least, equal(all));
      assert.deepEqual([shares.filter((share) => share === least).length, shares.filter((share) => Number(share) === 0).length], [1, 499]);
    }
  });

  it('five hundred members, by every rule, add up to the total', async () => {
    const where = await world(500, 'EUR', ['0', '0.000001', '3.5']);
    const [first, ...others] = where.members as [string, ...string[]];
    for (const split of [
      equal(where),
      { method: 'weights', among: where.members },
      { method: 'percentage', parts: where.members.map((memberId) => ({ memberId, percent: '0.2' })) },
      { method: 'shares', parts: where.members.map((memberId, index) => ({ memberId, shares: String(index) })) },
      { method: 'exact', parts: [{ memberId: first, amount: '500.01' }, ...others.map((memberId) => ({ memberId, amount: '1.00' }))] },
      {
        method: 'adjustment',
        among: where.members,
        parts: others.map((memberId, index) => ({ memberId, amount: index % 2 === 0 ? '0.01' : '-0.01' })),
      },
      { method: 'itemized', items: [{ name: 'Feast', amount: '999.01', among: where.members }] },
    ])
      await owed(where, '999.01', split);
  });

  it('a share of zero, is named and owes nothing; shares that are all zero are refused', async () => {
    const where = await world(3, 'EUR', ['0', '2']);
    const [a, b, c] = where.members as [string, string, string];
    const parts = (key: string, values: readonly string[]): object[] =>
      values.map((value, index) => ({ memberId: where.members[index], [key]: value }));
    assert.deepEqual(await owed(where, '9.00', { method: 'shares', parts: parts('shares', ['0', '1', '2']) }), ['0.00', '3.00', '6.00']);
    assert.deepEqual(await owed(where, '9.00', { method: 'exact', parts: parts('amount', ['0.00', '0', '9']) }), ['0.00', '0.00', '9.00']);
    assert.deepEqual(await owed(where, '9.00', { method: 'percentage', parts: parts('percent', ['0', '100', '0']) }), [
      '0.00',
      '9.00',
      '0.00',
    ]);
    assert.deepEqual(await owed(where, '9.00', { method: 'weights', among: [a, b, c] }), ['3.00', '0.00', '6.00']);
    assert.deepEqual(refusalOf(await send(where, '9.00', { method: 'shares', parts: parts('shares', ['0', '0', '0']) })), [
      422,
      'weights_sum_zero',
    ]);
    assert.deepEqual(refusalOf(await send(where, '9.00', { method: 'weights', among: [b] })), [422, 'weights_sum_zero']);
  });

  it('who pays and does not share, is owed it all; several who pay are owed their own', async () => {
    const where = await world(4);
    const [a, b, c, d] = where.members as [string, string, string, string];
    assert.deepEqual(await owed(where, '10.01', { method: 'equal', among: [c, d] }).then((shares) => [shares[0], shares[1]]), [
      '0.00',
      '-',
    ]);
    await owed(
      where,
      '10.00',
      { method: 'equal', among: [d] },
      {
        payers: [
          { memberId: a, amount: '0.01' },
          { memberId: b, amount: '9.99' },
        ],
      },
    );
    const { body } = await ana.call('GET', `/v1/groups/${where.id}/balances`);
    const net = new Map((body.balances as { memberId: string; net: string }[]).map((row) => [row.memberId, row.net]));
    assert.deepEqual([net.get(a), net.get(b)], ['10.02', '9.99']);
  });

  it('percentages with six decimals, add up to a hundred exactly or are refused', async () => {
    const where = await world(3);
    const split = (...percents: string[]): object => ({
      method: 'percentage',
      parts: percents.map((percent, index) => ({ memberId: where.members[index], percent })),
    });
    assert.deepEqual(await owed(where, '100.00', split('33.333333', '33.333333', '33.333334')), ['33.33', '33.33', '33.34']);
    assert.deepEqual(await owed(where, '1000000.00', split('0.000001', '99.999998', '0.000001')), ['0.01', '999999.98', '0.01']);
    assert.deepEqual(refusalOf(await send(where, '100.00', split('33.333333', '33.333333', '33.333333'))), [422, 'percent_not_100']);
    assert.deepEqual(refusalOf(await send(where, '100.00', split('33.3333333', '33.3333333', '33.3333334'))), [400, 'invalid_request']);
  });

  it('a bill, with a discount above an item, vouchers, or a tip on what cost nothing, is whole or refused', async () => {
    const where = await world(2);
    const [a, b] = where.members as [string, string];
    const items = (...amounts: readonly [string, string][]): object[] =>
      amounts.map(([amount, memberId], index) => ({ name: `Line ${index}`, amount, among: [memberId] }));
    const bill = (lines: object[], more: object = {}): object => ({ method: 'itemized', items: lines, ...more });
    assert.deepEqual(await owed(where, '15.00', bill(items(['5.00', a], ['20.00', b]), { discount: '10.00' })), ['3.00', '12.00']);
    assert.deepEqual(await owed(where, '6.60', bill(items(['0.00', a], ['6.00', b]), { tip: '0.60' })), ['0.00', '6.60']);
    assert.deepEqual(await owed(where, '6.00', bill([...items(['0.00', a], ['6.00', b])], { tip: '0.00', tax: '0', discount: '0' })), [
      '0.00',
      '6.00',
    ]);
    assert.deepEqual(
      await owed(where, '8.00', bill([...items(['5.00', a], ['5.00', b]), { name: 'Voucher', amount: '-2.00', among: [a, b] }])),
      ['4.00', '4.00'],
    );
    assert.deepEqual(
      await owed(where, '0.01', bill(items(['5.00', a], ['5.00', b]), { discount: '9.99' })).then((shares) => shares.toSorted()),
      ['0.00', '0.01'],
    );
    assert.deepEqual(refusalOf(await send(where, '15.01', bill(items(['5.00', a], ['20.00', b]), { discount: '10.00' }))), [
      422,
      'items_do_not_add_up',
    ]);
    // Where the lines come to nothing, they say nothing of who owes the tip: everybody named does.
    assert.deepEqual(await owed(where, '5.00', bill(items(['0.00', a], ['0.00', b]), { tip: '5.00' })), ['2.50', '2.50']);
    assert.deepEqual(refusalOf(await send(where, '3.00', bill(items(['-2.00', a], ['5.00', b])))), [422, 'negative_share']);
    assert.deepEqual(refusalOf(await send(where, '1.00', bill(items(['5.00', a]), { discount: '-4.00' }))), [400, 'invalid_request']);
  });

  it('income, is owed to who shares it by who received it, in every currency', async () => {
    for (const [currency, amount, half] of [
      ['JPY', '100', '50'],
      ['EUR', '100.00', '50.00'],
      ['KWD', '100.000', '50.000'],
    ] as const) {
      const where = await world(2, currency);
      assert.deepEqual(await owed(where, amount, equal(where), { kind: 'income' }), [half, half]);
      const { body } = await ana.call('GET', `/v1/groups/${where.id}/balances`);
      const net = new Map((body.balances as { memberId: string; net: string }[]).map((row) => [row.memberId, row.net]));
      assert.deepEqual([net.get(where.members[0]!), net.get(where.members[1]!)], [`-${half}`, half]);
    }
  });
});
