import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';
import { findFreePorts } from '../../sandbox/ports.ts';
import { closeAtEnd } from './cleanup.ts';
import { until } from './measurement.ts';

const VERSION = '7.2.1';
const GUNICORN = '27.0.1';
/** Where it is kept between runs; a new version is a new folder. */
const HOME = join(PROJECT_ROOT, '.cache', `ihatemoney-${VERSION}`);
const WORKERS = 2;
const INSTALL_LIMIT_MS = 180_000;
const START_LIMIT_MS = 60_000;

/** I Hate Money, with a project of four people. */
export interface IHateMoney {
  readonly origin: string;
  readonly token: string;
  readonly version: string;
  /** Adds bills to the project without going through its API, which would take too long. */
  fill(bills: number): Promise<void>;
}

/** Installs I Hate Money from PyPI where it is not there yet, and starts it under gunicorn on loopback as its manual says, with its default database. */
export async function openIHateMoney(progress: (text: string) => void): Promise<IHateMoney> {
  const python = join(HOME, 'bin', 'python');
  if (!existsSync(join(HOME, 'bin', 'gunicorn'))) await install(python, progress);
  const folder = await mkdtemp(join(tmpdir(), 'safesplitx-ihatemoney-'));
  closeAtEnd(() => rm(folder, { recursive: true, force: true }));
  const database = join(folder, 'ihatemoney.db');
  const settings = join(folder, 'ihatemoney.cfg');
  await writeFile(
    settings,
    `SQLALCHEMY_DATABASE_URI = "sqlite:///${database}"\nSECRET_KEY = "bench"\nSESSION_COOKIE_SECURE = False\nMAIL_SUPPRESS_SEND = True\n`,
  );
  const env = { PATH: process.env['PATH'] ?? '', IHATEMONEY_SETTINGS_FILE_PATH: settings };
  progress('I Hate Money: its tables');
  await promisify(execFile)(python, ['-c', 'from ihatemoney.run import create_app; create_app()'], {
    env,
    cwd: folder,
    timeout: START_LIMIT_MS,
  });
  const [port] = await findFreePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(join(HOME, 'bin', 'gunicorn'), ['-w', String(WORKERS), '-b', `127.0.0.1:${port}`, 'ihatemoney.wsgi:application'], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
  closeAtEnd(() => {
    child.kill('SIGTERM');
    return Promise.resolve();
  });
  progress('I Hate Money: starting');
  await until(
    'I Hate Money answers',
    START_LIMIT_MS,
    async () => (await fetch(`${origin}/api/currencies`).catch(() => null))?.ok === true,
    250,
  );
  const token = await openProject(origin);
  return {
    origin,
    token,
    version: `${VERSION}, gunicorn ${GUNICORN} with ${WORKERS} workers, SQLite`,
    async fill(bills) {
      await promisify(execFile)(python, ['-c', FILL, database, String(bills)], { timeout: START_LIMIT_MS });
    },
  };
}

async function install(python: string, progress: (text: string) => void): Promise<void> {
  progress(`I Hate Money: installing ${VERSION} from PyPI`);
  await mkdir(HOME, { recursive: true });
  const run = promisify(execFile);
  await run('python3', ['-m', 'venv', HOME], { timeout: INSTALL_LIMIT_MS });
  await run(python, ['-m', 'pip', 'install', '-q', `ihatemoney==${VERSION}`, `gunicorn==${GUNICORN}`], { timeout: INSTALL_LIMIT_MS });
}

async function openProject(origin: string): Promise<string> {
  const basic = { authorization: `Basic ${Buffer.from('bench:bench').toString('base64')}` };
  const post = async (path: string, fields: Record<string, string>): Promise<void> => {
    const answer = await fetch(`${origin}/api/${path}`, { method: 'POST', headers: basic, body: new URLSearchParams(fields) });
    if (!answer.ok) throw new Error(`I Hate Money, ${path}: ${answer.status} ${await answer.text()}`);
  };
  await post('projects', { name: 'bench', id: 'bench', password: 'bench', contact_email: 'bench@example.com', default_currency: 'EUR' });
  for (const name of ['Ana', 'Ben', 'Cem', 'Dora']) await post('projects/bench/members', { name });
  const answer = await fetch(`${origin}/api/projects/bench/token`, { headers: basic });
  // Hashing the password at every request is what it does for people; programs send the token.
  return ((await answer.json()) as { token: string }).token;
}

const FILL = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
first = (db.execute("select max(id) from bill").fetchone()[0] or 0) + 1
bills = range(first, first + int(sys.argv[2]))
db.executemany("insert into bill (id, payer_id, amount, date, what, creation_date, external_link, converted_amount, original_currency, bill_type) values (?, ?, ?, '2026-11-20', 'Dinner', '2026-11-20', '', ?, 'EUR', 'EXPENSE')", [(n, 1 + n % 4, 1 + n % 200, 1 + n % 200) for n in bills])
db.executemany("insert into billowers (bill_id, person_id) values (?, ?)", [(n, p) for n in bills for p in (1, 2, 3, 4)])
db.commit()
`;
