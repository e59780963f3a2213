import { countSubsetStates, packBySubsets, SUBSET_STATES_MAX } from './plan-subsets.ts';
import { bitCount, countSelections, findZeroSums, groupValues, lowestBit, SELECTION_BITS_MAX, type ValueGroup } from './plan-zero-sums.ts';

/** Values that sum to zero, cut into parts that each sum to zero. */
export interface Partition {
  /** Indexes of the values of each part. */
  readonly parts: readonly (readonly number[])[];
  /** No partition has more parts than this; equal to `parts.length` when the partition is proven to be the best. */
  readonly partsMax: number;
}

/** Both halves of the meeting in the middle together: about 65,000 sums take about 20 ms. */
const SELECTIONS_MAX = 2 ** 30;

/** Zero sums listed: above it they are listed again with a limit on their size. About 10 ms. */
const LISTED_MAX = 1_000_000;

/** Zero sums that one search sorts and walks through; about 40 ms, and 10 ms where the table can take over. */
const SEARCHED_MAX = 100_000;
const SEARCHED_BEFORE_TABLE = 25_000;

/** Up to so many zero sums there is no point in trying with the small ones alone. */
const FEW_ZERO_SUMS = 4_000;

/** Where there are many zero sums, nearly always those of few members make the best partition, and prove it. */
const SIZES_MAX: readonly number[] = [4, 5, 6, 7, 9, SELECTION_BITS_MAX];

/** Inclusion tests of all searches: about 30 ms. */
const SEARCH_STEPS_MAX = 6_000_000;

/** The same where the table of all subsets fits, which is then the faster way. */
const SEARCH_STEPS_BEFORE_TABLE = 2_000_000;

/** Inclusion tests granted to each lower number of parts, once the number wanted took too many. */
const SECOND_BEST_STEPS = 200_000;

/** Least common multiple of 1 to 30: makes a share 1/size of a part a whole number that a double holds exactly. */
const ONE_PART = 2_329_089_562_800;

/**
 * Finds the largest number of disjoint zero sums that nonzero values fall into.
 *
 * First a search that takes the zero sum of the first remaining value in turn, bounded by what each value costs at
 * least (a value whose smallest zero sum has m members can serve at most 1/m of a part). When that does not end within
 * its steps, dynamic programming over all subsets, whose time is bounded for any values of up to 23 members.
 *
 * @param values nonzero values that sum to zero; at least one.
 * @returns undefined when the values are too many to say anything; otherwise the best partition found, proven or not.
 */
export function partitionExactly(values: readonly bigint[]): Partition | undefined {
  if (values.length > SELECTION_BITS_MAX) return undefined;
  const groups = groupValues(values);
  if (countSelections(groups) > SELECTIONS_MAX) return undefined;
  const subsetsFit = countSubsetStates(groups) <= SUBSET_STATES_MAX;
  // A table has fewer than twice as many selections, so that its zero sums are always listed whole.
  const all = findZeroSums(groups, SELECTION_BITS_MAX, subsetsFit ? 2 * SUBSET_STATES_MAX : LISTED_MAX);
  const few = all !== undefined && all.length <= FEW_ZERO_SUMS;
  let best: Partition = { parts: [values.map((_, index) => index)], partsMax: values.length };
  const searchedMax = subsetsFit ? SEARCHED_BEFORE_TABLE : SEARCHED_MAX;
  const stepsMax = subsetsFit ? SEARCH_STEPS_BEFORE_TABLE : SEARCH_STEPS_MAX;
  let steps = 0;
  for (const sizeMax of few ? SIZES_MAX.slice(-1) : SIZES_MAX) {
    const zeroSums = all === undefined ? findZeroSums(groups, sizeMax, searchedMax) : all.filter((mask) => bitCount(mask) <= sizeMax);
    if (zeroSums === undefined || zeroSums.length > searchedMax || steps > stepsMax) break;
    const state = prepare(groups, zeroSums, sizeMax, { steps, stepsMax });
    best = search(state, groups, best);
    if (best.parts.length === best.partsMax) return best;
    steps = state.steps;
  }
  if (!subsetsFit || all === undefined) return best;
  const parts = packBySubsets(groups, all);
  return { parts: dealMembers(groups, parts), partsMax: parts.length };
}

/** The state of one search; plain arrays of numbers, because millions of steps read them. */
interface Search {
  readonly groups: readonly ValueGroup[];
  /** Per lowest bit: zero sums that start there, cheapest first, and their costs. */
  readonly masks: readonly Int32Array[];
  readonly costs: readonly Float64Array[];
  /** Bits of the groups with more than one member. */
  readonly repeated: number;
  /** Bits of the values above zero: every part has one of them, and one below. */
  readonly above: number;
  /** Smallest number of parts that a rest is known not to fall into. */
  readonly impossible: Map<number, number>;
  readonly chosen: number[];
  readonly count: number;
  /** Cost of all values together. */
  readonly fullCost: number;
  /** What a zero sum costs at least that has too many members to have been listed. */
  readonly unlistedCost: number;
  steps: number;
  stepsMax: number;
}

