import { readFileSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { PostgresHome } from './postgres-home.ts';
import { commandLine, endProcess, identityOf, workingFolder } from './processes.ts';
import type { ChildSpec } from './supervisor.ts';

const DATABASE = 'safesplitx';
const CONNECT_TIMEOUT_MS = 2_000;
/** Fast shutdown writes a checkpoint; on a slow disk it needs some seconds. */
const ORPHAN_SIGNALS = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 3_000],
  ['SIGKILL', 2_000],
] as const;

/**
 * Settings that differ from Postgres' own. What makes a commit durable (fsync, synchronous_commit, full_page_writes) is named so
 * that nobody has to look it up: it stays on. There is no Unix socket: its path would have to be short and reachable.
 */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '200',
  shared_buffers: '256MB',
  wal_compression: 'on',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  jit: 'off',
  // A broken rule is logged without the values that broke it, such as an address that is taken, and without its statement.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_timezone: 'UTC',
  timezone: 'UTC',
} as const;

/** The connection string of the platform's database, for the owner of everything in it. */
export function databaseUrlOf({ password }: PostgresHome, port: number, database = DATABASE): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * The embedded Postgres as a child to keep running.
 *
 * Each start first deals with what a crash left: a server without a starter is stopped in good order, and a postmaster.pid whose
 * process is gone, or is some other program, is removed.
 */
export function postgresChild(home: PostgresHome, port: number): ChildSpec {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    name: 'postgres',
    graceMs: 3_000,
    // Fast shutdown; the harder one ends without a checkpoint and recovers from the log at the next start.
    guard: { stopSignal: 'SIGINT', hardSignal: 'SIGQUIT' },
    ready: { probe: () => ensureDatabase(databaseUrlOf(home, port, 'postgres')) },
    prepare: async () => {
      await endOrphanedServer(home.dataDir);
      return {
        command: home.postgres,
        args: ['-D', home.dataDir, '-p', String(port), ...settings],
        env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
        cwd: '/',
        ...(home.uid === undefined ? {} : { uid: home.uid, gid: home.gid }),
      };
    },
  };
}

/**
 * Stops a server that still holds a data folder, or removes the mark of one that does not.
 *
 * @param dataDir the cluster's folder.
 */
export async function endOrphanedServer(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  const pid = readPid(file);
  if (pid === undefined) return;
  const identity = identityOf(pid);
  if (identity !== undefined && isServerOf(pid, dataDir)) await endProcess(identity, ORPHAN_SIGNALS);
  await rm(file, { force: true });
}

function readPid(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

/** A process number is reused: it must be a postgres, and one that works in this folder where that can be seen. */
function isServerOf(pid: number, dataDir: string): boolean {
  if (!/postgres/.test(commandLine(pid))) return false;
  const folder = workingFolder(pid);
  return folder === undefined ? commandLine(pid).includes(dataDir) : folder === realpathSync(dataDir);
}

/** Whether the server answers; makes the platform's database the first time it does. */
async function ensureDatabase(adminUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
