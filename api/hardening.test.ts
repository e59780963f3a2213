// Goal: whatever a client sends, the answer is a problem with the right status, nothing is written, and the process lives.
// Method: requests that well-behaved clients refuse to send, over raw sockets where need be.
import assert from 'node:assert/strict';
import { startApi, type TestApi, type TestUser } from '../test/support/api.ts';
import { createGroup, refusalOf } from '../test/support/groups.ts';
import { rawBytes, type RawAnswer, rawRequest } from '../test/support/raw-http.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('hostile input', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api.stop());
  afterEach('nothing was written', () => {
    assert.deepEqual(api.events.splice(0), []);
  });

  const post = (body: string | Buffer, headers: Record<string, string> = JSON_TYPE): Promise<RawAnswer> =>
    rawRequest(api.url, 'POST', '/v1/groups', { headers: { authorization: `Bearer ${ana.token}`, ...headers }, body });
  const refused = (answer: RawAnswer): [number, string] => {
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    return [answer.status, (JSON.parse(answer.text) as { code: string }).code];
  };
  const group = (name: string): string => `{"name":${name},"currency":"EUR"}`;

  it('refuses JSON that is none: broken, empty, null, not an object, not UTF-8', async () => {
    assert.deepEqual(refused(await post('{"name":')), [400, 'malformed_json']);
    assert.deepEqual(refused(await post('')), [400, 'invalid_request']);
    assert.deepEqual(refused(await post('null')), [400, 'invalid_request']);
    assert.deepEqual(refused(await post('[]')), [400, 'invalid_request']);
    assert.deepEqual(refused(await post(Buffer.from([0x22, 0xff, 0xfe, 0x22]))), [400, 'malformed_json']);
  });

  it('refuses NUL and lone surrogates in values and in names', async () => {
    assert.deepEqual(refused(await post(group('"a\\u0000b"'))), [400, 'invalid_request']);
    assert.deepEqual(refused(await post(group('"a\\ud800b"'))), [400, 'invalid_request']);
    assert.deepEqual(refused(await post('{"na\\u0000me":"x","currency":"EUR"}')), [400, 'invalid_request']);
    const answer = await post(group('"x"').replace('}', ',"policy":{"approval":{"mode":"\\ud800"}}}'));
    assert.equal((JSON.parse(answer.text) as { errors: { pointer: string }[] }).errors[0]?.pointer, '/policy/approval/mode');
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/groups?state=%00')), [400, 'invalid_request']);
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/groups?cursor=a%00b')), [400, 'invalid_request']);
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/groups/%00')), [404, 'not_found']);
  });

  it('refuses names that mean something to JavaScript, at any depth, and pollutes nothing', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      assert.deepEqual(refused(await post(`{"name":"x","currency":"EUR","${name}":{"polluted":1}}`)), [400, 'unknown_field']);
      assert.deepEqual(refused(await post(`{"name":"x","currency":"EUR","policy":{"${name}":{}}}`)), [400, 'unknown_field']);
      assert.deepEqual(refusalOf(await ana.call('GET', `/v1/groups?${name}=1`)), [400, 'unknown_field']);
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('refuses nesting beyond 50 levels, also half a million deep', async () => {
    const nested = (levels: number): string => group(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    // The body itself is the first level.
    const depthCode = (answer: RawAnswer): string | undefined =>
      (JSON.parse(answer.text) as { errors: { code: string }[] }).errors[0]?.code;
    assert.equal(depthCode(await post(nested(49))), 'invalid_type');
    assert.equal(depthCode(await post(nested(50))), 'too_deep');
    assert.deepEqual(refused(await post(nested(500_000))), [400, 'invalid_request']);
  });

  it('takes bodies up to the limit and not a byte more, declared or chunked', async () => {
    const sized = (bytes: number): string => group('"x"').padEnd(bytes, ' ').replace('"x"', '5');
    const limit = 1_048_576;
    const pad = (bytes: number): string => sized(bytes + 2).slice(0, bytes);
    assert.deepEqual(refused(await post(pad(limit - 1))), [400, 'invalid_request']);
    assert.deepEqual(refused(await post(pad(limit))), [400, 'invalid_request']);
    assert.deepEqual(refused(await post(pad(limit + 1))), [413, 'body_too_large']);
    assert.deepEqual(refused(await post(pad(limit + 1), { ...JSON_TYPE, 'transfer-encoding': 'chunked' })), [413, 'body_too_large']);
  });

  it('takes JSON in UTF-8 only, uncompressed', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'application/jsonx', 'x/y'])
      assert.deepEqual(refused(await post(group('5'), { 'content-type': type })), [415, 'not_json'], type);
    assert.deepEqual(refused(await post(group('5'), {})), [415, 'not_json']);
    assert.deepEqual(refused(await post(group('5'), { ...JSON_TYPE, 'content-encoding': 'gzip' })), [415, 'not_json']);
    for (const type of [
      'application/json; charset=UTF-8',
      'Application/JSON',
      'application/json;charset="utf-8"',
      'application/merge-patch+json',
    ])
      assert.deepEqual(refused(await post(group('5'), { 'content-type': type })), [400, 'invalid_request'], type);
  });

  it('refuses a query parameter given twice, and one that is not known', async () => {
    const twice = await ana.call('GET', '/v1/groups?limit=5&limit=5');
    assert.deepEqual(refusalOf(twice), [400, 'invalid_request']);
    assert.equal(twice.body.errors[0].pointer, '/query/limit');
    assert.deepEqual(refusalOf(await ana.call('GET', '/v1/groups?colour=red')), [400, 'unknown_field']);
  });

  it('answers broken percent-encoding and strange paths with 404', async () => {
    for (const path of [
      '/v1/groups/%ZZ',
      '/%',
      '/v1/%C0%AF',
      '/v1/groups/..%2f..%2fetc',
      '//v1//groups',
      '/v1/groups/',
      '/v1/groups/a/b/c/d',
    ])
      assert.deepEqual(
        refused(await rawRequest(api.url, 'GET', path, { headers: { authorization: `Bearer ${ana.token}` } })),
        [404, 'not_found'],
        path,
      );
  });

  it('answers methods that a path does not know with 405 and Allow, and 404 where there is no path', async () => {
    for (const method of ['TRACE', 'QUERY', 'PUT', 'DELETE', 'PROPFIND', 'PATCH']) {
      const known = await rawRequest(api.url, method, '/v1/groups');
      assert.deepEqual(refused(known), [405, 'method_not_allowed'], method);
      assert.equal(known.headers['allow'], 'GET, HEAD, OPTIONS, POST');
      assert.deepEqual(refused(await rawRequest(api.url, method, '/v1/nothing')), [404, 'not_found']);
    }
    const trace = await rawRequest(api.url, 'TRACE', `/v1/groups/019f2c6e-0000-7000-8000-000000000000`);
    assert.match(trace.headers['allow'] ?? '', /^DELETE, GET, HEAD, OPTIONS, PATCH$|^GET, HEAD, OPTIONS, PATCH$/);
    const options = await rawRequest(api.url, 'OPTIONS', '/v1/groups');
    assert.equal(options.status, 204);
    assert.equal(options.headers['allow'], 'GET, HEAD, OPTIONS, POST');
  });

  it('answers HEAD like GET without a body, and lets a GET have one', async () => {
    const headers = { authorization: `Bearer ${ana.token}` };
    const get = await rawRequest(api.url, 'GET', '/v1/groups', { headers, body: '{"ignored":true}' });
    const head = await rawRequest(api.url, 'HEAD', '/v1/groups', { headers });
    assert.equal(get.status, 200);
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.headers['content-length'], String(Buffer.byteLength(get.text)));
    assert.equal(head.headers['content-type'], get.headers['content-type']);
  });

  it('answers what is no HTTP, too large headers and CONNECT with a problem', async () => {
    const broken = await rawBytes(api.url, 'GARBAGE\r\n\r\n');
    assert.match(broken, /^HTTP\/1\.1 400 /);
    assert.match(broken, /"code":"malformed_http"/);
    const large = await rawBytes(api.url, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: ${'a'.repeat(17_000)}\r\n\r\n`);
    assert.match(large, /^HTTP\/1\.1 431 /);
    assert.match(large, /"code":"headers_too_large"/);
    const tunnel = await rawBytes(api.url, 'CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n');
    assert.match(tunnel, /^HTTP\/1\.1 405 /);
    assert.match(tunnel, /\r\nAllow: /);
    const expecting = await rawRequest(api.url, 'GET', '/livez', { headers: { expect: 'miracles' } });
    assert.deepEqual(refused(expecting), [417, 'expectation_failed']);
  });

  it('takes a request whose end is said in two ways, or strangely, for none and closes the connection', async () => {
    const secret = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const framing of [
      'Content-Length: 4\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: chunked\r\nContent-Length: 4',
      'Content-Length: 4\r\nContent-Length: 40',
      'Content-Length: +4',
      'Content-Length: 4, 4',
      'Transfer-Encoding: xchunked',
      'Transfer-Encoding: chunked, identity',
      'Transfer-Encoding : chunked',
      'Transfer-Encoding:\x0bchunked',
      ' Transfer-Encoding: chunked',
      'X-Folded: a\r\n Transfer-Encoding: chunked\r\nContent-Length: x',
    ]) {
      const head = `POST /v1/groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ana.token}\r\nContent-Type: application/json\r\n`;
      const text = await rawBytes(api.url, `${head}${framing}\r\n\r\n0\r\n\r\n${secret}`);
      assert.match(text, /^HTTP\/1\.1 400 /, framing);
      assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1, `${framing}: one request, one answer`);
    }
    const lengthless = await rawBytes(api.url, `GET /livez HTTP/1.1\r\nHost: x\nX: y\r\nConnection: close\r\n\r\n`);
    assert.match(lengthless, /^HTTP\/1\.1 400 /, 'a line that ends in LF alone');
  });

  it('takes a request that names two hosts for none', async () => {
    const text = await rawBytes(api.url, 'GET /livez HTTP/1.1\r\nHost: a.example\r\nhost: b.example\r\n\r\n');
    assert.match(text, /^HTTP\/1\.1 400 [^]*"code":"malformed_http"/);
  });

  it('takes names of one line only, and none that turn the direction of what follows', async () => {
    for (const sign of ['\\u2028', '\\u2029', '\\u0085', '\\u009b', '\\u202e', '\\u202a', '\\u2066', '\\u2069', '\\n', '\\u007f'])
      for (const name of [`"a${sign}b"`, `"${sign}b"`, `"a${sign}"`])
        assert.deepEqual(refused(await post(group(name))), [400, 'invalid_request'], name);
    const { body } = await ana.call('PATCH', '/v1/me', { displayName: 'דנה\u200f O’Brien 🦊 ‍x' }, { 'if-match': '*' });
    assert.equal(body.displayName, 'דנה\u200f O’Brien 🦊 ‍x', 'marks of right-to-left scripts and joiners are part of names');
    api.events.splice(0);
  });

  it('answers a body that breaks off with 400 or a closed socket, and goes on', async () => {
    const text = await rawBytes(
      api.url,
      `POST /v1/groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ana.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    );
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.equal((await api.call('GET', '/livez')).status, 200);
  });

  it('sends security headers with every answer', async () => {
    const answers = [await ana.call('GET', '/v1/groups'), await api.call('GET', '/nothing'), await api.call('GET', '/v1/groups')];
    for (const { headers } of answers) {
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(
        headers.get('content-security-policy'),
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      );
      assert.equal(headers.get('strict-transport-security'), null);
    }
  });
});

describe('bodies where none is taken', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  it('passes an empty object and refuses anything else', async () => {
    const ana = await api.user('Ana');
    const { id } = (await createGroup(ana)) as { id: string };
    const archive = (body: string): Promise<RawAnswer> =>
      rawRequest(api.url, 'POST', `/v1/groups/${id}/archive`, { headers: { authorization: `Bearer ${ana.token}`, ...JSON_TYPE }, body });
    assert.equal((await archive('{"force":true}')).status, 400);
    assert.equal((await archive('{}')).status, 200);
  });

  it('treats a body of DELETE the same way', async () => {
    const ana = await api.user('Ana');
    const { id } = (await createGroup(ana)) as { id: string };
    const headers = { authorization: `Bearer ${ana.token}`, 'if-match': '*', ...JSON_TYPE };
    assert.equal((await rawRequest(api.url, 'DELETE', `/v1/groups/${id}`, { headers, body: '{"why":"x"}' })).status, 400);
    assert.equal((await ana.call('GET', `/v1/groups/${id}`)).body.state, 'active');
  });
});
