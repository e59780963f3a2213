import type { Partition } from './plan-exact.ts';

/**
 * Which zero sums are looked for after those of three values, in turn: so many values from a table of sums, so many that
 * complete them, and among how many values at once. Small zero sums come first, because each part saves one transfer.
 * The windows keep the longer list of a stage near 100,000 sums, about 5 ms.
 */
const STAGES: readonly Stage[] = [
  { stored: 2, tried: 2, window: 450 },
  { stored: 2, tried: 3, window: 90 },
  { stored: 3, tried: 3, window: 80 },
];

interface Stage {
  readonly stored: 2 | 3;
  readonly tried: 2 | 3;
  readonly window: number;
}

/** Steps over all rounds on one set of values: about 20 ms. The first round is always made, whatever it takes. */
const STEPS_MAX = 500_000;

/** Rounds after which another order of the values hardly finds more. */
const ROUNDS_MAX = 24;

/**
 * Looks for many disjoint zero sums among values that are too many for the exact search.
 *
 * Takes zero sums of 3, 4, 5 and 6 values greedily; what is left over becomes the last part. Small sets are tried again
 * in other orders. The work is counted in steps, never by a clock, so the answer is the same on every machine.
 *
 * @param values nonzero values that sum to zero, without a pair of opposites, in an order that is the caller's choice.
 * @returns the best partition found and a proven bound.
 */
export function partitionGreedily(values: readonly bigint[]): Partition {
  const partsMax = boundParts(values);
  const all = values.map((_, index) => index);
  const total = values.reduce((sum, value) => sum + (value < 0n ? -value : value), 0n);
  // Above this, sums of numbers would not be exact.
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) return { parts: [all], partsMax };
  const numbers = Float64Array.from(values, Number);
  let best: number[][] = [];
  let steps = 0;
  let longest = 0;
  for (let round = 0; round < ROUNDS_MAX && steps + longest <= STEPS_MAX && best.length < partsMax; round += 1) {
    const found = takeInOrder(numbers, reorder(all, round));
    steps += found.steps;
    longest = Math.max(longest, found.steps);
    if (found.parts.length > best.length) best = found.parts;
  }
  return { parts: best, partsMax };
}

/**
 * A bound on the number of zero sums that needs no search: without opposites each has at least three members, one of
 * them above zero and one below.
 */
export function boundParts(values: readonly bigint[]): number {
  const above = values.filter((value) => value > 0n).length;
  return Math.min(above, values.length - above, Math.floor(values.length / 3));
}

/** Shuffles by a fixed sequence that differs from round to round. */
function reorder(indexes: readonly number[], round: number): number[] {
  const order = indexes.slice();
  let state = round + 1;
  for (let at = order.length - 1; at > 0; at -= 1) {
    // Numerical Recipes' linear congruential generator, high bits; only variety matters here.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = (state >>> 8) % (at + 1);
    const swapped = order[at] ?? 0;
    order[at] = order[other] ?? 0;
    order[other] = swapped;
  }
  return order;
}

function takeInOrder(numbers: Float64Array, order: readonly number[]): { parts: number[][]; steps: number } {
  const parts: number[][] = [];
  const taken = new Uint8Array(numbers.length);
  let steps = takeTriples(numbers, order, taken, parts);
  let left = order.filter((index) => taken[index] === 0);
  for (const stage of STAGES) {
    for (let from = 0; from < left.length; from += stage.window) {
      steps += takeZeroSums(numbers, Int32Array.from(left.slice(from, from + stage.window)), stage, taken, parts);
    }
    left = left.filter((index) => taken[index] === 0);
  }
  if (left.length > 0) parts.push(left);
  return { parts, steps };
}

/**
 * For each value in order, walks the values of the other sign from both ends for two that cancel it.
 *
 * @returns the number of steps walked, in units of eight, because they are so much cheaper than listing a sum.
 */
