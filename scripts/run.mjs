// The launcher behind every npm script: installs what is missing, then runs the task under the project's own Node 24.
//
// It runs before anything is installed, so it uses Node's standard library only and the syntax of Node 20.
// Usage: node scripts/run.mjs start|demo|bench|test|test:full|check [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, nodeBinary, projectRoot } from './install.mjs';

/** What each name runs: TypeScript entries, or for `check` a list of commands, run one after the other. */
const ENTRIES = {
  start: 'sandbox/start.ts',
  demo: 'demo/main.ts',
  bench: 'bench/main.ts',
  test: 'scripts/test.ts',
  'test:full': 'scripts/test-full.ts',
};
const CHECKS = [
  { name: 'types', args: [packageBin('typescript', 'tsc'), '-p', 'tsconfig.json'] },
  { name: 'types of the workflow sandbox', args: [packageBin('typescript', 'tsc'), '-p', 'tsconfig.sandbox.json'] },
  { name: 'lint', args: [packageBin('oxlint', 'oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'import directions', args: ['scripts/check-imports.ts'] },
  { name: 'format', args: [packageBin('oxfmt', 'oxfmt'), '--check'] },
];

const [task = '', ...args] = process.argv.slice(2);
try {
  if (task !== 'check' && !(task in ENTRIES)) {
    throw new Error(`There is no task "${task}". Tasks: ${[...Object.keys(ENTRIES), 'check'].join(', ')}.`);
  }
  await ensureInstalled();
  process.exitCode = task === 'check' ? runChecks() : await runTask([join(projectRoot, ENTRIES[task]), ...args]);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function runChecks() {
  let failed = 0;
  for (const check of CHECKS) {
    const began = Date.now();
    const { status } = spawnSync(nodeBinary(), check.args.map(resolveArgument), { cwd: projectRoot, stdio: 'inherit', env: taskEnv() });
    if (status !== 0) failed += 1;
    process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${((Date.now() - began) / 1000).toFixed(1)} s)\n`);
  }
  const counts = process.env.SAFESPLITX_COUNTS;
  if (counts) appendFileSync(counts, `${JSON.stringify({ suite: 'check', passed: failed ? 0 : 1, failed: failed ? 1 : 0 })}\n`);
  return failed === 0 ? 0 : 1;
}

/**
 * Runs one entry and answers with its exit code. The channel lets the task end itself when this process is gone;
 * signals are passed on, and a task ended by a signal gives 128 + its number, as a shell would.
 */
function runTask(nodeArgs) {
  const child = spawn(nodeBinary(), nodeArgs, { cwd: projectRoot, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: taskEnv() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const watch = watchNpm(() => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      resolve(code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0));
      if (child.connected) child.disconnect();
    });
  });
}

/** npm killed by -9 cannot pass a signal on, and the shell between it and us stays: so we look whether it is still there. */
function watchNpm(onGone) {
  const npm = process.env.npm_lifecycle_event ? findNpm() : undefined;
  if (npm === undefined) return undefined;
  const watch = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(watch);
    onGone();
  }, 1000).unref();
  return watch;
}

/** Our parent, or its parent where a shell stands between; undefined where neither looks like npm. */
function findNpm() {
  let pid = process.ppid;
  for (let level = 0; level < 2; level += 1) {
    const { stdout = '' } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' });
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(stdout ?? '') ?? [];
    if (command === undefined) return undefined;
    if (/(^|[\s/])(npm|npm-cli\.c?js|pnpm|yarn)(\s|$)/.test(command) && !/^\S*sh\s+-c/.test(command)) return pid;
    pid = Number(parent);
  }
  return undefined;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Tasks and what they start find our Node first on PATH. */
function taskEnv() {
  const separator = process.platform === 'win32' ? ';' : ':';
  return { ...process.env, PATH: `${join(projectRoot, 'node_modules', '.bin')}${separator}${process.env.PATH ?? ''}` };
}

/** A lazy path of a package's executable script: packages may not be there before the install. */
function packageBin(name, bin) {
  return { name, bin };
}

function resolveArgument(argument) {
  if (typeof argument === 'string') return argument;
  const folder = join(projectRoot, 'node_modules', argument.name);
  const file = join(folder, 'package.json');
  if (!existsSync(file)) throw new Error(`The package ${argument.name} is not installed.`);
  const { bin } = JSON.parse(readFileSync(file, 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[argument.bin]);
}
