// Goal: an error that nobody foresaw tells its caller nothing and its operator everything; every answer over https says so to browsers.
// Method: the real app with one part that fails in a way no code expects, and one that believes to be reached by https.
import assert from 'node:assert/strict';
import { startApi, type TestApi } from '../test/support/api.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';
import { createApp } from './app.ts';
import type { Deps } from './deps.ts';
import { startApiServer } from './server.ts';

describe('frame of every answer', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  /** Serves the user and expense services with some parts replaced. */
  const serving = async (parts: Partial<Deps>, work: (url: string) => Promise<void>): Promise<void> => {
    const deps = { ...api.deps, ...parts };
    const principal = { userId: USER, sessionId: USER, kind: 'sign-in', platformRole: null, scopes: null } as const;
    const app = createApp({ deps, authenticate: () => Promise.resolve(principal), limits: deps.limits }, ['user', 'expense']);
    const server = await startApiServer(0, '127.0.0.1', () => ({ handler: app.callback(), publicUrl: deps.publicUrl }));
    try {
      await work(`http://127.0.0.1:${server.port}`);
    } finally {
      await server.close(500);
    }
  };

  it('an unexpected error, is a 500 without a word of it, and is in the log with the id that the caller was told', async () => {
    const secret = 'insert into account values (hunter2)';
    const logged: { requestId?: string; err?: Error }[] = [];
    const logger = { info: () => {}, warn: () => {}, error: (fields: object) => void logged.push(fields) } as unknown as Deps['logger'];
    const memberships = { find: () => Promise.reject(new TypeError(secret)) } as unknown as Deps['memberships'];
    await serving({ logger, memberships }, async (url) => {
      const answer = await fetch(`${url}/v1/groups/${USER}`);
      const text = await answer.text();
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [500, 'application/problem+json']);
      const problem = JSON.parse(text) as { code: string; requestId: string };
      assert.equal(problem.code, 'internal_error');
      assert.doesNotMatch(text, /hunter2|TypeError|\.ts|\bat /);
      assert.equal(logged.length, 1);
      assert.equal(logged[0]?.requestId, problem.requestId);
      assert.equal(logged[0]?.requestId, answer.headers.get('x-request-id'));
      assert.match(logged[0]?.err?.stack ?? '', /hunter2/);
      assert.equal((await fetch(`${url}/livez`)).status, 200, 'the process lives on');
    });
  });

  it('over https, names a time for which browsers use nothing else, on answers, problems and pages', async () => {
    await serving({ publicUrl: 'https://api.example.com' }, async (url) => {
      for (const path of ['/livez', '/v1/nothing', '/v1/groups', '/docs', '/problems/not_found', '/oauth/authorize', '/openapi.json']) {
        const { headers } = await fetch(url + path, { redirect: 'manual' });
        assert.equal(headers.get('strict-transport-security'), 'max-age=63072000; includeSubDomains', path);
        assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
        assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'.*base-uri 'none'/, path);
      }
    });
  });
});

const USER = '019f2c6e-0000-7000-8000-000000000000';
