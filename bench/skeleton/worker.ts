// The skeleton's worker: tuned as the product's workers are, with one activity that does nothing but be counted.
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createLogger } from '../../config/logger.ts';
import { readEnv } from '../../config/env.ts';
import { WORKER_TUNING } from '../../temporal-config/tuning.ts';
import { installRuntime } from '../../workers/service-worker.ts';
import { type Expect, SKELETON_QUEUE, type SkeletonReport } from './messages.ts';

const env = readEnv();
let left = 0;
process.on('disconnect', () => process.exit(0));
process.on('message', ({ activities }: Expect) => {
  left = activities;
});

installRuntime(createLogger('skeleton', 'error'));
const worker = await Worker.create({
  ...WORKER_TUNING,
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: SKELETON_QUEUE,
  workflowsPath: fileURLToPath(new URL('workflow.ts', import.meta.url)),
  maxCachedWorkflows: env.MAX_CACHED_WORKFLOWS,
  activities: {
    nothing(): Promise<void> {
      left -= 1;
      if (left === 0) report('done');
      return Promise.resolve();
    },
  },
});
const running = worker.run();
report('polls');
await running;

function report(what: SkeletonReport): void {
  process.send?.(what);
}
