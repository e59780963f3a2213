import { spawn } from 'node:child_process';
import { appendFileSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, matchesGlob } from 'node:path';
import type { Suite } from './suites.ts';
import { provideTools } from './tools.ts';

/** How a suite went. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** What is noted of a suite under .ci/run. */
interface Ran extends Count {
  /** Full titles of the tests that passed; of a suite that has none, its own name. */
  readonly tests: readonly string[];
}

const MOCHA = 'node_modules/mocha/bin/mocha.js';
/** Time between asking a suite that takes too long to end and ending it. */
const KILL_AFTER_MS = 10_000;
/** The end of a suite's output, which holds its summary, in characters. */
const OUTPUT_KEPT = 200_000;

/**
 * Runs suites one after the other, shows their output, and says in one last line how many tests passed and failed.
 *
 * A suite that crashes, takes too long, finds no test or cannot have what it needs counts as failed; so does each test that is
 * pending, as a test that is not run proves nothing.
 *
 * @param only words; with any, only suites whose name holds one of them.
 * @returns the exit code.
 */
export async function runSuites(suites: readonly Suite[], only: readonly string[] = []): Promise<number> {
  const chosen = suites.filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));
  const total = { passed: 0, failed: 0 };
  for (const suite of chosen) {
    const began = Date.now();
    process.stdout.write(`\n== ${suite.name}\n`);
    const count = await runSuite(suite).catch((error: unknown) => {
      process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return { passed: 0, failed: 1, tests: [] };
    });
    process.stdout.write(
      `== ${suite.name}: passed ${count.passed}, failed ${count.failed}, ${((Date.now() - began) / 1000).toFixed(1)} s\n`,
    );
    record(suite.name, count);
    total.passed += count.passed;
    total.failed += count.failed;
  }
  // Under .ci/run the one such line is the sum over all tasks, printed there.
  if (!process.env['SAFESPLITX_COUNTS']) process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

async function runSuite(suite: Suite): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-suite-'));
  const passedFile = join(folder, 'passed');
  writeFileSync(passedFile, '');
  try {
    const env = { ...process.env, ...provideTools(suite.needs ?? []), SAFESPLITX_PASSED: passedFile };
    const { code, output } = await runCommand(commandOf(suite), env, suite.limitMinutes);
    if (suite.run.kind === 'mocha') return { ...countMocha(output, code), tests: readPassed(passedFile) };
    const count = countCommand(output, code);
    return { ...count, tests: count.failed === 0 ? [`suite ${suite.name}`] : [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Titles that test/setup.ts noted, one JSON text a line; a process that was ended may have left half a line. */
function readPassed(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as string);
}

function commandOf({ name, run }: Suite): readonly string[] {
  if (run.kind === 'command') return run.command;
  const { files, except = [], args = [] } = run;
  const found = globSync([...files]).filter((file) => !except.some((pattern) => matchesGlob(file, pattern)));
  if (found.length === 0) throw new Error(`The suite "${name}" has no test file`);
  return [process.execPath, MOCHA, ...args, ...found.sort()];
}

/** Reads mocha's summary: its last "N passing", "N failing" and "N pending". */
export function countMocha(output: string, code: number): Count {
  const last = (word: string): number => Number([...output.matchAll(new RegExp(`^ {2}(\\d+) ${word}`, 'gm'))].at(-1)?.[1] ?? 0);
  const [passed, failed] = [last('passing'), last('failing') + last('pending')];
  const crashed = (code !== 0 && failed === 0) || passed + failed === 0;
  return { passed, failed: crashed ? 1 : failed };
}

/** Reads a command's own last count, or takes it as one test. */
export function countCommand(output: string, code: number): Count {
  const [, passed, failed] = [...output.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed/gm)].at(-1) ?? [];
  if (passed === undefined) return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  return { passed: Number(passed), failed: code !== 0 && Number(failed) === 0 ? 1 : Number(failed) };
}

function runCommand(
  [command = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  limitMinutes: number,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => {
      process.stdout.write(`ended after ${limitMinutes} minutes\n`);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
    }, limitMinutes * 60_000);
    let output = '';
    const collect = (chunk: Buffer): void => {
      process.stdout.write(chunk);
      output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output: `${output}\n${error.message}` });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output });
    });
  });
}

function record(suite: string, count: Ran): void {
  const file = process.env['SAFESPLITX_COUNTS'];
  if (file) appendFileSync(file, `${JSON.stringify({ suite, ...count })}\n`);
}
