// Goal: only a list of providers that makes sense starts, and plain HTTP is for the sandbox on this machine. Method: the environment is read.
import assert from 'node:assert/strict';
import { readEnv } from './env.ts';

const GOOD = { id: 'acme', issuer: 'https://accounts.example', clientId: 'c', displayName: 'Acme' };

describe('OIDC_PROVIDERS', () => {
  const read = (value: unknown, more: Record<string, string> = {}) =>
    readEnv({ OIDC_PROVIDERS: typeof value === 'string' ? value : JSON.stringify(value), ...more }).OIDC_PROVIDERS;

  it('unset, is no provider; set, has the scopes of a sign-in where none are named', () => {
    assert.deepEqual(readEnv({}).OIDC_PROVIDERS, []);
    assert.deepEqual(read([GOOD]), [{ ...GOOD, scopes: ['openid', 'email', 'profile'] }]);
  });

  it('malformed, unknown or missing fields, equal ids or issuers, is refused', () => {
    const wrong = [
      'no json',
      {},
      [{ ...GOOD, id: 'Ä' }],
      [{ ...GOOD, id: 'a/b' }],
      [{ ...GOOD, issuer: 'ftp://accounts.example' }],
      [{ ...GOOD, issuer: 'https://accounts.example?x=1' }],
      [{ ...GOOD, scopes: ['email'] }],
      [{ ...GOOD, secret: 'x' }],
      [{ ...GOOD, clientId: undefined }],
      [GOOD, { ...GOOD, issuer: 'https://b.example' }],
      [GOOD, { ...GOOD, id: 'b' }],
    ];
    for (const value of wrong) assert.throws(() => read(value), /environment: OIDC_PROVIDERS/, JSON.stringify(value));
  });

  it('an issuer without TLS, is taken on loopback in the sandbox only', () => {
    const local = [{ ...GOOD, issuer: 'http://127.0.0.1:3900/openid' }];
    assert.equal(read(local, { SANDBOX: '1' }).length, 1);
    assert.throws(() => read(local), /must be an https address/);
    assert.throws(() => read([{ ...GOOD, issuer: 'http://accounts.example' }], { SANDBOX: '1' }), /must be an https address/);
    assert.throws(() => read([{ ...GOOD, issuer: 'http://127.0.0.1.evil.example' }], { SANDBOX: '1' }), /must be an https address/);
  });
});
