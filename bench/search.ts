import type { Measurement, RunOptions } from './support/measurement.ts';
import { recordMany, tenYears } from './support/recording.ts';
import { caughtUp } from './support/relay-lag.ts';
import { openStand, type Stand } from './support/stand.ts';
import { median, percentile, rounded } from './support/statistics.ts';
import { makeGroup, register, type BenchGroup } from './support/world.ts';

const MANY = 100_000;
const FEW = 1_000;
const WARM_UP = 10;
const ROUNDS = 60;

/** What a long history costs whoever looks for something in it. */
export interface SearchResult {
  /** All searches together, by their medians: the time over 100,000 expenses by that over 1,000. */
  readonly ratio: number;
  /** Of all searches together over 100,000 expenses, over HTTP. */
  readonly p95Ms: number;
}

/** What is looked for; each is also asked for its second page where it has one. */
const SEARCHES: readonly (readonly [string, string])[] = [
  ['a word that all have', 'q=shared'],
  ['a word of every tenth', 'q=museum'],
  ['a rare word', 'q=fondue'],
  ['a word of one expense', 'q=n777'],
  ['a word that nothing has', 'q=nowhere'],
  ['the beginning of a word', 'q=din'],
  ['two words, with accents', 'q=caf%C3%A9+concert'],
  ['a rare word, by total', 'q=fondue&sort=-amount'],
  ['a common word, the oldest first', 'q=hotel&sort=date'],
  ['a word and a category', 'q=lunch&category=travel'],
  ['a word and some days', 'q=train&from=2020-01-01&to=2020-02-29'],
  ['a word, a tag and totals', 'q=taxi&tag=trip&min=50&max=60'],
];

/** Measures searches in a group with 100,000 expenses against one with 1,000, one request after another, in rounds that take turns. */
export async function run({ progress }: RunOptions): Promise<Measurement<SearchResult>> {
  const stand = await openStand(progress);
  const user = await register(stand, 'Ana');
  const [long, short] = [await makeGroup(stand, user, 0), await makeGroup(stand, user, 1)];
  await recordMany(stand, short, FEW, progress, (index) => tenYears(index, FEW));
  await recordMany(stand, long, MANY, progress, (index) => tenYears(index, MANY));
  await caughtUp(stand, progress);
  const rows: { name: string; long: number[]; short: number[] }[] = [];
  for (const [name, query] of SEARCHES)
    for (const page of ['first', 'second'] as const) {
      progress(`searching: ${name}, ${page} page`);
      const [far, near] = [await pathOf(stand, long, query, page), await pathOf(stand, short, query, page)];
      if (far === null || near === null) continue;
      const row = { name: page === 'first' ? name : `${name}, second page`, long: [] as number[], short: [] as number[] };
      for (let round = -WARM_UP; round < ROUNDS; round += 1) {
        const [farMs, nearMs] = [await timeOf(stand, long, far), await timeOf(stand, short, near)];
        if (round < 0) continue;
        row.long.push(farMs);
        row.short.push(nearMs);
      }
      rows.push(row);
    }
  const ratioOf = (row: (typeof rows)[number]): number => median(row.long) / median(row.short);
  return {
    settings: stand.settings,
    table: [
      ['search', `p50 ms of ${MANY.toLocaleString('en')}`, 'p95 ms', `p50 ms of ${FEW.toLocaleString('en')}`, 'ratio'],
      ...rows.map((row) => [
        row.name,
        median(row.long).toFixed(2),
        percentile(row.long, 0.95).toFixed(2),
        median(row.short).toFixed(2),
        ratioOf(row).toFixed(2),
      ]),
    ],
    notes: [`the largest ratio of one search: ${Math.max(...rows.map(ratioOf)).toFixed(2)}`],
    result: {
      ratio: rounded(sumOf(rows.map((row) => median(row.long))) / sumOf(rows.map((row) => median(row.short))), 3),
      p95Ms: rounded(
        percentile(
          rows.flatMap((row) => row.long),
          0.95,
        ),
      ),
    },
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The path of a page; null for a second one that is not there. */
async function pathOf(stand: Stand, { groupId, token }: BenchGroup, query: string, page: 'first' | 'second'): Promise<string | null> {
  const path = `/v1/groups/${groupId}/expenses?${query}`;
  if (page === 'first') return path;
  const { nextCursor } = await stand.call<{ nextCursor: string | null }>({ method: 'GET', path, token });
  return nextCursor === null ? null : `${path}&cursor=${encodeURIComponent(nextCursor)}`;
}

async function timeOf(stand: Stand, { token }: BenchGroup, path: string): Promise<number> {
  const began = performance.now();
  await stand.call({ method: 'GET', path, token });
  return performance.now() - began;
}
