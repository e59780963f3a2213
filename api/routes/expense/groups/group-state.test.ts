// Goal: a group's life: archived and back, deleted and restored, handed over, left; and policies that hold together.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { join, pairInGroup, postDebt, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };

describe('group states', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let groupId: string;
  let anaId: string;
  let benId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    ({ ana, ben, groupId, anaId, benId } = await pairInGroup(api));
  });

  const post = (who: TestUser, action: string, body?: unknown): Promise<TestAnswer> =>
    who.call('POST', `/v1/groups/${groupId}/${action}`, body);
  const read = (who = ana): Promise<TestAnswer> => who.call('GET', `/v1/groups/${groupId}`);
  const remove = (who = ana, headers: Record<string, string> = ANY): Promise<TestAnswer> =>
    who.call('DELETE', `/v1/groups/${groupId}`, undefined, headers);

  it('archive, by an admin, stops changes until it is unarchived', async () => {
    const archived = await post(ben, 'archive');
    assert.deepEqual([archived.status, archived.body.state], [200, 'archived']);
    assert.deepEqual(refusalOf(await post(ana, 'archive')), [409, 'archived']);
    assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/groups/${groupId}`, { name: 'X' }, ANY)), [409, 'archived']);
    assert.deepEqual(refusalOf(await post(ana, 'members', { displayName: 'X' })), [409, 'archived']);
    assert.deepEqual(refusalOf(await post(ana, 'owner', { memberId: benId })), [409, 'archived']);
    assert.deepEqual(refusalOf(await post(ana, 'restore')), [409, 'not_deleted']);
    const back = await post(ben, 'unarchive');
    assert.deepEqual([back.body.state, back.body.version], ['active', archived.body.version + 1]);
    assert.deepEqual(refusalOf(await post(ana, 'unarchive')), [409, 'not_archived']);
  });

  it('delete, by the owner at the right version, stays readable, refuses change, and is restored', async () => {
    const version = (await read()).body.version as number;
    assert.equal((await remove(ben)).status, 403);
    assert.equal((await remove(ana, {})).status, 428);
    assert.equal((await remove(ana, { 'if-match': `"v${version - 1}"` })).status, 412);
    assert.equal((await remove(ana, { 'if-match': `"v${version}"` })).status, 204);
    assert.deepEqual(refusalOf(await remove()), [409, 'deleted']);
    assert.equal((await read(ben)).body.state, 'deleted');
    for (const answer of [
      await ana.call('PATCH', `/v1/groups/${groupId}`, { name: 'X' }, ANY),
      await post(ana, 'members', { displayName: 'X' }),
      await post(ana, 'archive'),
      await post(ana, 'unarchive'),
      await post(ana, 'owner', { memberId: benId }),
      await post(ben, 'leave'),
      await post(ana, 'invitations', {}),
      await ana.call('DELETE', `/v1/groups/${groupId}/members/${benId}`, undefined, ANY),
    ])
      assert.deepEqual(refusalOf(answer), [409, 'deleted']);
    assert.equal((await post(ben, 'restore')).status, 403);
    const both = await Promise.all([post(ana, 'restore'), post(ana, 'restore')]);
    assert.deepEqual(
      both.map((one) => one.status).toSorted((a, b) => a - b),
      [200, 409],
    );
    assert.equal((await read()).body.state, 'active');
  });

  it('states, by every role, are moved only by who may', async () => {
    const expected = { admin: [200, 200], editor: [403, 403], contributor: [403, 403], viewer: [403, 403] };
    for (const [role, codes] of Object.entries(expected)) {
      const person = await api.user(role);
      await join(ana, groupId, person, { role });
      assert.deepEqual([(await post(person, 'archive')).status, (await post(person, 'unarchive')).status], codes, role);
      for (const answer of [await remove(person), await post(person, 'owner', { memberId: benId }), await post(person, 'restore')])
        assert.equal(answer.status, 403, role);
      assert.equal((await post(person, 'leave')).status, 204, role);
    }
  });

  it('strangers, whatever they ask, find nothing', async () => {
    const eve = await api.user('Eve');
    for (const action of ['archive', 'unarchive', 'restore', 'leave'])
      assert.deepEqual(refusalOf(await post(eve, action)), [404, 'not_found'], action);
    assert.deepEqual(refusalOf(await post(eve, 'owner', { memberId: benId })), [404, 'not_found']);
    assert.deepEqual(refusalOf(await remove(eve)), [404, 'not_found']);
  });

  it('hand over, to a member with an account, swaps the roles; otherwise is refused', async () => {
    const bo = (await post(ana, 'members', { displayName: 'Bo' })).body.id as string;
    const gone = await api.user('Gone');
    const goneId = await join(ana, groupId, gone);
    await post(gone, 'leave');
    for (const [memberId, status, code] of [
      [bo, 422, 'owner_needs_account'],
      [uuidv7(), 422, 'unknown_member'],
      [anaId, 409, 'already_owner'],
      [goneId, 409, 'member_left'],
    ] as const)
      assert.deepEqual(refusalOf(await post(ana, 'owner', { memberId })), [status, code]);
    const handed = await Promise.all([post(ana, 'owner', { memberId: benId }), post(ana, 'owner', { memberId: benId })]);
    assert.deepEqual(
      handed.map((one) => one.status).toSorted((a, b) => a - b),
      [200, 403],
    );
    assert.deepEqual([(await read()).body.myRole, (await read(ben)).body.myRole], ['admin', 'owner']);
    assert.equal((await remove(ana)).status, 403);
  });

  it('hand over or leave, repeated with the same Idempotency-Key, gives the first answer though the right is gone', async () => {
    const key = { 'idempotency-key': uuidv7() };
    const keyed = (who: TestUser, action: string, body?: unknown): Promise<TestAnswer> =>
      who.call('POST', `/v1/groups/${groupId}/${action}`, body, key);
    const handed = await keyed(ana, 'owner', { memberId: benId });
    const again = await keyed(ana, 'owner', { memberId: benId });
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed'), again.body], [200, 'true', handed.body]);
    assert.deepEqual(refusalOf(await keyed(ana, 'owner', { memberId: anaId })), [403, 'forbidden']);
    const answered = { displayName: 'Bo' };
    assert.equal((await keyed(ana, 'members', answered)).status, 201);
    for (const replayed of [null, 'true']) {
      const left = await keyed(ana, 'leave');
      assert.deepEqual([left.status, left.headers.get('idempotent-replayed')], [204, replayed]);
    }
    // What is in the group is not shown to whoever left it, not even what they were shown before.
    assert.deepEqual(refusalOf(await keyed(ana, 'members', answered)), [404, 'not_found']);
    assert.deepEqual(refusalOf(await keyed(await api.user('Eve'), 'leave')), [404, 'not_found']);
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/groups/${groupId}/leave`, undefined, { 'idempotency-key': 'with space' })), [
      404,
      'not_found',
    ]);
  });

  it('leave, with a balance or as owner of others, is 409', async () => {
    assert.deepEqual(refusalOf(await post(ana, 'leave')), [409, 'owner_cannot_leave']);
    await postDebt(api, groupId, anaId, benId);
    assert.deepEqual(refusalOf(await post(ben, 'leave')), [409, 'member_has_balance']);
    await postDebt(api, groupId, benId, anaId);
    assert.equal((await post(ben, 'leave')).status, 204);
    assert.equal((await post(ben, 'leave')).status, 404);
  });

  it('leave, the owner as last with an account, deletes the group', async () => {
    await post(ana, 'members', { displayName: 'Bo' });
    await post(ben, 'leave');
    assert.equal((await post(ana, 'leave')).status, 204);
    assert.equal((await read()).status, 404);
    const changed = api.events.find((stored) => stored.event.type === 'group.state_changed' && stored.event.groupId === groupId);
    assert.deepEqual(changed?.event.data, { state: 'deleted' });
  });

  it('leave, an expense recorded at the same moment, never leaves a debt behind', async () => {
    const lost = await Promise.all([post(ben, 'leave'), postUnderKeyShare()]);
    const open = await api.deps.databases.expense!.pool.query<{ state: string; net: string }>(
      `select m.state, coalesce(b.net, 0) as net from expense.member m left join expense.balance b on b.account_id = m.id where m.id = $1`,
      [benId],
    );
    const [row] = open.rows;
    assert.ok(!(row!.state === 'left' && row!.net !== '0'), `${lost[0].status} ${row!.state} ${row!.net}`);
  });

  /** Records as expenses do: only against members who are active while the group's row is held. */
  async function postUnderKeyShare(): Promise<void> {
    const client = await api.deps.databases.expense!.pool.connect();
    try {
      await client.query('begin');
      await client.query('select 1 from expense."group" where id = $1 for key share', [groupId]);
      const { rowCount } = await client.query(`select 1 from expense.member where id = $1 and state = 'active'`, [benId]);
      if (rowCount === 1) {
        await client.query(
          `insert into expense.balance (group_id, account_id, currency, net)
           select $1::uuid, a.id, 'EUR', a.net from unnest($2::uuid[], '{5,-5}'::bigint[]) as a (id, net) order by 1, 2`,
          [groupId, [anaId, benId]],
        );
      }
      await client.query('commit');
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  it('policy, whole, is kept in the form of the wire and replaced by the next', async () => {
    const policy = {
      approval: { mode: 'above', above: { amount: '5', currency: 'EUR' }, quorum: 2, timeoutHours: 24, onTimeout: 'approve' },
      whoMayAdd: 'editor',
      settlementDay: 31,
      settlementStrategy: 'pairwise',
      refundApproval: 'owner',
      defaultSplit: {
        method: 'percentage',
        parts: [
          { memberId: anaId, percent: '60' },
          { memberId: benId, percent: '40' },
        ],
      },
    };
    const set = await ben.call('PATCH', `/v1/groups/${groupId}`, { policy }, ANY);
    assert.equal(set.status, 200, JSON.stringify(set.body));
    assert.deepEqual(set.body.policy, { ...policy, approval: { ...policy.approval, above: { amount: '5.00', currency: 'EUR' } } });
    const next = await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { settlementDay: 1 } }, ANY);
    assert.deepEqual(next.body.policy, { settlementDay: 1 });
  });

  it('policy, contradictory, is refused at its place, on create and on change', async () => {
    for (const [policy, status, code, pointer] of [
      [{ approval: { mode: 'above' } }, 422, 'approval_limit_required', '/policy/approval/above'],
      [{ approval: { mode: 'quorum' } }, 422, 'approval_quorum_required', '/policy/approval/quorum'],
      [
        { approval: { mode: 'above', above: { amount: '1.234', currency: 'EUR' } } },
        422,
        'amount_precision',
        '/policy/approval/above/amount',
      ],
      [
        { approval: { mode: 'above', above: { amount: '1', currency: 'ZZZ' } } },
        422,
        'unknown_currency',
        '/policy/approval/above/currency',
      ],
      [
        { approval: { mode: 'above', above: { amount: '-1', currency: 'EUR' } } },
        422,
        'amount_out_of_range',
        '/policy/approval/above/amount',
      ],
      [{ defaultSplit: { method: 'equal', among: [uuidv7()] } }, 422, 'unknown_member', '/policy/defaultSplit/among/0'],
      [{ settlementDay: 32 }, 400, 'invalid_request', '/policy/settlementDay'],
      [{ whoMayAdd: 'king' }, 400, 'invalid_request', '/policy/whoMayAdd'],
    ] as const) {
      for (const answer of [
        await ana.call('PATCH', `/v1/groups/${groupId}`, { policy }, ANY),
        await ana.call('POST', '/v1/groups', { name: 'New', currency: 'EUR', policy }),
      ])
        assert.deepEqual([...refusalOf(answer), answer.body.errors[0].pointer], [status, code, pointer]);
    }
    const among = { defaultSplit: { method: 'percentage', parts: [{ memberId: anaId, percent: '60' }] } };
    assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: among }, ANY)), [422, 'percent_not_100']);
    assert.deepEqual((await read()).body.policy, {});
  });
});
