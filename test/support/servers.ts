import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as PgClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { SERVICES, type ServiceName } from '../../config/env.ts';
import { migrate } from '../../db/migrate.ts';
import { openDatabase, type ServiceDatabase } from '../../db/orm.ts';
import { findFreePorts } from '../../sandbox/ports.ts';
import { preparePostgresHome } from '../../sandbox/postgres-home.ts';
import { databaseUrlOf, postgresChild } from '../../sandbox/postgres.ts';
import { createSupervisor } from '../../sandbox/supervisor.ts';

// oxlint-disable-next-line node/no-process-env -- a switch of the tests, no setting of the product.
const RUNNING = process.env['TEST_DATABASE_URL'] ?? '';

/** What a test run started, ended by the root hook in test/setup.ts. */
const cleanups: (() => Promise<void> | void)[] = [];

/** Has something done after the last test of the run. */
export function atEndOfRun(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

/** Ends what the run started, the last first. */
export async function endRun(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

let postgres: Promise<string> | undefined;
let template: Promise<string> | undefined;

/**
 * The run's Postgres, started when first asked for and shared by all test files; TEST_DATABASE_URL names one that runs already.
 *
 * @returns its connection string, as an owner of databases.
 */
export function startTestPostgres(): Promise<string> {
  return (postgres ??= start());
}

async function start(): Promise<string> {
  if (RUNNING !== '') return RUNNING;
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-test-'));
  const supervisor = createSupervisor({ logsDir: join(folder, 'logs') });
  atEndOfRun(async () => {
    supervisor.close();
    await supervisor.stop(['postgres']);
    rmSync(folder, { recursive: true, force: true });
  });
  const home = await preparePostgresHome(folder);
  atEndOfRun(() => rmSync(home.dataDir, { recursive: true, force: true }));
  const [port] = await findFreePorts(1);
  await supervisor.start(postgresChild(home, port!));
  return databaseUrlOf(home, port!, 'postgres');
}

/** Makes a fresh, migrated database and returns its connection string; it goes at the end of the run, with the server where that is ours. */
export async function testDatabaseUrl(): Promise<string> {
  const adminUrl = await startTestPostgres();
  const source = await (template ??= migratedTemplate(adminUrl));
  const name = `test_${uuidv7().replaceAll('-', '')}`;
  await admin(adminUrl, (client) => client.query(`create database ${name} template ${source}`));
  // A hundred of them, dropped one by one, would take a minute: each waits for a checkpoint.
  if (RUNNING !== '') atEndOfRun(() => admin(adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`)));
  return withDatabase(adminUrl, name);
}

/** Every service's database over one fresh, migrated database. */
export interface TestDatabases extends Readonly<Record<ServiceName, ServiceDatabase>> {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens a fresh, migrated database as each service sees it. */
export async function testDatabases(): Promise<TestDatabases> {
  const url = await testDatabaseUrl();
  const opened = await Promise.all(SERVICES.map((service) => openDatabase(service, url, 6)));
  const byName = Object.fromEntries(opened.map((db) => [db.service, db])) as Record<ServiceName, ServiceDatabase>;
  return { ...byName, url, close: async () => void (await Promise.all(opened.map((db) => db.close()))) };
}

/** Opens a fresh, migrated database as one service sees it. */
export async function testDatabase(service: ServiceName, url?: string): Promise<ServiceDatabase> {
  return openDatabase(service, url ?? (await testDatabaseUrl()), 6);
}

/** The template is named by the migrations that made it, so a server that runs on keeps it until they change. */
async function migratedTemplate(adminUrl: string): Promise<string> {
  const name = `safesplitx_template_${migrationsHash()}`;
  await admin(adminUrl, async (client) => {
    await client.query('select pg_advisory_lock(731800602)');
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount !== 0) return;
    const draft = `${name}_draft`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft}`);
    await migrate(withDatabase(adminUrl, draft));
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

function migrationsHash(): string {
  const hash = createHash('sha256');
  for (const folder of ['migrations', 'views']) {
    const path = fileURLToPath(new URL(`../../db/${folder}`, import.meta.url));
    for (const file of readdirSync(path)
      .filter((name) => name.endsWith('.ts'))
      .sort())
      hash.update(readFileSync(join(path, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function admin(url: string, work: (client: PgClient) => Promise<unknown>): Promise<void> {
  const client = new PgClient({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
