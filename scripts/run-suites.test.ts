// Counting: whatever is not a passed test must not look like one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countCommand, countMocha } from './run-suites.ts';

describe('scripts/run-suites', () => {
  for (const [name, output, code, expected] of [
    ['all pass', '  12 passing (3s)\n', 0, { passed: 12, failed: 0 }],
    ['some fail', '  12 passing (3s)\n  2 failing\n', 2, { passed: 12, failed: 2 }],
    ['pending ones count as failed', '  12 passing (3s)\n  3 pending\n', 0, { passed: 12, failed: 3 }],
    ['a crash after the summary', '  12 passing (3s)\n', 1, { passed: 12, failed: 1 }],
    ['a crash before it', 'SyntaxError\n', 1, { passed: 0, failed: 1 }],
    ['no test at all', '  0 passing (1ms)\n', 0, { passed: 0, failed: 1 }],
    ['a text like a summary earlier', '  99 passing (x)\n  1 passing (3s)\n', 0, { passed: 1, failed: 0 }],
  ] as const) {
    it(`mocha, ${name}`, () => assert.deepEqual(countMocha(output, code), expected));
  }

  for (const [name, output, code, expected] of [
    ['own count', '3 passed, 1 failed\n', 1, { passed: 3, failed: 1 }],
    ['own count that hides a failure', '3 passed, 0 failed\n', 1, { passed: 3, failed: 1 }],
    ['no count, good', 'fine\n', 0, { passed: 1, failed: 0 }],
    ['no count, bad', 'not fine\n', 9, { passed: 0, failed: 1 }],
  ] as const) {
    it(`command, ${name}`, () => assert.deepEqual(countCommand(output, code), expected));
  }

  it('suites run one after the other, are counted and summed up, and a failed one gives exit code 1', () => {
    const folder = mkdtempSync(join(tmpdir(), 'safesplitx-test-'));
    const suites = [
      { name: 'good', run: { kind: 'command', command: ['true'] }, limitMinutes: 1 },
      { name: 'own count', run: { kind: 'command', command: ['echo', '7 passed, 0 failed'] }, limitMinutes: 1 },
      { name: 'absent', run: { kind: 'command', command: ['./no-such-program'] }, limitMinutes: 1 },
      { name: 'empty', run: { kind: 'mocha', files: ['no/such/*.test.ts'] }, limitMinutes: 1 },
      { name: 'endless', run: { kind: 'command', command: ['sleep', '600'] }, limitMinutes: 0.002 },
    ];
    const script = join(folder, 'run.ts');
    const module = JSON.stringify(new URL('run-suites.ts', import.meta.url).href);
    writeFileSync(script, `import { runSuites } from ${module};\nprocess.exitCode = await runSuites(${JSON.stringify(suites)});`);
    const counts = join(folder, 'counts');
    const run = (env: NodeJS.ProcessEnv) => spawnSync(process.execPath, [script], { encoding: 'utf8', env: { ...process.env, ...env } });

    const alone = run({ SAFESPLITX_COUNTS: '' });
    assert.equal(alone.status, 1);
    assert.match(alone.stdout, /\n8 passed, 3 failed\n$/);

    const inCi = run({ SAFESPLITX_COUNTS: counts });
    assert.doesNotMatch(inCi.stdout, /^\d+ passed, 3 failed/m);
    const sum = spawnSync(process.execPath, ['scripts/sum-counts.mjs', counts, '1'], { encoding: 'utf8' });
    const noted = readFileSync(counts, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { suite: string; tests: string[] });
    assert.deepEqual(
      noted.map(({ suite, tests }) => [suite, ...tests]),
      [['good', 'suite good'], ['own count', 'suite own count'], ['absent'], ['empty'], ['endless']],
      'a suite that failed shows nothing',
    );
    assert.match(sum.stdout, /\n8 passed, 3 failed\n$/);
    rmSync(folder, { recursive: true, force: true });
  });

  it('titles of mocha tests that passed are noted, and of no others', () => {
    const folder = mkdtempSync(join(tmpdir(), 'safesplitx-test-'));
    const testFile = join(folder, 'mixed.test.ts');
    writeFileSync(
      testFile,
      `describe('outer', () => {
         describe('inner', () => { it('passes, "quoted"', () => {}); });
         it('fails', () => { throw new Error('x'); });
         it('is pending');
         it('is skipped', function () { this.skip(); });
       });`,
    );
    const script = join(folder, 'run.ts');
    const module = JSON.stringify(new URL('run-suites.ts', import.meta.url).href);
    const suites = JSON.stringify([{ name: 'mixed', run: { kind: 'mocha', files: [testFile] }, limitMinutes: 1 }]);
    writeFileSync(script, `import { runSuites } from ${module};\nprocess.exitCode = await runSuites(${suites});`);
    const counts = join(folder, 'counts');
    const run = spawnSync(process.execPath, [script], { encoding: 'utf8', env: { ...process.env, SAFESPLITX_COUNTS: counts } });
    assert.equal(run.status, 1, run.stdout);
    assert.deepEqual(JSON.parse(readFileSync(counts, 'utf8')), {
      suite: 'mixed',
      passed: 1,
      failed: 3,
      tests: ['outer inner passes, "quoted"'],
    });
    rmSync(folder, { recursive: true, force: true });
  });
});
