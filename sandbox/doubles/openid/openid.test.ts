// Goal: the double is a real provider: discovery, PKCE, exact clients, stable keys; and a person gets through it with one POST.
// Method: plain HTTP with a browser that keeps cookies, across a restart.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Browser } from '../../../demo/browser.ts';
import { openWorld, type TestWorld } from '../test-world.ts';
import { OPENID_CLIENT } from './provider.ts';

const CALLBACK = 'http://127.0.0.1:5/v1/auth/oidc/sandbox/callback';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

describe('OpenID provider of the sandbox', function () {
  this.timeout(30_000);
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const read = async (path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(`${world.doubles.openIdIssuer}${path}`)).json()) as Record<string, unknown>;
  const authorize = (changes: Record<string, string | undefined> = {}): string => {
    const url = new URL(`${world.doubles.openIdIssuer}/auth`);
    const asked = {
      client_id: OPENID_CLIENT.id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid email profile',
      state: 's',
      nonce: 'n',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...changes,
    };
    for (const [name, value] of Object.entries(asked)) if (value !== undefined) url.searchParams.set(name, value);
    return url.href;
  };
  const stopAt = (url: URL): boolean => url.port === '5';

  it('discovery, names itself and its endpoints below the port of the sandbox', async () => {
    const { openIdIssuer, sandboxUrl } = world.doubles;
    assert.equal(openIdIssuer, `${sandboxUrl}/openid`);
    const document = await read('/.well-known/openid-configuration');
    assert.equal(document['issuer'], openIdIssuer);
    for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint'])
      assert.ok(String(document[name]).startsWith(`${openIdIssuer}/`), name);
    assert.deepEqual(document['code_challenge_methods_supported'], ['S256']);
    assert.equal(document['authorization_response_iss_parameter_supported'], true);
  });

  it('sign-in, one POST on the page, comes back with a code, state and issuer', async () => {
    const browser = new Browser();
    const page = await browser.visit(authorize());
    assert.equal(page.status, 200, page.text);
    const again = await browser.visit(page.url.href, { form: { email: 'not an address', name: '' } });
    assert.equal(again.status, 400);
    const back = await browser.visit(page.url.href, {
      form: { email: 'a<b@example.com', name: '<b>Ada</b>', emailVerified: 'true' },
      stopAt,
    });
    assert.deepEqual([back.url.searchParams.get('state'), back.url.searchParams.get('iss')], ['s', world.doubles.openIdIssuer]);
    assert.ok(back.url.searchParams.get('code') !== null);
    const next = await browser.visit(authorize());
    assert.equal(next.status, 200, 'it asks again, and offers whom it knows');
    assert.match(next.text, /&lt;b&gt;Ada/);
    assert.equal((await browser.visit(page.url.href, { form: {} })).status, 404, 'a page that was finished');
  });

  it('a request without PKCE, with plain PKCE, an unknown client or another callback, is refused', async () => {
    for (const changes of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: 'plain' }]) {
      const { url } = await new Browser().visit(authorize(changes), { stopAt });
      assert.equal(url.searchParams.get('error'), 'invalid_request', JSON.stringify(changes));
    }
    const elsewhere = ['https://evil.example/v1/auth/oidc/sandbox/callback', 'http://127.0.0.1:5/elsewhere', `${CALLBACK}/more`];
    for (const changes of [{ client_id: 'other' }, ...elsewhere.map((uri) => ({ redirect_uri: uri }))]) {
      const { status, url } = await new Browser().visit(authorize(changes), { stopAt });
      assert.deepEqual([status, url.port === '5'], [400, false], JSON.stringify(changes));
    }
  });

  it('another name for this machine, is refused', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: 'evil.example' };
      request(`${world.doubles.openIdIssuer}/jwks`, { headers }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    assert.equal(status, 403);
  });

  it('restart, the keys stay', async () => {
    const before = await read('/jwks');
    world = await world.restart();
    assert.deepEqual(await read('/jwks'), before);
    assert.ok(!JSON.stringify(before).includes('"d"'), 'the public half only');
  });
});
