// Goal: an invitation lets in whom it is for, as often as it says, and nobody afterwards.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { linkedToken } from '../../../../config/opaque-tokens.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, postDebt, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };

describe('invitations', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let groupId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    ana = await api.user('Ana');
    groupId = (await createGroup(ana, { name: 'Alps' })).id;
  });

  const path = (): string => `/v1/groups/${groupId}/invitations`;
  const invite = (fields: Record<string, unknown> = {}, headers = {}): Promise<TestAnswer> => ana.call('POST', path(), fields, headers);
  const accept = (who: TestUser, token: string, headers = {}): Promise<TestAnswer> =>
    who.call('POST', `/v1/invitations/${token}/accept`, undefined, headers);
  const add = async (displayName = 'Bo'): Promise<string> =>
    (await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName })).body.id as string;
  const age = (id: string): Promise<unknown> =>
    api.deps.databases.expense!.pool.query('update expense.invitation set expires_at = now() where id = $1', [id]);

  it('create, nothing said, is for one person, a week and the usual role; the link is shown once', async () => {
    const { status, body } = await invite();
    assert.equal(status, 201);
    const { id, token, url, expiresAt, createdAt, ...rest } = body;
    assert.deepEqual(rest, { groupId, email: null, role: 'editor', memberId: null, state: 'open', uses: 0, maxUses: 1 });
    assert.deepEqual([url, token], [`${api.deps.publicUrl}/v1/invitations/${token}`, linkedToken(api.deps.secrets, 'invitation', id)]);
    assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 168 * 3_600_000);
    const listed = await ana.call('GET', path());
    assert.deepEqual(listed.body, { data: [{ id, expiresAt, createdAt, ...rest }], nextCursor: null });
    assert.ok(!JSON.stringify(listed.body).includes(token));
  });

  it("create, the caller's own id, is kept, and taken for everybody else", async () => {
    const id = uuidv7();
    const made = await invite({ id });
    assert.deepEqual([made.status, made.body.id], [201, id]);
    const again = await invite({ id });
    assert.deepEqual([...refusalOf(again), again.body.errors[0].pointer], [409, 'id_taken', '/id']);
  });

  it('create, bad or contradictory fields, is refused', async () => {
    const ben = await api.user('Ben');
    const benId = await join(ana, groupId, ben);
    for (const [fields, status, code] of [
      [{ expiresInHours: 0 }, 400, 'invalid_request'],
      [{ expiresInHours: 8761 }, 400, 'invalid_request'],
      [{ maxUses: 0 }, 400, 'invalid_request'],
      [{ email: 'nobody' }, 400, 'invalid_request'],
      [{ role: 'owner' }, 422, 'one_owner'],
      [{ memberId: uuidv7() }, 422, 'unknown_member'],
      [{ memberId: benId }, 409, 'member_already_claimed'],
      [{ memberId: await add(), maxUses: 2 }, 422, 'invitation_is_for_one'],
    ] as const)
      assert.deepEqual(refusalOf(await invite(fields)), [status, code]);
    assert.equal((await invite({ expiresInHours: 8760 })).status, 201);
  });

  it('create, repeated under one Idempotency-Key, is 409 already_done and opens one', async () => {
    const key = { 'idempotency-key': uuidv7() };
    assert.equal((await invite({}, key)).status, 201);
    assert.deepEqual(refusalOf(await invite({}, key)), [409, 'already_done']);
    assert.equal((await ana.call('GET', path())).body.data.length, 1);
  });

  it('create, up to 100 open ones; a withdrawn or expired one makes room', async () => {
    const first = (await invite()).body.id as string;
    await api.deps.databases.expense!.pool.query(
      `insert into expense.invitation (id, group_id, role, created_by, expires_at, max_uses)
       select gen_random_uuid(), $1, 'viewer', $2, now() + interval '1 hour', 1 from generate_series(1, 98)`,
      [groupId, ana.userId],
    );
    const answers = await Promise.all([invite(), invite()]);
    assert.deepEqual(statuses(answers), [201, 409]);
    assert.deepEqual(refusalOf(await invite()), [409, 'invitation_limit_reached']);
    assert.equal((await ana.call('DELETE', `${path()}/${first}`)).status, 204);
    assert.equal((await invite()).status, 201);
  });

  it('list, in pages, gives each once, the newest first', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await invite()).body.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: TestAnswer = await ana.call('GET', `${path()}?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.body.data.map((row: { id: string }) => row.id));
      cursor = page.body.nextCursor as string | null;
    } while (cursor !== null);
    assert.deepEqual(seen, ids.toReversed());
  });

  it('look, with the token and no account, tells what it is for', async () => {
    const memberId = await add('Bo');
    const { token, expiresAt } = (await invite({ memberId, role: 'viewer' })).body;
    const seen = await api.call('GET', `/v1/invitations/${token}`);
    assert.deepEqual(
      [seen.status, seen.body],
      [200, { groupName: 'Alps', inviterName: 'Ana', role: 'viewer', memberDisplayName: 'Bo', expiresAt }],
    );
  });

  it('look or accept, wrong, expired, withdrawn or used up, is 404 or 409', async () => {
    const guest = await api.user('Guest');
    const { token, id } = (await invite()).body;
    for (const wrong of ['x', `${token}x`, `${uuidv7()}.${token.split('.')[1]}`, linkedToken(api.deps.secrets, 'invitation', uuidv7())]) {
      assert.deepEqual(refusalOf(await api.call('GET', `/v1/invitations/${wrong}`)), [404, 'not_found']);
      assert.deepEqual(refusalOf(await accept(guest, wrong)), [404, 'not_found']);
    }
    await age(id);
    const revoked = (await invite()).body;
    assert.equal((await ana.call('DELETE', `${path()}/${revoked.id}`)).status, 204);
    assert.equal((await ana.call('DELETE', `${path()}/${revoked.id}`)).status, 204, 'twice is once');
    const used = (await invite()).body;
    assert.equal((await accept(await api.user('First'), used.token)).status, 200);
    for (const [spent, code] of [
      [token, 'invitation_expired'],
      [revoked.token, 'invitation_revoked'],
      [used.token, 'invitation_used_up'],
    ]) {
      assert.deepEqual(refusalOf(await api.call('GET', `/v1/invitations/${spent}`)), [409, code]);
      assert.deepEqual(refusalOf(await accept(guest, spent)), [409, code]);
    }
    assert.equal((await api.call('POST', `/v1/invitations/${token}/accept`)).status, 401);
    assert.deepEqual(refusalOf(await ana.call('DELETE', `${path()}/${uuidv7()}`)), [404, 'not_found']);
    const eve = await api.user('Eve');
    const hers = await createGroup(eve);
    assert.deepEqual(refusalOf(await eve.call('DELETE', `${path()}/${used.id}`)), [404, 'not_found']);
    assert.deepEqual(refusalOf(await eve.call('DELETE', `/v1/groups/${hers.id}/invitations/${used.id}`)), [404, 'not_found']);
  });

  it('accept, joins with the account and its name, may act at once, and not twice', async () => {
    const ben = await api.user('Ben');
    const { token, id } = (await invite({ role: 'admin', maxUses: 3 })).body;
    const key = { 'idempotency-key': uuidv7() };
    const joined = await accept(ben, token, key);
    assert.deepEqual([joined.status, joined.body.myRole], [200, 'admin']);
    const me = joined.body.members.find((member: { id: string }) => member.id === joined.body.myMemberId);
    assert.deepEqual([me.displayName, me.userId], ['Ben', ben.userId]);
    assert.deepEqual((await accept(ben, token, key)).body, joined.body, 'the key gives the first answer again');
    assert.deepEqual(refusalOf(await accept(ben, token)), [409, 'already_member']);
    assert.equal((await ben.call('POST', path(), {})).status, 201);
    const types = api.events.filter((stored) => stored.event.groupId === groupId).map((stored) => stored.event.type);
    assert.ok(types.includes('invitation.accepted') && types.includes('member.added'));
    const [row] = (await ana.call('GET', path())).body.data.filter((one: { id: string }) => one.id === id);
    assert.deepEqual([row.uses, row.state], [1, 'open']);
  });

  it('accept, more people at once than uses, lets in exactly as many', async () => {
    const { token } = (await invite({ maxUses: 3 })).body;
    const people = await Promise.all(Array.from({ length: 10 }, () => api.user()));
    const answers = await Promise.all(people.map((person) => accept(person, token)));
    assert.equal(answers.filter((answer) => answer.status === 200).length, 3);
    assert.equal(answers.filter((answer) => refusalOf(answer)[1] === 'invitation_used_up').length, 7);
  });

  it('accept, two people for one member at once, one takes the place', async () => {
    const memberId = await add();
    const tokens = await Promise.all([invite({ memberId }), invite({ memberId })]);
    const people = [await api.user('One'), await api.user('Two')];
    const answers = await Promise.all(people.map((person, index) => accept(person, tokens[index]!.body.token)));
    assert.deepEqual(statuses(answers), [200, 409]);
    assert.equal(answers.find((answer) => answer.status === 409)!.body.code, 'member_already_claimed');
    const winner = answers.find((answer) => answer.status === 200)!.body;
    assert.equal(winner.myMemberId, memberId);
    assert.equal(winner.members.length, 2);
  });

  it('accept, for an address, needs that address and its verification', async () => {
    const unverified = await api.user('Ben', { verified: false });
    const { token } = (await invite({ email: unverified.email.toUpperCase() })).body;
    assert.deepEqual(refusalOf(await accept(await api.user('Eve'), token)), [404, 'not_found']);
    assert.deepEqual(refusalOf(await accept(unverified, token)), [403, 'email_not_verified']);
    await api.deps.databases.user!.pool.query('update "user".account set email_verified_at = now() where id = $1', [unverified.userId]);
    assert.equal((await accept(unverified, token)).status, 200);
  });

  it('attack: an account that was registered with the address of another, unverified, takes over no member and hears of no invitation', async () => {
    const victim = `victim-${uuidv7()}@example.com`;
    const memberId = (await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Victim', email: victim })).body.id as string;
    const invitationId = api.events.findLast((stored) => stored.event.type === 'invitation.created')!.event.subjectId;
    // As if the attacker had seen the mail over somebody's shoulder.
    const token = linkedToken(api.deps.secrets, 'invitation', invitationId);
    const registration = { email: victim, password: 'correct horse battery', displayName: 'Attacker' };
    const { accessToken } = (await api.call('POST', '/v1/auth/register', registration)).body;
    const headers = { authorization: `Bearer ${accessToken}` };
    const taken = await api.call('POST', `/v1/invitations/${token}/accept`, undefined, headers);
    assert.deepEqual(refusalOf(taken), [403, 'email_not_verified']);
    assert.deepEqual((await api.call('GET', '/v1/groups', undefined, headers)).body.data, []);
    assert.deepEqual((await api.call('GET', '/v1/friends', undefined, headers)).body.data, []);
    const member = (await ana.call('GET', `/v1/groups/${groupId}/members/${memberId}`)).body;
    assert.equal(member.userId, null);
  });

  it('accept, of an invitation to an address, made by somebody whom its owner has blocked, is not found', async () => {
    const ben = await api.user('Ben');
    const [addressed, open] = [(await invite({ email: ben.email })).body, (await invite()).body];
    await ben.call('POST', '/v1/blocks', { userId: ana.userId });
    assert.deepEqual(refusalOf(await accept(ben, addressed.token)), [404, 'not_found']);
    assert.equal((await accept(ben, open.token)).status, 200, 'a link that was handed over is taken by choice');
  });

  it('create, for an address, is mailed only where an account has verified it', async () => {
    const known = await api.user('Ben');
    const unverified = await api.user('Cy', { verified: false });
    const mails = [];
    for (const email of [known.email, unverified.email, 'stranger@example.com']) {
      const { id } = (await invite({ email })).body;
      mails.push(api.events.find((stored) => stored.event.subjectId === id)?.event.data);
    }
    assert.deepEqual(mails, [{ mail: true }, { mail: false }, { mail: false }]);
  });

  it('accept, after leaving, comes back to the same place', async () => {
    const ben = await api.user('Ben');
    const benId = await join(ana, groupId, ben);
    assert.equal((await ben.call('POST', `/v1/groups/${groupId}/leave`)).status, 204);
    assert.equal((await ben.call('GET', `/v1/groups/${groupId}`)).status, 404);
    assert.equal(await join(ana, groupId, ben, { role: 'viewer' }), benId);
    assert.equal((await ben.call('POST', `/v1/groups/${groupId}/leave`)).status, 204);
    assert.equal(await join(ana, groupId, ben, { memberId: benId }), benId);
    assert.equal((await ben.call('GET', `/v1/groups/${groupId}`)).body.myRole, 'viewer');
    assert.equal((await ben.call('POST', `/v1/groups/${groupId}/leave`)).status, 204);
    const named = (await invite({ memberId: await add() })).body.token;
    assert.deepEqual(refusalOf(await accept(ben, named)), [409, 'member_left']);
  });

  it('accept, of a member who was removed, lets only that person back', async () => {
    const boId = await add();
    const ben = await api.user('Ben');
    await join(ana, groupId, ben, { memberId: boId });
    assert.equal((await ana.call('DELETE', `/v1/groups/${groupId}/members/${boId}`, undefined, ANY)).status, 204);
    const { token } = (await invite({ memberId: boId })).body;
    assert.deepEqual(refusalOf(await accept(await api.user('Eve'), token)), [409, 'member_already_claimed']);
    assert.equal((await accept(ben, token)).status, 200);
  });

  it('accept, takes the balance of the member along', async () => {
    const boId = await add();
    const cyId = await add('Cy');
    await postDebt(api, groupId, boId, cyId);
    const ben = await api.user('Ben');
    assert.equal(await join(ana, groupId, ben, { memberId: boId }), boId);
    assert.deepEqual(refusalOf(await ben.call('POST', `/v1/groups/${groupId}/leave`)), [409, 'member_has_balance']);
  });

  it('accept or look, archived or deleted group, is 409', async () => {
    const guest = await api.user('Guest');
    const { token } = (await invite()).body;
    assert.equal((await ana.call('POST', `/v1/groups/${groupId}/archive`)).status, 200);
    assert.deepEqual(refusalOf(await accept(guest, token)), [409, 'archived']);
    assert.deepEqual(refusalOf(await invite()), [409, 'archived']);
    assert.equal((await ana.call('DELETE', `/v1/groups/${groupId}`, undefined, ANY)).status, 204);
    assert.deepEqual(refusalOf(await accept(guest, token)), [409, 'deleted']);
    assert.deepEqual(refusalOf(await api.call('GET', `/v1/invitations/${token}`)), [409, 'deleted']);
  });
});

function statuses(answers: readonly TestAnswer[]): number[] {
  return answers.map((answer) => answer.status).toSorted((a, b) => a - b);
}
