import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, withCacheLock } from './cache-folder.ts';
import { StartError } from './start-error.ts';

/** The newest release that `go install` can build; its server carries the Web UI. */
const CLI_VERSION = '1.5.1';
const GO_PACKAGE = `github.com/temporalio/cli/cmd/temporal@v${CLI_VERSION}`;
const DOWNLOAD_HOST = 'https://temporal.download';
/** No network shows within this time; a slow one is given as long as it takes. */
const REACHABLE_TIMEOUT_MS = 4_000;
const PROGRESS_INTERVAL_MS = 1_000;

/** Told what is being done while the program is fetched or built, with the seconds it has taken. */
export type OnStep = (text: string) => void;

/**
 * Finds the `temporal` program, or gets it: on PATH, in the user's cache folder, by the SDK's own download, or built by Go.
 *
 * @param onStep progress while it is downloaded or built (minutes, once).
 * @returns its path.
 * @throws StartError when there is none and none can be had.
 */
export async function findTemporal(onStep: OnStep = () => undefined): Promise<string> {
  const found = temporalOnPath() ?? temporalInCache();
  if (found !== undefined) return found;
  return withCacheLock(
    'temporal',
    async () => temporalInCache() ?? (await download(onStep)) ?? (await buildWithGo(onStep)),
    () => onStep('waiting for another process that is getting the Temporal server'),
  );
}

/** A program on PATH that knows `server start-dev`; other programs of that name are passed over. */
export function temporalOnPath(path = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, executable('temporal')))
    .find((file) => isExecutable(file) && canStartDev(file));
}

/** What an earlier build or download left in the cache folder. */
export function temporalInCache(folder = cacheFolder()): string | undefined {
  const built = join(folder, executable(`temporal-${CLI_VERSION}`));
  if (isExecutable(built)) return built;
  const downloaded = readdirSync(folder).find((name) => name.startsWith('temporal-sdk-typescript-') && isExecutable(join(folder, name)));
  return downloaded === undefined ? undefined : join(folder, downloaded);
}

async function download(onStep: OnStep): Promise<string | undefined> {
  onStep('looking for a download of the Temporal server');
  if (!(await isReachable(`${DOWNLOAD_HOST}/cli/default?arch=amd64&platform=linux&format=tar.gz`))) return undefined;
  const script = fileURLToPath(new URL('download-temporal.ts', import.meta.url));
  const { code } = await runWithProgress(
    process.execPath,
    [script, 'dev-server', cacheFolder()],
    'downloading the Temporal server',
    onStep,
  );
  return code === 0 ? temporalInCache() : undefined;
}

/** Whether an address answers at all, within a few seconds. */
export async function isReachable(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(REACHABLE_TIMEOUT_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function buildWithGo(onStep: OnStep): Promise<string> {
  if (spawnSync('go', ['version']).status !== 0) {
    throw new StartError(
      'No Temporal server was found, and it can be neither downloaded nor built (no Go). Install the "temporal" program ' +
        '(https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a running server.',
    );
  }
  const folder = await mkdtemp(join(cacheFolder(), 'build-'));
  try {
    const text = `building the Temporal server with Go (once, about four minutes)`;
    const { code, output } = await runWithProgress('go', ['install', '-ldflags', '-s -w', GO_PACKAGE], text, onStep, {
      ...process.env,
      GOBIN: folder,
      GOFLAGS: '',
    });
    if (code !== 0) {
      throw new StartError(
        `The Temporal server could not be built. Install the "temporal" program or set TEMPORAL_ADDRESS.\n${output.trim()}`,
      );
    }
    const target = join(cacheFolder(), executable(`temporal-${CLI_VERSION}`));
    await rename(join(folder, executable('temporal')), target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a command to its end, telling every second for how long; the last part of its output says why it failed. */
export function runWithProgress(
  command: string,
  args: readonly string[],
  text: string,
  onStep: OnStep,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ code: number; output: string }> {
  const began = Date.now();
  const tell = (): void => onStep(`${text}: ${Math.round((Date.now() - began) / 1000)} s`);
  tell();
  const ticker = setInterval(tell, PROGRESS_INTERVAL_MS);
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = (): void => void child.kill();
    process.once('exit', end);
    let output = '';
    const collect = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-2_000));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const finish = (code: number): void => {
      clearInterval(ticker);
      process.removeListener('exit', end);
      resolve({ code, output });
    };
    child.once('error', (error) => {
      output += error.message;
      finish(127);
    });
    child.once('close', (code) => finish(code ?? 1));
  });
}

function canStartDev(file: string): boolean {
  return (
    spawnSync(file, ['server', 'start-dev', '--help'], { encoding: 'utf8', timeout: 10_000 }).stdout?.includes('--db-filename') ?? false
  );
}

function isExecutable(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
