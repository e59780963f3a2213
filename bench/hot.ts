import { openLoadGenerator } from './support/load.ts';
import type { LoadResult } from './support/load-messages.ts';
import type { Measurement, RunOptions } from './support/measurement.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { buildWorld } from './support/world.ts';

const GROUPS = 200;
const USERS = 20;
const CLIENTS = 50;
const ROUNDS = 5;
const WARM_UP_MS = 500;
const MEASURE_MS = 4_000;
const FIRST_MS = 5_000;

/** What it costs when everybody writes to the same rows. */
export interface HotResult {
  /** Expenses a second with all writers in one group, by those with the writers spread. */
  readonly ratio: number;
  /** Deadlocks that Postgres counted. */
  readonly deadlocks: number;
}

/** Measures POST expense with all writers in one group against writers spread over many, in rounds that take turns. */
export async function run({ progress }: RunOptions): Promise<Measurement<HotResult>> {
  const stand = await openStand(progress);
  const { groups } = await buildWorld(stand, { users: USERS, groups: GROUPS }, progress);
  const load = openLoadGenerator();
  const origin = stand.platform.urls.apiUrl;
  const leg = async (among: typeof groups, measureMs = MEASURE_MS): Promise<LoadResult> => {
    await caughtUp(stand);
    return load.run({ origin, clients: CLIENTS, warmUpMs: WARM_UP_MS, measureMs, traffic: { kind: 'expenses', groups: among } });
  };
  progress('first load');
  await leg(groups, FIRST_MS);
  const before = await deadlocksOf(stand);
  const rounds: { hot: LoadResult; spread: LoadResult }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}`);
    rounds.push({ hot: await leg(groups.slice(0, 1)), spread: await leg(groups) });
  }
  const deadlocks = (await deadlocksOf(stand)) - before;
  const row = (name: string, results: readonly LoadResult[]): string[] => [
    name,
    median(results.map((result) => result.ratePerSecond)).toFixed(0),
    median(results.map((result) => result.p50Ms)).toFixed(1),
    median(results.map((result) => result.p99Ms)).toFixed(1),
  ];
  return {
    settings: { ...stand.settings, clients: String(CLIENTS), groups: `1 against ${GROUPS}` },
    table: [
      ['writers', 'expenses/s', 'p50 ms', 'p99 ms'],
      row(
        'all in one group',
        rounds.map(({ hot }) => hot),
      ),
      row(
        'spread',
        rounds.map(({ spread }) => spread),
      ),
    ],
    result: { ratio: rounded(median(rounds.map(({ hot, spread }) => hot.ratePerSecond / spread.ratePerSecond)), 3), deadlocks },
  };
}

/** Postgres' own count; it reaches the view within a second, so what is still on its way is waited for. */
async function deadlocksOf({ sql }: Stand): Promise<number> {
  await sql.query('select pg_sleep(1.5)');
  const { rows } = await sql.query<{ deadlocks: string }>('select deadlocks from pg_stat_database where datname = current_database()');
  return Number(rows[0]?.deadlocks);
}
