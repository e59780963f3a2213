import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client, Connection } from '@temporalio/client';
import { PROJECT_ROOT } from '../sandbox/parts.ts';
import { closeAtEnd } from './support/cleanup.ts';
import { inParallel, type Measurement, type RunOptions, until } from './support/measurement.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand, standEnv } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { register, type User } from './support/world.ts';

/** Fewer than a worker caches (150), so that all of them stay there. */
const PARKED = 120;
/** Workflows that run before, so that the code for them is compiled and loaded. */
const FIRST = 20;
const AT_ONCE = 4;
const PARK_LIMIT_MS = 90_000;
const DEMO_LIMIT_MS = 240_000;
/** What is measured is looked at this often at rest, a second apart. */
const LOOKS = 5;

/** Resident memory of the processes after the demo. */
export interface MemoryResult {
  readonly apiMb: number;
  readonly workerMb: number;
  /** Growth of a fresh worker by workflows that are cached and wait on a timer, per workflow. */
  readonly kbPerParkedWorkflow: number;
}

/** Measures resident memory of the API and the worker after the demo, then what a parked workflow adds to a worker. */
export async function run({ progress }: RunOptions): Promise<Measurement<MemoryResult>> {
  const stand = await openStand(progress);
  progress('the demo');
  await playDemo(stand);
  await caughtUp(stand);
  const api = await atRest(stand, 'api');
  const worker = await atRest(stand, 'worker');
  const connection = await Connection.connect({ address: stand.platform.urls.temporalAddress });
  closeAtEnd(() => connection.close());
  const client = new Client({ connection, namespace: stand.platform.urls.temporalNamespace });
  const parkedKb = await parkedWorkflow(stand, client, progress);
  return {
    settings: { ...stand.settings, 'parked workflows': `${PARKED} of type groupLifecycle` },
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

/** What a workflow that is cached and waits on a timer adds to a fresh worker, in KB. */
async function parkedWorkflow(stand: Stand, client: Client, progress: (text: string) => void): Promise<number> {
  progress('a fresh worker');
  await stand.platform.hold('worker');
  await stand.platform.release('worker');
  const user = await register(stand, 'Ana');
  await park(stand, client, user, FIRST);
  const before = await atRest(stand, 'worker');
  progress(`parking ${PARKED} workflows`);
  await park(stand, client, user, PARKED);
  return ((await atRest(stand, 'worker')) - before) * (1024 / PARKED);
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

/** Resident memory of a part of the platform at rest: the median of some looks, in MB. */
async function atRest({ platform }: Stand, name: string): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const child = platform.children().find((one) => one.name === name);
    if (child === undefined) throw new Error(`${name} does not run`);
    looks.push(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) / 1024);
  }
  return median(looks);
}
