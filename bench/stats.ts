import type { Measurement, RunOptions } from './support/measurement.ts';
import { recordMany, tenYears } from './support/recording.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand } from './support/stand.ts';
import { median, percentile, rounded } from './support/statistics.ts';
import { makeGroup, register } from './support/world.ts';

const MANY = 100_000;
const WARM_UP = 2;
const ROUNDS = 15;

/** What figures over a long history cost. */
export interface StatsResult {
  /** Median time of the slowest of all ways to sum up 100,000 expenses, over HTTP. */
  readonly ms: number;
}

/** Measures GET stats, by each key, in a group with 100,000 expenses; one request after another. */
export async function run({ progress }: RunOptions): Promise<Measurement<StatsResult>> {
  const stand = await openStand(progress);
  const user = await register(stand, 'Ana');
  const group = await makeGroup(stand, user, 0);
  await recordMany(stand, group, MANY, progress, (index) => tenYears(index, MANY));
  await caughtUp(stand, progress);
  const at = `/v1/groups/${group.groupId}`;
  const paths = [
    ...['category', 'member', 'month', 'tag'].map((by) => [`a group, by ${by}`, `${at}/stats?by=${by}`] as const),
    ['a group, by category, of one year', `${at}/stats?by=category&from=2020-01-01&to=2020-12-31`] as const,
    ...['category', 'month', 'tag', 'group'].map((by) => [`my own, by ${by}`, `/v1/me/stats?by=${by}`] as const),
    ['chart of categories', `${at}/chart.svg?kind=categories`] as const,
  ];
  const rows: { name: string; ms: number[] }[] = [];
  for (const [name, path] of paths) {
    progress(`summing up: ${name}`);
    const ms: number[] = [];
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      const began = performance.now();
      const answer = await fetch(`${stand.platform.urls.apiUrl}${path}`, { headers: { authorization: `Bearer ${user.token}` } });
      await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      if (round >= 0) ms.push(performance.now() - began);
    }
    rows.push({ name, ms });
  }
  return {
    settings: stand.settings,
    table: [
      [`figures over ${MANY.toLocaleString('en')} expenses`, 'p50 ms', 'p95 ms'],
      ...rows.map(({ name, ms }) => [name, median(ms).toFixed(0), percentile(ms, 0.95).toFixed(0)]),
    ],
    result: { ms: rounded(Math.max(...rows.map(({ ms }) => median(ms))), 1) },
  };
}
