// Goal: docker-compose.yml is right although no container engine is at hand. Method: the specification's own loader resolves it;
// then each service that is ours runs as a process by its exact command with its exact environment, in the order of depends_on,
// where only addresses of other parts and ports are replaced by local ones.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as PgClient } from 'pg';
import { Connection, ScheduleClient } from '@temporalio/client';
import { v7 as uuidv7 } from 'uuid';
import { readEnv } from '../../../config/env.ts';
import { generateSecrets } from '../../../config/secrets.ts';
import { PROJECT_ROOT } from '../../../sandbox/parts.ts';
import { findFreePorts } from '../../../sandbox/ports.ts';
import { createSupervisor } from '../../../sandbox/supervisor.ts';
import { findTemporal } from '../../../sandbox/temporal-binary.ts';
import { temporalChild } from '../../../sandbox/temporal.ts';
import { SCHEDULES } from '../../../temporal-config/schedules.ts';
import { DECLARED_SEARCH_ATTRIBUTES } from '../../../temporal-config/search-attributes.ts';
import { atEndOfRun, startTestPostgres } from '../../support/servers.ts';
import { startProgram, untilServing, type Program } from '../support/programs.ts';
import { startRedis } from '../support/redis.ts';

const FILE = join(PROJECT_ROOT, 'docker-compose.yml');
const OURS = ['migrate', 'temporal-config', 'api', 'worker'] as const;

/** A service as the loader resolves it; only what is looked at here. */
interface Service {
  readonly image: string;
  readonly command: readonly string[] | null;
  readonly environment: Readonly<Record<string, string | null>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number; readonly published: string }[];
}

interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** What is not for us: mallopt(3) of glibc. */
const READ_BY_C_LIBRARY = new Set(['MALLOC_ARENA_MAX']);