function takeTriples(numbers: Float64Array, order: readonly number[], taken: Uint8Array, parts: number[][]): number {
  const bySize = (left: number, right: number): number => Math.abs(numbers[left] ?? 0) - Math.abs(numbers[right] ?? 0) || left - right;
  const above = Int32Array.from(order.filter((index) => (numbers[index] ?? 0) > 0).sort(bySize));
  const below = Int32Array.from(order.filter((index) => (numbers[index] ?? 0) < 0).sort(bySize));
  let steps = 0;
  for (const index of order) {
    if (taken[index] === 1) continue;
    const value = numbers[index] as number;
    const others = value > 0 ? below : above;
    let low = 0;
    let high = others.length - 1;
    while (low < high) {
      steps += 1;
      const [first, second] = [others[low] as number, others[high] as number];
      const sum = Math.abs(numbers[first] as number) + Math.abs(numbers[second] as number) - Math.abs(value);
      if (taken[second] === 1 || sum > 0) high -= 1;
      else if (taken[first] === 1 || sum < 0) low += 1;
      else {
        taken[index] = taken[first] = taken[second] = 1;
        parts.push([index, first, second]);
        break;
      }
    }
  }
  return Math.ceil(steps / 8);
}

/** Takes every zero sum of `stored + tried` values that the order allows; returns how many sums were listed. */
function takeZeroSums(numbers: Float64Array, window: Int32Array, stage: Stage, taken: Uint8Array, parts: number[][]): number {
  const { stored, tried } = stage;
  const known = listSums(numbers, window, stored);
  const tries = stored === tried ? known : listSums(numbers, window, tried);
  const table = new SumTable(known.sums);
  const isFree = (list: Int32Array, at: number, size: number): boolean => {
    for (let part = 0; part < size; part += 1) if (taken[list[at * size + part] as number] === 1) return false;
    return true;
  };
  for (let at = 0; at < tries.sums.length; at += 1) {
    const first = table.first(-(tries.sums[at] as number));
    if (first < 0 || !isFree(tries.sets, at, tried)) continue;
    for (let match = first; match >= 0; match = table.after(match)) {
      if (!isFree(known.sets, match, stored)) continue;
      const members = [...tries.sets.subarray(at * tried, (at + 1) * tried), ...known.sets.subarray(match * stored, (match + 1) * stored)];
      if (new Set(members).size < members.length) continue;
      for (const member of members) taken[member] = 1;
      parts.push(members);
      break;
    }
  }
  return known.sums.length + tries.sums.length;
}

interface SumList {
  readonly sums: Float64Array;
  /** The members of all sums, one after the other. */
  readonly sets: Int32Array;
}

/** Lists the sums of all sets of two or of three values. */
function listSums(numbers: Float64Array, window: Int32Array, size: 2 | 3): SumList {
  const pairs = (window.length * (window.length - 1)) / 2;
  const count = size === 2 ? pairs : (pairs * (window.length - 2)) / 3;
  const sums = new Float64Array(count);
  const sets = new Int32Array(count * size);
  let at = 0;
  for (let i = 0; i < window.length; i += 1) {
    const first = window[i] as number;
    for (let j = i + 1; j < window.length; j += 1) {
      const second = window[j] as number;
      const sum = (numbers[first] as number) + (numbers[second] as number);
      if (size === 2) {
        sums[at] = sum;
        sets[2 * at] = first;
        sets[2 * at + 1] = second;
        at += 1;
        continue;
      }
      for (let k = j + 1; k < window.length; k += 1) {
        const third = window[k] as number;
        sums[at] = sum + (numbers[third] as number);
        sets[3 * at] = first;
        sets[3 * at + 1] = second;
        sets[3 * at + 2] = third;
        at += 1;
      }
    }
  }
  return { sums, sets };
}

/** A hash table from a sum to the places where it stands, with open addressing and chains. */
class SumTable {
  private readonly sums: Float64Array;
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  private readonly slots: number;

  constructor(sums: Float64Array) {
    this.sums = sums;
    this.slots = 2 ** Math.ceil(Math.log2(sums.length * 2 + 2));
    this.heads = new Int32Array(this.slots).fill(-1);
    this.next = new Int32Array(sums.length).fill(-1);
    for (let at = sums.length - 1; at >= 0; at -= 1) {
      const slot = this.slotOf(sums[at] as number);
      this.next[at] = this.heads[slot] as number;
      this.heads[slot] = at;
    }
  }

  first(sum: number): number {
    return this.heads[this.slotOf(sum)] as number;
  }

  after(at: number): number {
    return this.next[at] as number;
  }

  /** The slot that holds this sum, or the free one where it would be. */
  private slotOf(sum: number): number {
    const high = Math.floor(sum / 4_294_967_296);
    let hash = Math.imul(sum | 0, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & (this.slots - 1);
    for (;;) {
      const head = this.heads[slot] as number;
      if (head < 0 || this.sums[head] === sum) return slot;
      slot = (slot + 1) & (this.slots - 1);
    }
  }
}
