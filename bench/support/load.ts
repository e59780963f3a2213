import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { closeAtEnd } from './cleanup.ts';
import type { LoadJob, LoadReport, LoadResult } from './load-messages.ts';

/** What a job may take beyond its own time, in milliseconds. */
const OVERTIME_MS = 30_000;

/** A process of its own that sends requests. */
export interface LoadGenerator {
  /** Sends requests for the job's time. @throws Error at the first answer that is not the expected one. */
  run(job: LoadJob): Promise<LoadResult>;
}

/** Starts the generator. */
export function openLoadGenerator(): LoadGenerator {
  const child = fork(fileURLToPath(new URL('load-generator.ts', import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  closeAtEnd(() => {
    child.kill('SIGKILL');
    return Promise.resolve();
  });
  return { run: (job) => runJob(child, job) };
}

function runJob(child: ChildProcess, job: LoadJob): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => end(() => reject(new Error('the load generator does not answer'))),
      job.warmUpMs + job.measureMs + OVERTIME_MS,
    );
    const onExit = (): void => end(() => reject(new Error('the load generator ended')));
    const onMessage = (report: LoadReport): void =>
      end(() => ('error' in report ? reject(new Error(report.error)) : resolve(report.result)));
    const end = (settle: () => void): void => {
      clearTimeout(limit);
      child.off('exit', onExit).off('message', onMessage);
      settle();
    };
    child.once('exit', onExit).once('message', onMessage);
    child.send(job);
  });
}
