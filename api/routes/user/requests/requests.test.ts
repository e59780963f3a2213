// Goal: what people ask for about their own data is taken or refused as the contract says, once, and nobody else sees it.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { EXPORTS_PER_DAY } from '../../../../db/commands/user/data-requests.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('requests about my data', function () {
  this.timeout(60_000);
  let api: TestApi;
  before(async () => {
    api = await startApi(await testDatabaseUrl(), { ERASURE_GRACE_MINUTES: '60' });
  });
  after(() => api.stop());

  const age = (user: TestUser): Promise<unknown> =>
    api.deps.databases.user!.pool.query(`update "user".session set created_at = now() - interval '11 minutes' where account_id = $1`, [
      user.userId,
    ]);
  const end = (user: TestUser): Promise<unknown> =>
    api.deps.databases.user!.pool.query(`update "user".data_request set state = 'expired', ended_at = now() where account_id = $1`, [
      user.userId,
    ]);

  describe('export', () => {
    it('asked for, answers 202 with the request, and its process is woken by ids alone', async () => {
      const ana = await api.user('Ana');
      const asked = await ana.call('POST', '/v1/me/export');
      assert.equal(asked.status, 202, JSON.stringify(asked.body));
      const { id, kind, state, workflowId, download } = asked.body;
      assert.deepEqual(
        { kind, state, workflowId, download },
        { kind: 'export', state: 'running', workflowId: `export-account/${id}`, download: null },
      );
      assert.equal(asked.headers.get('location'), `/v1/me/requests/${id}`);
      const event = api.events.find((stored) => stored.event.type === 'user.export_requested' && stored.event.subjectId === ana.userId);
      assert.deepEqual(event?.process, { process: 'exportAccount', key: id });
      assert.deepEqual(event?.event.data, { requestId: id });
      assert.deepEqual((await ana.call('GET', `/v1/me/requests/${id}`)).body, asked.body);
    });

    it('repeated under one key, is one request; without a key it is 409 while the first runs', async () => {
      const ana = await api.user('Ana');
      const headers = { 'idempotency-key': uuidv7() };
      const first = await ana.call('POST', '/v1/me/export', undefined, headers);
      const again = await ana.call('POST', '/v1/me/export', undefined, headers);
      assert.deepEqual([again.status, again.body.id, again.headers.get('idempotent-replayed')], [202, first.body.id, 'true']);
      const second = await ana.call('POST', '/v1/me/export');
      assert.deepEqual([second.status, second.body.code], [409, 'request_in_progress']);
    });

    it('two at once, one is taken', async () => {
      const ana = await api.user('Ana');
      const both = await Promise.all([ana.call('POST', '/v1/me/export'), ana.call('POST', '/v1/me/export')]);
      assert.deepEqual(
        both.map(({ status }) => status).toSorted((a, b) => a - b),
        [202, 409],
      );
    });

    it(`asked for ${EXPORTS_PER_DAY} times a day is taken, once more is refused`, async () => {
      const ana = await api.user('Ana');
      for (let time = 1; time <= EXPORTS_PER_DAY; time++) {
        assert.equal((await ana.call('POST', '/v1/me/export')).status, 202, `time ${time}`);
        await end(ana);
      }
      const refused = await ana.call('POST', '/v1/me/export');
      assert.deepEqual([refused.status, refused.body.code], [409, 'export_limit_reached']);
    });

    it('cancelled, says so, also the second time; there is nothing to download', async () => {
      const ana = await api.user('Ana');
      const { id } = (await ana.call('POST', '/v1/me/export')).body;
      const early = await ana.call('GET', `/v1/me/requests/${id}/download`);
      assert.deepEqual([early.status, early.body.code], [409, 'export_not_ready']);
      for (const time of ['first', 'second']) {
        const cancelled = await ana.call('POST', `/v1/me/requests/${id}/cancel`);
        assert.deepEqual([cancelled.status, cancelled.body.state], [200, 'cancelled'], time);
      }
      assert.equal((await ana.call('GET', `/v1/me/requests/${id}/download`)).status, 409);
      await end(ana);
      const late = await ana.call('POST', `/v1/me/requests/${id}/cancel`);
      assert.deepEqual([late.status, late.body.code], [409, 'not_cancellable']);
    });

    it('of somebody else, is not there', async () => {
      const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
      const { id } = (await ana.call('POST', '/v1/me/export')).body;
      assert.equal((await ben.call('GET', `/v1/me/requests/${id}`)).status, 404);
      assert.equal((await ben.call('GET', `/v1/me/requests/${id}/download`)).status, 404);
      assert.equal((await ben.call('POST', `/v1/me/requests/${id}/cancel`)).status, 404);
      assert.equal((await ana.call('GET', `/v1/me/requests/${uuidv7()}`)).status, 404);
    });

    it('by a personal access token, is refused whatever its scopes', async () => {
      const robot = await api.user('Robot', { scopes: ['profile:read', 'profile:write'] });
      for (const [method, path] of [
        ['POST', '/v1/me/export'],
        ['POST', '/v1/me/erase'],
        ['DELETE', '/v1/me'],
      ] as const) {
        const refused = await robot.call(method, path, {}, { 'if-match': '*' });
        assert.deepEqual([refused.status, refused.body.code], [403, 'insufficient_scope'], path);
      }
    });
  });

  describe('erasure', () => {
    it('asked for, waits for its time, and can be followed by a link that names nobody', async () => {
      const ana = await api.user('Ana');
      const asked = await ana.call('POST', '/v1/me/erase', {});
      assert.equal(asked.status, 202, JSON.stringify(asked.body));
      const { id, state, beginsAt, statusUrl } = asked.body;
      assert.equal(state, 'pending');
      assert.ok(Math.abs(Date.parse(beginsAt) - Date.now() - 3_600_000) < 60_000, beginsAt);
      const path = new URL(statusUrl).pathname;
      const followed = await api.call('GET', path);
      assert.deepEqual(
        [followed.status, Object.keys(followed.body), followed.body.state],
        [200, ['state', 'createdAt', 'endedAt', 'proof'], 'pending'],
      );
      assert.equal((await api.call('GET', `${path}x`)).status, 404);
      assert.equal((await api.call('GET', `/v1/erasures/${id}.${'x'.repeat(43)}`)).status, 404);
      assert.equal((await ana.call('POST', `/v1/me/requests/${id}/cancel`)).body.state, 'cancelled');
      assert.equal((await ana.call('GET', '/v1/me')).status, 200);
    });

    it('without a recent sign-in, wants the password', async () => {
      const ana = await api.user('Ana');
      await age(ana);
      const refused = await ana.call('POST', '/v1/me/erase', {});
      assert.deepEqual([refused.status, refused.body.code], [403, 'reauthentication_required']);
      const wrong = await ana.call('POST', '/v1/me/erase', { password: 'not the one' });
      assert.deepEqual([wrong.status, wrong.body.code], [401, 'invalid_credentials']);
      assert.equal((await ana.call('POST', '/v1/me/erase', { email: 'x' })).body.code, 'unknown_field');
    });

    it('by DELETE /v1/me, is the same and wants the version', async () => {
      const ana = await api.user('Ana');
      assert.equal((await ana.call('DELETE', '/v1/me')).status, 428);
      assert.equal((await ana.call('DELETE', '/v1/me', undefined, { 'if-match': '"v7"' })).status, 412);
      const asked = await ana.call('DELETE', '/v1/me', undefined, { 'if-match': '"v1"' });
      assert.deepEqual([asked.status, asked.body.kind], [202, 'erasure']);
      const twice = await ana.call('POST', '/v1/me/erase', {});
      assert.deepEqual([twice.status, twice.body.code], [409, 'request_in_progress']);
    });

    it('of the last admin, or while a gateway moves money, is refused; a manual payment stands in nobody’s way', async () => {
      const admin = await api.user('Admin', { platformRole: 'admin' });
      const last = await admin.call('POST', '/v1/me/erase', {});
      assert.deepEqual([last.status, last.body.code], [409, 'last_admin']);

      const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
      const group = await createGroup(ana);
      const benId = await join(ana, group.id as string, ben);
      const paid = await ana.call(
        'POST',
        `/v1/groups/${group.id}/payments`,
        { from: group.myMemberId, to: benId, money: { amount: '5.00', currency: 'EUR' }, method: 'manual' },
        { 'idempotency-key': uuidv7() },
      );
      assert.equal(paid.status, 202, JSON.stringify(paid.body));
      const is = (state: string): Promise<unknown> =>
        api.deps.databases.payment!.pool.query('update payment.transfer set state = $2 where id = $1', [paid.body.id, state]);
      for (const state of ['processing', 'unknown', 'quarantined']) {
        await is(state);
        for (const person of [ana, ben]) {
          const refused = await person.call('POST', '/v1/me/erase', {});
          assert.deepEqual([refused.status, refused.body.code], [409, 'payments_in_flight'], state);
        }
      }
      await is('awaiting_confirmation');
      assert.equal((await ana.call('POST', '/v1/me/erase', {})).status, 202);
    });
  });
});
