// Goal: no body, of any operation, sets what is the server's, breaks a parser, or is answered without a clear problem; nothing is written.
// Method: generated over the whole registry, each operation at a resource that exists; rows are counted before and after.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { filledPath, oneOfEach, type OneOfEach } from '../../test/support/one-of-each.ts';
import { rawRequest } from '../../test/support/raw-http.ts';
import { rowCounts } from '../../test/support/row-counts.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { platformRoleOf, policyOf } from '../policy.ts';
import { routesOf } from '../registry.ts';
import type { AnyRoute } from '../route.ts';

/** Fields that belong to the server, or to an operation of their own. */
const OURS = [
  'id',
  'version',
  'createdAt',
  'updatedAt',
  'createdBy',
  'userId',
  'accountId',
  'groupId',
  'state',
  'role',
  'myRole',
  'platformRole',
  'emailVerified',
  'passwordHash',
  'balance',
  'net',
  'paid',
  'reserved',
  'refunded',
  'workflowId',
  'payments',
  'approvals',
  'shares',
  'pendingVersion',
  'sessionId',
  'secretHash',
  'direction',
  'askerId',
  'askedId',
  'ledgerId',
  'unseen',
  'acceptedAt',
  'blockedId',
  'isAdmin',
  'admin',
  'constructor',
  'prototype',
];

