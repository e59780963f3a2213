import { partitionExactly, type Partition } from './plan-exact.ts';
import { partitionGreedily } from './plan-heuristic.ts';
import { type Net, type PlannedTransfer, settleInSizeOrder, settleLargestFirst } from './plan-settle.ts';
import { compareIds } from './split-form.ts';

/** A plan along any pairs, and how good it is. */
export interface MinimalPlan {
  readonly transfers: readonly PlannedTransfer[];
  /** No plan whatsoever has fewer transfers. */
  readonly lowerBound: number;
}

/** Up to so many members with something to settle the plan is proven to be the smallest, whatever the amounts are. */
export const EXACT_MEMBERS_MAX = 23;

/**
 * Finds a plan with as few transfers as possible.
 *
 * A plan with the fewest transfers falls into groups of people that settle among themselves, each with one transfer
 * less than it has members; so it is found by cutting the nets into as many zero sums as possible. Two people with
 * opposite nets always may be such a group: where the best plan has them in two groups, those two become the pair and
 * one group of all the others, and in one group they only split it.
 *
 * @param nets nonzero nets of different members that sum to zero.
 */
export function planMinimal(nets: readonly Net[]): MinimalPlan {
  const sorted = [...nets].sort(compareNets);
  const { pairs, rest } = takeOpposites(sorted);
  const partition = rest.length === 0 ? { parts: [], partsMax: 0 } : partitionNets(rest);
  const transfers = [...pairs, ...partition.parts.map((part) => part.flatMap((index) => rest[index] ?? []))].flatMap(settleLargestFirst);
  const best = [settleLargestFirst(sorted), settleInSizeOrder(sorted)].reduce<PlannedTransfer[]>(
    (fewest, other) => (other.length < fewest.length ? other : fewest),
    transfers,
  );
  return { transfers: best, lowerBound: nets.length - pairs.length - partition.partsMax };
}

function partitionNets(rest: readonly Net[]): Partition {
  const values = rest.map((net) => net.minor);
  const exact = partitionExactly(values);
  if (exact !== undefined && exact.parts.length === exact.partsMax) return exact;
  const greedy = partitionGreedily(values);
  const better = exact !== undefined && exact.parts.length > greedy.parts.length ? exact : greedy;
  return { parts: better.parts, partsMax: Math.min(greedy.partsMax, exact?.partsMax ?? greedy.partsMax) };
}

/** By amount, equal ones by id: whatever order the input has, the same plan comes out. */
function compareNets(left: Net, right: Net): number {
  return left.minor !== right.minor ? (left.minor < right.minor ? -1 : 1) : compareIds(left.memberId, right.memberId);
}

function takeOpposites(sorted: readonly Net[]): { pairs: Net[][]; rest: Net[] } {
  const debtorsOf = new Map<bigint, Net[]>();
  for (const net of sorted) {
    if (net.minor > 0n) continue;
    const debtors = debtorsOf.get(-net.minor);
    if (debtors === undefined) debtorsOf.set(-net.minor, [net]);
    else debtors.push(net);
  }
  const pairs: Net[][] = [];
  const paired = new Set<string>();
  for (const net of sorted) {
    const debtor = net.minor > 0n ? debtorsOf.get(net.minor)?.shift() : undefined;
    if (debtor === undefined) continue;
    pairs.push([debtor, net]);
    paired.add(debtor.memberId).add(net.memberId);
  }
  return { pairs, rest: sorted.filter((net) => !paired.has(net.memberId)) };
}
