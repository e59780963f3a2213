// Goal: the plan that people see does not change because somebody paid, whatever else it depends on. Method: random groups over the API;
// transfers of the plan are paid in whole or part, reserved and refunded, and the plan is asked again.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { planSettlement } from '../../../../db/commands/expense/settlements.ts';
import { postRefund, postTransfer, releaseTransfers } from '../../../../db/commands/expense/transfers.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

interface Leg {
  readonly from: string;
  readonly to: string;
  readonly money: { readonly amount: string; readonly currency: string };
}

describe('plans over the API', function () {
  this.timeout(120_000);
  let api: TestApi;
  let ana: TestUser;
  let seed = 28_112_026;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (seed >>> 8) % below;
  };

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api?.stop());

  async function group(size: number): Promise<{ groupId: string; at: string; ids: string[] }> {
    const made = await createGroup(ana);
    const at = `/v1/groups/${made.id}`;
    const ids = [made.myMemberId as string];
    while (ids.length < size) ids.push((await ana.call('POST', `${at}/members`, { displayName: `Member ${ids.length}` })).body.id);
    return { groupId: made.id, at, ids };
  }
  async function spend(at: string, ids: readonly string[], count: number, currency = 'EUR'): Promise<void> {
    const expenses = Array.from({ length: count }, () => {
      const amount = currency === 'JPY' ? String(random(9_000) + 1) : (random(30_000) / 100 + 0.01).toFixed(2);
      const among = ids.filter(() => random(2) === 0);
      return {
        description: 'Dinner',
        total: { amount, currency },
        date: '2026-10-01',
        payers: [{ memberId: ids[random(ids.length)], amount }],
        split: { method: 'equal', among: among.length === 0 ? ids : among },
      };
    });
    const answer = await ana.call('POST', `${at}/expenses/bulk`, { expenses });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }
  async function planOf(at: string, query = ''): Promise<readonly Leg[]> {
    const answer = await ana.call('GET', `${at}/plan${query}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.count, answer.body.transfers.length);
    return answer.body.transfers;
  }
  async function pay(groupId: string, { from, to, money }: Leg, transferId = uuidv7()): Promise<void> {
    const payment = { groupId, from, to, money, date: '2026-10-20', paymentId: uuidv7(), transferId };
    await transact(api.deps.databases.expense!, (tx) => postTransfer(tx, payment));
  }

  for (const strategy of ['minimal', 'pairwise', 'hub'])
    it(`${strategy}, one transfer paid after the other, the others stay as they were`, async () => {
      for (let round = 0; round < 3; round += 1) {
        const { groupId, at, ids } = await group(7);
        await spend(at, ids, 15);
        const query = `?strategy=${strategy}${strategy === 'hub' ? `&hub=${ids[2]}` : ''}`;
        let shown = await planOf(at, query);
        while (shown.length > 0) {
          const leg = shown[random(shown.length)]!;
          const cents = Math.round(Number(leg.money.amount) * 100);
          const part = random(3) === 0 ? Math.ceil(cents / 2) : cents;
          const money = { amount: (part / 100).toFixed(2), currency: 'EUR' };
          await pay(groupId, { ...leg, money });
          const expected = shown.flatMap((one) => {
            if (one !== leg) return [one];
            return part === cents ? [] : [{ ...one, money: { ...money, amount: ((cents - part) / 100).toFixed(2) } }];
          });
          shown = await planOf(at, query);
          assert.deepEqual(shown, expected);
        }
        assert.deepEqual((await ana.call('GET', `${at}/balances`)).body.balances, []);
      }
    });

  it('expense recorded in between, makes a new plan that settles everything', async () => {
    const { groupId, at, ids } = await group(6);
    await spend(at, ids, 10);
    await pay(groupId, (await planOf(at))[0]!);
    await spend(at, ids, 1);
    for (const leg of await planOf(at)) await pay(groupId, leg);
    assert.deepEqual(await planOf(at), []);
  });

  it('payment beside the plan, makes a new plan that settles everything', async () => {
    const { groupId, at, ids } = await group(6);
    await spend(at, ids, 10);
    await pay(groupId, { from: ids[0]!, to: ids[1]!, money: { amount: '12.34', currency: 'EUR' } });
    const shown = await planOf(at);
    await pay(groupId, shown[0]!);
    assert.deepEqual(await planOf(at), shown.slice(1));
    for (const leg of await planOf(at)) await pay(groupId, leg);
    assert.deepEqual(await planOf(at), []);
  });

  it('refund, brings its transfer back and leaves the others', async () => {
    const { groupId, at, ids } = await group(6);
    await spend(at, ids, 12);
    const shown = await planOf(at);
    const leg = shown[1]!;
    await pay(groupId, leg);
    assert.deepEqual(
      await planOf(at),
      shown.filter((one) => one !== leg),
    );
    await transact(api.deps.databases.expense!, (tx) => postRefund(tx, { groupId, ...leg, date: '2026-10-21', refundId: uuidv7() }));
    assert.deepEqual(await planOf(at), shown);
  });

  it('settlement, reserves what the plan showed, and after it is cancelled or paid in part the plan is as it was', async () => {
    const { groupId, at, ids } = await group(6);
    await spend(at, ids, 12);
    await pay(groupId, (await planOf(at))[0]!);
    const shown = await planOf(at);
    const request = { settlementId: uuidv7(), groupId, currencies: ['EUR'], strategy: 'minimal' as const };
    const { value: legs } = await transact(api.deps.databases.expense!, (tx) => planSettlement(tx, request));
    assert.deepEqual(
      legs.map(({ from, to, money }) => ({ from, to, money })),
      shown,
    );
    assert.deepEqual(await planOf(at), []);
    const [paid, ...open] = legs as [(typeof legs)[number], ...typeof legs];
    await pay(groupId, paid, paid.id);
    assert.deepEqual(await planOf(at), []);
    await transact(api.deps.databases.expense!, (tx) =>
      releaseTransfers(
        tx,
        groupId,
        open.map(({ id }) => id),
      ),
    );
    assert.deepEqual(await planOf(at), shown.slice(1));
  });

  it('units and currencies, each by itself', async () => {
    const { groupId, at, ids } = await group(6);
    for (const index of [0, 1])
      await ana.call('PATCH', `${at}/members/${ids[index]}`, { unitId: '019f2c6e-0000-7000-8000-00000000000a' }, { 'if-match': '*' });
    await spend(at, ids, 10);
    await spend(at, ids, 10, 'JPY');
    const yen = await planOf(at, '?currency=JPY');
    assert.ok(yen.every(({ money }) => money.currency === 'JPY' && !money.amount.includes('.')));
    for (const leg of yen) assert.ok(!(ids.slice(0, 2).includes(leg.from) && ids.slice(0, 2).includes(leg.to)), 'nothing within the unit');
    await pay(groupId, yen[0]!);
    assert.deepEqual(await planOf(at, '?currency=JPY'), yen.slice(1));
    const euro = await planOf(at);
    await pay(groupId, euro[0]!);
    assert.deepEqual(await planOf(at), euro.slice(1));
    assert.deepEqual(await planOf(at, '?currency=JPY'), yen.slice(1));
  });

  it('what I owe, is what the plan shows after payments too', async () => {
    const { groupId, at, ids } = await group(6);
    await spend(at, ids, 12);
    const shown = await planOf(at);
    await pay(groupId, shown.find(({ from, to }) => from !== ids[0] && to !== ids[0]) ?? shown[0]!);
    const mine = (await planOf(at)).filter(({ from, to }) => from === ids[0] || to === ids[0]);
    const { data } = (await ana.call('GET', '/v1/me/balances?limit=100')).body;
    const seen = data.flatMap((one: { groups: { groupId: string; memberId: string; net: string }[] }) =>
      one.groups.filter((between) => between.groupId === groupId).map(({ memberId, net }) => `${memberId} ${net}`),
    );
    const planned = mine.map(({ from, to, money }) => (from === ids[0] ? `${to} -${money.amount}` : `${from} ${money.amount}`));
    assert.deepEqual(seen.toSorted(), planned.toSorted());
  });

  describe('what others tell of debts, is what the plan shows', () => {
    let ben: TestUser;
    let friendId: string;
    before(async () => {
      ben = await api.user('Ben');
      friendId = (await ana.call('POST', '/v1/friends', { email: ben.email })).body.id;
      await ben.call('POST', `/v1/friends/${friendId}/accept`);
    });

    /** Ana is owed 40.00 and Cara 10.00; Ben owes 30.00 and Dora 20.00. */
    async function owing(): Promise<{ groupId: string; at: string; ids: Record<'ana' | 'ben' | 'cara' | 'dora', string> }> {
      const made = await createGroup(ana);
      const at = `/v1/groups/${made.id}`;
      const added = async (displayName: string): Promise<string> => (await ana.call('POST', `${at}/members`, { displayName })).body.id;
      const ids = { ana: made.myMemberId, ben: await join(ana, made.id, ben), cara: await added('Cara'), dora: await added('Dora') };
      for (const [payer, amount, parts] of [
        [ids.ana, '40.00', { [ids.ben]: '30.00', [ids.dora]: '10.00' }],
        [ids.cara, '10.00', { [ids.dora]: '10.00' }],
      ] as const)
        await ana.call('POST', `${at}/expenses`, {
          description: 'Dinner',
          total: { amount, currency: 'EUR' },
          date: '2026-10-01',
          payers: [{ memberId: payer, amount }],
          split: { method: 'exact', parts: Object.entries(parts).map(([memberId, part]) => ({ memberId, amount: part })) },
        });
      return { groupId: made.id, at, ids };
    }
    /** Compares the chart, the balance with a friend and my balances with the plan. */
    async function agree(groupId: string, ids: Record<string, string>): Promise<readonly Leg[]> {
      const legs = await planOf(`/v1/groups/${groupId}`);
      const { members } = (await ana.call('GET', `/v1/groups/${groupId}`)).body;
      const nameOf = (id: string): string => members.find((member: { id: string }) => member.id === id).displayName;
      const svg = await fetch(`${api.url}/v1/groups/${groupId}/chart.svg`, { headers: { authorization: `Bearer ${ana.token}` } });
      const drawn = [...(await svg.text()).matchAll(/\u2068(.*)\u2069 would pay ([\d.]+) EUR to \u2068(.*)\u2069/g)];
      assert.deepEqual(
        drawn.map(([, from, amount, to]) => `${from} ${amount} ${to}`).toSorted(),
        legs.map(({ from, to, money }) => `${nameOf(from)} ${money.amount} ${nameOf(to)}`).toSorted(),
      );
      const between = legs.filter(({ from, to }) => [from, to].every((id) => id === ids['ana'] || id === ids['ben']));
      const { groups } = (await ana.call('GET', `/v1/friends/${friendId}/balances`)).body;
      assert.deepEqual(
        groups.filter((one: { groupId: string }) => one.groupId === groupId).map(({ net }: { net: string }) => net),
        between.map(({ to, money }) => (to === ids['ana'] ? money.amount : `-${money.amount}`)),
      );
      const { data } = (await ana.call('GET', '/v1/me/balances?limit=100')).body;
      const mine = data.flatMap((one: { groups: { groupId: string; net: string }[] }) =>
        one.groups.filter((part) => part.groupId === groupId).map(({ net }) => net),
      );
      const own = legs.filter(({ from, to }) => from === ids['ana'] || to === ids['ana']);
      assert.deepEqual(mine.toSorted(), own.map(({ to, money }) => (to === ids['ana'] ? money.amount : `-${money.amount}`)).toSorted());
      return legs;
    }

    it('before and after part of it is paid, where a new plan would be another one', async () => {
      const { groupId, ids } = await owing();
      assert.equal((await agree(groupId, ids)).length, 3);
      // Dora owes 20.00 now and Ana is owed as much: a new plan would have two transfers.
      await pay(groupId, { from: ids.ben, to: ids.ana, money: { amount: '20.00', currency: 'EUR' } });
      const legs = await agree(groupId, ids);
      assert.ok(legs.some(({ from, to, money }) => from === ids.ben && to === ids.ana && money.amount === '10.00'));
    });

    it('while a settlement has reserved it, and after it is cancelled', async () => {
      const { groupId, ids } = await owing();
      const request = { settlementId: uuidv7(), groupId, currencies: ['EUR'], strategy: 'minimal' as const };
      const { value: legs } = await transact(api.deps.databases.expense!, (tx) => planSettlement(tx, request));
      assert.deepEqual(await agree(groupId, ids), []);
      await transact(api.deps.databases.expense!, (tx) =>
        releaseTransfers(
          tx,
          groupId,
          legs.map(({ id }) => id),
        ),
      );
      assert.equal((await agree(groupId, ids)).length, 3);
    });

    it('for a unit, also when who settles for it has paid the own part', async () => {
      const { groupId, at, ids } = await owing();
      for (const memberId of [ids.ben, ids.dora])
        await ana.call('PATCH', `${at}/members/${memberId}`, { unitId: '019f2c6e-0000-7000-8000-00000000000a' }, { 'if-match': '*' });
      const legs = await agree(groupId, ids);
      assert.ok(legs.every(({ from }) => from === ids.ben) && legs.length === 2, 'Ben owes most of the unit');
      for (const [amount, left] of [
        ['30.00', 2],
        ['5.00', 2],
        ['5.00', 1],
      ] as const) {
        await pay(groupId, { from: ids.ben, to: ids.ana, money: { amount, currency: 'EUR' } });
        assert.equal((await agree(groupId, ids)).length, left, amount);
      }
    });
  });

  it('hub that is no member or not named, is refused', async () => {
    const { at } = await group(2);
    assert.deepEqual(refusalOf(await ana.call('GET', `${at}/plan?strategy=hub`)), [422, 'hub_required']);
    assert.deepEqual(refusalOf(await ana.call('GET', `${at}/plan?strategy=hub&hub=${uuidv7()}`)), [422, 'hub_unknown']);
    assert.equal((await ana.call('GET', `${at}/plan?strategy=best`)).status, 400);
  });
});
