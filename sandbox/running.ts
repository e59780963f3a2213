import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockHolder } from './lock.ts';
import { endProcess, type ProcessIdentity } from './processes.ts';
import type { RunningChild } from './supervisor.ts';

/** The addresses of a platform that is ready. Absent ones belong to real parts that the starter does not know the address of. */
export interface PlatformUrls {
  readonly apiUrl: string;
  /** Operations port of the API process: /metrics. */
  readonly opsUrl: string;
  /** Operations port of the worker: /readyz, /metrics. */
  readonly workerOpsUrl: string;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  /** Temporal's Web UI. */
  readonly uiUrl?: string;
  /** The page that shows what the outside world received. */
  readonly sandboxUrl?: string;
  /** The Stripe double's API. */
  readonly stripeUrl?: string;
}

/** What `running.json` says while a platform is ready. */
export interface RunningPlatform extends PlatformUrls {
  readonly pid: number;
  readonly children: readonly { readonly name: string; readonly pid: number }[];
}

const RUNNING = 'running.json';
const CHILDREN = 'children.json';

/** The platform that runs on a data folder and is ready; undefined when none is. */
export function findRunningPlatform(dataDir: string): RunningPlatform | undefined {
  const holder = lockHolder(dataDir);
  if (holder === undefined) return undefined;
  const platform = readJson<RunningPlatform>(join(dataDir, RUNNING));
  return platform?.pid === holder.pid ? platform : undefined;
}

/** Writes or rewrites `running.json`. */
export function writeRunning(dataDir: string, platform: RunningPlatform): void {
  writeJson(join(dataDir, RUNNING), platform);
}

/** Removes what says that a platform runs. */
export function clearRunning(dataDir: string): void {
  for (const file of [RUNNING, CHILDREN]) rmSync(join(dataDir, file), { force: true });
}

/** Remembers each process at once, so that the next starter can end those that outlive a crash. */
export function writeChildren(dataDir: string, children: readonly RunningChild[]): void {
  writeJson(join(dataDir, CHILDREN), children);
}

/** The processes that the last starter had, whether they still run or not. */
export function readChildren(dataDir: string): readonly RunningChild[] {
  return readJson<RunningChild[]>(join(dataDir, CHILDREN)) ?? [];
}

/**
 * Ends what a starter that was killed has left. Its children notice by themselves; this waits for them, and helps those that
 * do not. Programs held by a guard come last, in the order of a stop.
 */
export async function endLeftOvers(dataDir: string): Promise<void> {
  const children = readChildren(dataDir);
  const end = (signal: NodeJS.Signals, waitMs: number) => (child: ProcessIdentity) =>
    endProcess(child, [
      [signal, waitMs],
      ['SIGKILL', 2_000],
    ]);
  const held = new Set(children.filter(({ role }) => role === 'guard').map(({ name }) => name));
  await Promise.all(children.filter(({ name }) => !held.has(name)).map(end('SIGTERM', 5_000)));
  await Promise.all(children.filter(({ name }) => held.has(name) && name !== 'postgres').map(end('SIGTERM', 5_000)));
  await Promise.all(children.filter(({ name, role }) => name === 'postgres' && role === 'program').map(end('SIGINT', 10_000)));
  await Promise.all(children.filter(({ name }) => name === 'postgres').map(end('SIGTERM', 5_000)));
  clearRunning(dataDir);
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** As a whole or not at all: readers look at any moment. */
function writeJson(file: string, value: unknown): void {
  writeFileSync(`${file}.draft`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}
