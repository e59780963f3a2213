// The starter with real Postgres and Temporal: what it starts it keeps running, finds its data again, and stops whole.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { newDataDir, removeDataDir, STAND_INS, testEnv } from './fixtures/stand-ins.ts';
import { startPlatform, type Platform } from './platform.ts';
import { processStartedAt } from './processes.ts';
import { findRunningPlatform, readChildren } from './running.ts';
import { StartError } from './start-error.ts';

const DEADLINE_MS = 15_000;

describe('sandbox/platform', () => {
  const dataDir = newDataDir();
  let platform: Platform;

  const start = (): Promise<Platform> => startPlatform({ dataDir, ports: 'free', env: testEnv(), parts: STAND_INS });

  before(async () => {
    platform = await start();
  });

  after(async () => {
    await platform.stop();
    await removeDataDir(dataDir);
  });

  it('a started platform says in running.json where it is and which programs it runs', () => {
    const running = findRunningPlatform(dataDir);
    assert.equal(running?.pid, process.pid);
    assert.equal(running.apiUrl, platform.urls.apiUrl);
    assert.deepEqual(running.children.map(({ name }) => name).sort(), ['api', 'doubles', 'postgres', 'temporal', 'worker']);
    for (const { pid } of running.children) assert.ok(processStartedAt(pid));
  });

  it('the embedded database keeps every commit: fsync and synchronous_commit are on', async () => {
    const settings = await query<{ name: string; setting: string }>(
      platform,
      `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes') order by name`,
    );
    assert.deepEqual(
      settings.map(({ setting }) => setting),
      ['on', 'on', 'on'],
    );
  });

  it('a second start on a running platform is refused with its address', async () => {
    await assert.rejects(start(), (error: Error) => error instanceof StartError && error.message.includes(platform.urls.apiUrl));
    assert.equal(await roleAt(platform.urls.apiUrl), 'api');
  });

  for (const name of ['api', 'postgres', 'temporal', 'doubles']) {
    it(`${name} killed by -9 is started again at the same address`, async () => {
      const before = pidOf(platform, name);
      process.kill(before, 'SIGKILL');
      await until(async () => platform.children().some((child) => child.name === name && child.pid !== before));
      await until(() => serves(platform, name));
    });
  }

  it('a held child stays away until it is released', async () => {
    await platform.hold('temporal');
    assert.equal(
      platform.children().some(({ name }) => name === 'temporal'),
      false,
    );
    await platform.release('temporal');
    assert.equal(await serves(platform, 'temporal'), true);
  });

  it('stop ends every process within 10 s, and the next start finds the data of both servers', async () => {
    await query(platform, 'create table kept (n int)');
    await query(platform, 'insert into kept values (42)');
    await startWorkflow(platform, 'kept');
    const processes = readChildren(dataDir);
    const began = Date.now();

    await platform.stop();

    assert.ok(Date.now() - began < 10_000);
    assert.deepEqual(
      processes.filter(({ pid, startedAt }) => processStartedAt(pid) === startedAt),
      [],
    );
    assert.equal(findRunningPlatform(dataDir), undefined);
    platform = await start();
    assert.deepEqual(await query(platform, 'select n from kept'), [{ n: 42 }]);
    assert.equal(await describeWorkflow(platform, 'kept'), 'RUNNING');
  });
});

describe('sandbox/platform refusals', () => {
  let taken: Server;
  let dataDir: string;

  beforeEach(async () => {
    dataDir = newDataDir();
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });

  afterEach(async () => {
    taken.close();
    await removeDataDir(dataDir);
  });

  it('a port in use is named with its variable, and nothing is left running or locked', async () => {
    const port = (taken.address() as { port: number }).port;
    const env = testEnv({ PORT: String(port), OPS_PORT: '19464', SANDBOX_PORT: '13900', TEMPORAL_UI_PORT: '18233' });
    const attempt = (): Promise<Platform> => startPlatform({ dataDir, env, parts: STAND_INS });

    await assert.rejects(
      attempt(),
      (error: Error) => error instanceof StartError && error.message.includes(`Port ${port} (PORT) is in use`),
    );
    await assert.rejects(attempt(), /Port \d+ \(PORT\) is in use/);
    assert.deepEqual(readChildren(dataDir), []);
  });

  it('a real database without signing keys is refused before anything starts', async () => {
    const env = testEnv({ DATABASE_URL: 'postgres://nowhere.invalid/x' });
    await assert.rejects(startPlatform({ dataDir, ports: 'free', env, parts: STAND_INS }), /SECRETS_FILE must name/);
  });

  it('a part that cannot start ends the start with the end of its log', async () => {
    const parts = { ...STAND_INS, worker: ['sandbox/fixtures/absent.ts'] };
    await assert.rejects(
      startPlatform({ dataDir, ports: 'free', env: testEnv(), parts }),
      /The part "worker" ended \(exit code 1\)[\s\S]*absent\.ts/,
    );
    assert.equal(findRunningPlatform(dataDir), undefined);
  });
});

function pidOf(platform: Platform, name: string): number {
  const child = platform.children().find((candidate) => candidate.name === name);
  assert.ok(child, `${name} runs`);
  return child.pid;
}

async function serves(platform: Platform, name: string): Promise<boolean> {
  if (name === 'postgres') return (await query(platform, 'select 1')).length === 1;
  if (name === 'temporal') return (await describeNamespace(platform)) === 'default';
  return (await roleAt(name === 'api' ? platform.urls.apiUrl : (platform.urls.sandboxUrl ?? ''))) === name;
}

async function roleAt(url: string): Promise<string> {
  const answer = (await (await fetch(`${url}/readyz`)).json()) as { role: string };
  return answer.role;
}

async function query<Row>(platform: Platform, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: platform.urls.databaseUrl });
  await client.connect();
  try {
    return (await client.query(text)).rows as Row[];
  } finally {
    await client.end();
  }
}

async function withTemporal<T>(platform: Platform, action: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: platform.urls.temporalAddress, connectTimeout: 2_000 });
  try {
    return await action(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

function startWorkflow(platform: Platform, workflowId: string): Promise<unknown> {
  return withTemporal(platform, (client) => client.workflow.start('noWorkerRunsThis', { workflowId, taskQueue: 'nobody', args: [] }));
}

function describeWorkflow(platform: Platform, workflowId: string): Promise<string> {
  return withTemporal(platform, async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);
}

function describeNamespace(platform: Platform): Promise<string | null | undefined> {
  return withTemporal(platform, async (client) => {
    const answer = await client.workflowService.describeNamespace({ namespace: 'default' });
    return answer.namespaceInfo?.name;
  });
}

/** Asks again until the answer is yes; an error counts as no. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition().catch(() => false))) {
    assert.ok(Date.now() < deadline, 'the condition came true in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
