// Goal: a provider that lies, is slow or is away signs nobody in and harms nothing else.
// Method: providers made by hand on loopback, whose every answer a test may change; the API over HTTP.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { startApi, type TestApi } from '../../../../test/support/api.ts';
import { type Behaviour, type HostileProvider, hostileProvider } from '../../../../test/support/hostile-provider.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { createProviders } from './providers.ts';

const CLIENT = 'client-1';

describe('an OpenID provider that is not what it seems', function () {
  this.timeout(60_000);
  let honest: HostileProvider;
  let other: HostileProvider;
  let api: TestApi;

  before(async () => {
    [honest, other] = await Promise.all([hostileProvider(CLIENT), hostileProvider(CLIENT)]);
    const providers = [honest, other].map(({ issuer }, index) => ({ id: ['a', 'b'][index], issuer, clientId: CLIENT, displayName: 'X' }));
    providers.push({ id: 'nobody', issuer: 'http://127.0.0.1:1', clientId: CLIENT, displayName: 'X' });
    api = await startApi(await testDatabaseUrl(), { SANDBOX: '1', OIDC_PROVIDERS: JSON.stringify(providers) });
  });
  after(async () => {
    await api.stop();
    await Promise.all([honest.close(), other.close()]);
  });
  afterEach(() => {
    honest.behaviour = {};
    other.behaviour = {};
  });

  interface Begun {
    readonly callback: URL;
    readonly cookie: string;
  }
  const begin = async (id: 'a' | 'b' = 'a'): Promise<Begun> => {
    const answer = await fetch(`${api.url}/v1/auth/oidc/${id}/start`, { redirect: 'manual' });
    assert.equal(answer.status, 302, await answer.text());
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0]!;
    return { callback: (id === 'a' ? honest : other).authorize(answer.headers.get('location') ?? ''), cookie };
  };
  const finish = async ({ callback, cookie }: Begun): Promise<[number, unknown]> => {
    const answer = await api.call('GET', `${callback.pathname}${callback.search}`, undefined, { cookie });
    return [answer.status, answer.body.code ?? answer.body.user.email];
  };
  const signIn = async (behaviour: Behaviour): Promise<[number, unknown]> => {
    const begun = await begin();
    honest.behaviour = behaviour;
    return finish(begun);
  };
  const now = (): number => Math.floor(Date.now() / 1000);
  const person = (): { sub: string; email: string; email_verified: boolean } => ({
    sub: uuidv7(),
    email: `${uuidv7()}@people.example`,
    email_verified: true,
  });
  const accounts = async (): Promise<number> =>
    Number((await api.deps.databases.user!.pool.query<{ n: string }>('select count(*) as n from "user".account')).rows[0]!.n);

  it('an honest answer, signs in by the claims of the ID token', async () => {
    const claims = person();
    assert.deepEqual(await signIn({ claims }), [200, claims.email]);
    assert.deepEqual(await signIn({ claims }), [200, claims.email]);
  });

  it('an ID token that is expired, for somebody else, of another issuer, without or with another nonce, is refused', async () => {
    const before = await accounts();
    const wrong = {
      expired: { exp: now() - 120 },
      'of the future': { iat: now() + 600, nbf: now() + 600 },
      'another audience': { aud: 'somebody-else' },
      'several audiences': { aud: [CLIENT, 'somebody-else'] },
      'another issuer': { iss: 'https://accounts.example' },
      'another nonce': { nonce: 'x'.repeat(43) },
      'no nonce': { nonce: undefined },
      'no subject': { sub: undefined },
      'long subject': { sub: 'x'.repeat(256) },
    };
    for (const [name, claims] of Object.entries(wrong))
      assert.deepEqual(await signIn({ claims: { ...person(), ...claims } as never }), [401, 'oidc_failed'], name);
    assert.equal(await accounts(), before);
  });

  it('an ID token without signature, with HMAC, or signed by another key, is refused', async () => {
    const before = await accounts();
    const stranger = await generateKeyPair('ES256');
    const tokens: Record<string, NonNullable<Behaviour['idToken']>> = {
      'alg none': (claims) => new UnsecuredJWT(claims).encode(),
      HS256: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(Buffer.from(CLIENT.padEnd(32, 'x'))),
      'another key': (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(stranger.privateKey),
      'signature cut off': async (claims) => `${(await honest.sign(claims)).split('.').slice(0, 2).join('.')}.`,
      'no token': () => '',
    };
    for (const [name, idToken] of Object.entries(tokens))
      assert.deepEqual(await signIn({ idToken, claims: person() }), [401, 'oidc_failed'], name);
    assert.equal(await accounts(), before);
  });

  it('mixed-up issuer, the code of one provider at the callback of the other, is sent to neither', async () => {
    const begun = await begin('a');
    const [atA, atB] = [honest.exchanges(), other.exchanges()];
    const moved = new URL(begun.callback.href.replace('/oidc/a/', '/oidc/b/'));
    assert.deepEqual(await finish({ ...begun, callback: moved }), [400, 'oidc_state_invalid']);
    const answer = new URL(begun.callback);
    answer.searchParams.set('iss', other.issuer);
    assert.deepEqual(await finish({ ...begun, callback: answer }), [401, 'oidc_failed']);
    assert.deepEqual([honest.exchanges(), other.exchanges()], [atA, atB]);
  });

  it('one subject at two providers, is two people', async () => {
    const [mine, theirs] = [person(), person()];
    assert.deepEqual(await signIn({ claims: mine }), [200, mine.email]);
    const begun = await begin('b');
    other.behaviour = { claims: { ...theirs, sub: mine.sub } };
    assert.deepEqual(await finish(begun), [200, theirs.email]);
    const again = await begin('b');
    other.behaviour = { claims: mine };
    assert.deepEqual(await finish(again), [200, theirs.email], 'its own account, and not that of the other provider');
  });

  it('email_verified that is a text, missing or false, and an address that is none, make no account', async () => {
    for (const claims of [
      { email_verified: 'true' },
      { email_verified: undefined },
      { email_verified: false },
      { email: 'no address' },
      { email: 5 },
    ])
      assert.deepEqual(
        await signIn({ claims: { ...person(), ...claims } as never }),
        [409, 'oidc_email_unverified'],
        JSON.stringify(claims),
      );
  });

  it('an address in another case or form, is the same account that has to be proved', async () => {
    const mine = await api.user('Mine');
    assert.deepEqual(await signIn({ claims: { ...person(), email: mine.email.toUpperCase() } }), [409, 'oidc_link_required']);
  });

  it('a name or a locale that breaks a rule, is left out', async () => {
    const claims = person();
    assert.deepEqual(await signIn({ claims: { ...claims, name: 'a\nb', locale: 'not a locale' } }), [200, claims.email]);
    const { rows } = await api.deps.databases.user!.pool.query('select display_name, locale from "user".account where email = $1', [
      claims.email,
    ]);
    assert.deepEqual(rows, [{ display_name: claims.email.split('@')[0], locale: 'en' }]);
  });

  it('a provider that is away, is 503 provider_unavailable, and the process lives on', async () => {
    const answer = await api.call('GET', '/v1/auth/oidc/nobody/start');
    assert.deepEqual([answer.status, answer.body.code, answer.headers.get('retry-after')], [503, 'provider_unavailable', '5']);
    assert.equal((await api.call('GET', '/livez')).status, 200);
  });

  it('a provider in trouble at the exchange, is 503, and the state is used up', async () => {
    const begun = await begin();
    honest.behaviour = {
      take: (_request, response) => {
        response.writeHead(502).end('bad gateway');
        return true;
      },
    };
    assert.deepEqual(await finish(begun), [503, 'provider_unavailable']);
    assert.deepEqual(await finish(begun), [400, 'oidc_state_invalid']);
  });

  it('a provider that never answers, is given up after five seconds', async () => {
    const begun = await begin();
    honest.behaviour = { take: () => true };
    const started = performance.now();
    assert.deepEqual(await finish(begun), [503, 'provider_unavailable']);
    const ms = performance.now() - started;
    assert.ok(ms > 4_500 && ms < 9_000, `${ms}`);
  });

  it('an answer without end, or a redirect to another place, is not followed', async () => {
    const begun = await begin();
    honest.behaviour = {
      take: (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(`"${'x'.repeat(300_000)}`);
        return true;
      },
    };
    assert.deepEqual(await finish(begun), [503, 'provider_unavailable']);
    const asked = other.exchanges();
    const redirected = await begin();
    honest.behaviour = {
      take: (_request, response) => {
        response.writeHead(307, { location: `${other.issuer}/token` }).end();
        return true;
      },
    };
    assert.deepEqual(await finish(redirected), [401, 'oidc_failed']);
    assert.equal(other.exchanges(), asked);
  });

  it('a discovery document of another issuer, is not believed and not kept', async () => {
    const liar = await hostileProvider(CLIENT);
    try {
      const providers = createProviders([{ id: 'liar', issuer: liar.issuer, clientId: CLIENT, scopes: ['openid'], displayName: 'X' }]);
      liar.behaviour = { discovery: { issuer: honest.issuer } };
      await assert.rejects(providers.discover('liar'), /issuer does not match/);
      liar.behaviour = {};
      assert.ok((await providers.discover('liar')) !== null);
    } finally {
      await liar.close();
    }
  });

  it('the discovery document, is read once for requests at one moment, and again after an hour', async () => {
    let time = 0;
    const one = { id: 'a', issuer: honest.issuer, clientId: CLIENT, scopes: ['openid'], displayName: 'X' };
    const providers = createProviders([one], () => time);
    const before = honest.discoveries();
    await Promise.all(Array.from({ length: 10 }, () => providers.discover('a')));
    time = 59 * 60_000;
    await providers.discover('a');
    assert.equal(honest.discoveries() - before, 1);
    time = 61 * 60_000;
    await providers.discover('a');
    assert.equal(honest.discoveries() - before, 2);
    assert.equal(await providers.discover('unknown'), null);
  });
});
