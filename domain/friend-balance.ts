import { planTransfers } from './plan.ts';
import type { Net } from './plan-settle.ts';

/** A group and currency that two friends share, with the balances of everybody in it. */
export interface SharedBalances {
  /** Member id of who asks, and of the friend. */
  readonly mine: string;
  readonly theirs: string;
  /** Nets after reservations; minor units. */
  readonly nets: readonly Net[];
  /** Unit of each member who is in one. */
  readonly units: ReadonlyMap<string, string>;
}

/**
 * What a friend owes who asks, in one group and currency: what the plan with the fewest transfers lets pass between the two.
 *
 * @returns minor units; below zero the other way round.
 */
export function balanceWithFriend({ mine, theirs, nets, units }: SharedBalances): bigint {
  const plan = planTransfers({ balances: nets, strategy: 'minimal', units });
  // The accounts of a group sum to zero, or Postgres would not have kept them; a picture of two moments may not, and shows nothing.
  if (!plan.ok) return 0n;
  return plan.value.transfers.reduce((sum, { from, to, minor }) => {
    if (from === theirs && to === mine) return sum + minor;
    return from === mine && to === theirs ? sum - minor : sum;
  }, 0n);
}
