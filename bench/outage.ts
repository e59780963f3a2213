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
const WARM_UP_MS = 1_000;
const MEASURE_MS = 4_000;
const FIRST_MS = 5_000;

/** What recording expenses loses while Temporal is away. */
export interface OutageResult {
  /** Expenses a second without Temporal, by those with it. */
  readonly ratio: number;
  /** Expenses that were acknowledged and are not in the ledger afterwards. */
  readonly lost: number;
  /** Expenses that were acknowledged while Temporal was away. */
  readonly acknowledged: number;
}

/** Measures POST expense with Temporal stopped against running, in rounds that take turns; then looks for every expense. */
export async function run({ progress }: RunOptions): Promise<Measurement<OutageResult>> {
  const stand = await openStand(progress);
  const { groups } = await buildWorld(stand, { users: USERS, groups: GROUPS }, progress);
  const load = openLoadGenerator();
  const acknowledged: string[] = [];
  const leg = async (measureMs: number, keepLocations: boolean): Promise<LoadResult> => {
    await caughtUp(stand);
    const job = { origin: stand.platform.urls.apiUrl, clients: CLIENTS, warmUpMs: WARM_UP_MS, measureMs, keepLocations };
    const result = await load.run({ ...job, traffic: { kind: 'expenses', groups } });
    acknowledged.push(...result.locations.map((location) => location.slice(location.lastIndexOf('/') + 1)));
    return result;
  };
  progress('first load');
  await leg(FIRST_MS, false);
  const rounds: { away: LoadResult; running: LoadResult }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}: Temporal is stopped`);
    await stand.platform.hold('temporal');
    const away = await leg(MEASURE_MS, true);
    progress(`round ${round} of ${ROUNDS}: Temporal runs`);
    await stand.platform.release('temporal');
    rounds.push({ away, running: await leg(MEASURE_MS, false) });
  }
  await caughtUp(stand, progress);
  const row = (name: string, results: readonly LoadResult[]): string[] => [
    name,
    median(results.map((result) => result.ratePerSecond)).toFixed(0),
    median(results.map((result) => result.p50Ms)).toFixed(1),
    median(results.map((result) => result.p99Ms)).toFixed(1),
  ];
  return {
    settings: { ...stand.settings, clients: String(CLIENTS), groups: String(GROUPS) },
    table: [
      ['Temporal', 'expenses/s', 'p50 ms', 'p99 ms'],
      row(
        'stopped',
        rounds.map(({ away }) => away),
      ),
      row(
        'running',
        rounds.map(({ running }) => running),
      ),
    ],
    result: {
      ratio: rounded(median(rounds.map(({ away, running }) => away.ratePerSecond / running.ratePerSecond)), 3),
      lost: acknowledged.length - (await countPosted(stand, acknowledged)),
      acknowledged: acknowledged.length,
    },
  };
}

/** Of these expenses, those that are there with their posting. */
async function countPosted({ sql }: Stand, ids: readonly string[]): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    'select count(distinct e.id) from expense.expense e join expense.posting p on p.id = e.posting_id where e.id = any($1::uuid[])',
    [ids],
  );
  return Number(rows[0]?.count);
}
