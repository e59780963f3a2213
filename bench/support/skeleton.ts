import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { CHANGED } from '../../workflows/shared/process.ts';
import { type Expect, SKELETON_QUEUE, SKELETON_TYPE, type SkeletonReport } from '../skeleton/messages.ts';
import { closeAtEnd } from './cleanup.ts';
import type { TwoPhases } from './history-work.ts';
import { inParallel } from './measurement.ts';
import type { Stand } from './stand.ts';

const LIMIT_MS = 90_000;

/** Workflows that only do as much as others did, with a worker of their own. */
export interface Skeletons {
  /** Starts some and waits until they wait for the signal. */
  park(count: number, work: TwoPhases): Promise<readonly string[]>;
  /** Sends each its signals, so many at once. @returns when the last activity is done. */
  goOn(ids: readonly string[], work: TwoPhases, atOnce: number): Promise<void>;
}

/** Starts the skeleton's worker beside the platform's, on the same server. */
export async function openSkeletons({ platform }: Stand, client: Client): Promise<Skeletons> {
  const { temporalAddress, temporalNamespace } = platform.urls;
  const child = fork(fileURLToPath(new URL('../skeleton/worker.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: temporalNamespace },
  });
  closeAtEnd(() => {
    child.kill('SIGKILL');
    return Promise.resolve();
  });
  await told(child, 'polls');
  return {
    async park(count, work) {
      const done = expectActivities(child, count * work.before.activities);
      const ids = Array.from({ length: count }, () => `skeleton/${randomUUID()}`);
      await inParallel(ids, 10, async (workflowId) => {
        const handle = await client.workflow.start(SKELETON_TYPE, { workflowId, taskQueue: SKELETON_QUEUE, args: [work] });
        for (let signal = 0; signal < work.before.signals; signal += 1) await handle.signal(CHANGED);
      });
      await done;
      return ids;
    },
    async goOn(ids, work, atOnce) {
      const done = expectActivities(child, ids.length * work.after.activities);
      await inParallel(ids, atOnce, async (id) => {
        for (let signal = 0; signal < work.after.signals; signal += 1) await client.workflow.getHandle(id).signal(CHANGED);
      });
      await done;
    },
  };
}

async function expectActivities(child: ChildProcess, activities: number): Promise<void> {
  const done = told(child, 'done');
  child.send({ activities } satisfies Expect);
  await done;
}

function told(child: ChildProcess, what: SkeletonReport): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => end(() => reject(new Error(`the skeleton's worker does not say "${what}"`))), LIMIT_MS);
    const onMessage = (message: SkeletonReport): void => {
      if (message === what) end(resolve);
    };
    const onExit = (): void => end(() => reject(new Error("the skeleton's worker ended")));
    const end = (settle: () => void): void => {
      clearTimeout(limit);
      child.off('message', onMessage).off('exit', onExit);
      settle();
    };
    child.on('message', onMessage).once('exit', onExit);
  });
}
