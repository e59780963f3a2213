// Goal: people sign in with an OpenID provider, and an account is never taken by it without its own proof.
// Method: the sandbox's real provider and the API over HTTP, with a browser that keeps cookies; attacks in hostile.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { Browser } from '../../../../demo/browser.ts';
import { type RunningDoubles, startDoubles } from '../../../../sandbox/doubles/doubles.ts';
import { OPENID_CLIENT } from '../../../../sandbox/doubles/openid/provider.ts';
import { startApi, type TestAnswer, type TestApi } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const PASSWORD = 'correct horse battery';

interface Person {
  readonly email: string;
  readonly name?: string;
  readonly emailVerified?: boolean;
}

interface Answered {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape.
  readonly body: any;
}

describe('sign-in with an OpenID provider', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'oidc-'));
  let doubles: RunningDoubles;
  let api: TestApi;

  before(async () => {
    doubles = await startDoubles({ dataDir: folder });
    const provider = { id: 'sandbox', issuer: doubles.openIdIssuer, clientId: OPENID_CLIENT.id, clientSecret: OPENID_CLIENT.secret };
    const providers = [{ ...provider, displayName: 'Sandbox' }];
    api = await startApi(await testDatabaseUrl(), { SANDBOX: '1', OIDC_PROVIDERS: JSON.stringify(providers) });
  });
  after(async () => {
    await api.stop();
    await doubles.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const newEmail = (): string => `${uuidv7()}@people.example`;
  const isCallback = (url: URL): boolean => url.pathname.endsWith('/callback');

  /** Goes to the provider and says who one is. @returns the callback's address, which is not asked yet. */
  const atProvider = async (browser: Browser, person: Person, query = ''): Promise<URL> => {
    const page = await browser.visit(`${api.url}/v1/auth/oidc/sandbox/start${query}`);
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /Sign in/);
    const form = { email: person.email, name: person.name ?? 'Ada', emailVerified: String(person.emailVerified ?? true) };
    const { url, status, text } = await browser.visit(page.url.href, { form, stopAt: isCallback });
    assert.equal(status, 0, text);
    return url;
  };
  const open = async (browser: Browser, url: URL | string): Promise<Answered> => {
    const { status, text } = await browser.visit(String(url));
    return { status, body: JSON.parse(text) as unknown };
  };
  const signIn = async (person: Person, query = ''): Promise<Answered> => {
    const browser = new Browser();
    return open(browser, await atProvider(browser, person, query));
  };
  const register = async (email: string): Promise<TestAnswer> => {
    const answer = await api.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Ana' });
    assert.equal(answer.status, 201);
    return answer;
  };
  const as = (answer: Answered): Record<string, string> => ({ authorization: `Bearer ${answer.body.accessToken}` });
  const sql = async (text: string, values: unknown[]): Promise<Record<string, unknown>[]> =>
    (await api.deps.databases.user!.pool.query(text, values)).rows as Record<string, unknown>[];

  it('a first sign-in, with an address that somebody has asked, shows the request at once', async () => {
    const email = newEmail();
    const asker = await api.user('Asker');
    const { id } = (await asker.call('POST', '/v1/friends', { email })).body;
    const signed = await signIn({ email });
    const { data } = (await api.call('GET', '/v1/friends', undefined, as(signed))).body;
    assert.deepEqual(
      data.map((row: Record<string, unknown>) => [row['id'], row['direction'], row['displayName']]),
      [[id, 'incoming', 'Asker']],
    );
  });

  it('providers, are listed with where to begin', async () => {
    const { status, body } = await api.call('GET', '/v1/auth/oidc');
    assert.deepEqual(
      [status, body.data],
      [200, [{ id: 'sandbox', displayName: 'Sandbox', startUrl: `${api.url}/v1/auth/oidc/sandbox/start` }]],
    );
  });

  it('a new person, gets an account with the verified address, and the same one the next time', async () => {
    const email = newEmail();
    const first = await signIn({ email, name: 'Grace Hopper' });
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.deepEqual(Object.keys(first.body).toSorted(), ['accessToken', 'expiresIn', 'refreshToken', 'user']);
    const { id, displayName, emailVerified } = first.body.user;
    assert.deepEqual([first.body.user.email, displayName, emailVerified], [email, 'Grace Hopper', true]);
    const again = await signIn({ email: email.toUpperCase() });
    assert.deepEqual([again.status, again.body.user.id], [200, id]);
    assert.equal((await api.call('GET', '/v1/me', undefined, as(again))).status, 200);
    const refreshed = await api.call('POST', '/v1/auth/refresh', { refreshToken: again.body.refreshToken });
    assert.equal(refreshed.status, 200);
    const sessions = await sql('select methods from "user".session where account_id = $1', [id]);
    assert.deepEqual(sessions, [{ methods: ['fed'] }, { methods: ['fed'] }]);
    const actions = await sql('select action from "user".audit_event where subject_id = $1 order by id', [id]);
    assert.deepEqual(
      actions.map(({ action }) => action),
      ['account.registered', 'identity.linked', 'sign_in', 'sign_in'],
    );
    assert.equal((await api.call('POST', '/v1/auth/login', { email, password: 'none' })).status, 401);
    const seen = (await (await fetch(`${doubles.sandboxUrl}/_sandbox/sign-ins`)).json()) as { data: { email: string }[] };
    assert.ok(seen.data.some((one) => one.email === email));
  });

  it('start, asks for PKCE S256, state and nonce, and sets a cookie that scripts cannot read', async () => {
    const answer = await fetch(`${api.url}/v1/auth/oidc/sandbox/start`, { redirect: 'manual' });
    assert.equal(answer.status, 302);
    const asked = new URL(answer.headers.get('location') ?? '').searchParams;
    assert.equal(asked.get('code_challenge_method'), 'S256');
    assert.match(asked.get('code_challenge') ?? '', /^[\w-]{43}$/);
    assert.match(asked.get('state') ?? '', /^[\w-]{43}$/);
    assert.match(asked.get('nonce') ?? '', /^[\w-]{43}$/);
    assert.equal(asked.get('redirect_uri'), `${api.url}/v1/auth/oidc/sandbox/callback`);
    assert.match(answer.headers.get('set-cookie') ?? '', /^oidc=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    const program = await api.call('GET', '/v1/auth/oidc/sandbox/start', undefined, { accept: 'application/json' });
    assert.deepEqual([program.status, Object.keys(program.body)], [200, ['authorizationUrl']]);
    assert.ok(program.headers.get('set-cookie') !== null);
    const rows = await sql('select * from "user".oidc_transaction', []);
    assert.ok(!JSON.stringify(rows).includes(asked.get('state')!), 'the state itself is not stored');
  });

  it('an unknown provider, is 404, and an unknown parameter of start 400', async () => {
    for (const path of ['/v1/auth/oidc/other/start', '/v1/auth/oidc/other/start?link=1'])
      assert.equal((await api.call('GET', path)).body.code, 'not_found', path);
    assert.equal((await api.call('GET', '/v1/auth/oidc/sandbox/start?returnTo=https://evil.example')).body.code, 'unknown_field');
  });

  it('callback, twice with one state, is refused the second time', async () => {
    const browser = new Browser();
    const callback = await atProvider(browser, { email: newEmail() });
    const cookie = new Browser();
    const [first, second] = await Promise.all([open(browser, callback), open(browser, callback)]);
    assert.deepEqual(
      [first.status, second.status].toSorted((a, b) => a - b),
      [200, 400],
    );
    const third = await open(browser, callback);
    assert.deepEqual([third.status, third.body.code], [400, 'oidc_state_invalid']);
    assert.equal((await open(cookie, callback)).body.code, 'oidc_state_invalid');
  });

  it('callback, in another browser than the one that began, signs nobody in', async () => {
    const [attacker, victim] = [new Browser(), new Browser()];
    const callback = await atProvider(attacker, { email: newEmail() });
    assert.equal((await open(victim, callback)).body.code, 'oidc_state_invalid', 'without a cookie');
    await atProvider(victim, { email: newEmail() });
    assert.equal((await open(victim, callback)).body.code, 'oidc_state_invalid', 'with a cookie of its own');
    assert.equal((await open(attacker, callback)).status, 200);
  });

  it('callback, with a made-up state, without one, or after ten minutes, is refused', async () => {
    const browser = new Browser();
    const callback = await atProvider(browser, { email: newEmail() });
    const changed = new URL(callback);
    changed.searchParams.set('state', 'x'.repeat(43));
    assert.equal((await open(browser, changed)).body.code, 'oidc_state_invalid');
    changed.searchParams.delete('state');
    assert.equal((await open(browser, changed)).body.code, 'oidc_state_invalid');
    await sql(`update "user".oidc_transaction set expires_at = now() - interval '1 second'`, []);
    assert.equal((await open(browser, callback)).body.code, 'oidc_state_invalid');
  });

  it('callback, with the code or the verifier of another sign-in, is refused', async () => {
    const [one, two] = [new Browser(), new Browser()];
    const [mine, theirs] = [await atProvider(one, { email: newEmail() }), await atProvider(two, { email: newEmail() })];
    mine.searchParams.set('code', theirs.searchParams.get('code')!);
    const injected = await open(one, mine);
    assert.deepEqual([injected.status, injected.body.code], [401, 'oidc_failed']);
  });

  it('callback, with another issuer or none, is refused before the code is sent anywhere', async () => {
    for (const iss of ['https://evil.example', null]) {
      const browser = new Browser();
      const callback = await atProvider(browser, { email: newEmail() });
      if (iss === null) callback.searchParams.delete('iss');
      else callback.searchParams.set('iss', iss);
      const refused = await open(browser, callback);
      assert.deepEqual([refused.status, refused.body.code], [401, 'oidc_failed'], String(iss));
    }
  });

  it('callback, with an error of the provider, is refused and names nothing of it', async () => {
    const browser = new Browser();
    const callback = await atProvider(browser, { email: newEmail() });
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');
    callback.searchParams.set('error_description', 'secret of somebody');
    const refused = await open(browser, callback);
    assert.deepEqual([refused.status, refused.body.code], [401, 'oidc_failed']);
    assert.ok(!JSON.stringify(refused.body).includes('secret of somebody'));
  });

  it('two callbacks at once with one new identity, end in one account', async () => {
    const email = newEmail();
    const browsers = Array.from({ length: 6 }, () => new Browser());
    const callbacks = await Promise.all(browsers.map((browser) => atProvider(browser, { email })));
    const answers = await Promise.all(browsers.map((browser, index) => open(browser, callbacks[index]!)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]), JSON.stringify(answers.map(({ body }) => body.code)));
    assert.equal(new Set(answers.map(({ body }) => body.user.id)).size, 1);
    const [row] = await sql('select count(*)::int as n from "user".identity where account_id = $1', [answers[0]!.body.user.id]);
    assert.equal(row!['n'], 1);
  });

  it('an address that the provider has not verified, makes no account and takes none', async () => {
    const [fresh, taken] = [newEmail(), newEmail()];
    await register(taken);
    for (const email of [fresh, taken]) {
      const refused = await signIn({ email, emailVerified: false });
      assert.deepEqual([refused.status, refused.body.code, refused.body.linkToken], [409, 'oidc_email_unverified', undefined]);
    }
  });

  it('an account with the address, verified or not, is not taken without its password', async () => {
    for (const verified of [true, false]) {
      const email = newEmail();
      const mine = await register(email);
      if (verified) await sql('update "user".account set email_verified_at = now() where id = $1', [mine.body.user.id]);
      const refused = await signIn({ email });
      assert.deepEqual([refused.status, refused.body.code], [409, 'oidc_link_required']);
      assert.deepEqual(Object.keys(refused.body).includes('accessToken'), false);
      const { linkToken } = refused.body;
      const link = (password: string): Promise<TestAnswer> => api.call('POST', '/v1/auth/oidc/link', { linkToken, password });
      assert.equal((await link('a wrong password')).body.code, 'invalid_credentials');
      assert.equal((await signIn({ email })).body.code, 'oidc_link_required', 'nothing was linked');
      const linked = await link(PASSWORD);
      assert.deepEqual([linked.status, linked.body.user?.id], [200, mine.body.user.id], JSON.stringify(linked.body));
      assert.deepEqual((await link(PASSWORD)).body.code, 'token_invalid', 'a link token is good once');
      const after = await signIn({ email });
      assert.deepEqual([after.status, after.body.user.id], [200, mine.body.user.id]);
    }
  });

  it('link, the token made up or too old, is refused', async () => {
    const email = newEmail();
    await register(email);
    const { linkToken } = (await signIn({ email })).body;
    await sql(`update "user".identity_link set expires_at = now() - interval '1 second'`, []);
    for (const token of [linkToken, 'made-up', '\u00e9']) {
      const refused = await api.call('POST', '/v1/auth/oidc/link', { linkToken: token, password: PASSWORD });
      assert.deepEqual([refused.status, refused.body.code], [422, 'token_invalid']);
    }
  });

  it('link, of the address of one account, is refused to another that is signed in', async () => {
    const email = newEmail();
    const mine = await register(email);
    const other = await api.user('Other');
    const { linkToken } = (await signIn({ email })).body;
    const refused = await other.call('POST', '/v1/me/identities', { linkToken });
    assert.deepEqual([refused.status, refused.body.code], [409, 'link_other_account']);
    const linked = await api.call('POST', '/v1/me/identities', { linkToken }, as(mine));
    assert.deepEqual([linked.status, linked.body.provider], [201, 'sandbox']);
    assert.equal((await signIn({ email })).body.user.id, mine.body.user.id);
  });

  it('link=1, gives a token and signs nobody in; only an account whose address is verified may use it', async () => {
    const person = { email: newEmail() };
    const asked = await signIn(person, '?link=1');
    assert.deepEqual([asked.status, asked.body.code], [409, 'oidc_link_required']);
    const { linkToken } = asked.body;
    assert.equal((await api.call('POST', '/v1/auth/oidc/link', { linkToken, password: PASSWORD })).body.code, 'token_invalid');
    const planted = await api.user('Planted', { verified: false });
    assert.equal((await planted.call('POST', '/v1/me/identities', { linkToken })).body.code, 'email_not_verified');
    const mine = await api.user('Mine');
    assert.equal((await mine.call('POST', '/v1/me/identities', { linkToken })).status, 201);
    assert.equal((await signIn(person)).body.user.id, mine.userId);
    const again = await signIn(person, '?link=1');
    assert.deepEqual([again.status, again.body.code], [409, 'identity_taken']);
  });

  it('adding an identity, with an old sign-in and without the password, is refused', async () => {
    const { linkToken } = (await signIn({ email: newEmail() }, '?link=1')).body;
    const mine = await api.user('Mine');
    await sql(`update "user".session set created_at = now() - interval '1 hour' where account_id = $1`, [mine.userId]);
    assert.equal((await mine.call('POST', '/v1/me/identities', { linkToken })).body.code, 'reauthentication_required');
  });

  it('identities, are listed and removed by their owner alone, but never the last way in', async () => {
    const signedIn = await signIn({ email: newEmail() });
    const list = await api.call('GET', '/v1/me/identities', undefined, as(signedIn));
    assert.deepEqual([list.status, list.body.data.length, list.body.nextCursor], [200, 1, null]);
    const path = `/v1/me/identities/${list.body.data[0].id}`;
    const refused = await api.call('DELETE', path, undefined, as(signedIn));
    assert.deepEqual([refused.status, refused.body.code], [409, 'last_credential']);
    const other = await api.user('Other');
    assert.equal((await other.call('DELETE', path)).status, 404);
    await sql(`update "user".account set password_hash = '$argon2id$x' where id = $1`, [signedIn.body.user.id]);
    assert.equal((await api.call('DELETE', path, undefined, as(signedIn))).status, 204);
    assert.equal((await api.call('GET', '/v1/me/identities', undefined, as(signedIn))).body.data.length, 0);
  });

  it('a suspended account, is refused as if the provider had not proved anything', async () => {
    const email = newEmail();
    const { body } = await signIn({ email });
    await sql(`update "user".account set state = 'suspended' where id = $1`, [body.user.id]);
    const refused = await signIn({ email });
    assert.deepEqual([refused.status, refused.body.code], [401, 'oidc_failed']);
  });
});
