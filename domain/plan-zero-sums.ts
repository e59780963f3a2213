/**
 * Equal values grouped, each group owning as many neighbouring bits as it has members.
 *
 * A selection that takes `k` members of a group sets the group's lowest `k` bits. So equal members never produce two
 * selections that mean the same, inclusion is still `(a & ~b) === 0`, and the number of selections is the product of
 * (group size + 1) instead of 2^n.
 */
export interface ValueGroup {
  readonly value: bigint;
  readonly size: number;
  /** Position of the group's lowest bit. */
  readonly shift: number;
  /** Indexes into the values that were given, ascending. */
  readonly members: readonly number[];
}

/** Selections are bits of a signed 32-bit number that must stay above zero. */
export const SELECTION_BITS_MAX = 30;

/** Groups equal values; the largest amounts come first, because they belong to the fewest zero sums. */
export function groupValues(values: readonly bigint[]): ValueGroup[] {
  const membersOf = new Map<bigint, number[]>();
  for (const [index, value] of values.entries()) {
    const members = membersOf.get(value);
    if (members === undefined) membersOf.set(value, [index]);
    else members.push(index);
  }
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const sorted = [...membersOf].sort(([a], [b]) => (size(a) !== size(b) ? (size(a) > size(b) ? -1 : 1) : a > b ? -1 : 1));
  let shift = 0;
  return sorted.map(([value, members]) => {
    const group: ValueGroup = { value, size: members.length, shift, members };
    shift += members.length;
    return group;
  });
}

/** How many different selections of these groups there are. */
export function countSelections(groups: readonly ValueGroup[]): number {
  return groups.reduce((product, group) => product * (group.size + 1), 1);
}

/**
 * Finds the selections that sum to zero by meeting in the middle: all sums of one half are looked up in the other.
 *
 * @param sizeMax selections of more members than this are left out.
 * @param countMax more than this many selections are not worth having.
 * @returns selections without the empty one, or undefined when there are more than `countMax`.
 */
export function findZeroSums(groups: readonly ValueGroup[], sizeMax: number, countMax: number): Int32Array | undefined {
  const [left, right] = splitInHalves(groups);
  const lookup = new Map<bigint, number>();
  const next = new Int32Array(left.sums.length);
  for (const [index, sum] of left.sums.entries()) {
    // Chains are stored one higher, so that zero ends them.
    next[index] = lookup.get(sum) ?? 0;
    lookup.set(sum, index + 1);
  }
  const found = new GrowingInts();
  for (const [index, sum] of right.sums.entries()) {
    const rightMask = right.masks[index] ?? 0;
    const sizeLeft = sizeMax - bitCount(rightMask);
    for (let link = lookup.get(-sum) ?? 0; link !== 0; link = next[link - 1] ?? 0) {
      const leftMask = left.masks[link - 1] ?? 0;
      if (bitCount(leftMask) > sizeLeft) continue;
      if (found.length > countMax) return undefined;
      if ((leftMask | rightMask) !== 0) found.push(leftMask | rightMask);
    }
  }
  return found.toArray();
}

/** The number of bits set. */
export function bitCount(mask: number): number {
  let rest = mask - ((mask >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The position of the lowest bit set; the mask must not be zero. */
export function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

interface Half {
  readonly sums: readonly bigint[];
  readonly masks: readonly number[];
}

function splitInHalves(groups: readonly ValueGroup[]): [Half, Half] {
  const sides: [ValueGroup[], ValueGroup[]] = [[], []];
  const counts: [number, number] = [1, 1];
  for (const group of groups) {
    const side = counts[0] <= counts[1] ? 0 : 1;
    sides[side].push(group);
    counts[side] *= group.size + 1;
  }
  return [enumerateHalf(sides[0]), enumerateHalf(sides[1])];
}

function enumerateHalf(groups: readonly ValueGroup[]): Half {
  const sums: bigint[] = [0n];
  const masks: number[] = [0];
  for (const group of groups) {
    const before = sums.length;
    for (let taken = 1; taken <= group.size; taken += 1) {
      const sum = group.value * BigInt(taken);
      const mask = ((1 << taken) - 1) << group.shift;
      for (let index = 0; index < before; index += 1) {
        sums.push((sums[index] ?? 0n) + sum);
        masks.push((masks[index] ?? 0) | mask);
      }
    }
  }
  return { sums, masks };
}

class GrowingInts {
  length = 0;
  private items = new Int32Array(1024);

  push(item: number): void {
    if (this.length === this.items.length) {
      const larger = new Int32Array(this.items.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length] = item;
    this.length += 1;
  }

  toArray(): Int32Array {
    return this.items.slice(0, this.length);
  }
}
