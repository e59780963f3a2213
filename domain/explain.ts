import type { PlannedTransfer } from './plan-settle.ts';
import { compareIds } from './split-form.ts';

/** What one account owes another by what they shared: minor units of one currency, above zero. */
export interface Debt {
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
}

/** How a debt between two became what the plan shows; `minor` is added to what they owe each other directly, and may be below zero. */
export type ExplainStep =
  | { readonly kind: 'reserved'; readonly transferId: string; readonly minor: bigint }
  /** Debts along `from`, those in `through`, `to` fall away and are paid directly, or, below zero, the other way round. */
  | { readonly kind: 'through'; readonly through: readonly string[]; readonly minor: bigint }
  /** Both are of one unit, which settles as one. */
  | { readonly kind: 'unit'; readonly minor: bigint }
  /** All that is left, in one sum: of groups that are too large to follow every debt. */
  | { readonly kind: 'others'; readonly minor: bigint };

/** What is explained, and from what. */
export interface ExplainInput {
  readonly from: string;
  readonly to: string;
  /** Who should pay whom, as the plan shows it. */
  readonly transfers: readonly PlannedTransfer[];
  /** Net after reservations of every account; what the plan was made from. */
  readonly nets: ReadonlyMap<string, bigint>;
  /** Unit of each member who is in one. */
  readonly units: ReadonlyMap<string, string>;
  /** Transfers of open settlements: what is still to be paid of them. */
  readonly reserved: readonly (PlannedTransfer & { readonly transferId: string })[];
  /** What `from` owes `to` directly; below zero the other way round. */
  readonly direct: bigint;
  /** What everybody owes everybody directly; null where that is too much to follow. */
  readonly debts: readonly Debt[] | null;
}

/** Steps that are told one by one; what is beyond them is one sum. */
export const EXPLAIN_STEPS_MAX = 100;

/**
 * Explains what a plan lets one member pay another: `direct` and the steps add up to it exactly.
 *
 * A plan leaves everybody's net as it is, so what it changes in the debts between people goes round in circles: whatever is added
 * between two is taken away along a way over others, and that way is the explanation. The shortest ways are told first.
 *
 * @returns the figure (below zero: `to` pays `from`) and the steps.
 */
export function explainTransfer(input: ExplainInput): { readonly figure: bigint; readonly steps: readonly ExplainStep[] } {
  const { from, to } = input;
  const figure = sumBetween(input.transfers, from, to);
  const steps: ExplainStep[] = [];
  let open = figure - input.direct;
  const add = (step: ExplainStep): void => {
    if (step.minor === 0n) return;
    steps.push(step);
    open -= step.minor;
  };
  for (const { transferId, ...leg } of input.reserved) {
    add({ kind: 'reserved', transferId, minor: -sumBetween([leg], from, to) });
  }
  const inUnits = unitFlows(input);
  add({ kind: 'unit', minor: -sumBetween(inUnits, from, to) });
  if (input.debts !== null && open !== 0n) for (const step of ways(input, input.debts, inUnits, open)) add(step);
  add({ kind: 'others', minor: open });
  return { figure, steps };
}

function sumBetween(flows: readonly Debt[], from: string, to: string): bigint {
  return flows.reduce((sum, flow) => {
    if (flow.from === from && flow.to === to) return sum + flow.minor;
    return flow.from === to && flow.to === from ? sum - flow.minor : sum;
  }, 0n);
}

