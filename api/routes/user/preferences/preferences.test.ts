// Goal: preferences are the caller's own, always whole, and never replaced from a stale copy against the caller's will.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { PREFERENCES_DEFAULT } from '../../../../domain/preferences.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const PATH = '/v1/me/preferences';

describe('my preferences', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    ana = await api.user('Ana');
  });

  it('read, nothing chosen, answers the defaults with a version, and 304 to who has it', async () => {
    const got = await ana.call('GET', PATH);
    assert.deepEqual([got.status, got.headers.get('etag'), got.body], [200, '"v1"', PREFERENCES_DEFAULT]);
    assert.equal((await ana.call('GET', PATH, undefined, { 'if-none-match': '"v1"' })).status, 304);
    assert.equal((await api.call('GET', PATH)).status, 401);
  });

  it('replace, answers the whole; what is left out the next time is a default again', async () => {
    const all = {
      weekStart: 'sunday',
      nameStyle: 'first',
      amountStyle: 'code',
      splitMethod: 'shares',
      groupCurrency: 'JPY',
      marketingMails: true,
    };
    const put = await ana.call('PUT', PATH, all);
    assert.deepEqual([put.status, put.headers.get('etag'), put.body], [200, '"v2"', all]);
    assert.deepEqual((await ana.call('GET', PATH)).body, all);
    const again = await ana.call('PUT', PATH, { weekStart: 'saturday' });
    assert.deepEqual([again.status, again.body], [200, { ...PREFERENCES_DEFAULT, weekStart: 'saturday' }]);
    assert.deepEqual((await (await api.user('Ben')).call('GET', PATH)).body, PREFERENCES_DEFAULT);
  });

  it('replace, with what was read, two at once: one is 200 and one 412', async () => {
    for (const version of ['"v1"', '"v2"']) {
      const both = await Promise.all(
        ['sunday', 'saturday'].map((weekStart) => ana.call('PUT', PATH, { weekStart }, { 'if-match': version })),
      );
      assert.deepEqual(
        both.map(({ status }) => status).toSorted((a, b) => a - b),
        [200, 412],
      );
    }
    assert.equal((await ana.call('PUT', PATH, {}, { 'if-match': '*' })).status, 200);
  });

  it('replace, bad fields, is refused and changes nothing', async () => {
    for (const [body, status, code, pointer] of [
      [{ weekStart: 'tuesday' }, 400, 'invalid_request', '/weekStart'],
      [{ marketingMails: 'no' }, 400, 'invalid_request', '/marketingMails'],
      [{ version: 3 }, 400, 'unknown_field', '/version'],
      [{ groupCurrency: 'eur' }, 400, 'invalid_request', '/groupCurrency'],
      [{ groupCurrency: 'XAU' }, 422, 'unknown_currency', '/groupCurrency'],
    ] as const) {
      const refused = await ana.call('PUT', PATH, body);
      assert.deepEqual([...refusalOf(refused), refused.body.errors[0].pointer], [status, code, pointer]);
    }
    assert.equal((await ana.call('GET', PATH)).headers.get('etag'), '"v1"');
  });

  it('replace, repeated under one Idempotency-Key, happens once', async () => {
    const headers = { 'idempotency-key': uuidv7() };
    const first = await ana.call('PUT', PATH, { nameStyle: 'first' }, headers);
    const again = await ana.call('PUT', PATH, { nameStyle: 'first' }, headers);
    assert.deepEqual([again.status, again.body, again.headers.get('etag')], [200, first.body, '"v2"']);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
  });
});
