import { compareBigints, floorDivide } from './decimal.ts';
import { compareIds } from './split-form.ts';

/** A member's part of a total, in minor units of the expense's currency. */
export interface MemberAmount {
  readonly memberId: string;
  readonly minor: bigint;
}

/** A member's weight in a proportion: any whole number from zero up; only the proportions count. */
export interface MemberWeight {
  readonly memberId: string;
  readonly weight: bigint;
}

/**
 * Splits a total in proportion to weights into whole minor units that add up to it exactly.
 *
 * Largest remainder: each member gets the exact part rounded down, and the units left over go to the largest fractions.
 * Members with equal fractions take turns: the first turn falls on place `tieBreak` (modulo their number) of those
 * members in the order of their ids. So the result does not depend on the order given, and a weight of zero gives zero.
 *
 * @param totalMinor minor units; may be below zero.
 * @param weights distinct members; the weights' sum is above zero.
 * @returns one amount for each weight, in the order of the members' ids.
 * @throws RangeError when a weight is below zero or all are zero, which callers refuse before.
 */
export function apportion(totalMinor: bigint, weights: readonly MemberWeight[], tieBreak: bigint): MemberAmount[] {
  const weightSum = weights.reduce((sum, { weight }) => sum + weight, 0n);
  if (weightSum <= 0n || weights.some(({ weight }) => weight < 0n)) throw new RangeError('weights must not be negative, nor all zero');
  const parts = weights.map(({ memberId, weight }) => {
    const product = totalMinor * weight;
    const floorMinor = floorDivide(product, weightSum);
    return { memberId, floorMinor, fraction: product - floorMinor * weightSum };
  });
  const leftOver = totalMinor - parts.reduce((sum, { floorMinor }) => sum + floorMinor, 0n);
  const raised = largestFractions(parts, Number(leftOver), tieBreak);
  return parts
    .map(({ memberId, floorMinor }) => ({ memberId, minor: raised.has(memberId) ? floorMinor + 1n : floorMinor }))
    .sort((left, right) => compareIds(left.memberId, right.memberId));
}

interface FractionPart {
  readonly memberId: string;
  readonly fraction: bigint;
}

/** Chooses `count` members with the largest fractions; only those tied at the edge of the choice take turns. */
function largestFractions(parts: readonly FractionPart[], count: number, tieBreak: bigint): ReadonlySet<string> {
  const ordered = parts.toSorted(
    (left, right) => compareBigints(right.fraction, left.fraction) || compareIds(left.memberId, right.memberId),
  );
  const edge = ordered[count - 1];
  if (edge === undefined) return new Set();
  const above = ordered.filter(({ fraction }) => fraction > edge.fraction);
  const tied = ordered.filter(({ fraction }) => fraction === edge.fraction);
  const first = Number(modulo(tieBreak, BigInt(tied.length)));
  const turns = [...tied.slice(first), ...tied.slice(0, first)].slice(0, count - above.length);
  return new Set([...above, ...turns].map(({ memberId }) => memberId));
}

function modulo(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus;
}