/** Looks for a partition with more parts than the best one so far, from the most that the bounds allow downwards. */
function search(state: Search, groups: readonly ValueGroup[], best: Partition): Partition {
  const full = 2 ** state.count - 1;
  const above = bitCount(state.above);
  let partsMax = Math.min(best.partsMax, above, state.count - above, Math.max(1, Math.floor(state.fullCost / ONE_PART)));
  let proven = true;
  for (let wanted = partsMax; wanted > best.parts.length; wanted -= 1) {
    if (packInto(state, full, state.fullCost, wanted)) {
      const counts = state.chosen.reverse().map((mask) => countsOf(groups, mask));
      const rest = groups.map((group, index) => group.size - counts.reduce((sum, part) => sum + (part[index] ?? 0), 0));
      return { parts: dealMembers(groups, [...counts, rest]), partsMax };
    }
    // A zero sum too large to have been listed could still be a part of such a partition.
    const complete = state.fullCost - (wanted - 1) * ONE_PART < state.unlistedCost;
    proven &&= complete && state.steps <= state.stepsMax;
    if (proven) partsMax = wanted - 1;
    else if (state.steps > state.stepsMax) state.stepsMax = state.steps + SECOND_BEST_STEPS;
  }
  return { parts: best.parts, partsMax };
}

/** Every value pays 1/m of a part, where m is the size of the smallest zero sum it belongs to. */
function costPerBit(groups: readonly ValueGroup[], zeroSums: Int32Array, count: number, sizeMax: number): number[] {
  const smallest = groups.map(() => Math.min(count, sizeMax + 1));
  for (const mask of zeroSums) {
    const size = bitCount(mask);
    for (const [index, group] of groups.entries()) {
      if (size < (smallest[index] ?? 0) && ((mask >>> group.shift) & 1) === 1) smallest[index] = size;
    }
  }
  return groups.flatMap((group, index) => group.members.map(() => ONE_PART / (smallest[index] ?? count)));
}

function prepare(
  groups: readonly ValueGroup[],
  zeroSums: Int32Array,
  sizeMax: number,
  budget: { steps: number; stepsMax: number },
): Search {
  const count = groups.reduce((sum, group) => sum + group.size, 0);
  const costOf = costPerBit(groups, zeroSums, count, sizeMax);
  const buckets: number[][] = costOf.map(() => []);
  for (const mask of zeroSums) buckets[lowestBit(mask)]?.push(mask);
  const costOfMask = (mask: number): number => {
    let cost = 0;
    for (let rest = mask; rest !== 0; rest &= rest - 1) cost += costOf[lowestBit(rest)] ?? 0;
    return cost;
  };
  const sorted = buckets.map((bucket) =>
    bucket.map((mask) => ({ mask, cost: costOfMask(mask) })).sort((a, b) => a.cost - b.cost || a.mask - b.mask),
  );
  return {
    groups: groups.filter((group) => group.size > 1),
    masks: sorted.map((bucket) => Int32Array.from(bucket, (entry) => entry.mask)),
    costs: sorted.map((bucket) => Float64Array.from(bucket, (entry) => entry.cost)),
    repeated: groups.reduce((bits, group) => (group.size > 1 ? bits | (((1 << group.size) - 1) << group.shift) : bits), 0),
    above: groups.reduce((bits, group) => (group.value > 0n ? bits | (((1 << group.size) - 1) << group.shift) : bits), 0),
    impossible: new Map(),
    chosen: [],
    count,
    fullCost: costOf.reduce((sum, cost) => sum + cost, 0),
    unlistedCost: sizeMax >= count ? Infinity : cheapestCost(costOf, sizeMax + 1),
    ...budget,
  };
}

/** What the cheapest so many values cost together. */
function cheapestCost(costOf: readonly number[], size: number): number {
  const sorted = costOf.toSorted((one, other) => one - other);
  return sorted.slice(0, size).reduce((sum, cost) => sum + cost, 0);
}

/** Whether the rest falls into at least `wanted` zero sums; leaves all but the last of them in `chosen`, last first. */
function packInto(state: Search, rest: number, restCost: number, wanted: number): boolean {
  if (wanted === 1) {
    state.chosen.length = 0;
    return true;
  }
  if (restCost < wanted * ONE_PART || bitCount(rest & state.above) < wanted || bitCount(rest & ~state.above) < wanted) return false;
  if ((state.impossible.get(rest) ?? Infinity) <= wanted) return false;
  const bit = lowestBit(rest);
  const masks = state.masks[bit] as Int32Array;
  const costs = state.costs[bit] as Float64Array;
  const costMax = restCost - (wanted - 1) * ONE_PART;
  for (let index = 0; index < masks.length; index += 1) {
    if ((costs[index] as number) > costMax) break;
    state.steps += 1;
    const mask = masks[index] as number;
    if ((mask & ~rest) !== 0) continue;
    if (packInto(state, without(state, rest, mask), restCost - (costs[index] as number), wanted - 1)) {
      state.chosen.push(mask);
      return true;
    }
    if (state.steps > state.stepsMax) return false;
  }
  state.impossible.set(rest, wanted);
  return false;
}

/** Takes a selection out of another one; groups of several members keep their lowest bits. */
function without(state: Search, rest: number, mask: number): number {
  let left = rest & ~mask;
  if ((mask & state.repeated) === 0) return left;
  for (const group of state.groups) {
    const bits = ((1 << group.size) - 1) << group.shift;
    const taken = bitCount(mask & bits);
    if (taken > 0) left = (left & ~bits) | (((rest & bits) >>> taken) & bits);
  }
  return left;
}

function countsOf(groups: readonly ValueGroup[], mask: number): number[] {
  return groups.map((group) => bitCount((mask >>> group.shift) & ((1 << group.size) - 1)));
}

/** Turns numbers of members per group into the members themselves, in order. */
function dealMembers(groups: readonly ValueGroup[], parts: readonly (readonly number[])[]): number[][] {
  const dealt = groups.map(() => 0);
  return parts.map((counts) =>
    groups.flatMap((group, index) => {
      const from = dealt[index] ?? 0;
      const to = from + (counts[index] ?? 0);
      dealt[index] = to;
      return group.members.slice(from, to);
    }),
  );
}