describe('docker-compose.yml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-compose-'));
  let project: Project;

  before(() => {
    project = load();
  });

  // Registered before any server that keeps its data here, so it goes after the last of them.
  atEndOfRun(() => rmSync(folder, { recursive: true, force: true }));

  it('loads under the specification’s own loader, with every part that is promised', () => {
    assert.deepEqual(Object.keys(project.services).sort(), ['postgres', 'redis', 'temporal', 'temporal-ui', ...OURS].sort());
  });

  it('a mistake in the file: the loader refuses it', () => {
    const wrong = join(folder, 'wrong.yml');
    writeFileSync(wrong, 'services:\n  api:\n    image: a\n    depends_on: [nobody]\n');
    const { status, stderr } = runLoader(wrong);
    assert.notEqual(status, 0);
    assert.match(stderr, /nobody/);
  });

  it('what our services build from is there', () => {
    for (const name of OURS) {
      const { build } = service(name);
      assert.ok(build !== undefined && existsSync(join(build.context, build.dockerfile)), name);
    }
  });

  it('our services’ environment is one that the product accepts, and names no variable that it does not read', () => {
    for (const name of OURS) {
      const given = environmentOf(name);
      const known = Object.keys(readEnv(given));
      assert.deepEqual(
        Object.keys(given).filter((variable) => given[variable] !== '' && !known.includes(variable) && !READ_BY_C_LIBRARY.has(variable)),
        [],
        name,
      );
    }
  });

  it('what is published is reachable from this machine only', () => {
    const published = Object.values(project.services).flatMap(({ ports = [] }) => ports);
    assert.ok(published.length > 0);
    for (const { host_ip: address } of published) assert.equal(address, '127.0.0.1');
  });

  describe('our services as processes', () => {
    const running: Program[] = [];
    let local: (name: (typeof OURS)[number], extra?: Record<string, string>) => Program;
    let temporalAddress: string;

    before(async function () {
      this.timeout(120_000);
      const [databaseUrl, redis, address] = await Promise.all([emptyDatabase(), startRedis(), emptyTemporal(folder)]);
      atEndOfRun(() => redis.stop());
      temporalAddress = address;
      const secretsFile = join(folder, 'secrets.json');
      writeFileSync(secretsFile, JSON.stringify(generateSecrets()), { mode: 0o600 });
      const replaced: Readonly<Record<string, string>> = {
        DATABASE_URL: databaseUrl,
        REDIS_URL: redis.url,
        TEMPORAL_ADDRESS: address,
        SECRETS_FILE: secretsFile,
      };
      local = (name, extra = {}) => {
        const { command, depends_on: dependsOn = {}, secrets = [] } = service(name);
        for (const [other, { condition }] of Object.entries(dependsOn))
          if (condition === 'service_completed_successfully') assert.ok(completed.has(other), `${name} waits for ${other}`);
        const given = environmentOf(name);
        for (const variable of Object.keys(replaced)) assert.ok(given[variable], `${name} has ${variable}`);
        // A service that is given the keys finds them where its environment says.
        if (secrets.length > 0)
          assert.deepEqual(
            secrets.map(({ target }) => target),
            [given['SECRETS_FILE']],
          );
        const withKeys = secrets.length > 0 ? replaced : { ...replaced, SECRETS_FILE: given['SECRETS_FILE'] ?? '' };
        const program = startProgram(command ?? [], { ...given, ...withKeys, ...extra });
        running.push(program);
        return program;
      };
    });

    const completed = new Set<string>();

    after(async function () {
      this.timeout(60_000);
      await Promise.all(running.map((program) => program.stop()));
    });

    it('migrate: brings an empty database to the newest schema and ends', async function () {
      this.timeout(60_000);
      await completes('migrate');
    });

    it('temporal-config: makes an empty server match what is declared and ends', async function () {
      this.timeout(60_000);
      await completes('temporal-config');
      const connection = await Connection.connect({ address: temporalAddress });
      try {
        const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
        for (const { name } of DECLARED_SEARCH_ATTRIBUTES) assert.ok(name in customAttributes, name);
        const schedules = new ScheduleClient({ connection, namespace: 'default' });
        for (const { scheduleId } of SCHEDULES) assert.equal((await schedules.getHandle(scheduleId).describe()).scheduleId, scheduleId);
      } finally {
        await connection.close();
      }
    });

    it('migrate and temporal-config once more, as after a restart: nothing to do and no failure', async function () {
      this.timeout(60_000);
      await completes('migrate');
      await completes('temporal-config');
    });

    it('api: becomes ready with every part up, and its own health check agrees', async function () {
      this.timeout(90_000);
      const [port, opsPort] = await findFreePorts(2);
      const api = local('api', { PORT: String(port), OPS_PORT: String(opsPort) });
      await untilServing('api', api, `http://127.0.0.1:${port}/readyz`);
      const { parts } = (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { parts: Record<string, string> };
      for (const part of ['postgres', 'migrations', 'temporal', 'redis']) assert.equal(parts[part], 'up', part);
      const [kind, ...test] = service('api').healthcheck?.test ?? [];
      assert.equal(kind, 'CMD');
      const check = startProgram(test.map((word) => word.replace('127.0.0.1:3000', `127.0.0.1:${port}`)));
      assert.equal(await check.ended(), 0, check.log());
      await registers(`http://127.0.0.1:${port}`);
    });

    it('worker: becomes ready', async function () {
      this.timeout(120_000);
      const [opsPort] = await findFreePorts(1);
      const worker = local('worker', { OPS_PORT: String(opsPort) });
      await untilServing('worker', worker, `http://127.0.0.1:${opsPort}/readyz`, 100_000);
    });

    async function completes(name: (typeof OURS)[number]): Promise<void> {
      const program = local(name);
      assert.equal(await program.ended(), 0, program.log());
      completed.add(name);
    }
  });

  function service(name: string): Service {
    const found = project.services[name];
    assert.ok(found, `the file has a service ${name}`);
    return found;
  }

  function environmentOf(name: string): Record<string, string> {
    return Object.fromEntries(Object.entries(service(name).environment).map(([variable, value]) => [variable, value ?? '']));
  }
});

async function registers(apiUrl: string): Promise<void> {
  const answer = await fetch(`${apiUrl}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `${uuidv7()}@example.com`, password: uuidv7(), displayName: 'Somebody' }),
  });
  assert.equal(answer.status, 201, await answer.text());
}

function load(): Project {
  const { status, stdout, stderr } = runLoader(FILE);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Project;
}

/** The loader sees none of this machine's variables, as on a machine where nobody has set any. */
function runLoader(file: string): { status: number | null; stdout: string; stderr: string } {
  const loader = process.env['COMPOSE_LOADER'] || join(PROJECT_ROOT, '.cache', 'compose-loader');
  return spawnSync(loader, [file], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' } });
}

async function emptyDatabase(): Promise<string> {
  const adminUrl = await startTestPostgres();
  const name = `compose_${uuidv7().replaceAll('-', '')}`;
  const run = async (sql: string): Promise<void> => {
    const client = new PgClient({ connectionString: adminUrl });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await run(`create database ${name}`);
  atEndOfRun(() => run(`drop database if exists ${name} with (force)`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** A server that has its default namespace and nothing of ours. */
async function emptyTemporal(dataDir: string): Promise<string> {
  const [port = 0, uiPort = 0] = await findFreePorts(2);
  const supervisor = createSupervisor({ logsDir: dataDir });
  atEndOfRun(async () => {
    supervisor.close();
    await supervisor.stop(['temporal']);
  });
  await supervisor.start(temporalChild({ binary: await findTemporal(), dataDir, port, uiPort, namespace: 'default', dynamicConfig: [] }));
  return `127.0.0.1:${port}`;
}
