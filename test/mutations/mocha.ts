import { spawn } from 'node:child_process';
import { once } from 'node:events';

const LIMIT_MS = 90_000;

/** One test that ran. */
export interface TestResult {
  readonly fullTitle: string;
  /** Absent when it passed. */
  readonly failure?: { readonly message: string; readonly isAssertion: boolean };
}

/** A line of mocha's json-stream reporter, which writes text only: errors may hold bigints, which no JSON can. */
type Event =
  | readonly ['pass', { readonly fullTitle: string }]
  | readonly ['fail', { readonly fullTitle: string; readonly err: string; readonly stack: string | null }];

/**
 * Runs the named tests of one file and nothing else.
 *
 * @param titles ends of full titles.
 * @throws Error when mocha did not come to its end, as when a file cannot be loaded.
 */
export async function runTests(folder: string, file: string, titles: readonly string[], databaseUrl: string): Promise<TestResult[]> {
  const grep = titles.map((title) => `${title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`).join('|');
  const child = spawn(
    process.execPath,
    ['node_modules/mocha/bin/mocha.js', '--require', 'test/mutations/show-causes.ts', '--reporter', 'json-stream', '--grep', grep, file],
    {
      cwd: folder,
      // What passes on broken code shows nothing, so it is not noted as passed.
      env: { ...process.env, TEST_DATABASE_URL: databaseUrl, SAFESPLITX_PASSED: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
    },
  );
  let output = '';
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (log = (log + chunk.toString()).slice(-2_000)));
  await once(child, 'close');
  const lines = output.split('\n');
  if (!lines.some((line) => line.startsWith('["end",'))) throw new Error(`mocha did not come to its end: ${log}`);
  return lines.filter((line) => /^\["(pass|fail)",/.test(line)).map((line) => resultOf(JSON.parse(line) as Event));
}

/** A property that fast-check found broken carries the assertion in its text. */
function resultOf([kind, test]: Event): TestResult {
  if (kind === 'pass') return { fullTitle: test.fullTitle };
  const isAssertion = test.stack?.startsWith('AssertionError') === true || /^Property failed after [^]*AssertionError/.test(test.err);
  return { fullTitle: test.fullTitle, failure: { message: test.err, isAssertion } };
}
