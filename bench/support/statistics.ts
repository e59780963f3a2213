/**
 * The smallest of the values that at least this share of them does not exceed (nearest rank).
 *
 * @param values in any order, at least one.
 * @param share above 0, up to 1: 0.99 for the 99th percentile.
 */
export function percentile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new RangeError('a percentile needs values');
  if (!(share > 0 && share <= 1)) throw new RangeError(`a share is above 0 and up to 1, not ${share}`);
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.ceil(share * sorted.length) - 1] as number;
}

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a median needs values');
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] as number) + upper) / 2;
}

/** A number with so many digits after the point, as a number: for the line of results. */
export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
