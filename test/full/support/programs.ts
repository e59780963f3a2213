import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { PROJECT_ROOT } from '../../../sandbox/parts.ts';
import { until } from '../../support/until.ts';

const STOP_MS = 10_000;
const LOG_KEPT = 20_000;

/** A program of the project, or one that it needs, as a process of its own. */
export interface Program {
  readonly pid: number;
  /** The end of what it wrote, for the message of a failure. */
  log(): string;
  /** Waits for its end. @returns the exit code; 128 when a signal ended it. */
  ended(): Promise<number>;
  /** SIGTERM, and SIGKILL when that does not end it in time. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Starts a program.
 *
 * @param command program and arguments; `node` is the Node that runs the tests.
 * @param env its whole environment, apart from PATH and HOME.
 */
export function startProgram([program = '', ...args]: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const child: ChildProcess = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: PROJECT_ROOT,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const keep = (chunk: Buffer): void => void (log = (log + chunk.toString()).slice(-LOG_KEPT));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const failed = once(child, 'error').then(([error]: unknown[]) => void (log += String(error)));
  // A test that breaks off leaves nothing running behind it.
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  void once(child, 'close').then(() => process.off('exit', endWithUs));
  const closed = Promise.race([once(child, 'close'), failed]).then(() => child.exitCode ?? 128);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    const inTime = await Promise.race([closed.then(() => true), delay(STOP_MS, false, { ref: false })]);
    if (!inTime) child.kill('SIGKILL');
    await closed;
  };
  return { pid: child.pid ?? 0, log: () => log, ended: () => closed, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/**
 * Waits until an address answers 200.
 *
 * @throws Error with the end of the program's log after the deadline, or when it ended before.
 */
export async function untilServing(name: string, program: Program, url: string, deadlineMs = 60_000): Promise<void> {
  let gone = false;
  void program.ended().then(() => (gone = true));
  const look = async (): Promise<boolean> => {
    if (gone) throw new Error(`${name} ended`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.ok === true;
  };
  await until(`${name} serves ${url}`, look, deadlineMs).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${program.log()}`);
  });
}