/** What passes inside each unit, so that the one who settles for it stands for all: what the plan leaves unsaid. */
function unitFlows({ nets, transfers, units }: ExplainInput): Debt[] {
  // What is left of each member's net after the plan; in units it sums to zero, elsewhere it is zero.
  const left = new Map(nets);
  for (const { from, to, minor } of transfers) {
    left.set(from, (left.get(from) ?? 0n) + minor);
    left.set(to, (left.get(to) ?? 0n) - minor);
  }
  const flows: Debt[] = [];
  for (const members of Object.values(Object.groupBy([...left.keys()].sort(compareIds), (member) => units.get(member) ?? ''))) {
    const [first, ...others] = (members ?? []).filter((member) => units.has(member));
    if (first === undefined) continue;
    for (const member of others) {
      const minor = left.get(member) ?? 0n;
      if (minor < 0n) flows.push({ from: member, to: first, minor: -minor });
      if (minor > 0n) flows.push({ from: first, to: member, minor });
    }
  }
  return flows;
}

/** Takes the difference between plan and debts apart into ways from one of the two to the other over everybody else. */
function ways(input: ExplainInput, debts: readonly Debt[], inUnits: readonly Debt[], open: bigint): ExplainStep[] {
  const added = new Flows();
  for (const flow of [...input.transfers, ...inUnits, ...input.reserved]) added.add(flow.from, flow.to, flow.minor);
  for (const debt of debts) added.add(debt.to, debt.from, debt.minor);
  // More between the two: the way back, from the receiver to the payer, is where it was taken away.
  const [start, end] = open > 0n ? [input.to, input.from] : [input.from, input.to];
  added.clear(start, end);
  const steps: ExplainStep[] = [];
  for (let left = open < 0n ? -open : open; left > 0n && steps.length < EXPLAIN_STEPS_MAX;) {
    const way = added.shortestWay(start, end);
    if (way === null) break;
    const minor = added.take(way, left);
    left -= minor;
    const through = way.slice(1, -1);
    steps.push({ kind: 'through', through: open > 0n ? through.toReversed() : through, minor: open > 0n ? minor : -minor });
  }
  return steps;
}

/** Amounts between accounts, each pair in the direction in which it is above zero. */
class Flows {
  readonly #from = new Map<string, Map<string, bigint>>();

  add(from: string, to: string, minor: bigint): void {
    const back = this.#from.get(to)?.get(from) ?? 0n;
    const sum = (this.#from.get(from)?.get(to) ?? 0n) + minor - back;
    this.#set(from, to, sum > 0n ? sum : 0n);
    this.#set(to, from, sum < 0n ? -sum : 0n);
  }

  /** Forgets what is between two. */
  clear(one: string, other: string): void {
    this.#set(one, other, 0n);
    this.#set(other, one, 0n);
  }

  /** The way with the fewest accounts, of equal ones the first by id; null where there is none. */
  shortestWay(start: string, end: string): string[] | null {
    const before = new Map<string, string>([[start, start]]);
    for (let reached = [start]; reached.length > 0 && !before.has(end);) {
      const next: string[] = [];
      for (const account of reached) {
        for (const neighbour of [...(this.#from.get(account)?.keys() ?? [])].sort(compareIds)) {
          if (before.has(neighbour)) continue;
          before.set(neighbour, account);
          next.push(neighbour);
        }
      }
      reached = next;
    }
    if (!before.has(end)) return null;
    const way = [end];
    for (let at = end; at !== start;) {
      at = before.get(at) ?? start;
      way.unshift(at);
    }
    return way;
  }

  /** Takes as much as the way carries, at most so much. @returns how much. */
  take(way: readonly string[], most: bigint): bigint {
    const legs = way.slice(1).map((to, index) => [way[index] ?? '', to] as const);
    const minor = legs.reduce((least, [from, to]) => {
      const flow = this.#from.get(from)?.get(to) ?? 0n;
      return flow < least ? flow : least;
    }, most);
    for (const [from, to] of legs) this.#set(from, to, (this.#from.get(from)?.get(to) ?? 0n) - minor);
    return minor;
  }

  #set(from: string, to: string, minor: bigint): void {
    const targets = this.#from.get(from) ?? new Map<string, bigint>();
    this.#from.set(from, targets);
    if (minor === 0n) targets.delete(to);
    else targets.set(to, minor);
  }
}
