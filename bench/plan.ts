import { planTransfers, type Plan } from '../domain/plan.ts';
import { settleLargestFirst, type Net } from '../domain/plan-settle.ts';

/** What the benchmark of settlement plans found. */
export interface PlanBenchResult {
  /** The slowest of all instances of 22 members, each proven minimal; milliseconds. */
  readonly provenMs22: number;
  /** Share of the instances of 28 members proven within 100 ms, in the family where it is lowest. */
  readonly solvedShare28: number;
  /** Median time for 1,000 members with random cents within ±1,000.00; milliseconds. */
  readonly ms1000: number;
  /** How much smaller those plans are than largest-first, as a fraction. */
  readonly fewerThanLargestFirst1000: number;
}

type Random = () => number;
type Family = readonly [name: string, make: (count: number, random: Random) => number[]];

const INSTANCES_22 = 150;
const INSTANCES_28 = 100;
const INSTANCES_1000 = 15;
const SOLVED_WITHIN_MS = 100;

/** Families of balances: those of ordinary groups first, then some chosen to be hard for the search or for its bounds. */
const FAMILIES: readonly Family[] = [
  ['cents like life', ledger],
  ['random cents', (count, random) => closed(count, () => nonzero(random, 10_000))],
  ['small round amounts', (count, random) => closed(count, () => 500 * nonzero(random, 40))],
  ['whole units', (count, random) => closed(count, () => 100 * nonzero(random, 100))],
  ['planted subsets', planted],
  ['many coincidences', (count, random) => closed(count, () => nonzero(random, 30))],
  ['plus or minus one', (count, random) => closed(count, () => (random() < 0.5 ? 1 : -1))],
  ['ones against twos', (count) => closed(count, (index) => (index % 3 === 0 ? 2 : -1))],
  ['only odd amounts', (count, random) => closed(count, () => 2 * between(random, -30, 29) + 1)],
  ['no two opposite', (count, random) => distinct(count, random, (place) => place + 1)],
  ['no two opposite, odd', (count, random) => distinct(count, random, (place) => 2 * place + 1)],
  ['no two opposite, one more than fives', (count, random) => distinct(count, random, (place) => 5 * place + 1)],
  ['three creditors', (count, random) => closed(count, (index) => (index < 3 ? 300 + between(random, 0, 9) : -between(random, 5, 60)))],
  ['no zero sum at all', (count) => closed(count, (index) => 3 ** index)],
  ['powers of two', (count) => closed(count, (index) => (index % 2 === 0 ? 1 : -1) * 2 ** (index % 11) * (1 + Math.floor(index / 11)))],
];

/**
 * Measures the planning of settlements: exactness at 22 members, how often 28 are solved in time, and large groups.
 *
 * @throws Error when an instance of 22 members is not proven minimal.
 */
export async function run(options: { progress: (text: string) => void }): Promise<{ table: string[][]; result: PlanBenchResult }> {
  const table = [['family', 'members', 'instances', 'worst ms', 'median ms', 'proven', 'proven in 100 ms', 'fewer than largest-first']];
  const random = seeded(20_261_122);
  for (let warmUp = 0; warmUp < 40; warmUp += 1) for (const [, make] of FAMILIES) measure(make(22, random));
  let provenMs22 = 0;
  let solvedShare28 = 1;
  for (const [count, instances] of [
    [22, INSTANCES_22],
    [28, INSTANCES_28],
  ] as const) {
    for (const [name, make] of FAMILIES) {
      options.progress(`${String(count)} members: ${name}`);
      const runs = Array.from({ length: instances }, () => measure(make(count, random)));
      const solved = runs.filter((one) => one.plan.minimal && one.ms < SOLVED_WITHIN_MS).length / instances;
      if (count === 22 && runs.some((one) => !one.plan.minimal)) throw new Error(`not proven minimal at 22 members: ${name}`);
      if (count === 22) provenMs22 = Math.max(provenMs22, ...runs.map((one) => one.ms));
      else solvedShare28 = Math.min(solvedShare28, solved);
      table.push(rowOf(name, count, runs));
      await pause();
    }
  }
  options.progress('1,000 members: random cents');
  const large = (): Run => measure(closed(1000, () => between(random, -100_000, 100_000)));
  for (let warmUp = 0; warmUp < 3; warmUp += 1) large();
  const runs = Array.from({ length: INSTANCES_1000 }, large);
  table.push(rowOf('random cents', 1000, runs));
  return {
    table,
    result: { provenMs22, solvedShare28, ms1000: median(runs.map((one) => one.ms)), fewerThanLargestFirst1000: savedBy(runs) },
  };
}

