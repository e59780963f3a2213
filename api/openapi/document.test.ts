// Goal: the published document is valid by redocly's strictest rules and says what the registry does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startApi, type TestApi } from '../../test/support/api.ts';
import { rawRequest } from '../../test/support/raw-http.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { needsCredentials, policyOf } from '../policy.ts';
import { routesOf } from '../registry.ts';
import { problemStatuses } from './operation.ts';
import { TAGS } from './tags.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Operation {
  readonly operationId: string;
  readonly security: unknown[];
  readonly parameters?: { readonly $ref?: string }[];
  readonly responses: Record<string, unknown>;
}

describe('the OpenAPI document', function () {
  this.timeout(60_000);
  let api: TestApi;
  let text: string;
  let operations: Map<string, Operation>;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    text = await (await fetch(`${api.url}/openapi.json`)).text();
    const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Operation>> };
    operations = new Map(
      Object.entries(paths).flatMap(([path, item]) =>
        Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const),
      ),
    );
  });
  after(() => api.stop());

  const operationOf = (method: string, path: string): Operation => {
    const found = operations.get(`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    assert.ok(found, `${method} ${path} is not in the document`);
    return found;
  };

  it('passes redocly with its strict rules', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safesplitx-openapi-'));
    try {
      const file = join(folder, 'openapi.json');
      await writeFile(file, text);
      const { code, output } = await lint(file);
      assert.equal(code, 0, output);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('fails redocly when it is wrong, so that the check above can fail', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safesplitx-openapi-'));
    try {
      const file = join(folder, 'openapi.json');
      await writeFile(file, text.replace('"operationId":"getLiveness"', '"operationId":"getReadiness"'));
      assert.notEqual((await lint(file)).code, 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has every route once, with what the pipeline asks for', () => {
    const ids = routesOf().map((route) => route.operationId);
    assert.equal(new Set(ids).size, ids.length, 'operation ids are unique');
    for (const route of routesOf()) {
      const operation = operationOf(route.method, route.path);
      assert.equal(operation.operationId, route.operationId);
      const { caller, scope } = policyOf(route);
      const byApplication = scope === null || scope === 'session' ? [] : [{ oauth2: [scope] }];
      assert.deepEqual(operation.security, caller === 'anyone' ? [] : [{ bearer: [] }, ...byApplication], route.operationId);
      for (const status of [...Object.keys(route.answers), ...problemStatuses(route).map(String)])
        assert.ok(status in operation.responses, `${route.operationId} ${status}`);
      const ifMatch = (operation.parameters ?? []).some(({ $ref }) => $ref === '#/components/parameters/IfMatch');
      assert.equal(ifMatch, route.precondition === true && ['patch', 'delete'].includes(route.method), route.operationId);
    }
  });

  it('describes every tag in the table', () => {
    assert.deepEqual(
      [...new Set(routesOf().map((route) => route.tag))].filter((tag) => !(tag in TAGS)),
      [],
    );
  });

  it('has the platform endpoints', () => {
    for (const path of ['/livez', '/readyz', '/.well-known/jwks.json', '/openapi.json']) operationOf('get', path);
  });

  it('is told apart by its ETag', async () => {
    const first = await fetch(`${api.url}/openapi.json`);
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(`${api.url}/openapi.json`, { headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304);
  });

  it('names only routes that answer: each refuses an anonymous call with a documented status', async () => {
    for (const route of routesOf()) {
      const path = route.path.replaceAll(/:\w+/g, '019f2c6e-0000-7000-8000-000000000000');
      const { status } = await rawRequest(api.url, route.method.toUpperCase(), path, {});
      const documented = Object.keys(operationOf(route.method, route.path).responses);
      assert.ok(documented.includes(String(status)), `${route.operationId} answered ${status}`);
      if (needsCredentials(route)) assert.equal(status, 401, route.operationId);
    }
  });
});

function lint(file: string): Promise<{ code: number; output: string }> {
  // oxlint-disable-next-line node/no-process-env -- the child gets our environment, without telemetry.
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const args = [join(ROOT, 'node_modules/@redocly/cli/bin/cli.js'), 'lint', file, '--config', join(ROOT, 'redocly.yaml')];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}
