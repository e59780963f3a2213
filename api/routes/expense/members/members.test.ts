// Goal: only who may manage members does, nobody rises above the one who lets them, and no debt walks out of a group.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, postDebt, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };

describe('members', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let groupId: string;
  let anaId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    ana = await api.user('Ana');
    const group = await createGroup(ana);
    groupId = group.id;
    anaId = group.myMemberId;
  });

  const members = (): string => `/v1/groups/${groupId}/members`;
  const add = (fields: Record<string, unknown> = {}, by = ana, headers = {}): Promise<TestAnswer> =>
    by.call('POST', members(), { displayName: 'Guest', ...fields }, headers);
  const groupVersion = async (): Promise<number> => (await ana.call('GET', `/v1/groups/${groupId}`)).body.version;

  it('add, with all fields, answers the member and raises the group', async () => {
    const before = await groupVersion();
    const id = uuidv7();
    const unitId = uuidv7();
    const added = await add({ id, displayName: 'Bo', role: 'viewer', weight: '1.500000', unitId });
    assert.equal(added.status, 201);
    assert.deepEqual(added.body, {
      id,
      displayName: 'Bo',
      userId: null,
      role: 'viewer',
      weight: '1.5',
      unitId,
      state: 'active',
      version: 1,
    });
    assert.deepEqual([added.headers.get('etag'), added.headers.get('location')], ['"v1"', `${members()}/${id}`]);
    assert.equal(await groupVersion(), before + 1);
    const got = await ana.call('GET', `${members()}/${id}`);
    assert.deepEqual([got.status, got.body, got.headers.get('etag')], [200, added.body, '"v1"']);
  });

  it('add, only a name, takes the defaults', async () => {
    const { id, ...rest } = (await add()).body;
    assert.ok(id);
    assert.deepEqual(rest, { displayName: 'Guest', userId: null, role: 'editor', weight: '1', unitId: null, state: 'active', version: 1 });
  });

  it('add, bad fields or an id in use, is refused and changes nothing', async () => {
    const before = await groupVersion();
    for (const [fields, status, code] of [
      [{ displayName: '' }, 400, 'invalid_request'],
      [{ weight: 1 }, 400, 'invalid_request'],
      [{ weight: '-1' }, 400, 'invalid_request'],
      [{ weight: '10000000' }, 400, 'invalid_request'],
      [{ role: 'king' }, 400, 'invalid_request'],
      [{ state: 'left' }, 400, 'unknown_field'],
      [{ role: 'owner' }, 422, 'one_owner'],
      [{ id: anaId }, 409, 'id_taken'],
    ] as const)
      assert.deepEqual(refusalOf(await add(fields)), [status, code]);
    assert.equal(await groupVersion(), before);
    assert.equal((await add({ weight: '9999999.999999' })).body.weight, '9999999.999999');
  });

  it('add, with an address, also asks for an invitation mail to that place', async () => {
    const added = await add({ email: 'bo@example.com' });
    const listed = await ana.call('GET', `/v1/groups/${groupId}/invitations`);
    const [invitation] = listed.body.data;
    assert.deepEqual([invitation.memberId, invitation.email, invitation.role], [added.body.id, 'bo@example.com', 'editor']);
    const created = api.events.find((stored) => stored.event.subjectId === invitation.id);
    assert.deepEqual([created?.event.type, created?.event.data], ['invitation.created', { mail: true }]);
  });

  it('add, up to 500 active members and not one more, also at once', async () => {
    await api.deps.databases.expense!.pool.query(
      `insert into expense.member (id, group_id, display_name, role) select gen_random_uuid(), $1, 'M', 'viewer' from generate_series(1, 498)`,
      [groupId],
    );
    const answers = await Promise.all([add(), add()]);
    assert.deepEqual(statuses(answers), [201, 409]);
    assert.deepEqual(refusalOf(await add()), [409, 'member_limit_reached']);
  });

  it('add, twice under one Idempotency-Key, adds one; other content is 422', async () => {
    const key = { 'idempotency-key': uuidv7() };
    const [first, second] = await Promise.all([add({}, ana, key), add({}, ana, key)]);
    assert.deepEqual([first.status, second.status, second.body], [201, 201, first.body]);
    assert.deepEqual(refusalOf(await add({ displayName: 'Other' }, ana, key)), [422, 'idempotency_key_reused']);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}`)).body.members.length, 2);
  });

  it('roles, each of them, may add, change and remove only as owner or admin', async () => {
    for (const role of ['admin', 'editor', 'contributor', 'viewer'] as const) {
      const person = await api.user(role);
      await join(ana, groupId, person, { role });
      const allowed = role === 'admin';
      const target = (await add()).body.id as string;
      assert.equal((await add({}, person)).status, allowed ? 201 : 403, role);
      assert.equal((await person.call('PATCH', `${members()}/${target}`, { displayName: 'X' }, ANY)).status, allowed ? 200 : 403, role);
      assert.equal((await person.call('DELETE', `${members()}/${target}`, undefined, ANY)).status, allowed ? 204 : 403, role);
      assert.equal((await person.call('GET', `${members()}/${anaId}`)).status, 200, role);
      assert.equal((await person.call('GET', `/v1/groups/${groupId}/invitations`)).status, allowed ? 200 : 403, role);
      assert.equal((await person.call('POST', `/v1/groups/${groupId}/invitations`, {})).status, allowed ? 201 : 403, role);
    }
  });

  it('others, who are not in the group, find nothing', async () => {
    const eve = await api.user('Eve');
    const mine = await createGroup(eve);
    for (const answer of [
      await add({}, eve),
      await eve.call('GET', `${members()}/${anaId}`),
      await eve.call('PATCH', `${members()}/${anaId}`, { displayName: 'X' }, ANY),
      await eve.call('DELETE', `${members()}/${anaId}`, undefined, ANY),
      await eve.call('DELETE', `/v1/groups/${mine.id}/members/${anaId}`, undefined, ANY),
      await eve.call('PATCH', `/v1/groups/${mine.id}/members/${anaId}`, { displayName: 'X' }, ANY),
      await ana.call('GET', `${members()}/${uuidv7()}`),
      await ana.call('GET', `${members()}/nobody`),
    ])
      assert.deepEqual(refusalOf(answer), [404, 'not_found']);
  });

  it('change, by version, sets what is given; a role only up to the giver', async () => {
    const ben = await api.user('Ben');
    const benId = await join(ana, groupId, ben, { role: 'admin' });
    const id = (await add({ unitId: uuidv7() })).body.id as string;
    const path = `${members()}/${id}`;
    assert.deepEqual(refusalOf(await ben.call('PATCH', path, { displayName: 'X' })), [428, 'precondition_required']);
    assert.deepEqual(refusalOf(await ben.call('PATCH', path, { displayName: 'X' }, { 'if-match': '"v7"' })), [412, 'version_mismatch']);
    const changed = await ben.call('PATCH', path, { displayName: 'Bo', role: 'admin', weight: '2', unitId: null }, { 'if-match': '"v1"' });
    assert.deepEqual(changed.body, {
      id,
      displayName: 'Bo',
      userId: null,
      role: 'admin',
      weight: '2',
      unitId: null,
      state: 'active',
      version: 2,
    });
    assert.equal((await ben.call('PATCH', path, {}, { 'if-match': '"v2"' })).body.version, 2);
    const both = await Promise.all([1, 2].map((n) => ben.call('PATCH', path, { weight: `${n}` }, { 'if-match': '"v2"' })));
    assert.deepEqual(statuses(both), [200, 412]);
    assert.deepEqual(refusalOf(await ben.call('PATCH', path, { role: 'owner' }, ANY)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await ana.call('PATCH', path, { role: 'owner' }, ANY)), [422, 'one_owner']);
    for (const person of [ana, ben])
      assert.deepEqual(refusalOf(await person.call('PATCH', `${members()}/${anaId}`, { role: 'viewer' }, ANY)), [
        409,
        'owner_role_is_fixed',
      ]);
    assert.equal((await ana.call('PATCH', `${members()}/${benId}`, { role: 'viewer' }, ANY)).status, 200);
    assert.equal((await add({}, ben)).status, 403, 'a demoted admin adds nobody');
  });

  it('remove, without a balance, leaves them in the history; with one or as owner, is 409', async () => {
    const ben = await api.user('Ben');
    const benId = await join(ana, groupId, ben, { role: 'admin' });
    const boId = (await add()).body.id as string;
    await postDebt(api, groupId, benId, boId);
    for (const id of [benId, boId])
      assert.deepEqual(refusalOf(await ana.call('DELETE', `${members()}/${id}`, undefined, ANY)), [409, 'member_has_balance']);
    await postDebt(api, groupId, boId, benId);
    await api.deps.databases.expense!.pool.query(`update expense.balance set reserved = 5 where account_id = $1`, [boId]);
    assert.deepEqual(refusalOf(await ana.call('DELETE', `${members()}/${boId}`, undefined, ANY)), [409, 'member_has_balance']);
    assert.deepEqual(refusalOf(await ben.call('DELETE', `${members()}/${anaId}`, undefined, ANY)), [409, 'cannot_remove_owner']);
    const policy = { defaultSplit: { method: 'equal', among: [anaId, benId] }, whoMayAdd: 'viewer' };
    assert.equal((await ana.call('PATCH', `/v1/groups/${groupId}`, { policy }, ANY)).status, 200);
    assert.equal((await ana.call('DELETE', `${members()}/${benId}`, undefined, ANY)).status, 204);
    assert.deepEqual(refusalOf(await ana.call('DELETE', `${members()}/${benId}`, undefined, ANY)), [409, 'member_left']);
    assert.deepEqual(refusalOf(await ana.call('PATCH', `${members()}/${benId}`, { weight: '1' }, ANY)), [409, 'member_left']);
    assert.equal((await ben.call('GET', `/v1/groups/${groupId}`)).status, 404);
    const group = (await ana.call('GET', `/v1/groups/${groupId}`)).body;
    assert.equal(group.members.find((member: { id: string }) => member.id === benId).state, 'left');
    assert.deepEqual(group.policy, { whoMayAdd: 'viewer' }, 'a default split does not name who is gone');
  });

  it('remove, an admin, withdraws the invitations that they opened', async () => {
    const ben = await api.user('Ben');
    const benId = await join(ana, groupId, ben, { role: 'admin' });
    const { token } = (await ben.call('POST', `/v1/groups/${groupId}/invitations`, { role: 'admin' })).body;
    assert.equal((await ana.call('DELETE', `${members()}/${benId}`, undefined, ANY)).status, 204);
    assert.deepEqual(refusalOf(await ben.call('POST', `/v1/invitations/${token}/accept`)), [409, 'invitation_revoked']);
  });
});

function statuses(answers: readonly TestAnswer[]): number[] {
  return answers.map((answer) => answer.status).toSorted((a, b) => a - b);
}
