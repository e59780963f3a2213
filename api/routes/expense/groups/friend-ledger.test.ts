// Goal: two friends have one ledger, in which both record and which nobody else joins; when they part, it is read and settled still.
// Method: friendships through the API, their committed events handed to the consumer as the relay would; Postgres itself is asked too.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { eraseStep } from '../../../../db/commands/expense/erasure.ts';
import { followFriendships } from '../../../../db/commands/expense/friend-ledgers.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, refusalOf } from '../../../../test/support/groups.ts';
import { publishedOf } from '../../../../test/support/published.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };

describe('ledger of two friends', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let friendId: string;
  let groupId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben] = [await api.user('Ana', { timeZone: 'Europe/Madrid' }), await api.user('Ben')];
    ({ friendId, groupId } = await befriend());
  });

  /** Hands every event of the friendships so far to the consumer. */
  const follow = async (): Promise<void> => {
    const events = api.events.filter(({ event }) => event.type.startsWith('friend.'));
    await transact(api.deps.databases.expense!, (tx) => followFriendships(tx, publishedOf(events)));
  };
  const befriend = async (): Promise<{ friendId: string; groupId: string }> => {
    const { id } = (await ana.call('POST', '/v1/friends', { email: ben.email })).body;
    assert.equal((await ben.call('POST', `/v1/friends/${id}/accept`)).status, 200);
    api.events.splice(0, api.events.length - 1);
    await follow();
    const friend = (await ana.call('GET', `/v1/friends/${id}`)).body;
    assert.equal((await ben.call('GET', `/v1/friends/${id}`)).body.groupId, friend.groupId);
    return { friendId: id, groupId: friend.groupId };
  };
  const end = async (): Promise<void> => {
    assert.equal((await ben.call('DELETE', `/v1/friends/${friendId}`)).status, 204);
    await follow();
  };
  const group = async (who: TestUser): Promise<TestAnswer['body']> => (await who.call('GET', `/v1/groups/${groupId}`)).body;
  const record = async (who: TestUser, amount = '10.00'): Promise<TestAnswer> => {
    const { myMemberId, members } = await group(who);
    return who.call('POST', `/v1/groups/${groupId}/expenses`, {
      description: 'Dinner',
      total: { amount, currency: 'EUR' },
      date: '2026-11-20',
      payers: [{ memberId: myMemberId, amount }],
      split: { method: 'equal', among: members.map(({ id }: { id: string }) => id) },
    });
  };

  it('accepted, shows its ledger once that is open', async () => {
    const [cleo, dan] = [await api.user('Cleo'), await api.user('Dan')];
    const { id } = (await cleo.call('POST', '/v1/friends', { email: dan.email })).body;
    assert.equal((await dan.call('POST', `/v1/friends/${id}/accept`)).body.groupId, null);
    await follow();
    const { groupId: opened } = (await dan.call('GET', `/v1/friends/${id}`)).body;
    assert.equal((await cleo.call('GET', `/v1/groups/${opened}`)).status, 200);
  });

  it('opened, is a group of the two, whom each sees by the name of the other', async () => {
    const seen = await group(ana);
    assert.deepEqual(
      [seen.kind, seen.name, seen.currency, seen.timeZone, seen.state, seen.myRole],
      ['friends', 'Ben', 'EUR', 'Europe/Madrid', 'active', 'editor'],
    );
    assert.deepEqual(seen.members.map((member: { userId: string }) => member.userId).toSorted(), [ana.userId, ben.userId].toSorted());
    assert.equal((await group(ben)).name, 'Ana');
    await createGroup(ana, { name: 'Trip' });
    const listed = async (query: string): Promise<string[]> =>
      (await ana.call('GET', `/v1/groups${query}`)).body.data.map(({ name }: { name: string }) => name);
    assert.deepEqual(await listed(''), ['Trip', 'Ben']);
    assert.deepEqual([await listed('?kind=friends'), await listed('?kind=shared')], [['Ben'], ['Trip']]);
    assert.deepEqual(refusalOf(await (await api.user('Eve')).call('GET', `/v1/groups/${groupId}`)), [404, 'not_found']);
  });

  it('opened twice by the same event, is one ledger', async () => {
    await follow();
    await follow();
    const { body } = await ana.call('GET', '/v1/groups?kind=friends');
    assert.deepEqual([body.data.length, body.data[0].version], [1, 1]);
  });

  it('opened for somebody with another currency of choice, has that one', async () => {
    await ana.call('DELETE', `/v1/friends/${friendId}`);
    const [cleo, dan] = [await api.user('Cleo'), await api.user('Dan')];
    await cleo.call('PUT', '/v1/me/preferences', { groupCurrency: 'CHF' });
    const { id } = (await cleo.call('POST', '/v1/friends', { email: dan.email })).body;
    await dan.call('POST', `/v1/friends/${id}/accept`);
    await follow();
    assert.equal((await dan.call('GET', '/v1/groups')).body.data[0].currency, 'CHF');
  });

  it('both record, and what one paid the other owes', async () => {
    assert.deepEqual([(await record(ana)).status, (await record(ben, '4.00')).status], [201, 201]);
    const { balances } = (await ben.call('GET', `/v1/groups/${groupId}/balances`)).body;
    assert.deepEqual(balances.map(({ net }: { net: string }) => net).toSorted(), ['-3.00', '3.00']);
  });

  it('nobody joins it, leaves it, owns it or changes it', async () => {
    const { myMemberId, members } = await group(ana);
    const other = members.find(({ id }: { id: string }) => id !== myMemberId).id as string;
    const at = `/v1/groups/${groupId}`;
    for (const [method, path, body] of [
      ['POST', `${at}/members`, { displayName: 'Third' }],
      ['POST', `${at}/invitations`, {}],
      ['DELETE', `${at}/members/${other}`, undefined],
      ['PATCH', `${at}/members/${other}`, { role: 'viewer' }],
      ['PATCH', at, { name: 'Ours' }],
      ['POST', `${at}/owner`, { memberId: other }],
      ['POST', `${at}/archive`, undefined],
      ['DELETE', at, undefined],
    ] as const)
      assert.deepEqual(refusalOf(await ana.call(method, path, body, ANY)), [403, 'forbidden'], `${method} ${path}`);
    assert.deepEqual(refusalOf(await ana.call('POST', `${at}/leave`)), [409, 'friend_ledger']);
    assert.equal((await group(ben)).version, 1);
  });

  it('a third member, written past the commands or by an invitation of somebody with a role, is refused', async () => {
    const { pool } = api.deps.databases.expense!;
    const third = pool.query(
      `insert into expense.member (id, group_id, user_id, display_name, role) values (gen_random_uuid(), $1, gen_random_uuid(), 'Third', 'editor')`,
      [groupId],
    );
    await assert.rejects(third, { constraint: 'member_of_friends' });
    await pool.query(`update expense.member set role = 'admin' where group_id = $1 and user_id = $2`, [groupId, ana.userId]);
    for (const [path, body] of [
      ['members', { displayName: 'Third' }],
      ['invitations', {}],
    ] as const)
      assert.deepEqual(refusalOf(await ana.call('POST', `/v1/groups/${groupId}/${path}`, body)), [409, 'friend_ledger'], path);
  });

  it('ended, is read by both and settled, takes no expense, and is told to nobody', async () => {
    const made = await record(ana);
    await end();
    for (const who of [ana, ben]) assert.equal((await group(who)).state, 'archived');
    assert.deepEqual(refusalOf(await record(ben)), [409, 'archived']);
    const change = { description: 'Supper' };
    assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/expenses/${made.body.id}`, change, ANY)), [409, 'archived']);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/plan`)).body.transfers[0].money.amount, '5.00');
    const key = (): Record<string, string> => ({ 'idempotency-key': uuidv7() });
    const payment = { method: 'manual', money: { amount: '1.00', currency: 'EUR' } };
    const { myMemberId, members } = await group(ben);
    const to = members.find(({ id }: { id: string }) => id !== myMemberId).id as string;
    assert.equal((await ben.call('POST', `/v1/groups/${groupId}/payments`, { ...payment, from: myMemberId, to }, key())).status, 202);
    assert.equal((await ana.call('POST', `/v1/groups/${groupId}/settlements`, {}, key())).status, 202);
    assert.ok(!api.events.some(({ event }) => event.type === 'group.state_changed'));
  });

  it('one of the two is erased, the other settles for both; the second too, nothing personal is left', async () => {
    const erase = async ({ userId }: TestUser): Promise<void> => {
      while ((await transact(api.deps.databases.expense!, (tx) => eraseStep(tx, userId))).value > 0);
    };
    await record(ana);
    await erase(ben);
    const { myRole, myMemberId, members, name } = await group(ana);
    const other = members.find(({ id }: { id: string }) => id !== myMemberId);
    assert.deepEqual([myRole, other.userId, name], ['owner', null, other.displayName]);
    const payment = { method: 'manual', from: other.id, to: myMemberId, money: { amount: '5.00', currency: 'EUR' } };
    const paid = await ana.call('POST', `/v1/groups/${groupId}/payments`, payment, { 'idempotency-key': uuidv7() });
    assert.equal(paid.status, 202);
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Third' })), [409, 'friend_ledger']);
    await erase(ana);
    const { rows } = await api.deps.databases.expense!.pool.query(
      `select 1 from expense.member where group_id = $1 and (user_id is not null or display_name in ('Ana', 'Ben'))`,
      [groupId],
    );
    assert.deepEqual(rows, []);
  });

  it('friends again, the ledger they had is open again', async () => {
    await record(ana);
    await end();
    const again = await befriend();
    assert.deepEqual([again.groupId, (await group(ben)).state], [groupId, 'active']);
    assert.equal((await record(ben)).status, 201);
  });
});
