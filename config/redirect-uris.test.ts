// Goal: only redirect URIs that lead to the application's own place are registered. Method: a table of each kind.
import assert from 'node:assert/strict';
import { isClaimed, REDIRECT_URI_MAX, redirectUriFault } from './redirect-uris.ts';

describe('redirect URI', () => {
  for (const uri of [
    'https://app.example.com/callback',
    'https://app.example.com',
    'https://app.example.com/callback?tenant=1',
    'http://127.0.0.1/back',
    'http://localhost:8080/back',
    'http://[::1]/back',
  ])
    it(`${uri}, is good for both kinds`, () => {
      assert.deepEqual([redirectUriFault(uri, 'confidential'), redirectUriFault(uri, 'public')], [null, null]);
    });

  it('of a private-use scheme, is good for public applications only', () => {
    assert.equal(redirectUriFault('com.example.app:/back', 'public'), null);
    assert.notEqual(redirectUriFault('com.example.app:/back', 'confidential'), null);
  });

  for (const uri of [
    'http://app.example.com/callback',
    'http://127.0.0.1.example.com/back',
    'https://localhost/back',
    'https://app.example.com/callback#fragment',
    'https://app.example.com/callback#',
    'https://ana@app.example.com/callback',
    'https://@app.example.com/callback',
    'https://*.example.com/callback',
    'https:app.example.com',
    'HTTPS://app.example.com/callback',
    'https://app.example.com/a b',
    'https://app.example.com\\back',
    'https://app.exämple.com/',
    '//app.example.com/callback',
    '/callback',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'myapp:/back',
    'com.example.app://host/back',
    `https://app.example.com/${'x'.repeat(REDIRECT_URI_MAX)}`,
  ])
    it(`${uri.slice(0, 60)}, is refused for both kinds`, () => {
      assert.notEqual(redirectUriFault(uri, 'confidential'), null);
      assert.notEqual(redirectUriFault(uri, 'public'), null);
    });

  it('over https, is claimed; on the own machine or of a private-use scheme, is not', () => {
    const uris = ['https://app.example.com/', 'http://127.0.0.1/', 'com.example.app:/back'];
    assert.deepEqual(uris.map(isClaimed), [true, false, false]);
  });
});
