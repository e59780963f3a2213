// Goal: no token but one that this platform signed for this use, for a live session, opens anything.
// Method: each forgery that is known from practice, over HTTP at a protected operation; a good token beside it proves the door works.
import assert from 'node:assert/strict';
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
} from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { generateSigningKey } from '../../config/secrets.ts';
import { RETIRED_KEY_SECONDS } from '../../config/signing-keys.ts';
import { TOKEN_AUDIENCE, TOKEN_CLIENT, TOKEN_ISSUER } from '../../config/tokens.ts';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { rawRequest } from '../../test/support/raw-http.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { until } from '../../test/support/until.ts';

type Fields = Record<string, unknown>;

describe('attacks with tokens', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let sessionId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
    sessionId = claimsOf(ana.token)['sid'] as string;
  });
  after(() => api.stop());

  const ours = (): { kid: string; key: KeyObject; public: KeyObject } => {
    const jwk = api.deps.secrets.signingKeys[0]!;
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    return { kid: jwk.kid, key, public: createPublicKey(key) };
  };
  const now = (): number => Math.floor(Date.now() / 1000);
  const goodClaims = (): Fields => ({
    iss: TOKEN_ISSUER,
    aud: TOKEN_AUDIENCE,
    client_id: TOKEN_CLIENT,
    sub: ana.userId,
    sid: sessionId,
    jti: randomUUID(),
    iat: now(),
    exp: now() + 600,
  });
  const goodHeader = (): Fields => ({ alg: 'ES256', typ: 'at+jwt', kid: ours().kid });
  /** A token with exactly these parts, signed by a key of ours unless another is given. */
  const token = (header: Fields | string, claims: Fields | string, key = ours().key): string => {
    const input = [header, claims].map((part) => base64(typeof part === 'string' ? part : JSON.stringify(part))).join('.');
    return `${input}.${signBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const ask = async (authorization: string): Promise<{ status: number; code: unknown; type: string | undefined }> => {
    const answer = await rawRequest(api.url, 'GET', '/v1/me', { headers: { authorization } });
    return { status: answer.status, code: (JSON.parse(answer.text) as Fields)['code'], type: answer.headers['content-type'] };
  };
  const refused = async (text: string, scheme = 'Bearer '): Promise<void> => {
    assert.deepEqual(await ask(scheme + text), { status: 401, code: 'unauthenticated', type: 'application/problem+json' });
  };
  const withHeader = (fields: Fields): string => token({ ...goodHeader(), ...fields }, goodClaims());
  const withClaims = (fields: Fields): string => token(goodHeader(), { ...goodClaims(), ...fields });

  it('a token made as ours are, is served, so that what follows can fail', async () => {
    assert.equal((await ask(`Bearer ${token(goodHeader(), goodClaims())}`)).status, 200);
  });

  for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
    it(`alg "${alg}", with and without a signature, is refused`, async () => {
      const input = `${base64(JSON.stringify({ ...goodHeader(), alg }))}.${base64(JSON.stringify(goodClaims()))}`;
      for (const signature of ['', 'AAAA', ana.token.split('.')[2]]) await refused(`${input}.${signature}`);
    });
  }

  it('alg HS256 with the public key as secret, in each form that it is published in, is refused', async () => {
    const { public: key, kid } = ours();
    const jwk = key.export({ format: 'jwk' });
    const secrets = [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
      Buffer.concat([Buffer.from(jwk.x ?? '', 'base64url'), Buffer.from(jwk.y ?? '', 'base64url')]),
      kid,
    ];
    for (const secret of secrets) {
      const input = `${base64(JSON.stringify({ ...goodHeader(), alg: 'HS256' }))}.${base64(JSON.stringify(goodClaims()))}`;
      await refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
    }
  });

  it('another algorithm of the same key, is refused', async () => {
    for (const alg of ['ES384', 'ES512', 'RS256', 'PS256', 'EdDSA', 'ES256K']) await refused(withHeader({ alg }));
  });

  it('wrong typ, is refused', async () => {
    for (const typ of ['JWT', 'jwt', 'application/at+jwt', 'AT+JWT', 'dpop+jwt', '', null, undefined]) await refused(withHeader({ typ }));
  });

  it('wrong aud, is refused', async () => {
    for (const aud of ['other', '', null, undefined, ['other'], [TOKEN_AUDIENCE, 'other'], { a: TOKEN_AUDIENCE }])
      await refused(withClaims({ aud }));
  });

  it('wrong iss, is refused', async () => {
    for (const iss of ['other', '', null, undefined, [TOKEN_ISSUER], 'https://safesplitx', `${TOKEN_ISSUER}/`])
      await refused(withClaims({ iss }));
  });

  it('the issuer of applications on the session of a sign-in, is refused', () =>
    refused(withClaims({ iss: api.deps.publicUrl, scope: 'profile:read' })));

  it('expired, without an end, or with one that is no number, is refused', async () => {
    for (const exp of [now() - 1, now() - 100_000, 0, -1, undefined, null, '9999999999', 1e300, now() + 100_000])
      await refused(withClaims({ exp }));
  });

  it('future nbf, is refused', async () => {
    for (const nbf of [now() + 3_600, now() + 60]) await refused(withClaims({ nbf }));
  });

  it('made in the future, is refused', async () => {
    for (const iat of [now() + 3_600, undefined, 'now']) await refused(withClaims({ iat, exp: now() + 4_000 }));
  });

  it('kid with a path or SQL, is refused', async () => {
    const kids = [
      '../../../dev/null',
      '/dev/null',
      "' or '1'='1",
      "x' union select 'AA",
      'https://evil.example/jwks.json',
      '\u0000',
      '__proto__',
      '',
    ];
    for (const kid of kids) {
      await refused(withHeader({ kid }));
      const input = `${base64(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid }))}.${base64(JSON.stringify(goodClaims()))}`;
      await refused(`${input}.${createHmac('sha256', '').update(input).digest('base64url')}`);
    }
    for (const kid of [7, null, undefined, [ours().kid], { toString: ours().kid }]) await refused(withHeader({ kid }));
  });

  it('jku, jwk, x5u and x5c that name the attacker’s own key, are refused', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    for (const extra of [{ jku: `${api.url}/.well-known/jwks.json` }, { jwk }, { x5u: `${api.url}/x` }, { x5c: ['AA=='] }]) {
      await refused(token({ ...goodHeader(), ...extra }, goodClaims(), privateKey));
      await refused(withHeader(extra));
    }
    await refused(token(goodHeader(), goodClaims(), privateKey));
  });

  it('crit, b64 and zip in the header, are refused', async () => {
    for (const extra of [{ crit: ['exp'] }, { b64: false, crit: ['b64'] }, { zip: 'DEF' }, { cty: 'JWT' }])
      await refused(withHeader(extra));
  });

  it('a claim written twice, is refused though we signed it', async () => {
    const claims = JSON.stringify(goodClaims());
    await refused(token(goodHeader(), claims.replace('"sub"', `"sub":"${uuidv7()}","sub"`)));
    await refused(token(goodHeader(), claims.replace('{', `{"s\\u0075b":"${uuidv7()}",`)));
    const header = JSON.stringify(goodHeader());
    await refused(token(header.replace('{', '{"alg":"none",'), goodClaims()));
  });

  it('a token of 1 MB, is refused before anything is read of it', async () => {
    const answer = await ask(`Bearer ${'a'.repeat(1_048_576)}`).catch((error: NodeJS.ErrnoException) => error.code);
    // The server answers 431 and closes while the client still sends.
    if (typeof answer === 'object') assert.equal(answer.status, 431);
    else assert.ok(['ECONNRESET', 'EPIPE'].includes(answer ?? ''), String(answer));
    await refused(token(goodHeader(), { ...goodClaims(), extra: 'a'.repeat(8_000) }).slice(0, -1));
    assert.equal((await ask(`Bearer ${ana.token}`)).status, 200);
  });

  it('an empty, foreign, cut or DER signature, is refused', async () => {
    const [header, payload, signature = ''] = token(goodHeader(), goodClaims()).split('.');
    const other = (await api.user('Ben')).token.split('.')[2];
    const der = signBytes('sha256', Buffer.from(`${header}.${payload}`), { key: ours().key, dsaEncoding: 'der' }).toString('base64url');
    const zeros = Buffer.alloc(64).toString('base64url');
    for (const forged of ['', other, signature.slice(0, -2), `${signature}AA`, der, zeros, signature.toLowerCase()])
      await refused(`${header}.${payload}.${forged}`);
  });

  it('other ways to write a good token, are refused', async () => {
    const good = token(goodHeader(), goodClaims());
    const [header = '', payload = '', signature = ''] = good.split('.');
    for (const text of [
      `${good}.`,
      `.${good}`,
      `${good}=`,
      `${header}.${payload}`,
      good.replace('.', '..'),
      `${good}, Bearer ${good}`,
      `"${good}"`,
    ])
      await refused(text);
    // The last character has bits that mean nothing: one token, one spelling.
    const last = signature.at(-1) ?? '';
    const twin = ALPHABET[(ALPHABET.indexOf(last) & ~3) | ((ALPHABET.indexOf(last) + 1) & 3)] ?? '';
    await refused(`${header}.${payload}.${signature.slice(0, -1)}${twin}`);
  });

  it('payload that is no object of claims, is refused', async () => {
    for (const claims of ['[]', 'null', '"text"', '{', '', '{"sub":']) await refused(token(goodHeader(), claims));
    for (const fields of [{ sub: 7 }, { sub: null }, { sub: "' or 1=1 --" }, { sid: undefined }, { sid: '*' }, { jti: undefined }])
      await refused(withClaims(fields));
  });

  it('the session of another person, is refused', async () => {
    const ben = await api.user('Ben');
    await refused(withClaims({ sub: ben.userId }));
    await refused(withClaims({ sid: claimsOf(ben.token)['sid'] }));
    await refused(withClaims({ sid: uuidv7() }));
  });

  it('token of a deleted user, is refused within a second', async () => {
    const gone = await api.user('Gone');
    assert.equal((await gone.call('GET', '/v1/me')).status, 200);
    await api.deps.databases.user!.pool.query(`update "user".account set state = 'erased' where id = $1`, [gone.userId]);
    await until('refused', async () => (await gone.call('GET', '/v1/me')).status === 401, 1_500);
  });

  it('token of a suspended user, is refused within a second', async () => {
    const held = await api.user('Held');
    assert.equal((await held.call('GET', '/v1/me')).status, 200);
    await api.deps.databases.user!.pool.query(`update "user".account set state = 'suspended' where id = $1`, [held.userId]);
    await until('refused', async () => (await held.call('GET', '/v1/me')).status === 401, 1_500);
  });

  it('retired key, is refused though its token was verified before', async () => {
    const { secrets } = api.deps;
    const [old] = secrets.signingKeys;
    const good = token(goodHeader(), goodClaims());
    try {
      secrets.signingKeys = [generateSigningKey(new Date()), { ...old!, retiredAt: new Date().toISOString() }];
      assert.equal((await ask(`Bearer ${good}`)).status, 200, 'a key that has just retired still verifies');
      const longAgo = new Date(Date.now() - RETIRED_KEY_SECONDS * 1_000 - 1_000).toISOString();
      secrets.signingKeys = [secrets.signingKeys[0]!, { ...old!, retiredAt: longAgo }];
      await refused(good);
      const published = (await api.call('GET', '/.well-known/jwks.json')).body as { keys: { kid: string }[] };
      assert.deepEqual(
        published.keys.map(({ kid }) => kid),
        [secrets.signingKeys[0]!.kid],
      );
    } finally {
      secrets.signingKeys = [old!];
    }
    assert.equal((await ask(`Bearer ${good}`)).status, 200);
  });

  it('another scheme, or a scheme written oddly, is refused', async () => {
    for (const scheme of ['', 'Basic ', 'Bearer  ', 'Bearer\t', 'Token ', 'JWT ', 'Bearer:', 'Be\u00e4rer '])
      await refused(ana.token, scheme);
    assert.equal((await ask(`bearer ${ana.token}`)).status, 200, 'RFC 9110: schemes know no case');
  });

  it('two Authorization headers, are refused whichever is good', async () => {
    const ben = await api.user('Ben');
    for (const values of [
      [`Bearer ${ana.token}`, `Bearer ${ben.token}`],
      ['Bearer x', `Bearer ${ana.token}`],
      [`Bearer ${ana.token}`, 'Bearer x'],
    ]) {
      const answer = await rawRequest(api.url, 'GET', '/v1/me', {
        headers: { Authorization: values } as unknown as Record<string, string>,
      });
      assert.equal(answer.status, 401);
    }
  });

  it('token in the query, in a cookie or in the body, is not looked at', async () => {
    for (const path of [`/v1/me?access_token=${ana.token}`, `/v1/me?token=${ana.token}`])
      assert.equal((await api.call('GET', path)).status, 401);
    const cookie = await rawRequest(api.url, 'GET', '/v1/me', {
      headers: { cookie: `access_token=${ana.token}; Authorization=Bearer ${ana.token}` },
    });
    assert.equal(cookie.status, 401);
    assert.equal((await api.call('POST', '/v1/groups', { access_token: ana.token, name: 'x', currency: 'EUR' })).status, 401);
  });

  it('refresh token as access token and the other way round, are refused', async () => {
    const email = `swap.${process.pid}@example.com`;
    const { body } = await api.call('POST', '/v1/auth/register', { email, password: 'correct horse battery', displayName: 'Swap' });
    await refused(body.refreshToken as string);
    assert.ok([400, 401].includes((await api.call('POST', '/v1/auth/refresh', { refreshToken: body.accessToken })).status));
  });
});

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function base64(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function claimsOf(token: string): Fields {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Fields;
}
