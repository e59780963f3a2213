import { openLoadGenerator } from './support/load.ts';
import type { LoadResult } from './support/load-messages.ts';
import type { Measurement, RunOptions } from './support/measurement.ts';
import { recordMany } from './support/recording.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand } from './support/stand.ts';
import { median, rounded } from './support/statistics.ts';
import { makeGroup, register, type BenchGroup } from './support/world.ts';

const MANY = 100_000;
const FEW = 100;
const CLIENTS = 4;
const ROUNDS = 7;
const WARM_UP_MS = 300;
const MEASURE_MS = 2_000;
const FIRST_MS = 3_000;

/** What a long history costs whoever asks who owes what. */
export interface BalancesResult {
  /** Median latency with 100,000 expenses, by that with 100. */
  readonly ratio: number;
}

/** Measures GET balances in a group with 100,000 expenses against one with 100, in rounds that take turns. */
export async function run({ progress }: RunOptions): Promise<Measurement<BalancesResult>> {
  const stand = await openStand(progress);
  const user = await register(stand, 'Ana');
  const [long, short] = [await makeGroup(stand, user, 0), await makeGroup(stand, user, 1)];
  await recordMany(stand, short, FEW, progress);
  await recordMany(stand, long, MANY, progress);
  await caughtUp(stand, progress);
  const load = openLoadGenerator();
  const leg = (group: BenchGroup, measureMs = MEASURE_MS): Promise<LoadResult> => {
    const traffic = { kind: 'read', path: `/v1/groups/${group.groupId}/balances`, token: group.token } as const;
    return load.run({ origin: stand.platform.urls.apiUrl, clients: CLIENTS, warmUpMs: WARM_UP_MS, measureMs, traffic });
  };
  progress('first load');
  for (const group of [long, short]) await leg(group, FIRST_MS);
  const rounds: { long: LoadResult; short: LoadResult }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`round ${round} of ${ROUNDS}`);
    rounds.push({ long: await leg(long), short: await leg(short) });
  }
  const row = (name: string, results: readonly LoadResult[]): string[] => [
    name,
    median(results.map((result) => result.p50Ms)).toFixed(2),
    median(results.map((result) => result.p99Ms)).toFixed(2),
    median(results.map((result) => result.ratePerSecond)).toFixed(0),
  ];
  return {
    settings: { ...stand.settings, clients: String(CLIENTS) },
    table: [
      ['expenses in the group', 'p50 ms', 'p99 ms', 'requests/s'],
      row(
        MANY.toLocaleString('en'),
        rounds.map((one) => one.long),
      ),
      row(
        FEW.toLocaleString('en'),
        rounds.map((one) => one.short),
      ),
    ],
    result: { ratio: rounded(median(rounds.map((one) => one.long.p50Ms / one.short.p50Ms)), 3) },
  };
}
