// Goal: no text of a caller becomes part of a statement, a pattern or a header. Method: generated over the registry: every parameter of
// every query and path, with what breaks statements that are glued together; then searches whose patterns would find too much.
import assert from 'node:assert/strict';
import { z } from 'zod';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup } from '../../test/support/groups.ts';
import { rawRequest } from '../../test/support/raw-http.ts';
import { filledPath, oneOfEach, type OneOfEach } from '../../test/support/one-of-each.ts';
import { rowCounts } from '../../test/support/row-counts.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { platformRoleOf, policyOf } from '../policy.ts';
import { routesOf } from '../registry.ts';

const TEXTS = [
  `' or '1'='1`,
  `'; drop table "user".account; --`,
  `"`,
  `\\`,
  `$1`,
  `1) union select null --`,
  `%' and pg_sleep(5) is null and '%'='`,
  '${7*7}',
  `{{7*7}}`,
  `*)(uid=*`,
  '`id`',
  '../../etc/passwd',
  'a\r\nX-Injected: 1',
];

describe('attacks with text', function () {
  this.timeout(120_000);
  let api: TestApi;
  let world: OneOfEach;
  let admin: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl(), {
      STRIPE_SECRET_KEY: 'sk_test_x',
      STRIPE_WEBHOOK_SECRET: 'whsec_x',
      STRIPE_API_BASE: 'http://127.0.0.1:1',
    });
    world = await oneOfEach(api, await api.user('Owner'), await api.user('Debtor'));
    admin = await api.user('Admin', { platformRole: 'admin' });
  });
  after(() => api.stop());

  for (const route of routesOf().filter(({ query }) => query instanceof z.ZodObject && Object.keys(query.shape).length > 0))
    it(`${route.operationId}, takes SQL and the like in its query as text or refuses it`, async () => {
      const by = platformRoleOf(policyOf(route)) === null ? world.owner : admin;
      const path = filledPath(route.path, world.params);
      const names = Object.keys((route.query as z.ZodObject).shape);
      for (const name of names)
        for (const text of TEXTS) {
          const began = performance.now();
          const { status, headers } = await by.call(route.method.toUpperCase(), `${path}?${name}=${encodeURIComponent(text)}`);
          assert.ok(status < 500, `${name}=${text}: ${status}`);
          assert.equal(headers.get('x-injected'), null);
          assert.ok(performance.now() - began < 4_000, `${name}=${text} was executed`);
        }
    });

  it('in a path, is nothing that there is', async () => {
    const authorization = `Bearer ${world.owner.token}`;
    for (const text of TEXTS)
      for (const path of ['/v1/groups/', '/v1/expenses/', '/v1/invitations/', '/v1/me/tokens/']) {
        const method = path.endsWith('tokens/') ? 'DELETE' : 'GET';
        const answer = await rawRequest(api.url, method, path + encodeURIComponent(text), { headers: { authorization } });
        assert.equal(answer.status, 404, `${path}${text}`);
      }
  });

  it('in what is looked for, is looked for as words, and wildcards and operators are none', async () => {
    const { id } = (await createGroup(world.owner)) as { id: string };
    const me = (await world.owner.call('GET', `/v1/groups/${id}`)).body.myMemberId as string;
    const record = (description: string): Promise<unknown> =>
      world.owner.call('POST', `/v1/groups/${id}/expenses`, {
        description,
        total: { amount: '1.00', currency: 'EUR' },
        date: '2026-11-20',
        payers: [{ memberId: me, amount: '1.00' }],
        split: { method: 'equal', among: [me] },
      });
    for (const text of ['plain', '100%', 'under_score', `O'Brien`, 'back\\slash']) await record(text);
    const found = async (q: string): Promise<string[]> => {
      const { body } = await world.owner.call('GET', `/v1/groups/${id}/expenses?q=${encodeURIComponent(q)}`);
      return (body.data as { description: string }[]).map(({ description }) => description);
    };
    for (const q of ['%', '_', '*', 'p%n', 'p_ain', 'plain & !under', `' or true --`, `plain') or true --`])
      assert.deepEqual(await found(q), [], q);
    assert.deepEqual(await found('100%'), ['100%']);
    assert.deepEqual(await found('under_s'), ['under_score']);
    assert.deepEqual(await found(`O'B`), [`O'Brien`]);
    assert.deepEqual(await found('back\\s'), ['back\\slash']);
    assert.deepEqual(await found('plain:*'), ['plain']);
  });

  it('looking, writes nothing, whatever is looked at', async () => {
    // A sign-in at a provider begins and ends with a GET of the browser's: it is tied to a cookie and taken once.
    const looks = routesOf().filter(({ method, operationId }) => method === 'get' && !['startOidc', 'finishOidc'].includes(operationId));
    assert.ok(looks.length > 30);
    const before = await rowCounts(api);
    for (const route of looks) {
      const by = platformRoleOf(policyOf(route)) === null ? world.owner : admin;
      const { status } = await by.call('GET', filledPath(route.path, world.params));
      assert.ok(status < 500, `${route.operationId}: ${status}`);
    }
    assert.deepEqual(await rowCounts(api), before);
  });

  it('in a header that is sent back, adds no header', async () => {
    const given = await fetch(`${api.url}/livez`, { headers: { 'x-request-id': 'a b\tc<script>' } });
    assert.match(given.headers.get('x-request-id') ?? '', /^[\da-f-]{36}$/);
  });
});
