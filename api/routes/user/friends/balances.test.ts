// Goal: what two friends owe each other, over their ledger and all groups of both, and nothing of anybody else's.
// Method: balances as recording leaves them; the figure of a group of several is compared with that group's own plan.
import assert from 'node:assert/strict';
import { followFriendships } from '../../../../db/commands/expense/friend-ledgers.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, postDebt, refusalOf } from '../../../../test/support/groups.ts';
import { publishedOf } from '../../../../test/support/published.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('balances with a friend', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let friendId: string;
  let ledgerId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    friendId = (await ana.call('POST', '/v1/friends', { email: ben.email })).body.id;
    await ben.call('POST', `/v1/friends/${friendId}/accept`);
    const accepted = api.events.filter(({ event }) => event.type === 'friend.accepted' && event.subjectId === friendId);
    await transact(api.deps.databases.expense!, (tx) => followFriendships(tx, publishedOf(accepted)));
    ledgerId = (await ana.call('GET', `/v1/friends/${friendId}`)).body.groupId;
  });

  const balances = async (who: TestUser): Promise<TestAnswer['body']> => {
    const { asOf, ...body } = (await who.call('GET', `/v1/friends/${friendId}/balances`)).body;
    assert.ok(Date.parse(asOf) > 0);
    return body;
  };
  const sharedGroup = async (name: string): Promise<{ id: string; anaId: string; benId: string; caraId: string }> => {
    const group = await createGroup(ana, { name });
    const benId = await join(ana, group.id, ben);
    return { id: group.id, anaId: group.myMemberId, benId, caraId: await join(ana, group.id, await api.user('Cara')) };
  };

  it('nothing owed, are empty', async () => {
    await sharedGroup('Trip');
    assert.deepEqual(await balances(ana), { totals: [], groups: [], complete: true });
  });

  it('over the ledger and several groups, are told by group and in total, to each from their side', async () => {
    const { members } = (await ana.call('GET', `/v1/groups/${ledgerId}`)).body;
    const [mine, theirs] = [ana, ben].map(({ userId }) => members.find((member: { userId: string }) => member.userId === userId).id);
    await postDebt(api, ledgerId, mine, theirs, 1000);
    const [trip, flat] = [await sharedGroup('Trip'), await sharedGroup('Flat')];
    await postDebt(api, trip.id, trip.benId, trip.anaId, 250);
    await postDebt(api, flat.id, flat.anaId, flat.caraId, 400);
    await postDebt(api, flat.id, flat.anaId, flat.benId, 700);
    const seen = await balances(ana);
    assert.deepEqual(seen, {
      totals: [{ currency: 'EUR', net: '14.50' }],
      groups: [
        { groupId: ledgerId, kind: 'friends', name: 'Ben', currency: 'EUR', net: '10.00' },
        { groupId: flat.id, kind: 'shared', name: 'Flat', currency: 'EUR', net: '7.00' },
        { groupId: trip.id, kind: 'shared', name: 'Trip', currency: 'EUR', net: '-2.50' },
      ],
      complete: true,
    });
    const theirSide = await balances(ben);
    assert.deepEqual([theirSide.totals[0].net, theirSide.groups[0].name], ['-14.50', 'Ana']);
    const { transfers } = (await ana.call('GET', `/v1/groups/${flat.id}/plan`)).body;
    assert.equal(transfers.find((leg: { from: string }) => leg.from === flat.benId).money.amount, '7.00');
  });

  it('of groups of one of them, of deleted ones and of those that a friend has left, tell nothing', async () => {
    const own = await createGroup(ana);
    const dan = await join(ana, own.id, await api.user('Dan'));
    await postDebt(api, own.id, own.myMemberId, dan);
    const gone = await sharedGroup('Gone');
    await postDebt(api, gone.id, gone.anaId, gone.benId);
    assert.equal((await balances(ana)).groups.length, 1);
    assert.equal((await ana.call('DELETE', `/v1/groups/${gone.id}`, undefined, { 'if-match': '*' })).status, 204);
    assert.deepEqual((await balances(ana)).groups, []);
  });

  it('of more than 50 groups, are said not to be all', async () => {
    await api.deps.databases.expense!.pool.query(
      `with made as (
         insert into expense."group" (id, name, currency, time_zone, policy, created_by)
         select gen_random_uuid(), 'Group ' || n, 'EUR', 'UTC', '{}', $1 from generate_series(1, 51) n returning id
       ), member as (
         insert into expense.member (id, group_id, user_id, display_name, role)
         select gen_random_uuid(), made.id, u.id, 'X', 'editor' from made cross join unnest(array[$1, $2]::uuid[]) u (id) returning id, group_id, user_id
       )
       insert into expense.balance (group_id, account_id, currency, net) select group_id, id, 'EUR', case when user_id = $1 then 1 else -1 end from member`,
      [ana.userId, ben.userId],
    );
    const seen = await balances(ana);
    assert.deepEqual([seen.groups.length, seen.complete, seen.totals], [50, false, [{ currency: 'EUR', net: '0.50' }]]);
  });

  it('of a request that waits, of strangers and without the scope, are refused', async () => {
    const [cleo, dan] = [await api.user('Cleo'), await api.user('Dan')];
    const { id } = (await cleo.call('POST', '/v1/friends', { email: dan.email })).body;
    for (const who of [cleo, dan]) assert.deepEqual(refusalOf(await who.call('GET', `/v1/friends/${id}/balances`)), [409, 'wrong_state']);
    assert.deepEqual(refusalOf(await cleo.call('GET', `/v1/friends/${friendId}/balances`)), [404, 'not_found']);
    await ben.call('DELETE', `/v1/friends/${friendId}`);
    assert.deepEqual(refusalOf(await ana.call('GET', `/v1/friends/${friendId}/balances`)), [404, 'not_found']);
  });
});
