import { ok, refuse, type Outcome } from './refusal.ts';
import { planHub } from './plan-hub.ts';
import { planMinimal } from './plan-minimal.ts';
import { planPairwise } from './plan-pairwise.ts';
import { compareTransfers, type Net, type PlannedTransfer } from './plan-settle.ts';
import { compareIds } from './split-form.ts';

/** How a plan chooses who pays whom: fewest transfers, only people who shared an expense, or all through one member. */
export type SettlementStrategy = 'minimal' | 'pairwise' | 'hub';

/** All strategies, in the order in which they are documented. */
export const SETTLEMENT_STRATEGIES: readonly SettlementStrategy[] = ['minimal', 'pairwise', 'hub'];

/** What a plan is made from; all amounts are minor units of one currency. */
export interface PlanInput {
  /** Net of each member: below zero owes, above zero is owed. Several entries of one member add up. */
  readonly balances: readonly Net[];
  readonly strategy: SettlementStrategy;
  /** The member in the middle; only for `hub`. Must be among the balances, possibly with zero. */
  readonly hub?: string;
  /** Who shared an expense with whom; only for `pairwise`. */
  readonly pairs?: readonly (readonly [string, string])[];
  /**
   * Unit of each member who is in one (couples, families). A unit settles as one, by its member who owes most, or is
   * owed most; what its members owe each other is not settled.
   */
  readonly units?: ReadonlyMap<string, string>;
}

/** Who pays whom, and how good that is. */
export interface Plan {
  /** Ordered by payer, then receiver; every amount is above zero. */
  readonly transfers: readonly PlannedTransfer[];
  readonly count: number;
  /** Whether it is proven that no plan of any strategy has fewer transfers. */
  readonly minimal: boolean;
  /** No plan of any strategy has fewer transfers than this. */
  readonly lowerBound: number;
  readonly strategy: SettlementStrategy;
}

/**
 * Plans the transfers that bring every balance to exactly zero.
 *
 * The same balances give the same plan in whatever order they come. `minimal` never has more transfers than
 * largest-first, and is proven for up to 23 members whatever the amounts are.
 *
 * @returns refusals `balances_do_not_sum_to_zero`, `hub_required`, `hub_unknown`, `pairs_cannot_settle`.
 */
export function planTransfers(input: PlanInput): Outcome<Plan> {
  if (input.balances.reduce((sum, net) => sum + net.minor, 0n) !== 0n) {
    return refuse('balances_do_not_sum_to_zero', 'The balances do not sum to zero.');
  }
  if (input.strategy === 'hub' && input.hub === undefined) {
    return refuse('hub_required', 'The strategy hub needs the member through whom all payments go.', '/hub');
  }
  const units = representUnits(input);
  const nets = units.nets.filter((net) => net.minor !== 0n);
  const minimal = planMinimal(nets);
  const planned = planByStrategy(input, units, nets, minimal.transfers);
  if (!planned.ok) return planned;
  const transfers = [...planned.value].sort(compareTransfers);
  const count = transfers.length;
  return ok({
    transfers,
    count,
    minimal: count === minimal.lowerBound,
    lowerBound: minimal.lowerBound,
    strategy: input.strategy,
  });
}

function planByStrategy(
  input: PlanInput,
  units: Units,
  nets: readonly Net[],
  minimal: readonly PlannedTransfer[],
): Outcome<readonly PlannedTransfer[]> {
  switch (input.strategy) {
    case 'minimal':
      return ok(minimal);
    case 'pairwise': {
      const pairs = (input.pairs ?? []).map(([one, other]) => [units.representativeOf(one), units.representativeOf(other)] as const);
      return planPairwise(nets, pairs);
    }
    case 'hub': {
      const hub = input.hub ?? '';
      if (!input.balances.some((net) => net.memberId === hub)) {
        return refuse('hub_unknown', 'The member through whom all payments go is not in this group.', '/hub');
      }
      return ok(planHub(nets, units.representativeOf(hub)));
    }
  }
}

interface Units {
  /** One net for each unit, under the member who settles for it. */
  readonly nets: readonly Net[];
  /** Who settles for a member: the member, or somebody of the same unit. */
  representativeOf(memberId: string): string;
}

function representUnits(input: PlanInput): Units {
  const membersOf = new Map<string, Map<string, bigint>>();
  // A unit and a member may have the same id without being one.
  const keyOf = (memberId: string): string => {
    const unit = input.units?.get(memberId);
    return unit === undefined ? `member ${memberId}` : `unit ${unit}`;
  };
  for (const { memberId, minor } of input.balances) {
    const key = keyOf(memberId);
    const members = membersOf.get(key) ?? new Map<string, bigint>();
    members.set(memberId, (members.get(memberId) ?? 0n) + minor);
    membersOf.set(key, members);
  }
  const netOf = new Map([...membersOf].map(([key, members]) => [key, netOfUnit(members, input)]));
  return {
    nets: [...netOf.values()].sort((one, other) => compareIds(one.memberId, other.memberId)),
    representativeOf: (memberId) => netOf.get(keyOf(memberId))?.memberId ?? memberId,
  };
}

function netOfUnit(members: ReadonlyMap<string, bigint>, input: PlanInput): Net {
  const minor = [...members.values()].reduce((sum, own) => sum + own, 0n);
  // The hub was named to handle the money, so it does so for its own unit too.
  if (input.strategy === 'hub' && input.hub !== undefined && members.has(input.hub)) return { memberId: input.hub, minor };
  const sorted = [...members].sort(([oneId, one], [otherId, other]) => {
    if (one === other) return compareIds(oneId, otherId);
    return one < other === minor < 0n ? -1 : 1;
  });
  return { memberId: sorted[0]?.[0] ?? '', minor };
}
