import type { Ask, Cast, Person } from './cast.ts';
import type { Check } from './checks.ts';
import { minorOf } from './paying.ts';
import type { Proposed } from './play.ts';
import type { Progress } from './progress.ts';

/** Items of one answer, the most that the API gives. */
const PAGE = 100;
/** Of 100 items each; no ledger that the demo can play has more between two people. */
const PAGES_MAX = 200;

/** Something that two people shared: by how much it raises what the one owes the other, in minor units. */
export interface ExplainedItem {
  readonly kind: 'expense' | 'payment' | 'refund' | 'adjustment';
  readonly date: string;
  readonly description: string | null;
  readonly minor: bigint;
}

/** What the plan adds to, or takes from, what two people owe each other directly. */
export interface ExplainedStep {
  readonly kind: 'reserved' | 'through' | 'unit' | 'others';
  readonly minor: bigint;
  /** Who stands between the two, by names. */
  readonly through: readonly string[];
}

/** Why one person should pay another what the plan says. */
export interface Explained {
  readonly from: Person;
  readonly to: Person;
  readonly currency: string;
  /** What the explanation explains, and what the plan says. */
  readonly minor: bigint;
  readonly plannedMinor: bigint;
  /** What they owe each other by what they shared. */
  readonly directMinor: bigint;
  /** All of them, the newest first. */
  readonly items: readonly ExplainedItem[];
  readonly steps: readonly ExplainedStep[];
}

interface Answer {
  readonly amount: string;
  readonly direct: string;
  readonly items: readonly (Omit<ExplainedItem, 'minor'> & { readonly amount: string })[];
  readonly steps: readonly { readonly kind: ExplainedStep['kind']; readonly amount: string; readonly through?: readonly string[] }[];
  readonly nextCursor: string | null;
}

/** Asks why the largest transfer of a plan is what it is. */
export async function explainLargest(cast: Cast, plan: readonly Proposed[], ask: Ask, progress: Progress): Promise<Explained> {
  const [first, ...rest] = plan;
  if (first === undefined) throw new Error('The plan has no transfer that could be explained.');
  const largest = rest.reduce((best, transfer) => (transfer.minor > best.minor ? transfer : best), first);
  const { currency } = largest;
  const [from, to] = [cast.byName(largest.from), cast.byName(largest.to)];
  const query = `from=${from.memberId}&to=${to.memberId}&currency=${currency}&strategy=minimal&limit=${PAGE}`;
  const path = `/v1/groups/${cast.groupId}/balances/explain?${query}`;
  const { body: head } = await ask<Answer>(cast.owner, 'GET', path);
  const answered = [...head.items];
  let cursor = head.nextCursor;
  for (let pages = 1; cursor !== null && pages < PAGES_MAX; pages += 1) {
    const { body } = await ask<Answer>(cast.owner, 'GET', `${path}&cursor=${encodeURIComponent(cursor)}`);
    answered.push(...body.items);
    cursor = body.nextCursor;
  }
  progress.note(
    `why ${from.name} should pay ${to.name}: ${answered.length} things they shared, and ${head.steps.length} steps of the plan`,
  );
  return {
    from,
    to,
    currency,
    minor: minorOf(head.amount),
    plannedMinor: largest.minor,
    directMinor: minorOf(head.direct),
    items: answered.map(({ kind, date, description, amount }) => ({ kind, date, description, minor: minorOf(amount) })),
    steps: head.steps.map(({ kind, amount, through = [] }) => ({
      kind,
      minor: minorOf(amount),
      through: through.map((memberId) => cast.byMember(memberId).name),
    })),
  };
}

/** An explanation explains the figure of the plan, and adds up to it exactly. */
export function checkExplained({ from, to, minor, plannedMinor, directMinor, items, steps }: Explained): Check {
  const where = `${from.name} to ${to.name}`;
  const [direct, all] = [sumOf(items), sumOf(items) + sumOf(steps)];
  const problems = [
    ...(minor === plannedMinor ? [] : [`${where}: the plan says ${plannedMinor} minor units, and ${minor} are explained`]),
    ...(direct === directMinor ? [] : [`${where}: what they shared adds up to ${direct} minor units, and is said to be ${directMinor}`]),
    ...(all === minor ? [] : [`${where}: the explanation adds up to ${all} minor units, and its figure is ${minor}`]),
  ];
  return { name: 'the explained balance adds up to what the plan says', problems };
}

function sumOf(parts: readonly { readonly minor: bigint }[]): bigint {
  return parts.reduce((sum, { minor }) => sum + minor, 0n);
}
