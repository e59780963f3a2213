// Goal: an account is read and changed by its owner alone, and never from a stale copy.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('my account', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  it('read, answers the account with its ETag, and 304 to who has it', async () => {
    const ana = await api.user('Ana');
    const got = await ana.call('GET', '/v1/me');
    assert.deepEqual([got.status, got.headers.get('etag'), got.body.id], [200, '"v1"', ana.userId]);
    assert.equal((await ana.call('GET', '/v1/me', undefined, { 'if-none-match': '"v1"' })).status, 304);
    assert.equal((await api.call('GET', '/v1/me')).status, 401);
  });

  it('change, with the current version, changes what is given and no more', async () => {
    const ana = await api.user('Ana');
    const change = { displayName: 'Ana María', locale: 'es-mx', timeZone: 'America/Mexico_City', defaultCurrency: 'MXN' };
    const changed = await ana.call('PATCH', '/v1/me', change, { 'if-match': '"v1"' });
    assert.deepEqual([changed.status, changed.headers.get('etag')], [200, '"v2"']);
    const { displayName, locale, timeZone, defaultCurrency, version, email } = changed.body;
    assert.deepEqual(
      { displayName, locale, timeZone, defaultCurrency, version, email },
      { ...change, locale: 'es-MX', version: 2, email: ana.email },
    );
    assert.ok(api.events.some((stored) => stored.event.type === 'user.updated' && stored.event.subjectId === ana.userId));
    const nothing = await ana.call('PATCH', '/v1/me', {}, { 'if-match': '"v2"' });
    assert.deepEqual([nothing.status, nothing.body.version], [200, 2]);
  });

  it('change, stale or without If-Match, is 412 or 428', async () => {
    const ana = await api.user('Ana');
    assert.equal((await ana.call('PATCH', '/v1/me', { displayName: 'A' })).status, 428);
    const both = await Promise.all(['B', 'C'].map((displayName) => ana.call('PATCH', '/v1/me', { displayName }, { 'if-match': '"v1"' })));
    assert.deepEqual(statuses(both), [200, 412]);
    assert.equal((await ana.call('PATCH', '/v1/me', { displayName: 'D' }, { 'if-match': '*' })).status, 200);
  });

  it('change, bad fields, is refused and changes nothing', async () => {
    const ana = await api.user('Ana');
    for (const [change, status, code] of [
      [{ displayName: ' padded ' }, 400, 'invalid_request'],
      [{ email: 'other@example.com' }, 400, 'unknown_field'],
      [{ locale: 'not a tag' }, 400, 'invalid_request'],
      [{ defaultCurrency: 'XAU' }, 422, 'unknown_currency'],
    ] as const) {
      const refused = await ana.call('PATCH', '/v1/me', change, { 'if-match': '*' });
      assert.deepEqual([refused.status, refused.body.code], [status, code]);
    }
    assert.equal((await ana.call('GET', '/v1/me')).body.version, 1);
  });

  it('change, repeated under one Idempotency-Key, happens once', async () => {
    const ana = await api.user('Ana');
    const headers = { 'if-match': '"v1"', 'idempotency-key': uuidv7() };
    const first = await ana.call('PATCH', '/v1/me', { displayName: 'Once' }, headers);
    const again = await ana.call('PATCH', '/v1/me', { displayName: 'Once' }, headers);
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
  });
});

function statuses(answers: readonly TestAnswer[]): number[] {
  return answers.map((answer) => answer.status).toSorted((a, b) => a - b);
}
