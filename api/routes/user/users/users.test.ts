// Goal: people with a platform role can help and hold, only as far as their role goes, and everything they do is written down.
// Method: the real API over real Postgres.
import assert from 'node:assert/strict';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { until } from '../../../../test/support/until.ts';

const ANY = { 'if-match': '*' };

describe('platform roles', function () {
  this.timeout(60_000);
  let api: TestApi;
  let admin: TestUser;
  let support: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    admin = await api.user('Adele Admin', { platformRole: 'admin' });
    support = await api.user('Sam Support', { platformRole: 'support' });
  });
  after(() => api.stop());

  const change = (by: TestUser, of: TestUser, fields: object, headers: Record<string, string> = ANY): Promise<TestAnswer> =>
    by.call('PATCH', `/v1/users/${of.userId}`, { reason: 'asked for', ...fields }, headers);
  const log = async (subject: TestUser, action?: string): Promise<{ action: string; actorId: string; data: Record<string, unknown> }[]> =>
    (await admin.call('GET', `/v1/audit?subject=${subject.userId}${action === undefined ? '' : `&action=${action}`}`)).body.data as never;

  it('somebody without one, sees no list, no log and no account', async () => {
    const [ana, ben] = [await api.user(), await api.user()];
    for (const path of ['/v1/users', '/v1/audit']) assert.equal((await ana.call('GET', path)).status, 403);
    assert.equal((await ana.call('GET', `/v1/users/${ben.userId}`)).status, 404);
    assert.equal((await ana.call('GET', `/v1/users/${ana.userId}`)).status, 404);
    assert.equal((await change(ana, ben, { state: 'suspended' })).status, 404);
    assert.equal((await change(ana, ana, { platformRole: 'admin' })).status, 404);
    assert.equal((await api.call('GET', '/v1/users')).status, 401);
  });

  it('a token of an admin, with whatever scope, may none of it', async () => {
    const token = await api.user('Token', { platformRole: 'admin', scopes: ['profile:read', 'groups:read'] });
    for (const path of ['/v1/users', '/v1/audit', `/v1/users/${admin.userId}`])
      assert.equal((await token.call('GET', path)).body.code, 'insufficient_scope');
  });

  it('accounts, are found by id, address and beginning of a name, in pages', async () => {
    const zoe = await api.user('Zoe 100%_sure');
    for (const q of [zoe.userId, zoe.email.toUpperCase(), 'zoe 100', 'Zoe 100%_'])
      assert.deepEqual(idsOf(await support.call('GET', `/v1/users?q=${encodeURIComponent(q)}`)), [zoe.userId], q);
    assert.deepEqual(idsOf(await support.call('GET', `/v1/users?q=${encodeURIComponent('%')}`)), []);
    assert.deepEqual(idsOf(await support.call('GET', '/v1/users?role=support')), [support.userId]);
    const first = await support.call('GET', '/v1/users?limit=1');
    const second = await support.call('GET', `/v1/users?limit=1&cursor=${encodeURIComponent(first.body.nextCursor as string)}`);
    assert.notDeepEqual(idsOf(first), idsOf(second));
  });

  it('the log, is not asked for a time that ends before it begins', async () => {
    const asked = (to: string): Promise<TestAnswer> =>
      support.call('GET', `/v1/audit?from=${encodeURIComponent('2026-01-01T02:00:00+02:00')}&to=${encodeURIComponent(to)}`);
    assert.equal((await asked('2026-01-01T00:00:00Z')).status, 200, 'one moment in two zones');
    const reversed = await asked('2026-01-01T01:59:59+02:00');
    assert.deepEqual([reversed.status, reversed.body.code, reversed.body.errors[0].pointer], [422, 'contradictory_filters', '/query/to']);
  });

  it('suspended by support, is signed out within a second and cannot sign in, until let back in', async () => {
    const email = `held.${process.pid}@example.com`;
    const { body } = await api.call('POST', '/v1/auth/register', { email, password: 'correct horse battery', displayName: 'Held' });
    const held = { userId: body.user.id } as TestUser;
    const login = async (): Promise<number> =>
      (await api.call('POST', '/v1/auth/login', { email, password: 'correct horse battery' })).status;
    const headers = { authorization: `Bearer ${body.accessToken}` };
    assert.equal((await api.call('GET', '/v1/me', undefined, headers)).status, 200);
    const answer = await change(support, held, { state: 'suspended' });
    assert.deepEqual([answer.status, answer.body.state], [200, 'suspended']);
    await until('signed out', async () => (await api.call('GET', '/v1/me', undefined, headers)).status === 401, 1_500);
    assert.equal(await login(), 401);
    assert.equal((await api.call('POST', '/v1/auth/refresh', { refreshToken: body.refreshToken })).status, 401);
    assert.equal((await change(support, held, { state: 'active' })).body.state, 'active');
    assert.equal(await login(), 200);
    assert.equal((await api.call('POST', '/v1/auth/refresh', { refreshToken: body.refreshToken })).status, 401, 'what ended stays ended');
  });

  it('support, gives no roles and suspends nobody who has one', async () => {
    const ana = await api.user('Ana');
    assert.equal((await change(support, ana, { platformRole: 'support' })).status, 403);
    assert.equal((await change(support, admin, { state: 'suspended' })).status, 403);
    assert.equal((await change(support, support, { platformRole: 'admin' })).body.code, 'own_account');
    assert.equal((await support.call('GET', `/v1/users/${ana.userId}`)).body.platformRole, null);
  });

  it('an admin, gives and takes roles, which count within a second', async () => {
    const ana = await api.user('Ana');
    assert.equal((await change(admin, ana, { platformRole: 'support' })).body.platformRole, 'support');
    await until('may look', async () => (await ana.call('GET', '/v1/users')).status === 200, 1_500);
    assert.equal((await change(admin, ana, { platformRole: null })).body.platformRole, null);
    await until('may not', async () => (await ana.call('GET', '/v1/users')).status === 403, 1_500);
  });

  it('a version that is old, or none, changes nothing', async () => {
    const ana = await api.user('Ana');
    assert.equal((await change(admin, ana, { state: 'suspended' }, { 'if-match': '"v7"' })).status, 412);
    assert.equal((await change(admin, ana, { state: 'suspended' }, {})).status, 428);
    assert.equal((await change(admin, ana, { reason: '' })).status, 400);
    assert.equal((await change(admin, ana, { state: 'erased' })).status, 400);
    assert.equal((await ana.call('GET', '/v1/me')).status, 200);
  });

  it('every act, reading too, is in the log with who did it and why', async () => {
    const ana = await api.user('Ana');
    await support.call('GET', `/v1/users/${ana.userId}`);
    await change(support, ana, { state: 'suspended', reason: 'a complaint' });
    const acts = await log(ana, 'platform.acted');
    assert.deepEqual(acts.map(({ actorId, data }) => [actorId, data['operation']]).toReversed(), [
      [support.userId, 'getUser'],
      [support.userId, 'updateUser'],
    ]);
    const [suspended] = await log(ana, 'user.suspended');
    assert.deepEqual([suspended?.actorId, suspended?.data['reason']], [support.userId, 'a complaint']);
    const own = await admin.call('GET', `/v1/audit?actor=${admin.userId}&limit=1`);
    assert.equal(own.body.data[0].data.operation, 'listAudit', 'reading the log is in the log');
  });

  it('a refused act, is in the log too', async () => {
    const ana = await api.user('Ana');
    await change(support, ana, { platformRole: 'admin' });
    assert.deepEqual(
      (await log(ana)).map(({ action }) => action),
      ['platform.acted'],
    );
  });

  it('two admins who take each other’s role away at once, leave one', async () => {
    await api.deps.databases.user!.pool.query(`update "user".account set platform_role = null where id <> $1`, [admin.userId]);
    const other = await api.user('Other', { platformRole: 'admin' });
    const answers = await Promise.all([change(admin, other, { platformRole: null }), change(other, admin, { platformRole: null })]);
    const { rows } = await api.deps.databases.user!.pool.query(`select id from "user".account where platform_role = 'admin'`);
    assert.equal(rows.length, 1, JSON.stringify(answers.map(({ status, body }) => [status, body.code])));
    await api.deps.databases.user!.pool.query(`update "user".account set platform_role = 'admin' where id = $1`, [admin.userId]);
  });
});

function idsOf({ body }: TestAnswer): string[] {
  return (body.data as { id: string }[]).map(({ id }) => id);
}
