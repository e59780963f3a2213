import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, type NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { ServiceName } from '../../config/env.ts';
import { findFreePorts } from '../../sandbox/ports.ts';
import { createSupervisor } from '../../sandbox/supervisor.ts';
import { findTemporal } from '../../sandbox/temporal-binary.ts';
import { temporalChild } from '../../sandbox/temporal.ts';
import { timeSkippingServerPath } from '../../sandbox/test-server.ts';
import { applySearchAttributes } from '../../temporal-config/apply.ts';
import { dynamicConfig } from '../../temporal-config/dynamic-config.ts';
import { DECLARED_SEARCH_ATTRIBUTES, INDEXED_VALUE_TYPES } from '../../temporal-config/search-attributes.ts';
import { workerOptions } from '../../workers/service-worker.ts';
import { atEndOfRun } from './servers.ts';

let quiet = false;

function quietRuntime(): void {
  if (quiet) return;
  quiet = true;
  // Tests provoke failures on purpose; what they expect is asserted, not read in a log.
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
}

/**
 * Starts a time-skipping server with our search attributes. It has no Schedules and no listing. One per test file, ended
 * by `teardown()`; time skips only while a test awaits a workflow's result or calls `env.sleep`.
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const path = await timeSkippingServerPath();
  const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
  // This server cannot list search attributes, so they are added without a look.
  const searchAttributes = Object.fromEntries(DECLARED_SEARCH_ATTRIBUTES.map(({ name, type }) => [name, INDEXED_VALUE_TYPES[type]]));
  await env.connection.operatorService.addSearchAttributes({ namespace: env.namespace ?? 'default', searchAttributes });
  return env;
}

/** Without any progress for this long, time does not skip. */
const STUCK_MS = 5_000;
/** How far the server's clock may run ahead of ours before that counts as skipping. */
const SLACK_MS = 1_000;

/**
 * Lets time skip so far, such as `8 days`.
 *
 * Once in some hundred runs the server keeps a lock on its clock with no task outstanding, and time would never skip again. Where
 * nothing moves, the lock is given back for it.
 */
export async function skipTime(env: TestWorkflowEnvironment, duration: Parameters<TestWorkflowEnvironment['sleep']>[0]): Promise<void> {
  let done = false;
  const skipped = env.sleep(duration).finally(() => {
    done = true;
  });
  for (let seen = await clockLead(env); !done;) {
    await Promise.race([skipped, delay(STUCK_MS)]);
    if (done) break;
    const lead = await clockLead(env);
    if (lead - seen < SLACK_MS) {
      process.stderr.write('the test server kept its clock locked; unlocked once more\n');
      await env.connection.testService?.unlockTimeSkipping({});
    }
    seen = lead;
  }
  await skipped;
}

/** How far the server's clock is ahead of ours, in milliseconds. */
async function clockLead(env: TestWorkflowEnvironment): Promise<number> {
  return (await env.currentTimeMs()) - Date.now();
}

/** A real Temporal server of a test. */
export interface DevServer {
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  /** Stops the server; its data stays. */
  hold(): Promise<void>;
  /** Starts a held server again. */
  release(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real Temporal dev server on free ports with its data on disk; for the relay, schedules, listing and outages. */
export async function startDevServer(): Promise<DevServer> {
  quietRuntime();
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-temporal-'));
  const [port, uiPort] = await findFreePorts(2);
  const supervisor = createSupervisor({ logsDir: folder });
  const address = `127.0.0.1:${port}`;
  const namespace = 'default';
  const flags = Object.entries(dynamicConfig).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  let stopping: Promise<void> | undefined;
  let connection: Connection | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      await connection?.close();
      supervisor.close();
      await supervisor.stop(['temporal']);
      rmSync(folder, { recursive: true, force: true });
    })());
  atEndOfRun(stop);
  await supervisor.start(
    temporalChild({ binary: await findTemporal(), dataDir: folder, port: port!, uiPort: uiPort!, namespace, dynamicConfig: flags }),
  );
  connection = await Connection.connect({ address });
  await applySearchAttributes(connection, namespace);
  return {
    address,
    namespace,
    client: new Client({ connection, namespace }),
    hold: () => supervisor.hold('temporal'),
    release: () => supervisor.release('temporal'),
    stop,
  };
}

/** A worker of a test. */
export interface TestWorker {
  stop(): Promise<void>;
}

/**
 * Runs a service's workflows with given activities: the product's own (`create<Service>Activities`) or fakes of their contract.
 *
 * @param connection of the server: `env.nativeConnection`, or a new one to a dev server's address.
 * @param options workflowsPath replaces the service's bundle, for workflows that only a test has.
 */
export async function startWorker(
  connection: NativeConnection,
  service: ServiceName,
  activities: object,
  options: { readonly namespace?: string; readonly workflowsPath?: string } = {},
): Promise<TestWorker> {
  const env = { TEMPORAL_ADDRESS: '', TEMPORAL_NAMESPACE: options.namespace ?? 'default', MAX_CACHED_WORKFLOWS: 100 };
  const { workflowBundle, workflowsPath, ...product } = workerOptions(service, { env, activities });
  const code = options.workflowsPath === undefined ? { workflowBundle, workflowsPath } : { workflowsPath: options.workflowsPath };
  const worker = await Worker.create({ ...product, ...code, connection });
  const running = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await running;
    },
  };
}
