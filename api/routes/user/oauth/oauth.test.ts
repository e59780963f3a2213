// Goal: an owner keeps applications, and nobody else sees or changes them. Method: the routes over real Postgres.
import assert from 'node:assert/strict';
import { APPLICATIONS_MAX } from '../../../../db/commands/user/oauth.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('applications', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api.stop());

  const fields = { name: 'Budget', redirectUris: ['https://app.example.com/back'], scopes: ['profile:read'], kind: 'confidential' };
  const make = (change: object = {}, user = ana): Promise<TestAnswer> =>
    user.call('POST', '/v1/oauth/applications', { ...fields, ...change });

  it('made, shows its secret once, and a public one none', async () => {
    const { status, body } = await make({ homepageUrl: 'https://app.example.com' });
    assert.equal(status, 201);
    assert.match(body.clientSecret, /^ssx_app_[\w-]{43}$/);
    assert.equal(body.clientId, body.id);
    const list = (await ana.call('GET', '/v1/oauth/applications')).body.data as Record<string, unknown>[];
    const shown = list.find(({ id }) => id === body.id);
    const { clientSecret: _secret, ...rest } = body;
    assert.deepEqual(shown, rest);
    assert.ok(!JSON.stringify(list).includes(body.clientSecret));
    assert.equal((await make({ kind: 'public' })).body.clientSecret, undefined);
  });

  it('changed, keeps what was not named; its secret replaced, gets another', async () => {
    const { body } = await make();
    const path = `/v1/oauth/applications/${body.id}`;
    const changed = await ana.call('PATCH', path, { name: 'Other', homepageUrl: 'https://other.example.com' });
    assert.deepEqual([changed.status, changed.body.name, changed.body.redirectUris], [200, 'Other', fields.redirectUris]);
    assert.equal((await ana.call('PATCH', path, { homepageUrl: null })).body.homepageUrl, null);
    assert.equal((await ana.call('PATCH', path, {})).status, 400);
    const replaced = await ana.call('POST', `${path}/secret`);
    assert.notEqual(replaced.body.clientSecret, body.clientSecret);
    const open = await make({ kind: 'public' });
    assert.equal((await ana.call('POST', `/v1/oauth/applications/${open.body.id}/secret`)).body.code, 'application_public');
  });

  it('of another person, is 404', async () => {
    const { body } = await make();
    const ben = await api.user('Ben');
    const path = `/v1/oauth/applications/${body.id}`;
    for (const [method, at, send] of [
      ['PATCH', path, { name: 'x' }],
      ['DELETE', path, undefined],
      ['POST', `${path}/secret`, undefined],
    ] as const)
      assert.equal((await ben.call(method, at, send)).status, 404);
    assert.equal((await ben.call('GET', '/v1/oauth/applications')).body.data.length, 0);
  });

  it('with a redirect URI that leads elsewhere, is 422 at its place', async () => {
    const { status, body } = await make({ redirectUris: ['https://app.example.com/back', 'http://app.example.com/back'] });
    assert.deepEqual([status, body.code, body.errors[0].pointer], [422, 'invalid_redirect_uri', '/redirectUris/1']);
  });

  it('more than are allowed, also at once, is 409 application_limit_reached', async () => {
    const many = await api.user('Many');
    const answers = await Promise.all(Array.from({ length: APPLICATIONS_MAX + 3 }, () => make({}, many)));
    assert.equal(answers.filter(({ status }) => status === 201).length, APPLICATIONS_MAX);
    assert.equal(answers.filter(({ body }) => body.code === 'application_limit_reached').length, 3);
  });
});
