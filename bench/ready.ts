import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../sandbox/parts.ts';
import { findFreePorts } from '../sandbox/ports.ts';
import { closeAtEnd } from './support/cleanup.ts';
import { type Measurement, type RunOptions, until } from './support/measurement.ts';
import { standEnv } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';

const ROUNDS = 3;
const LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 15_000;

/** How long `npm start` takes with everything installed. */
export interface ReadyResult {
  /** Seconds to the first 200 of /readyz in an empty data folder, the median. */
  readonly firstSeconds: number;
  /** The same with the data of the start before. */
  readonly againSeconds: number;
}

/** Measures the time from `npm start` to /readyz, for a new data folder and for one that was used. */
export async function run({ progress }: RunOptions): Promise<Measurement<ReadyResult>> {
  const first: number[] = [];
  const again: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const dataDir = await mkdtemp(join(tmpdir(), 'safesplitx-bench-'));
    closeAtEnd(() => rm(dataDir, { recursive: true, force: true }));
    progress(`round ${round} of ${ROUNDS}: new data folder`);
    first.push(await startOnce(dataDir));
    progress(`round ${round} of ${ROUNDS}: used data folder`);
    again.push(await startOnce(dataDir));
  }
  const row = (name: string, values: readonly number[]): string[] => [name, median(values).toFixed(1), Math.max(...values).toFixed(1)];
  return {
    table: [['data folder', 'median s', 'slowest s'], row('new', first), row('used before', again)],
    result: { firstSeconds: rounded(median(first), 1), againSeconds: rounded(median(again), 1) },
  };
}

/** Starts the launcher of `npm start`, waits until it serves, and stops it. @returns seconds to ready. */
async function startOnce(dataDir: string): Promise<number> {
  const [PORT, TEMPORAL_UI_PORT, SANDBOX_PORT, OPS_PORT] = (await findFreePorts(4)).map(String);
  const began = performance.now();
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'scripts/run.mjs'), 'start'], {
    cwd: PROJECT_ROOT,
    stdio: 'ignore',
    env: { ...standEnv(), DATA_DIR: dataDir, PORT, TEMPORAL_UI_PORT, SANDBOX_PORT, OPS_PORT },
  });
  const ended = once(child, 'exit');
  closeAtEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, STOP_LIMIT_MS).unref())]);
  });
  await until(
    'the platform is ready',
    LIMIT_MS,
    async () => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`);
      const answer = await fetch(`http://127.0.0.1:${PORT}/readyz`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.ok === true;
    },
    50,
  );
  const seconds = (performance.now() - began) / 1000;
  child.kill('SIGTERM');
  await ended;
  return seconds;
}
