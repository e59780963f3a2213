// Goal: an application gets what a person allowed it and nothing else, and nobody gets it in its place.
// Method: each attack of RFC 9700 that concerns us, over HTTP with the pages driven as forms with a cookie jar; the good way beside it proves the door works.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createApp } from '../app.ts';
import { startApiServer } from '../server.ts';
import { SESSION_DAYS_MAX } from '../../db/commands/user/sessions.ts';
import { SCOPES } from '../../domain/scopes.ts';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { OAuthBrowser } from '../../test/support/oauth-browser.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { until } from '../../test/support/until.ts';

const PASSWORD = 'correct horse battery';
const BACK = 'https://app.example.com/callback';
/** A second, and what a loaded machine adds to it. */
const SECOND_MS = 1_500;

interface Application {
  readonly clientId: string;
  readonly clientSecret?: string;
}
// oxlint-disable-next-line typescript/no-explicit-any -- OAuth bodies of every shape.
type Answer = { status: number; headers: Headers; body: any };

describe('attacks on OAuth', function () {
  this.timeout(60_000);
  let api: TestApi;
  let owner: TestUser;
  let app: Application;
  let email: string;
  let person: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    owner = await api.user('Owner');
    ({ email, token: person } = await register());
    app = await application();
  });
  after(() => api.stop());

  let number = 0;
  const register = async (): Promise<{ email: string; token: string; userId: string }> => {
    const address = `oauth${++number}.${process.pid}@example.com`;
    const { body } = await api.call('POST', '/v1/auth/register', { email: address, password: PASSWORD, displayName: 'Pia' });
    return { email: address, token: body.accessToken as string, userId: body.user.id as string };
  };
  const application = async (fields: object = {}): Promise<Application> => {
    const answer = await owner.call('POST', '/v1/oauth/applications', {
      name: 'Budget <b>app</b>',
      redirectUris: [BACK],
      scopes: ['profile:read', 'groups:read', 'groups:write'],
      kind: 'confidential',
      ...fields,
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body as Application;
  };
  const verifier = (): string => randomBytes(32).toString('base64url');
  const challenge = (text: string): string => createHash('sha256').update(text).digest('base64url');
  const authorizeUrl = (client: Application, secret: string, changes: Record<string, string | null> = {}): string => {
    const query = new URLSearchParams();
    const fields: Record<string, string | null> = {
      client_id: client.clientId,
      response_type: 'code',
      redirect_uri: BACK,
      scope: 'profile:read groups:read',
      state: 'st4te',
      code_challenge: challenge(secret),
      code_challenge_method: 'S256',
      ...changes,
    };
    for (const [name, value] of Object.entries(fields)) if (value !== null) query.set(name, value);
    return `${api.url}/oauth/authorize?${query.toString()}`;
  };
  const post = async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> => {
    const answer = await fetch(api.url + path, { method: 'POST', body: new URLSearchParams(fields), headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const credentials = (client: Application): Record<string, string> => ({
    client_id: client.clientId,
    ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }),
  });
  const exchange = (client: Application, code: string, secret: string, changes: Record<string, string> = {}): Promise<Answer> =>
    post('/oauth/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: BACK,
      code_verifier: secret,
      ...credentials(client),
      ...changes,
    });
  const refresh = (client: Application, token: string, changes: Record<string, string> = {}): Promise<Answer> =>
    post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, ...credentials(client), ...changes });
  const codeOf = async (client: Application, secret: string, changes: Record<string, string> = {}, address = email): Promise<string> => {
    const back = await new OAuthBrowser(api.url).allow(authorizeUrl(client, secret, changes), address, PASSWORD);
    const code = back.searchParams.get('code');
    assert.ok(code !== null, back.href);
    return code;
  };
  const tokens = async (client = app, changes: Record<string, string> = {}, address = email): Promise<Answer['body']> => {
    const secret = verifier();
    const code = await codeOf(client, secret, changes, address);
    const answer = await exchange(
      client,
      code,
      secret,
      changes['redirect_uri'] === undefined ? {} : { redirect_uri: changes['redirect_uri'] },
    );
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const asks = (token: string, method = 'GET', path = '/v1/me', body?: unknown): ReturnType<TestApi['call']> =>
    api.call(method, path, body, { authorization: `Bearer ${token}` });
  const dies = (token: string): Promise<unknown> => until('refused', async () => (await asks(token)).status === 401, SECOND_MS);

  it('allowed by the person, an application gets tokens of its scopes, in the name of our issuer', async () => {
    const secret = verifier();
    const back = await new OAuthBrowser(api.url).allow(authorizeUrl(app, secret), email, PASSWORD);
    assert.equal(back.searchParams.get('state'), 'st4te');
    assert.equal(back.searchParams.get('iss'), api.url);
    const { status, body, headers } = await exchange(app, back.searchParams.get('code') ?? '', secret);
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(headers.get('cache-control') ?? '', /no-store/);
    assert.deepEqual([body.token_type, body.expires_in, body.id_token], ['Bearer', 600, undefined]);
    assert.equal(body.scope.split(' ').toSorted().join(' '), 'groups:read profile:read');
    assert.equal((await asks(body.access_token)).status, 200);
    assert.equal((await asks(body.access_token, 'GET', '/v1/groups')).status, 200);
    const next = await refresh(app, body.refresh_token);
    assert.equal(next.status, 200, JSON.stringify(next.body));
    assert.equal((await asks(next.body.access_token)).status, 200);
  });

  it('its metadata names only what is offered', async () => {
    const { body } = await api.call('GET', '/.well-known/oauth-authorization-server');
    assert.equal(body.issuer, api.url);
    assert.deepEqual([body.response_types_supported, body.code_challenge_methods_supported], [['code'], ['S256']]);
    for (const path of ['/oauth/register', '/oauth/device', '/.well-known/openid-configuration', '/me', '/session/end'])
      assert.equal((await fetch(api.url + path)).status, 404, path);
  });

  describe('authorization request', () => {
    for (const [what, changes, error] of [
      ['without PKCE', { code_challenge: null, code_challenge_method: null }, 'invalid_request'],
      ['with plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
      ['with the method of PKCE left to us', { code_challenge_method: null }, 'invalid_request'],
      ['for a token in the address', { response_type: 'token' }, 'invalid_request'],
      ['for an ID token', { response_type: 'id_token', nonce: 'n' }, 'invalid_request'],
      ['with a scope that the application has not', { scope: 'payments:write' }, 'invalid_scope'],
      ['with a scope that nobody has', { scope: 'everything' }, 'invalid_scope'],
      ['without a scope', { scope: null }, 'invalid_scope'],
      ['for another resource', { resource: 'https://elsewhere.example.com' }, 'invalid_target'],
    ] as const)
      it(`${what}, is refused`, async () => {
        const answer = await fetch(authorizeUrl(app, verifier(), changes), { redirect: 'manual' });
        const back = new URL(answer.headers.get('location') ?? 'none:');
        assert.equal(back.origin + back.pathname, BACK);
        // What asks for a token in the fragment is refused in the fragment, where its reader looks.
        const told = back.hash === '' ? back.searchParams : new URLSearchParams(back.hash.slice(1));
        assert.deepEqual([told.get('error'), told.get('code'), told.get('access_token')], [error, null, null]);
        assert.equal(told.get('iss'), api.url);
      });

    for (const [what, uri] of [
      ['a prefix', `${BACK}/more`],
      ['a slash at the end', `${BACK}/`],
      ['a query', `${BACK}?next=https://evil.example.com`],
      ['another port', 'https://app.example.com:8443/callback'],
      ['user information', 'https://app.example.com@evil.example.com/callback'],
      ['a fragment', `${BACK}#fragment`],
      ['another case', 'https://app.example.com/Callback'],
      ['a way up', 'https://app.example.com/x/../callback'],
      ['plain http', 'http://app.example.com/callback'],
      ['another host', 'https://evil.example.com/callback'],
    ] as const)
      it(`redirect URI with ${what}, is answered here and leads nowhere`, async () => {
        for (const wrong of [{}, { response_type: 'token' }, { scope: 'everything' }] as Record<string, string>[]) {
          const answer = await fetch(authorizeUrl(app, verifier(), { redirect_uri: uri, ...wrong }), { redirect: 'manual' });
          assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
          assert.doesNotMatch(await answer.text(), /node_modules|at async/);
        }
      });

    it('of an unknown application, is answered here', async () => {
      const answer = await fetch(authorizeUrl({ clientId: 'nobody' }, verifier()), { redirect: 'manual' });
      assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
    });

    it('of a native application, may name any port of the own machine and no other host', async () => {
      const native = await application({ kind: 'public', redirectUris: ['http://127.0.0.1/back'] });
      const good = await tokens(native, { redirect_uri: 'http://127.0.0.1:49152/back' });
      assert.equal((await asks(good.access_token)).status, 200);
      for (const uri of ['http://127.0.0.2:49152/back', 'http://127.0.0.1:49152/other', 'http://127.0.0.1.evil.example.com/back'])
        assert.equal((await fetch(authorizeUrl(native, verifier(), { redirect_uri: uri }), { redirect: 'manual' })).status, 400);
    });
  });

  describe('authorization code', () => {
    it('with a wrong or no verifier, is refused', async () => {
      for (const given of [verifier(), '']) {
        const secret = verifier();
        const { status, body } = await exchange(app, await codeOf(app, secret), given);
        assert.deepEqual([status, body.error], [400, 'invalid_grant']);
      }
    });

    it('with another redirect URI or none, is refused', async () => {
      const secret = verifier();
      const code = await codeOf(app, secret);
      assert.equal((await exchange(app, code, secret, { redirect_uri: `${BACK}/` })).body.error, 'invalid_grant');
      assert.equal((await exchange(app, code, secret, { redirect_uri: '' })).body.error, 'invalid_request');
    });

    it('lives for a minute', async () => {
      const secret = verifier();
      const code = await codeOf(app, secret);
      const { pool } = api.deps.databases.user!;
      const hash = createHash('sha256').update(code).digest('hex');
      const { rows } = await pool.query<{ left: number }>(
        `select extract(epoch from expires_at - now())::int as left from "user".oauth_artifact where id_hash = $1`,
        [hash],
      );
      assert.ok(rows[0]!.left > 30 && rows[0]!.left <= 60, `${rows[0]!.left} s`);
      await pool.query(`update "user".oauth_artifact set expires_at = now() where id_hash = $1`, [hash]);
      assert.equal((await exchange(app, code, secret)).body.error, 'invalid_grant');
    });

    it('used twice, ends the tokens of its first use', async () => {
      const secret = verifier();
      const code = await codeOf(app, secret);
      const first = await exchange(app, code, secret);
      assert.equal((await asks(first.body.access_token)).status, 200);
      assert.equal((await exchange(app, code, secret)).body.error, 'invalid_grant');
      await dies(first.body.access_token);
      assert.equal((await refresh(app, first.body.refresh_token)).body.error, 'invalid_grant');
    });

    it('used many times at once, gives tokens at most once', async () => {
      const secret = verifier();
      const code = await codeOf(app, secret);
      const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(app, code, secret)));
      assert.ok(answers.filter(({ status }) => status === 200).length <= 1);
    });

    it('of another application, is refused', async () => {
      const other = await application();
      const secret = verifier();
      const { body } = await exchange(other, await codeOf(app, secret), secret);
      assert.equal(body.error, 'invalid_grant');
    });
  });

  describe('client', () => {
    it('with a wrong secret, no secret, or two ways at once, is refused', async () => {
      const secret = verifier();
      const code = await codeOf(app, secret);
      const wrong = await exchange({ ...app, clientSecret: 'x'.repeat(43) }, code, secret);
      assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
      const none = await exchange({ clientId: app.clientId }, code, secret);
      assert.deepEqual([none.status, none.body.error], [401, 'invalid_client']);
      const basic = `Basic ${Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64')}`;
      const fields = { grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: secret };
      const both = await post('/oauth/token', { ...fields, ...credentials(app) }, { authorization: basic });
      assert.deepEqual([both.status, both.body.error], [400, 'invalid_request']);
      assert.equal((await post('/oauth/token', fields, { authorization: basic })).status, 200);
    });

    it('with the stored hash for a secret, is refused', async () => {
      const { rows } = await api.deps.databases.user!.pool.query<{ secret_hash: string }>(
        'select secret_hash from "user".oauth_application where id = $1',
        [app.clientId],
      );
      const secret = verifier();
      const answer = await exchange({ ...app, clientSecret: rows[0]!.secret_hash }, await codeOf(app, secret), secret);
      assert.equal(answer.body.error, 'invalid_client');
    });

    it('after its secret was replaced, needs the new one', async () => {
      const one = await application();
      const given = await tokens(one);
      const { body } = await owner.call('POST', `/v1/oauth/applications/${one.clientId}/secret`);
      assert.equal((await refresh(one, given.refresh_token)).body.error, 'invalid_client');
      assert.equal((await refresh(body as Application, given.refresh_token)).status, 200);
    });

    for (const grant of ['password', 'client_credentials', 'implicit', 'urn:ietf:params:oauth:grant-type:device_code'])
      it(`by the grant ${grant}, gets nothing`, async () => {
        const { status, body } = await post('/oauth/token', {
          grant_type: grant,
          username: email,
          password: PASSWORD,
          ...credentials(app),
        });
        assert.deepEqual([status, body.error], [400, 'unsupported_grant_type']);
      });
  });

  describe('tokens', () => {
    it('refresh token used again, ends the whole grant', async () => {
      const first = await tokens();
      const second = await refresh(app, first.refresh_token);
      assert.notEqual(second.body.refresh_token, first.refresh_token);
      assert.equal((await refresh(app, first.refresh_token)).body.error, 'invalid_grant');
      assert.equal((await refresh(app, second.body.refresh_token)).body.error, 'invalid_grant');
      await dies(second.body.access_token);
    });

    it('refreshed again and again, end a year after the first one', async () => {
      const first = await tokens();
      const { sid } = JSON.parse(Buffer.from(first.access_token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string };
      const { pool } = api.deps.databases.user!;
      await pool.query(
        `update "user".oauth_artifact set payload = jsonb_set(payload, '{iiat}', to_jsonb(extract(epoch from now())::int - $2::int))
         where model = 'RefreshToken' and grant_id = $1`,
        [sid, SESSION_DAYS_MAX * 86_400 - 3_600],
      );
      const second = await refresh(app, first.refresh_token);
      assert.equal(second.status, 200);
      const { rows } = await pool.query<{ left: number }>(
        `select greatest(extract(epoch from max(o.expires_at) - now()), extract(epoch from max(s.expires_at) - now()))::int as left
         from "user".session s join "user".oauth_artifact o on o.grant_id = s.id and o.model = 'RefreshToken' and o.consumed_at is null
         where s.id = $1`,
        [sid],
      );
      assert.ok(rows[0]!.left > 3_500 && rows[0]!.left <= 3_605, `${rows[0]!.left} s`);
    });

    it('refreshed for more than was allowed, is refused; for less, opens less', async () => {
      const given = await tokens();
      assert.equal((await refresh(app, given.refresh_token, { scope: 'profile:read groups:write' })).body.error, 'invalid_scope');
      const less = await refresh(app, given.refresh_token, { scope: 'profile:read' });
      assert.equal((await asks(less.body.access_token)).status, 200);
      assert.equal((await asks(less.body.access_token, 'GET', '/v1/groups')).body.code, 'insufficient_scope');
    });

    it('without the scope of an operation, or at one for people only, is 403 insufficient_scope', async () => {
      const { access_token: token } = await tokens();
      for (const [method, path, body] of [
        ['POST', '/v1/groups', { name: 'x', currency: 'EUR' }],
        ['GET', '/v1/me/sessions', undefined],
        ['POST', '/v1/me/tokens', { name: 'x', scopes: ['payments:write'] }],
        ['POST', '/v1/auth/logout', undefined],
        ['GET', '/v1/me/authorizations', undefined],
        ['GET', '/v1/oauth/applications', undefined],
      ] as const) {
        const answer = await asks(token, method, path, body);
        assert.deepEqual([answer.status, answer.body.code], [403, 'insufficient_scope'], path);
      }
    });

    it('introspected, is active to its own application only', async () => {
      const given = await tokens();
      const other = await application();
      const pub = await application({ kind: 'public' });
      for (const token of [given.access_token, given.refresh_token]) {
        const own = await post('/oauth/introspect', { token, ...credentials(app) });
        assert.deepEqual([own.body.active, own.body.client_id], [true, app.clientId], JSON.stringify(own.body));
        for (const stranger of [other, pub])
          assert.deepEqual((await post('/oauth/introspect', { token, ...credentials(stranger) })).body, { active: false });
      }
      assert.equal((await post('/oauth/introspect', { token: given.access_token })).status, 400);
      assert.deepEqual((await post('/oauth/introspect', { token: person, ...credentials(app) })).body, { active: false });
    });

    it('revoked by another application, lives; by its own, dies with its grant within a second', async () => {
      for (const name of ['access_token', 'refresh_token']) {
        const given = await tokens();
        await post('/oauth/revoke', { token: given[name], ...credentials(await application()) });
        assert.equal((await asks(given.access_token)).status, 200);
        assert.equal((await post('/oauth/revoke', { token: given[name], ...credentials(app) })).status, 200);
        await dies(given.access_token);
        assert.equal((await refresh(app, given.refresh_token)).body.error, 'invalid_grant');
        assert.deepEqual((await post('/oauth/introspect', { token: given.access_token, ...credentials(app) })).body, { active: false });
      }
    });

    it('taken back by the person, dies within a second', async () => {
      const given = await tokens();
      const list = (await asks(person, 'GET', '/v1/me/authorizations')).body.data as { id: string; application: { id: string } }[];
      const { id } = list.find(({ application: { id: of } }) => of === app.clientId)!;
      assert.equal((await owner.call('DELETE', `/v1/me/authorizations/${id}`)).status, 404);
      assert.equal((await asks(person, 'DELETE', `/v1/me/authorizations/${id}`)).status, 204);
      await dies(given.access_token);
      assert.equal((await refresh(app, given.refresh_token)).body.error, 'invalid_grant');
    });

    it('of an application that is deleted, dies within a second', async () => {
      const one = await application();
      const given = await tokens(one);
      assert.equal((await asks(given.access_token)).status, 200);
      assert.equal((await owner.call('DELETE', `/v1/oauth/applications/${one.clientId}`)).status, 204);
      await dies(given.access_token);
      assert.equal((await refresh(one, given.refresh_token)).body.error, 'invalid_client');
    });

    it('of a person who is suspended, dies within a second', async () => {
      const victim = await register();
      const given = await tokens(app, {}, victim.email);
      assert.equal((await asks(given.access_token)).status, 200);
      await api.deps.databases.user!.pool.query(`update "user".account set state = 'suspended' where id = $1`, [victim.userId]);
      await dies(given.access_token);
      assert.equal((await refresh(app, given.refresh_token)).body.error, 'invalid_grant');
    });

    it('codes, refresh tokens and secrets, are nowhere in the database', async () => {
      const secret = verifier();
      const code = await codeOf(app, secret);
      const { body } = await exchange(app, code, secret);
      const { rows } = await api.deps.databases.user!.pool.query<{ row: string }>(
        `select o::text as row from "user".oauth_artifact o union all select p::text from "user".oauth_application p`,
      );
      for (const { row } of rows)
        for (const hidden of [code, body.refresh_token as string, app.clientSecret ?? '', secret]) assert.ok(!row.includes(hidden));
    });
  });

  describe('pages', () => {
    it('behind https, set cookies that no other host can set or read', async () => {
      const deps = { ...api.deps, publicUrl: 'https://api.example.com' };
      const authenticate = (): never => assert.fail('no page asks for a token');
      const server = await startApiServer(0, '127.0.0.1', () => ({
        handler: createApp({ deps, authenticate, limits: deps.limits }, ['user']).callback(),
        publicUrl: deps.publicUrl,
      }));
      try {
        const answer = await fetch(authorizeUrl(app, verifier()).replace(api.url, `http://127.0.0.1:${server.port}`), {
          redirect: 'manual',
        });
        assert.equal(answer.status, 303, await answer.text());
        const cookies = answer.headers.getSetCookie();
        assert.ok(cookies.length >= 4);
        for (const cookie of cookies) assert.match(cookie, /^__Secure-.*; secure; httponly/i);
      } finally {
        await server.close(100);
      }
    });

    it('are not framed, run no script, and show names as text', async () => {
      const browser = new OAuthBrowser(api.url);
      const page = await browser.get(authorizeUrl(app, verifier()));
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'.*frame-ancestors 'none'.*base-uri 'none'/);
      assert.doesNotMatch(policy, /script-src|unsafe/);
      assert.equal(page.headers.get('x-frame-options'), 'DENY');
      assert.ok(page.text.includes('Budget &lt;b&gt;app&lt;/b&gt;'));
      for (const cookie of page.cookies) assert.match(cookie, /httponly/i);
      for (const cookie of page.cookies) assert.match(cookie, /samesite=lax/i);
    });

    it('hide the password, and let password managers and autofill help', async () => {
      const page = await new OAuthBrowser(api.url).get(authorizeUrl(app, verifier()));
      const input = /<input[^>]*name="password"[^>]*>/.exec(page.text)?.[0] ?? '';
      assert.match(input, /type="password"/);
      assert.match(input, /autocomplete="current-password"/);
      assert.match(page.text, /name="email"[^>]*autocomplete="username"/);
      assert.doesNotMatch(page.text, /onpaste|maxlength|autocomplete="off"/);
    });

    it('say who asks for what, as whom, for how long, and where the person goes then', async () => {
      const browser = new OAuthBrowser(api.url);
      await browser.get(authorizeUrl(await application(), verifier()));
      const { text } = await browser.submit({ email, password: PASSWORD });
      for (const words of ['Budget &lt;b&gt;app&lt;/b&gt;', SCOPES['profile:read'], SCOPES['groups:read'], email, BACK])
        assert.ok(text.includes(words), words);
      assert.match(text, /60 days after it was last used, after 365 days at the latest/);
      assert.ok(!text.includes(SCOPES['groups:write']), 'what was not asked for is not named');
    });

    it('sent without the cookie or the token of the form, allow nothing', async () => {
      const browser = new OAuthBrowser(api.url);
      await browser.get(authorizeUrl(await application(), verifier()));
      const consent = await browser.submit({ email, password: PASSWORD });
      const [withoutCookie, withoutToken] = [
        await new OAuthBrowser(api.url).post(consent.action, { ...consent.hidden, decision: 'allow' }),
        await browser.post(consent.action, { decision: 'allow' }),
      ];
      for (const answer of [withoutCookie, withoutToken]) assert.deepEqual([answer.status, answer.location], [400, null]);
      const crossSite = await browser.post(consent.action, { ...consent.hidden, decision: 'allow' }, { 'sec-fetch-site': 'cross-site' });
      assert.equal(crossSite.status, 400);
    });

    it('with a wrong password, say so; denied, lead back with access_denied', async () => {
      const browser = new OAuthBrowser(api.url);
      await browser.get(authorizeUrl(app, verifier()));
      const again = await browser.submit({ email, password: 'wrong' });
      assert.deepEqual([again.status, again.text.includes('Address or password is wrong')], [401, true]);
      const back = await browser.submit({ decision: 'deny' });
      assert.equal(new URL(back.location ?? 'none:').searchParams.get('error'), 'access_denied');
    });

    it('ask again for more scopes or where told to, and not for the same or fewer', async () => {
      const one = await application();
      const browser = new OAuthBrowser(api.url);
      await browser.allow(authorizeUrl(one, verifier(), { scope: 'profile:read groups:read' }), email, PASSWORD);
      const same = await browser.get(authorizeUrl(one, verifier(), { scope: 'profile:read' }));
      assert.ok(new URL(same.location ?? 'none:').searchParams.has('code'));
      for (const changes of [{ prompt: 'consent' }, { scope: 'profile:read groups:write' }] as Record<string, string>[])
        assert.ok((await browser.get(authorizeUrl(one, verifier(), changes))).text.includes('value="allow"'));
    });

    it('another person signs in with the same browser, gets an authorization of their own', async () => {
      const other = await register();
      const browser = new OAuthBrowser(api.url);
      await browser.allow(authorizeUrl(app, verifier()), email, PASSWORD);
      const secret = verifier();
      const back = await browser.allow(authorizeUrl(app, secret, { prompt: 'login' }), other.email, PASSWORD);
      const { body } = await exchange(app, back.searchParams.get('code') ?? '', secret);
      assert.equal((await asks(body.access_token)).body.id, other.userId);
    });
  });
});
