// Goal: the pages for people stand by themselves, and every code that the source can answer has its page.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startApi, type TestApi } from '../../test/support/api.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { PROBLEM_NOTES } from '../problem-notes.ts';
import { statusOf } from '../problems.ts';
import { problemCodes } from './problem-page.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('pages of the platform', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  it('explain every known problem, to programs and to people', async () => {
    for (const code of problemCodes()) {
      const json = await api.call('GET', `/problems/${code}`);
      assert.equal(json.status, 200, code);
      assert.equal(json.body.status, statusOf(code));
      assert.equal(json.body.code, code);
      assert.ok(json.body.meaning.length > 3);
    }
    const page = await fetch(`${api.url}/problems/not_found`, { headers: { accept: 'text/html,*/*;q=0.8' } });
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await page.text(), /<h1>Not found<\/h1>/);
  });

  it('answer 404 for a problem that there is not', async () => {
    for (const code of ['nope', '__proto__', 'constructor', '..%2fx', '%3Cscript%3E'])
      assert.equal((await api.call('GET', `/problems/${code}`)).status, 404, code);
  });

  it('know every code that the source answers', () => {
    const unexplained = [...codesInSource()].filter((code) => !(code in PROBLEM_NOTES)).toSorted();
    assert.deepEqual(unexplained, [], 'give each a sentence in api/problem-notes.ts');
  });

  it('load nothing from elsewhere', async () => {
    const page = await fetch(`${api.url}/docs`);
    assert.equal(page.status, 200);
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    assert.ok(links.length >= 5);
    for (const link of links) {
      assert.ok(link.startsWith('/'), link);
      const file = await fetch(api.url + link);
      assert.equal(file.status, 200, link);
      assert.equal(file.headers.get('x-content-type-options'), 'nosniff');
      assert.ok((await file.arrayBuffer()).byteLength > 50);
    }
    assert.equal((await fetch(`${api.url}/docs/assets/package.json`)).status, 404);
    assert.equal((await fetch(`${api.url}/docs/assets/..%2fdocs.ts`)).status, 404);
  });

  it('publish public halves of the keys only', async () => {
    const { body } = await api.call('GET', '/.well-known/jwks.json');
    assert.ok(body.keys.length >= 1);
    for (const key of body.keys) assert.deepEqual(Object.keys(key).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});

/** Codes written as literals where problems and refusals are made. */
function codesInSource(): Set<string> {
  const makers = /(?:refusal|refuse|new Problem)\(\s*'([a-z_0-9]+)'/g;
  const tables = /\bcode: '([a-z_0-9]+)'/g;
  return new Set([
    ...matchesIn('api', makers),
    ...['db', 'domain'].flatMap((folder) => [...matchesIn(folder, makers), ...matchesIn(folder, tables)]),
  ]);
}

function matchesIn(folder: string, pattern: RegExp): string[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(join(ROOT, folder, file), 'utf8').matchAll(pattern)].map(([, code]) => code ?? ''));
}
