import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { PLATFORM_PARTS, PROJECT_ROOT } from '../sandbox/parts.ts';
import { findFreePorts } from '../sandbox/ports.ts';
import { closeAtEnd } from './support/cleanup.ts';
import { inParallel, type Measurement, type RunOptions, until } from './support/measurement.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand, standEnv } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { register, type User } from './support/world.ts';

/** Parked before the first look, so that what a worker needs once is there. */
const PARKED_FIRST = 100;
/** Parked between the looks: enough that garbage not yet collected, some 20 MB, weighs little in the difference. */
const PARKED_MORE = 400;
/** Fresh workers measured; a slow machine ends with the first. */
const WORKERS_MAX = 3;
const WORKERS_LIMIT_MS = 120_000;
const AT_ONCE = 4;
const WORKER_LIMIT_MS = 60_000;
const PARK_LIMIT_MS = 90_000;
const DEMO_LIMIT_MS = 240_000;
/** What is measured is looked at this often at rest, a second apart. */
const LOOKS = 5;

/** Resident memory of the processes after the demo. */
export interface MemoryResult {
  readonly apiMb: number;
  readonly workerMb: number;
  /** What a workflow that is cached and waits on a timer adds to a worker. */
  readonly kbPerParkedWorkflow: number;
}

/** Measures resident memory of the API and the worker after the demo, then what a parked workflow adds to a worker. */
export async function run({ progress }: RunOptions): Promise<Measurement<MemoryResult>> {
  const stand = await openStand(progress);
  progress('the demo');
  await playDemo(stand);
  await caughtUp(stand);
  const api = await atRest(pidOf(stand, 'api'));
  const worker = await atRest(pidOf(stand, 'worker'));
  const connection = await Connection.connect({ address: stand.platform.urls.temporalAddress });
  closeAtEnd(() => connection.close());
  const client = new Client({ connection, namespace: stand.platform.urls.temporalNamespace });
  const parkedKb = await parkedWorkflow(stand, client, progress);
  return {
    settings: {
      ...stand.settings,
      'parked workflows': `${PARKED_FIRST} of type groupLifecycle in a fresh worker, then ${PARKED_MORE} more`,
    },
    table: [
      ['what', 'resident', 'limit'],
      ['API after the demo', `${api.toFixed(0)} MB`, '250 MB'],
      ['worker after the demo', `${worker.toFixed(0)} MB`, '600 MB'],
      ['one parked workflow', `${parkedKb.toFixed(0)} KB`, '500 KB'],
    ],
    result: { apiMb: rounded(api, 0), workerMb: rounded(worker, 0), kbPerParkedWorkflow: rounded(parkedKb, 0) },
  };
}

/** Plays the demo on this platform, which it finds by the data folder. */
async function playDemo({ platform }: Stand): Promise<void> {
  const child = spawn(process.execPath, ['demo/main.ts', '--json'], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...standEnv(), DATA_DIR: platform.dataDir },
  });
  closeAtEnd(() => {
    child.kill('SIGKILL');
    return Promise.resolve();
  });
  let words = '';
  child.stdout.resume();
  child.stderr.on('data', (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-2_000);
  });
  const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(DEMO_LIMIT_MS) })) as [number | null];
  if (code !== 0) throw new Error(`the demo ended with ${code}: ${words}`);
}

/** What a workflow that is cached and waits on a timer adds to a worker, in KB: the median over fresh workers. */
async function parkedWorkflow(stand: Stand, client: Client, progress: (text: string) => void): Promise<number> {
  await stand.platform.hold('worker');
  const user = await register(stand, 'Ana');
  const costs: number[] = [];
  const began = Date.now();
  while (costs.length < WORKERS_MAX && (costs.length === 0 || Date.now() - began < WORKERS_LIMIT_MS)) {
    progress(`worker ${costs.length + 1}: it parks ${PARKED_FIRST} workflows, then ${PARKED_MORE} more`);
    costs.push(await costInOneWorker(stand, client, user));
  }
  return median(costs);
}

/** The growth of a fresh worker's resident memory over the workflows that it parks after the first ones, in KB each. */
async function costInOneWorker(stand: Stand, client: Client, user: User): Promise<number> {
  const [opsPort] = await findFreePorts(1);
  // As the platform starts its own.
  const child = fork(join(PROJECT_ROOT, 'workers/main.ts'), {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: PLATFORM_PARTS.worker.filter((argument) => argument.startsWith('--')),
    env: {
      ...stand.platform.env,
      MALLOC_ARENA_MAX: '2',
      OPS_PORT: String(opsPort),
      MAX_CACHED_WORKFLOWS: String(2 * (PARKED_FIRST + PARKED_MORE)),
    },
  });
  const ended = once(child, 'exit');
  closeAtEnd(() => {
    child.kill('SIGKILL');
    return Promise.resolve();
  });
  await until('the worker is ready', WORKER_LIMIT_MS, async () => {
    const answer = await fetch(`http://127.0.0.1:${opsPort}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.ok === true;
  });
  await park(stand, client, user, PARKED_FIRST);
  const before = await atRest(child.pid ?? 0);
  await park(stand, client, user, PARKED_MORE);
  const after = await atRest(child.pid ?? 0);
  child.kill('SIGKILL');
  await ended;
  return ((after - before) * 1024) / PARKED_MORE;
}

/** Makes groups and waits until the workflow of each waits on its timer. */
async function park(stand: Stand, client: Client, { token }: User, count: number): Promise<void> {
  const groups = await inParallel(Array.from({ length: count }), AT_ONCE, (_, index) =>
    stand.call<{ workflowId: string }>({
      method: 'POST',
      path: '/v1/groups',
      token,
      body: { name: `Parked ${index + 1}`, currency: 'EUR' },
    }),
  );
  await inParallel(groups, AT_ONCE, ({ workflowId }) =>
    until(
      'the workflow waits on its timer',
      PARK_LIMIT_MS,
      async () => {
        const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
        return events?.some((event) => event.timerStartedEventAttributes != null) ?? false;
      },
      250,
    ).catch((error: unknown) => {
      throw new Error(`${workflowId}: ${(error as Error).message}`);
    }),
  );
  await caughtUp(stand);
}

function pidOf({ platform }: Stand, name: string): number {
  const child = platform.children().find((one) => one.name === name);
  if (child === undefined) throw new Error(`${name} does not run`);
  return child.pid;
}

/** Resident memory of a process at rest: the median of some looks, in MB. */
async function atRest(pid: number): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    looks.push(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024);
  }
  return median(looks);
}
