import { readFileSync } from 'node:fs';
import { type Measurement, type RunOptions, until } from './support/measurement.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { makeGroup, register, type User } from './support/world.ts';

const ROWS = 10_000;
const ROUNDS = 3;
const IMPORT_LIMIT_MS = 90_000;
const LOOK_MS = 50;
/** A first, smaller file: the worker's code is compiled, the tables are in memory. */
const FIRST_ROWS = 2_000;

/** What an import of a long history costs; the median of the rounds, and the worker's most memory in any. */
export interface ImportResult {
  readonly rowsPerSecond: number;
  readonly workerMb: number;
}

interface Round {
  readonly seconds: number;
  /** Before the file came. */
  readonly atRestMb: number;
  readonly workerMb: number;
}

/** Measures the import of 10,000 rows through the API, from the request to the last row, and the worker's memory meanwhile. */
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
  const rates = rounds.map(({ seconds }) => ROWS / seconds);
  const workerMb = Math.max(...rounds.map((round) => round.workerMb));
  return {
    settings: { ...stand.settings, file: `${ROWS.toLocaleString('en')} rows in Sesterce's CSV, four people, two payers in every third` },
    table: [
      ['round', 'seconds', 'rows/s', 'worker MB before', 'at most'],
      ...rounds.map(({ seconds, atRestMb, workerMb: mb }, index) => [
        String(index + 1),
        seconds.toFixed(2),
        (ROWS / seconds).toFixed(0),
        atRestMb.toFixed(0),
        mb.toFixed(0),
      ]),
    ],
    result: { rowsPerSecond: rounded(median(rates), 0), workerMb: rounded(workerMb, 0) },
  };
}

async function importRows(stand: Stand, user: User, index: number, rows: number): Promise<Round> {
  const { groupId } = await makeGroup(stand, user, index);
  const { token } = user;
  const content = fileOf(rows);
  const pid = stand.platform.children().find(({ name }) => name === 'worker')?.pid ?? 0;
  const atRestMb = residentMb(pid);
  let workerMb = 0;
  const began = performance.now();
  const body = { format: 'sesterce-csv', content };
  const { id } = await stand.call<{ id: string }>({ method: 'POST', path: `/v1/groups/${groupId}/imports`, token, body });
  let state = 'running';
  let imported = 0;
  await until(
    `${rows} rows are imported`,
    IMPORT_LIMIT_MS,
    async () => {
      workerMb = Math.max(workerMb, residentMb(pid));
      ({ state, imported } = await stand.call<{ state: string; imported: number }>({ method: 'GET', path: `/v1/imports/${id}`, token }));
      return state !== 'running';
    },
    LOOK_MS,
  );
  if (state !== 'done' || imported !== rows) throw new Error(`the import ended ${state} with ${imported} rows`);
  return { seconds: (performance.now() - began) / 1000, atRestMb, workerMb };
}

/** Resident memory of a process in MB; of Linux alone, 0 elsewhere. */
function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** A file whose people are the group's: the owner and three without an account. */
function fileOf(rows: number): string {
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
    return [day, `Dinner ${index}`, ...paid, ...people.map(() => amount(cents / 4)), 'EUR', 'food.restaurants', ''].join(',');
  });
  return `${[head.join(','), ...lines].join('\n')}\n`;
}
