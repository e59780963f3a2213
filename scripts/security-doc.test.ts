// Goal: docs/security.md cannot claim what no test shows. Method: the reader and the judge on small documents that are right or wrong in
// one way; the command as .ci/run calls it; and the real document against the titles of all tests that there are.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultsOfDoc, missingTests, readSecurityDoc, REQUIRED_IDS, type SecurityItem } from './security-doc.ts';
import { FULL_SUITES } from './suites.ts';

const DOC = `# Security

Text of **V9.9.9** that is no item.

## ASVS 5.0, shown by tests

### V1

- **V1.1.1** Decoded \`once\`. Shown by \`hostile input refuses x\`,
  \`a, b\`.
- **V1.1.2** Shown by \`\` alg \`none\` \`\`.
- **V1.2.1** Escaped.

## Does not apply

- **V17.1.1, V17.2.1** There is no \`TURN\` here. Shown by \`nobody\`.
`;

describe('scripts/security-doc', () => {
  it('reads ids and names of tests, and names only where they are asked for', () => {
    assert.deepEqual(readSecurityDoc(DOC), [
      { ids: ['V1.1.1'], tests: ['hostile input refuses x', 'a, b'] },
      { ids: ['V1.1.2'], tests: ['alg `none`'] },
      { ids: ['V1.2.1'], tests: [] },
      { ids: ['V17.1.1', 'V17.2.1'], tests: null },
    ]);
  });

  it('requires the 253 of ASVS 5.0 up to level 2 and the ten of the API Security Top 10', () => {
    assert.equal(REQUIRED_IDS.length, 253 + 10);
    assert.equal(new Set(REQUIRED_IDS).size, REQUIRED_IDS.length);
  });

  it('finds what is missing, unknown, twice, or without a test', () => {
    const item = (id: string, tests: readonly string[] | null = ['x']): SecurityItem => ({ ids: [id], tests });
    const whole = REQUIRED_IDS.map((id) => item(id));
    assert.deepEqual(faultsOfDoc(whole), []);
    assert.deepEqual(faultsOfDoc(whole.slice(1)), ['V1.1.1 is not spoken of']);
    assert.deepEqual(faultsOfDoc([...whole, item('V1.1.9')]), ['V1.1.9 is no requirement']);
    assert.deepEqual(faultsOfDoc([...whole, item('JWT: 1 MB')]), [], 'names of attacks are free');
    assert.deepEqual(faultsOfDoc([...whole, item('JWT: 1 MB', [])]), ['JWT: 1 MB names no test']);
    assert.deepEqual(faultsOfDoc([...whole, item('V1.1.1')]), ['V1.1.1 is spoken of twice']);
    assert.deepEqual(faultsOfDoc([...whole.slice(1), item('V1.1.1', [])]), ['V1.1.1 names no test']);
    assert.deepEqual(faultsOfDoc([...whole.slice(1), item('V1.1.1', null)]), []);
  });

  it('a name is a whole title; dots stand for what differs between tests that are made one for each', () => {
    const titles = new Set(['matrix getMe, is done by those who may', 'attacks a (b) [c]']);
    const missing = (...tests: string[]): string[] => missingTests([{ ids: ['V1.1.1'], tests }], titles);
    assert.deepEqual(missing('attacks a (b) [c]', 'matrix …, is done by those who may'), []);
    for (const name of ['attacks', 'getMe, is done by those who may', 'attacks a …d', 'matrix … is done', 'attacks a .b. [c]'])
      assert.deepEqual(missing(name), [name]);
  });

  it('as .ci/run calls it, fails and counts when a named test did not pass, and passes when all did', () => {
    const folder = mkdtempSync(join(tmpdir(), 'safesplitx-test-'));
    try {
      for (const part of ['scripts', 'docs']) mkdirSync(join(folder, part));
      for (const file of ['check-security.ts', 'security-doc.ts']) cpSync(join('scripts', file), join(folder, 'scripts', file));
      const rest = REQUIRED_IDS.slice(1).join(', ');
      writeFileSync(
        join(folder, 'docs', 'security.md'),
        `## Shown by tests\n\n- **V1.1.1** x. Shown by \`one\`, \`two\`.\n\n## Not\n\n- **${rest}** x\n`,
      );
      const counts = join(folder, 'counts');
      const check = (...tests: string[]): { status: number | null; stdout: string; noted: string } => {
        writeFileSync(counts, `${JSON.stringify({ suite: 'a', passed: 1, failed: 0, tests })}\n`);
        const { status, stdout } = spawnSync(process.execPath, ['scripts/check-security.ts', counts], { cwd: folder, encoding: 'utf8' });
        return { status, stdout, noted: readFileSync(counts, 'utf8').trim().split('\n').at(-1) ?? '' };
      };
      const good = check('one', 'two', 'three');
      assert.deepEqual([good.status, good.noted], [0, '{"suite":"docs/security.md","passed":1,"failed":0}'], good.stdout);
      const bad = check('one', 'twofold');
      assert.deepEqual([bad.status, bad.noted], [1, '{"suite":"docs/security.md","passed":0,"failed":1}']);
      assert.match(bad.stdout, /^FAILED docs\/security\.md: no test "two" was run and passed$/m);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is called by .ci/run after the suites, and its failure is one of the run', () => {
    const script = readFileSync('.ci/run', 'utf8');
    assert.match(script, /npm run [^]*check-security\.ts "\$counts" \|\| failed=[^]*sum-counts\.mjs/);
  });

  it('docs/security.md, speaks of every requirement once and names tests that there are', function () {
    this.timeout(120_000);
    const items = readSecurityDoc(readFileSync('docs/security.md', 'utf8'));
    assert.deepEqual(faultsOfDoc(items), []);
    const files = globSync(
      '{domain,config,db,activities,workflows,api,workers,temporal-config,sandbox,scripts,test,demo,bench}/**/*.test.ts',
    );
    const mocha = ['node_modules/mocha/bin/mocha.js', '--dry-run', '--reporter', 'json-stream', ...files];
    const { stdout } = spawnSync(process.execPath, mocha, { encoding: 'utf8', maxBuffer: 64 * 1_048_576 });
    const titles = stdout
      .split('\n')
      .filter((line) => line.startsWith('["pass",'))
      .map((line) => (JSON.parse(line) as [string, { fullTitle: string }])[1].fullTitle);
    assert.ok(titles.length > 1_000, `mocha listed ${titles.length} tests`);
    const suites = FULL_SUITES.filter(({ run }) => run.kind === 'command').map(({ name }) => `suite ${name}`);
    assert.deepEqual(missingTests(items, new Set([...titles, ...suites])), []);
  });
});