interface Run {
  readonly ms: number;
  readonly plan: Plan;
  readonly largestFirst: number;
}

/** A plan is a pure computation: what other programs take from it is left out by taking the best of some runs. */
const RUNS_MAX = 3;
/** Below this nothing that matters was taken. */
const GOOD_ENOUGH_MS = 40;

function measure(minors: readonly number[]): Run {
  let best = measureOnce(minors);
  for (let run = 2; run <= RUNS_MAX && best.ms > GOOD_ENOUGH_MS; run += 1) {
    const again = measureOnce(minors);
    if (again.ms < best.ms) best = again;
  }
  return best;
}

function measureOnce(minors: readonly number[]): Run {
  const balances: Net[] = minors.map((minor, index) => ({ memberId: `member-${String(index)}`, minor: BigInt(minor) }));
  const startedMs = performance.now();
  const outcome = planTransfers({ balances, strategy: 'minimal' });
  const ms = performance.now() - startedMs;
  if (!outcome.ok) throw new Error(outcome.refusal.code);
  const largestFirst = settleLargestFirst(balances.filter((net) => net.minor !== 0n)).length;
  if (outcome.value.count > largestFirst) throw new Error('more transfers than largest-first');
  return { ms, plan: outcome.value, largestFirst };
}

function rowOf(name: string, count: number, runs: readonly Run[]): string[] {
  const times = runs.map((one) => one.ms);
  const share = (of: readonly Run[]): string => `${((100 * of.length) / runs.length).toFixed(0)} %`;
  const proven = runs.filter((one) => one.plan.minimal);
  const inTime = proven.filter((one) => one.ms < SOLVED_WITHIN_MS);
  const saved = `${(100 * savedBy(runs)).toFixed(1)} %`;
  const [worst, middle] = [Math.max(...times).toFixed(1), median(times).toFixed(1)];
  return [name, String(count), String(runs.length), worst, middle, share(proven), share(inTime), saved];
}

function savedBy(runs: readonly Run[]): number {
  const sum = (pick: (one: Run) => number): number => runs.reduce((total, one) => total + pick(one), 0);
  return 1 - sum((one) => one.plan.count) / sum((one) => one.largestFirst);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

/** Lets a progress bar draw. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Mulberry32: the same instances in every run. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function between(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

function nonzero(random: Random, size: number): number {
  return between(random, 1, size) * (random() < 0.5 ? 1 : -1);
}

/** All but the last as they are made; the last brings the sum to zero. */
function closed(count: number, make: (index: number) => number): number[] {
  const minors = Array.from({ length: count - 1 }, (_, index) => make(index));
  return [...minors, -minors.reduce((sum, minor) => sum + minor, 0)];
}

/** Balances after five expenses per member, each of 3.00 to 200.00 and shared by about half of the group. */
function ledger(count: number, random: Random): number[] {
  const minors = Array.from({ length: count }, () => 0);
  const add = (index: number, minor: number): number => (minors[index] = (minors[index] ?? 0) + minor);
  for (let expense = 0; expense < 5 * count; expense += 1) {
    const total = between(random, 300, 20_000);
    const among = minors.flatMap((_, index) => (random() < 0.5 ? [index] : []));
    if (among.length === 0) continue;
    add(between(random, 0, count - 1), total);
    const share = Math.floor(total / among.length);
    for (const [place, index] of among.entries()) add(index, -share - (place < total % among.length ? 1 : 0));
  }
  return minors;
}

/** Groups of three to six that settle among themselves. */
function planted(count: number, random: Random): number[] {
  const minors: number[] = [];
  while (minors.length < count) {
    const left = count - minors.length;
    const size = left < 6 ? left : Math.min(between(random, 3, 6), left - 2);
    minors.push(...closed(size, () => nonzero(random, 20_000)));
  }
  return minors;
}

/** Different sizes from a pool three times as large, each with one sign, so that no two are opposite. */
function distinct(count: number, random: Random, sizeAt: (place: number) => number): number[] {
  const pool = Array.from({ length: 3 * count }, (_, place) => place);
  return closed(count, () => {
    const [place] = pool.splice(between(random, 0, pool.length - 1), 1);
    return sizeAt(place ?? 0) * (random() < 0.5 ? 1 : -1);
  });
}

if (import.meta.main) {
  const { table, result } = await run({ progress: () => undefined });
  for (const row of table)
    process.stdout.write(`${row.map((cell, column) => (column === 0 ? cell.padEnd(38) : cell.padStart(12))).join('')}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
