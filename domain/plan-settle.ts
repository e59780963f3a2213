import { compareIds } from './split-form.ts';

/** One net amount to be settled: below zero owes, above zero is owed; minor units of one currency. */
export interface Net {
  readonly memberId: string;
  readonly minor: bigint;
}

/** One payment of a plan; `minor` is above zero. */
export interface PlannedTransfer {
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
}

/** Orders transfers for presentation: by payer, then by receiver. */
export function compareTransfers(left: PlannedTransfer, right: PlannedTransfer): number {
  return compareIds(left.from, right.from) || compareIds(left.to, right.to);
}

/**
 * Settles nets that sum to zero by always letting the largest debtor pay the largest creditor.
 *
 * @param nets nonzero nets that sum to zero; their order does not matter.
 * @returns at most `nets.length - 1` transfers.
 */
export function settleLargestFirst(nets: readonly Net[]): PlannedTransfer[] {
  const debtors = heapOf(nets.filter((net) => net.minor < 0n).map((net) => ({ memberId: net.memberId, left: -net.minor })));
  const creditors = heapOf(nets.filter((net) => net.minor > 0n).map((net) => ({ memberId: net.memberId, left: net.minor })));
  const transfers: PlannedTransfer[] = [];
  for (;;) {
    const debtor = debtors[0];
    const creditor = creditors[0];
    if (debtor === undefined || creditor === undefined) return transfers;
    const minor = debtor.left < creditor.left ? debtor.left : creditor.left;
    transfers.push({ from: debtor.memberId, to: creditor.memberId, minor });
    reduceTop(debtors, minor);
    reduceTop(creditors, minor);
  }
}

/**
 * Settles nets that sum to zero by walking both sides once, each sorted by size. It is what several other products
 * call largest-first, and now and then needs fewer transfers than {@link settleLargestFirst}.
 */
export function settleInSizeOrder(nets: readonly Net[]): PlannedTransfer[] {
  const bySize = (left: Open, right: Open): number => (before(left, right) ? -1 : 1);
  const debtors = nets.filter((net) => net.minor < 0n).map((net) => ({ memberId: net.memberId, left: -net.minor }));
  const creditors = nets.filter((net) => net.minor > 0n).map((net) => ({ memberId: net.memberId, left: net.minor }));
  debtors.sort(bySize);
  creditors.sort(bySize);
  const transfers: PlannedTransfer[] = [];
  let atDebtor = 0;
  let atCreditor = 0;
  for (;;) {
    const debtor = debtors[atDebtor];
    const creditor = creditors[atCreditor];
    if (debtor === undefined || creditor === undefined) return transfers;
    const minor = debtor.left < creditor.left ? debtor.left : creditor.left;
    transfers.push({ from: debtor.memberId, to: creditor.memberId, minor });
    debtor.left -= minor;
    creditor.left -= minor;
    if (debtor.left === 0n) atDebtor += 1;
    if (creditor.left === 0n) atCreditor += 1;
  }
}

interface Open {
  readonly memberId: string;
  left: bigint;
}

/** Larger amounts first; equal ones by id, so that the result does not depend on the order of the input. */
function before(one: Open, other: Open): boolean {
  return one.left !== other.left ? one.left > other.left : one.memberId < other.memberId;
}

function heapOf(entries: Open[]): Open[] {
  // A list sorted by `before` is a valid heap.
  return entries.sort((left, right) => (before(left, right) ? -1 : 1));
}

function reduceTop(heap: Open[], minor: bigint): void {
  const top = heap[0];
  if (top === undefined) return;
  top.left -= minor;
  if (top.left === 0n) {
    const last = heap.pop();
    if (last === undefined || last === top) return;
    heap[0] = last;
  }
  sinkTop(heap);
}

function sinkTop(heap: Open[]): void {
  let at = 0;
  for (;;) {
    let best = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      const [candidate, current] = [heap[child], heap[best]];
      if (candidate !== undefined && current !== undefined && before(candidate, current)) best = child;
    }
    const [parent, winner] = [heap[at], heap[best]];
    if (best === at || parent === undefined || winner === undefined) return;
    heap[at] = winner;
    heap[best] = parent;
    at = best;
  }
}
