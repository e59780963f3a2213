// Goal: what I owe and am owed per person is what the plans of my groups say, and nobody else's. Method: people in several groups and
// currencies, compared to the plans.
import assert from 'node:assert/strict';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('my balances', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api?.stop());

  async function group(
    owner: TestUser,
    others: readonly TestUser[],
    fields: object = {},
  ): Promise<{ at: string; id: string; ids: string[] }> {
    const made = await createGroup(owner, { ...fields });
    const ids = [made.myMemberId as string];
    for (const other of others) ids.push(await join(owner, made.id, other, { role: 'editor' }));
    return { at: `/v1/groups/${made.id}`, id: made.id, ids };
  }
  async function spend(by: TestUser, at: string, payer: string, amount: string, among: readonly string[], currency = 'EUR'): Promise<void> {
    const answer = await by.call('POST', `${at}/expenses`, {
      description: 'Dinner',
      total: { amount, currency },
      date: '2026-10-01',
      payers: [{ memberId: payer, amount }],
      split: { method: 'equal', among },
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }
  async function mine(user: TestUser, query = ''): Promise<TestAnswer['body']> {
    const answer = await user.call('GET', `/v1/me/balances${query}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  it('one person in two groups and two currencies, is one person with two sums', async () => {
    const [ana, ben, cara] = [await api.user('Ana'), await api.user('Ben'), await api.user('Cara')];
    const trip = await group(ana, [ben]);
    const home = await group(ben, [ana, cara]);
    const [tripAna, tripBen] = trip.ids as [string, string];
    const [homeBen, homeAna, homeCara] = home.ids as [string, string, string];
    await spend(ana, trip.at, tripAna, '30.00', [tripAna, tripBen]);
    await spend(ana, home.at, homeBen, '40.00', [homeAna, homeBen]);
    await spend(ana, home.at, homeBen, '900', [homeAna, homeBen, homeCara], 'JPY');

    const ofAna = await mine(ana);
    assert.deepEqual(ofAna.data, [
      {
        userId: ben.userId,
        displayName: 'Ben',
        balances: [
          { currency: 'EUR', net: '-5.00' },
          { currency: 'JPY', net: '-300' },
        ],
        groups: [
          { groupId: home.id, memberId: homeBen, currency: 'EUR', net: '-20.00' },
          { groupId: home.id, memberId: homeBen, currency: 'JPY', net: '-300' },
          { groupId: trip.id, memberId: tripBen, currency: 'EUR', net: '15.00' },
        ],
      },
    ]);
    assert.deepEqual(ofAna.totals, [
      { currency: 'EUR', owed: '15.00', owe: '20.00' },
      { currency: 'JPY', owed: '0', owe: '300' },
    ]);
    assert.deepEqual([ofAna.groupsLeftOut, ofAna.nextCursor], [0, null]);
    const ofCara = await mine(cara);
    assert.deepEqual(
      ofCara.data.map((one: { userId: string; balances: unknown }) => [one.userId, one.balances]),
      [[ben.userId, [{ currency: 'JPY', net: '-300' }]]],
    );
  });

  it('everybody’s view, agrees with the plan of the group and with each other’s', async () => {
    const people = await Promise.all(['Ana', 'Ben', 'Cara', 'Dan'].map((name) => api.user(name)));
    const [ana] = people as [TestUser];
    const { at, ids } = await group(ana, people.slice(1));
    await spend(ana, at, ids[0]!, '100.00', ids);
    await spend(ana, at, ids[1]!, '33.33', ids.slice(0, 3));
    await spend(ana, at, ids[3]!, '7.77', ids.slice(1));
    const { transfers } = (await ana.call('GET', `${at}/plan`)).body;
    for (const [index, person] of people.entries()) {
      const seen = (await mine(person)).data.flatMap((one: { groups: { memberId: string; net: string }[] }) =>
        one.groups.map(({ memberId, net }) => [memberId, net]),
      );
      const planned = transfers.flatMap(({ from, to, money }: { from: string; to: string; money: { amount: string } }) =>
        from === ids[index] ? [[to, `-${money.amount}`]] : to === ids[index] ? [[from, money.amount]] : [],
      );
      assert.deepEqual(seen.toSorted(), planned.toSorted());
    }
  });

  it('member without an account, is somebody else in every group', async () => {
    const ana = await api.user('Ana');
    for (const name of ['Trip', 'Home']) {
      const { at, ids } = await group(ana, [], { name });
      const guest = (await ana.call('POST', `${at}/members`, { displayName: 'Guest' })).body.id as string;
      await spend(ana, at, ids[0]!, '10.00', [ids[0]!, guest]);
    }
    const { data, totals } = await mine(ana);
    assert.deepEqual(
      data.map((one: { userId: null; displayName: string; balances: unknown }) => [one.userId, one.displayName, one.balances]),
      [
        [null, 'Guest', [{ currency: 'EUR', net: '5.00' }]],
        [null, 'Guest', [{ currency: 'EUR', net: '5.00' }]],
      ],
    );
    assert.deepEqual(totals, [{ currency: 'EUR', owed: '10.00', owe: '0.00' }]);
  });

  it('deleted groups and groups that somebody has left, are not in it; archived ones are', async () => {
    const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    const { at, ids } = await group(ana, [ben]);
    await spend(ana, at, ids[0]!, '10.00', ids);
    assert.equal((await mine(ben)).data.length, 1);
    await ana.call('POST', `${at}/archive`, undefined, { 'if-match': '*' });
    assert.equal((await mine(ben)).data.length, 1);
    await ana.call('DELETE', at, undefined, { 'if-match': '*' });
    assert.deepEqual((await mine(ben)).data, []);
    const nobody = await api.user('Nobody');
    assert.deepEqual([(await mine(nobody)).data, (await mine(nobody)).totals], [[], []]);
  });

  it('many people, come in pages without a gap; the totals are of all', async () => {
    const ana = await api.user('Ana');
    const { at, ids } = await group(ana, []);
    const guests = await Promise.all(
      Array.from(
        { length: 5 },
        async (_, index) => (await ana.call('POST', `${at}/members`, { displayName: `Guest ${index}` })).body.id as string,
      ),
    );
    for (const guest of guests) await spend(ana, at, ids[0]!, '10.00', [ids[0]!, guest]);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: TestAnswer['body'] = await mine(ana, `?limit=2${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      seen.push(...page.data.map((one: { groups: { memberId: string }[] }) => one.groups[0]!.memberId));
      assert.deepEqual(page.totals, [{ currency: 'EUR', owed: '25.00', owe: '0.00' }]);
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(seen.toSorted(), guests.toSorted());
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/me/balances?cursor=x')), [400, 'invalid_cursor']);
    assert.equal((await ana.call('GET', '/v1/me/balances?limit=101')).status, 400);
    assert.equal((await api.call('GET', '/v1/me/balances')).status, 401);
  });
});