describe('attacks with objects', function () {
  this.timeout(120_000);
  let api: TestApi;
  let admin: TestUser;
  let world: OneOfEach;
  const withBody = routesOf().filter((route) => route.body !== undefined && route.rawBody !== true);

  before(async () => {
    api = await startApi(await testDatabaseUrl(), {
      STRIPE_SECRET_KEY: 'sk_test_x',
      STRIPE_WEBHOOK_SECRET: 'whsec_x',
      STRIPE_API_BASE: 'http://127.0.0.1:1',
    });
    admin = await api.user('Admin', { platformRole: 'admin' });
    world = await oneOfEach(api, await api.user('Owner'), await api.user('Debtor'));
  });
  after(() => api.stop());

  /** Sends a body as it is, by somebody who sees the resource. */
  const send = async (route: AnyRoute, body: string | Buffer, headers: Record<string, string> = {}) => {
    const { token } = platformRoleOf(policyOf(route)) === null ? world.owner : admin;
    const answer = await rawRequest(api.url, route.method.toUpperCase(), filledPath(route.path, world.params), {
      headers: {
        'content-type': 'application/json',
        'if-match': '*',
        ...(route.idempotency === 'required' ? { 'idempotency-key': `k${Math.random()}` } : {}),
        ...(policyOf(route).caller === 'anyone' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body,
    });
    return { ...answer, problem: JSON.parse(answer.text) as { code: string; errors: { pointer: string; code: string }[] } };
  };
  const refused = async (route: AnyRoute, body: string | Buffer, statuses: number[], headers?: Record<string, string>): Promise<void> => {
    const answer = await send(route, body, headers);
    assert.ok(statuses.includes(answer.status), `${route.operationId}: ${answer.status} ${answer.text.slice(0, 300)}`);
    assert.equal(answer.headers['content-type'], 'application/problem+json', route.operationId);
    assert.doesNotMatch(answer.text, /\bat .*\.(ts|js):\d/, 'no stack');
  };
  const documented = (route: AnyRoute): string[] => (route.body instanceof z.ZodObject ? Object.keys(route.body.shape) : []);

  it('every operation with a body, has a resource here', () => {
    assert.ok(withBody.length > 30);
    for (const route of withBody) filledPath(route.path, world.params);
  });

  for (const route of withBody) {
    it(`${route.operationId}, refuses every field that is not its own, and everything that is no object, and writes nothing`, async () => {
      const before = await rowCounts(api);
      const own = documented(route);
      assert.ok(route.body instanceof z.ZodObject, 'a body is an object with named fields');
      for (const field of OURS.filter((name) => !own.includes(name))) {
        const { status, problem, text } = await send(route, `{${JSON.stringify(field)}:"x"}`);
        assert.equal(status, 400, `${field}: ${text}`);
        assert.ok(
          problem.errors.some((entry) => entry.pointer === `/${field}` && entry.code === 'unknown_field'),
          `${field}: ${text}`,
        );
      }
      await refused(route, '{"__proto__":{"admin":true}}', [400]);
      await refused(route, `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, [400]);
      await refused(route, '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), [400]);
      await refused(route, '{"x":1,"x":2}', [400]);
      await refused(route, '{"x":1,"\\u0078":2}', [400]);
      await refused(route, '{"x":"\\ud800"}', [400]);
      await refused(route, '{"x":"\\u0000"}', [400]);
      await refused(route, '{"x":1e400}', [400]);
      await refused(route, '{"x":NaN}', [400]);
      await refused(route, '[]', [400]);
      await refused(route, 'null', [400]);
      await refused(route, '"text"', [400]);
      await refused(route, '{', [400]);
      await refused(route, Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0x7d]), [400]);
      await refused(route, Buffer.from('{"x":"\xff"}', 'latin1'), [400]);
      await refused(route, Buffer.from('{"x":1}', 'utf16le'), [400, 415], { 'content-type': 'application/json; charset=utf-16' });
      await refused(route, gzipSync('{}'), [415], { 'content-encoding': 'gzip' });
      await refused(route, 'x=1', [415], { 'content-type': 'application/x-www-form-urlencoded' });
      await refused(route, '{"x":1}', [415], { 'content-type': 'text/plain' });
      assert.deepEqual(await rowCounts(api), before, 'nothing was written');
    });
  }

  it('10 MB, is 413 for every operation, and the connection closes', async () => {
    const big = 10 * 1_048_576;
    for (const route of withBody) {
      // One that takes more than that, a file, is sent more than it takes.
      const answer = await send(route, Buffer.alloc(Math.max(big, (route.bodyLimitBytes ?? 0) + 1), 0x20)).catch(
        (error: NodeJS.ErrnoException) => error,
      );
      // The server answers and closes while the client still sends, which may cut the answer off.
      if (answer instanceof Error) assert.ok(['EPIPE', 'ECONNRESET'].includes(answer.code ?? ''), `${route.operationId}: ${answer.code}`);
      else assert.equal(answer.status, 413, route.operationId);
    }
    assert.equal((await world.owner.call('GET', '/v1/me')).status, 200);
  });

  it('a field written twice, is duplicate_field, though both are the same', async () => {
    const route = withBody.find(({ operationId }) => operationId === 'createGroup')!;
    for (const body of [
      '{"name":"A","name":"A","currency":"EUR"}',
      '{"name":"a:b","currency":"EUR","n\\u0061me":"B"}',
      '{"name":"A","currency":"EUR","policy":{"approval":{"mode":"all","mode":"none"}}}',
    ])
      assert.equal((await send(route, body)).problem.code, 'duplicate_field', body);
    assert.equal(
      (await world.owner.call('POST', '/v1/groups', '{"name":"a:b::c","currency":"EUR"}')).status,
      201,
      'colons in texts are none of names',
    );
  });

  it('prototypes, stay as they are, through body and query', async () => {
    for (const path of [
      '/v1/groups?__proto__[admin]=1',
      '/v1/groups?constructor[prototype][admin]=1',
      '/v1/groups?__proto__=1',
      '/v1/groups?a[b][c]=1',
    ])
      assert.equal((await world.owner.call('GET', path)).status, 400, path);
    assert.equal(({} as Record<string, unknown>)['admin'], undefined);
  });

  it('a list of 100,000 items, is refused in bounded time', async () => {
    const route = withBody.find(({ operationId }) => operationId === 'createExpense')!;
    const items = Array.from({ length: 20_000 }, () => ({ memberId: world.memberIds.owner, amount: '1.00' }));
    const started = performance.now();
    const answer = await send(route, JSON.stringify({ payers: items.slice(0, 12_000) }));
    assert.ok([400, 413, 422].includes(answer.status));
    assert.ok(answer.text.length < 64 * 1024, 'not every fault of a flood is listed');
    assert.ok(performance.now() - started < 5_000);
  });
});
