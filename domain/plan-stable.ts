import { type Plan, type PlanInput, planTransfers } from './plan.ts';
import { compareTransfers, type Net, type PlannedTransfer } from './plan-settle.ts';
import type { Outcome } from './refusal.ts';

/** Money that has moved, or is reserved to, since what is shared last changed: above zero from payer to receiver, below zero where it went back. */
export interface Moved {
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
}

/** What a group's plan in one currency is made from. */
export interface PlanBase {
  /** What is left of each member's balance once all reserved transfers are paid. */
  readonly balances: readonly Net[];
  /** Unit of each member who is in one. */
  readonly units: ReadonlyMap<string, string>;
  /** What was paid or reserved since what is shared last changed, in order of time. */
  readonly moved: readonly Moved[];
}

/**
 * Who pays whom in a group: the transfers of its plan with the fewest of them, less what is reserved. Everything that tells what is
 * between people says this, so that nobody is told two things.
 *
 * @returns null where the balances do not sum to zero over the members, so that there is no plan.
 */
export function whoPaysWhom({ balances, units, moved }: PlanBase): readonly PlannedTransfer[] | null {
  const plan = planStably({ balances, strategy: 'minimal', units }, moved);
  return plan.ok ? plan.value.transfers : null;
}

/** Payments that no plan had, after each of which a new one is made; beyond so many, the present balances alone count. */
const REPLANS_MAX = 3;

/**
 * Plans so that a payment along the plan leaves the rest of it as it was: the plan is made from the balances before what was moved, and
 * what was moved is taken off its transfers. A payment that the plan did not have makes a new plan from there.
 *
 * Among equally short plans, or after part of a transfer is paid, a plan of the present balances alone would often be another one, and
 * people would be told to pay somebody else than yesterday.
 *
 * @param input `balances` are the present ones.
 * @param moved in order of time; what all of it did is in the balances already.
 * @returns refusals of `planTransfers`.
 */
export function planStably(input: PlanInput, moved: readonly Moved[]): Outcome<Plan> {
  const present = planTransfers(input);
  if (!present.ok || moved.length === 0) return present;
  const transfers = followed(input, moved);
  if (transfers === null) return present;
  const { lowerBound, strategy } = present.value;
  const count = transfers.length;
  return { ok: true, value: { transfers, count, minimal: count === lowerBound, lowerBound, strategy } };
}

function followed(input: PlanInput, moved: readonly Moved[]): readonly PlannedTransfer[] | null {
  const nets = new Map<string, bigint>();
  for (const { memberId, minor } of input.balances) nets.set(memberId, (nets.get(memberId) ?? 0n) + minor);
  const apply = ({ from, to }: Moved, minor: bigint): void => {
    nets.set(from, (nets.get(from) ?? 0n) + minor);
    nets.set(to, (nets.get(to) ?? 0n) - minor);
  };
  for (const one of moved) apply(one, -one.minor);
  const replan = (): Map<string, PlannedTransfer> | null => {
    const balances: Net[] = [...nets].map(([memberId, minor]) => ({ memberId, minor }));
    const planned = planTransfers({ ...input, balances });
    return planned.ok ? new Map(planned.value.transfers.map((leg) => [keyOf(leg), leg])) : null;
  };
  let plan = replan();
  let replans = 0;
  for (const one of moved) {
    apply(one, one.minor);
    if (plan !== null && take(plan, one)) continue;
    replans += 1;
    if (replans > REPLANS_MAX) return null;
    plan = replan();
  }
  return plan === null ? null : [...plan.values()].filter(({ minor }) => minor > 0n).sort(compareTransfers);
}

/** Takes what was moved off its transfer; false where the plan has none that is large enough. */
function take(plan: Map<string, PlannedTransfer>, one: Moved): boolean {
  const leg = plan.get(keyOf(one));
  if (leg === undefined || leg.minor < one.minor) return false;
  // A transfer that is paid stays with nothing, so that what goes back finds it.
  plan.set(keyOf(one), { ...leg, minor: leg.minor - one.minor });
  return true;
}

function keyOf({ from, to }: { readonly from: string; readonly to: string }): string {
  return `${from} ${to}`;
}
