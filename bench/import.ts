import { readFileSync } from 'node:fs';
import { type Measurement, type RunOptions, until } from './support/measurement.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { makeGroup, register, type User } from './support/world.ts';

const ROWS = 10_000;
/** Files in a row, so that what V8 keeps of one is there when the next comes. */
const ROUNDS = 10;
/** As many rows and about as many bytes as a file may have; posting them takes half a minute. */
const LARGEST_ROWS = 100_000;
const LARGEST_TITLE = 96;
const IMPORT_LIMIT_MS = 90_000;
const LOOK_MS = 50;
const MEMORY_LOOK_MS = 20;
/** A first, smaller file: the worker's code is compiled, the tables are in memory. */
const FIRST_ROWS = 2_000;

/** What an import of a long history costs. */
export interface ImportResult {
  /** The median of ten files of 10,000 rows, one after the other. */
  readonly rowsPerSecond: number;
  /** Most resident memory of the worker, with the processes that it starts, at any time during the ten files; in MB. */
  readonly workerMb: number;
  /** The same during one file as large as may be, which comes after them. */
  readonly largestFileMb: number;
}

interface Round {
  readonly seconds: number;
  /** Before the file came. */
  readonly atRestMb: number;
  readonly peak: Resident;
}

/** Resident memory of the worker and of the processes that it started, in MB, added up: pages that they share count for each. */
interface Resident {
  readonly workerMb: number;
  readonly withReadersMb: number;
}

/**
 * Measures the import of 10,000 rows through the API, from the request to the last row, ten files in a row, and the worker's memory
 * all the while; then the memory for one file as large as may be.
 *
 * What the worker's own processes take is counted as the worker's: a file is read in one of them.
 */
export async function run({ progress }: RunOptions): Promise<Measurement<ImportResult>> {
  const stand = await openStand(progress);
  const user = await register(stand, 'Ana');
  progress('first file');
  await importRows(stand, user, 0, FIRST_ROWS);
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    await caughtUp(stand);
    progress(`round ${round} of ${ROUNDS}`);
    rounds.push(await importRows(stand, user, round, ROWS));
  }
  await caughtUp(stand);
  progress('a file as large as may be');
  const largest = await importRows(stand, user, ROUNDS + 1, LARGEST_ROWS, LARGEST_TITLE);
  const rates = rounds.map(({ seconds }) => ROWS / seconds);
  const workerMb = Math.max(...rounds.map(({ peak }) => peak.withReadersMb));
  const line = (name: string, rows: number, { seconds, atRestMb, peak }: Round): string[] => [
    name,
    seconds.toFixed(2),
    (rows / seconds).toFixed(0),
    atRestMb.toFixed(0),
    peak.workerMb.toFixed(0),
    peak.withReadersMb.toFixed(0),
  ];
  return {
    settings: { ...stand.settings, file: `${ROWS.toLocaleString('en')} rows in Sesterce's CSV, four people, two payers in every third` },
    table: [
      ['file', 'seconds', 'rows/s', 'worker MB before', 'at most', 'with its readers'],
      ...rounds.map((round, index) => line(String(index + 1), ROWS, round)),
      line('largest', LARGEST_ROWS, largest),
    ],
    result: {
      rowsPerSecond: rounded(median(rates), 0),
      workerMb: rounded(workerMb, 0),
      largestFileMb: rounded(largest.peak.withReadersMb, 0),
    },
  };
}

async function importRows(stand: Stand, user: User, index: number, rows: number, titleLength = 0): Promise<Round> {
  const { groupId } = await makeGroup(stand, user, index);
  const { token } = user;
  const body = { format: 'sesterce-csv', content: fileOf(rows, titleLength) };
  const pid = stand.platform.children().find(({ name }) => name === 'worker')?.pid ?? 0;
  const atRestMb = residentMb(pid);
  let peak: Resident = { workerMb: 0, withReadersMb: 0 };
  const looking = setInterval(() => {
    const workerMb = residentMb(pid);
    const withReadersMb = workerMb + childrenOf(pid).reduce((sum, child) => sum + residentMb(child), 0);
    peak = { workerMb: Math.max(peak.workerMb, workerMb), withReadersMb: Math.max(peak.withReadersMb, withReadersMb) };
  }, MEMORY_LOOK_MS);
  try {
    const began = performance.now();
    const { id } = await stand.call<{ id: string }>({ method: 'POST', path: `/v1/groups/${groupId}/imports`, token, body });
    let state = 'running';
    let imported = 0;
    await until(
      `${rows} rows are imported`,
      IMPORT_LIMIT_MS,
      async () => {
        ({ state, imported } = await stand.call<{ state: string; imported: number }>({ method: 'GET', path: `/v1/imports/${id}`, token }));
        return state !== 'running';
      },
      LOOK_MS,
    );
    if (state !== 'done' || imported !== rows) throw new Error(`the import ended ${state} with ${imported} rows`);
    return { seconds: (performance.now() - began) / 1000, atRestMb, peak };
  } finally {
    clearInterval(looking);
  }
}

/** Resident memory of a process in MB; of Linux alone, 0 elsewhere. */
function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** Processes that a process has started and that still run; of Linux alone. */
function childrenOf(pid: number): number[] {
  return textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** A file of the system's; empty where it is not there, as when its process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A file whose people are the group's: the owner and three without an account. @param titleLength of each title, at least. */
function fileOf(rows: number, titleLength: number): string {
  const people = ['Ana', 'Ben', 'Cem', 'Dora'];
  const head = [
    'Date',
    'Title',
    ...people.map((name) => `Paid by ${name}`),
    ...people.map((name) => `Paid for ${name}`),
    'Currency',
    'Category',
    'Exchange rate',
  ];
  const lines = Array.from({ length: rows }, (_, index) => {
    const cents = 400 + 4 * (index % 5_000);
    const amount = (minor: number): string => `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
    const second = index % 3 === 0 ? 100 : 0;
    const paid = people.map((_name, at) =>
      at === index % 4 ? amount(cents - second) : at === (index + 1) % 4 && second > 0 ? amount(second) : '',
    );
    const day = `20${String(10 + (index % 16))}-${String(1 + (index % 12)).padStart(2, '0')}-${String(1 + (index % 28)).padStart(2, '0')}`;
    return [
      day,
      `Dinner ${index}`.padEnd(titleLength, ' and wine'),
      ...paid,
      ...people.map(() => amount(cents / 4)),
      'EUR',
      'food.restaurants',
      '',
    ].join(',');
  });
  return `${[head.join(','), ...lines].join('\n')}\n`;
}
