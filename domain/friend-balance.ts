import { type PlanBase, whoPaysWhom } from './plan-stable.ts';

/** A group and currency that two friends share, with what its plan is made from. */
export interface SharedBalances extends PlanBase {
  /** Member id of who asks, and of the friend. */
  readonly mine: string;
  readonly theirs: string;
}

/**
 * What a friend owes who asks, in one group and currency: what its plan lets pass between the two.
 *
 * @returns minor units; below zero the other way round.
 */
export function balanceWithFriend({ mine, theirs, ...base }: SharedBalances): bigint {
  // The accounts of a group sum to zero, or Postgres would not have kept them; a picture of two moments may not, and shows nothing.
  return (whoPaysWhom(base) ?? []).reduce((sum, { from, to, minor }) => {
    if (from === theirs && to === mine) return sum + minor;
    return from === mine && to === theirs ? sum - minor : sum;
  }, 0n);
}
