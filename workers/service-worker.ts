import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker, makeTelemetryFilterString, type WorkerOptions } from '@temporalio/worker';
import type { Env, ServiceName } from '../config/env.ts';
import type { Logger } from '../config/logger.ts';
import { WORKER_TUNING } from '../temporal-config/tuning.ts';
import { bundleFile, missingBundles } from './bundles.ts';
import { pause } from './relay/bell.ts';
import { SERVICE_WORKERS } from './services.ts';

const BACK_OFF_MIN_MS = 500;
const BACK_OFF_MAX_MS = 5_000;
/** A worker that ran this long was well; its next failure begins the back-off anew. */
const HEALTHY_MS = 60_000;

/** What a service's worker runs with. */
export interface ServiceWorkerDeps {
  readonly env: Pick<Env, 'TEMPORAL_ADDRESS' | 'TEMPORAL_NAMESPACE' | 'MAX_CACHED_WORKFLOWS'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The service's activities. */
  readonly activities: object;
  /** Told when the worker begins and ends to poll. */
  onRunning(service: ServiceName, running: boolean): void;
}

/** Sets up the SDK's runtime of this process: its logs go to ours, and signals are ours alone to handle. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const fields = meta ?? {};
      if (level === 'ERROR') logger.error(fields, message);
      else if (level === 'WARN') logger.warn(fields, message);
      else logger.debug(fields, message);
    }),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
  });
}

/** Builds missing bundles in a process of its own, whose memory goes with it; without them a worker bundles for itself. */
export async function prebuild(services: readonly ServiceName[], logger: Logger): Promise<void> {
  if (missingBundles(services).length === 0) return;
  const entry = fileURLToPath(new URL('build-bundles.ts', import.meta.url));
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  if (code !== 0) logger.warn({ code }, 'bundles were not prebuilt');
}

/**
 * Runs the worker of one service until the signal aborts. Whatever ends it before, such as a server that is not there
 * yet, is waited out with back-off: it never ends the process.
 */
export async function runServiceWorker(service: ServiceName, deps: ServiceWorkerDeps): Promise<void> {
  let backOffMs = BACK_OFF_MIN_MS;
  while (!deps.signal.aborted) {
    const began = Date.now();
    try {
      await runOnce(service, deps);
    } catch (error) {
      deps.logger.warn({ err: error, worker: service }, 'worker ended, starts again');
      if (Date.now() - began > HEALTHY_MS) backOffMs = BACK_OFF_MIN_MS;
      await pause(backOffMs, deps.signal);
      backOffMs = Math.min(backOffMs * 2, BACK_OFF_MAX_MS);
    }
  }
}

async function runOnce(service: ServiceName, deps: ServiceWorkerDeps): Promise<void> {
  const connection = await NativeConnection.connect({ address: deps.env.TEMPORAL_ADDRESS });
  try {
    const worker = await Worker.create({ ...workerOptions(service, deps), connection });
    const stop = (): void => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    deps.signal.addEventListener('abort', stop, { once: true });
    deps.onRunning(service, true);
    deps.logger.info({ worker: service }, 'worker polls');
    try {
      const run = worker.run();
      if (deps.signal.aborted) stop();
      await run;
    } finally {
      deps.onRunning(service, false);
      deps.signal.removeEventListener('abort', stop);
    }
  } finally {
    await connection.close();
  }
}

/** The SDK's options for a service's worker; `connection` is added by whoever runs it. */
export function workerOptions(service: ServiceName, deps: Pick<ServiceWorkerDeps, 'env' | 'activities'>): WorkerOptions {
  const { taskQueue, workflowsPath } = SERVICE_WORKERS[service];
  const codePath = bundleFile(service);
  return {
    ...WORKER_TUNING,
    namespace: deps.env.TEMPORAL_NAMESPACE,
    taskQueue,
    ...(existsSync(codePath) ? { workflowBundle: { codePath } } : { workflowsPath }),
    activities: deps.activities,
    maxCachedWorkflows: deps.env.MAX_CACHED_WORKFLOWS,
  };
}
