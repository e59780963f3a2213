import type { ValueGroup } from './plan-zero-sums.ts';

/** The table has one byte per selection: 23 different values, about 30 ms. Above this it no longer fits the cache. */
export const SUBSET_STATES_MAX = 2 ** 22;

/** How many states the table of {@link packBySubsets} has for these groups. */
export function countSubsetStates(groups: readonly ValueGroup[]): number {
  return shapeOf(groups).states;
}

/**
 * Partitions values that sum to zero into as many zero sums as possible by dynamic programming over all selections.
 *
 * Put the values in a row: every prefix that sums to zero ends a part. `best[state]` is the largest number of such
 * prefixes over all orders of a selection. One value may always come last (turn the row until its part is the last
 * one and it is the last of it), which halves the table. The time is bounded whatever the values are.
 *
 * @param groups groups with at most {@link SUBSET_STATES_MAX} states that sum to zero as a whole.
 * @param zeroSums all selections that sum to zero.
 * @returns for each part, how many members of each group it has.
 */
export function packBySubsets(groups: readonly ValueGroup[], zeroSums: Int32Array): number[][] {
  const shape = shapeOf(groups);
  const best = new Uint8Array(Math.max(4, shape.states));
  markZeroSums(best, shape, zeroSums);
  if (shape.singles >= 2) fillByWords(best, shape);
  else fillByDigits(best, shape);
  return walkBack(best, shape, groups.length);
}

/** How selections are numbered: groups of one member are the low bits, larger groups are digits above them. */
interface Shape {
  readonly states: number;
  readonly singles: number;
  readonly digits: readonly Digit[];
  /** Index of the group that lacks the value that always comes last. */
  readonly lastGroup: number;
  /** What each bit of a selection adds to its state; {@link OUTSIDE} for the value that comes last. */
  readonly bitWorth: readonly number[];
}

interface Digit {
  readonly group: number;
  readonly limit: number;
  readonly stride: number;
}

/** Larger than every state, so that a selection with the value that comes last falls outside the table. */
const OUTSIDE = 2 ** 28;

function shapeOf(groups: readonly ValueGroup[]): Shape {
  const order = groups.map((group, index) => ({ group, index })).sort((a, b) => a.group.size - b.group.size || a.index - b.index);
  const digits: Digit[] = [];
  const bitWorth: number[] = [];
  let states = 1;
  for (const [position, { group, index }] of order.entries()) {
    const limit = position === 0 ? group.size - 1 : group.size;
    for (let bit = 0; bit < group.size; bit += 1) bitWorth[group.shift + bit] = bit < limit ? states : OUTSIDE;
    if (limit > 0) digits.push({ group: index, limit, stride: states });
    states *= limit + 1;
  }
  const singles = digits.findIndex((digit) => digit.limit > 1);
  return { states, singles: singles < 0 ? digits.length : singles, digits, lastGroup: order[0]?.index ?? 0, bitWorth };
}

/** A state is the sum of what its bits are worth, looked up ten bits at a time. */
function markZeroSums(best: Uint8Array, shape: Shape, zeroSums: Int32Array): void {
  const tables = [0, 10, 20].map((shift) => {
    const table = new Int32Array(1024);
    for (let bits = 1; bits < 1024; bits += 1) {
      const lowest = 31 - Math.clz32(bits & -bits);
      table[bits] = Math.min(OUTSIDE, (table[bits & (bits - 1)] ?? 0) + (shape.bitWorth[shift + lowest] ?? 0));
    }
    return table;
  });
  const [low, middle, high] = tables as [Int32Array, Int32Array, Int32Array];
  for (const selection of zeroSums) {
    const state = (low[selection & 1023] as number) + (middle[(selection >>> 10) & 1023] as number) + (high[selection >>> 20] as number);
    if (state < shape.states) best[state] = 1;
  }
}

/** Four states at a time: they differ in the two lowest bits and share all other ways to get there. */
function fillByWords(best: Uint8Array, shape: Shape): void {
  const words = new Int32Array(best.buffer);
  const blockWords = 2 ** (shape.singles - 2);
  const large = shape.digits.slice(shape.singles).map((digit) => ({ ...digit, words: digit.stride / 4, count: 0 }));
  for (let base = 0; base < words.length; base += blockWords) {
    const steps = large.filter((digit) => digit.count > 0).map((digit) => digit.words);
    for (let low = 0; low < blockWords; low += 1) {
      const at = base + low;
      let most = 0;
      for (let rest = low; rest !== 0; rest &= rest - 1) most = maxOfBytes(most, words[at ^ (rest & -rest)] as number);
      for (const step of steps) most = maxOfBytes(most, words[at - step] as number);
      const zero = words[at] as number;
      const first = (most & 255) + (zero & 255);
      const second = Math.max((most >>> 8) & 255, first) + ((zero >>> 8) & 255);
      const third = Math.max((most >>> 16) & 255, first) + ((zero >>> 16) & 255);
      const fourth = Math.max((most >>> 24) & 255, second, third) + ((zero >>> 24) & 255);
      words[at] = first | (second << 8) | (third << 16) | (fourth << 24);
    }
    const next = large.findIndex((digit) => digit.count < digit.limit);
    for (const [index, digit] of large.entries()) if (index <= next) digit.count = index < next ? 0 : digit.count + 1;
  }
}

/** The larger of each of the four bytes; all of them are below 128. */
function maxOfBytes(left: number, right: number): number {
  const leftWins = (((left | 0x80808080) - right) & 0x80808080) >>> 7;
  const mask = Math.imul(leftWins, 255);
  return (left & mask) | (right & ~mask);
}

/** The plain way, for groups that nearly all have several members; such tables are small. */
function fillByDigits(best: Uint8Array, shape: Shape): void {
  const counts = new Uint8Array(shape.digits.length);
  for (let state = 1; state < shape.states; state += 1) {
    const next = shape.digits.findIndex((digit, index) => (counts[index] ?? 0) < digit.limit);
    counts.fill(0, 0, next);
    counts[next] = (counts[next] ?? 0) + 1;
    let most = 0;
    for (let index = 0; index < counts.length; index += 1) {
      if (counts[index] === 0) continue;
      const count = best[state - (shape.digits[index]?.stride ?? 0)] ?? 0;
      if (count > most) most = count;
    }
    best[state] = (best[state] ?? 0) + most;
  }
}

function walkBack(best: Uint8Array, shape: Shape, groupCount: number): number[][] {
  const left = shape.digits.map((digit) => digit.limit);
  const emptyPart = (): number[] => Array.from({ length: groupCount }, () => 0);
  let part = emptyPart();
  part[shape.lastGroup] = 1;
  const parts = [part];
  for (let state = shape.states - 1; state > 0;) {
    let index = -1;
    let most = -1;
    for (const [at, digit] of shape.digits.entries()) {
      const count = (left[at] ?? 0) > 0 ? (best[state - digit.stride] ?? 0) : -1;
      if (count > most) [index, most] = [at, count];
    }
    const taken = shape.digits[index];
    if (taken === undefined) break;
    // One more than the best way to get here: this prefix sums to zero.
    if ((best[state] ?? 0) > most) {
      part = emptyPart();
      parts.push(part);
    }
    left[index] = (left[index] ?? 0) - 1;
    part[taken.group] = (part[taken.group] ?? 0) + 1;
    state -= taken.stride;
  }
  return parts;
}
