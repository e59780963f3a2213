import { netOf } from './ledger.ts';
import type { PostingLine, TransferPosting } from './ledger.ts';
import { compareIds } from './split-form.ts';

/** What the ledger says about one account in one currency. */
export interface Balance {
  /** A member or a system account. */
  readonly accountId: string;
  readonly currency: string;
  /** Minor units; above zero the account is owed money, below zero it owes. */
  readonly net: bigint;
}

/** By how much the reserved transfers will change an account's balance once all of them are paid. */
export interface Reservation {
  readonly accountId: string;
  readonly currency: string;
  /** Minor units; above zero for who will pay, below zero for who will receive. */
  readonly reserved: bigint;
}

/** A transfer of an open settlement, with the part of it that is still to be paid. */
export type ReservedTransfer = TransferPosting;

/**
 * Applies the lines of postings to balances; the balances given stay as they are.
 *
 * Accounts that appear for the first time start at zero; those that come to zero stay, as their rows do.
 *
 * @returns balances in the order of account id, then currency.
 */
export function applyLines(balances: readonly Balance[], lines: readonly PostingLine[]): Balance[] {
  const entries = [
    ...balances.map(({ accountId, currency, net }) => ({ accountId, currency, minor: net })),
    ...lines.map((line) => ({ accountId: line.accountId, currency: line.currency, minor: netOf(line) })),
  ];
  return sumByAccount(entries).map(({ accountId, currency, minor }) => ({ accountId, currency, net: minor }));
}

/**
 * The reservations that transfers make when they are planned: payer up, receiver down.
 *
 * A member who owes 30.00 and will pay them has a net of -30.00 and a reservation of +30.00.
 *
 * @returns reservations in the order of account id, then currency; they sum to zero per currency.
 */
export function reservationDeltas(transfers: readonly ReservedTransfer[]): Reservation[] {
  const entries = transfers.flatMap(({ from, to, currency, minor }) => [
    { accountId: from, currency, minor },
    { accountId: to, currency, minor: -minor },
  ]);
  return sumByAccount(entries).map(({ accountId, currency, minor }) => ({ accountId, currency, reserved: minor }));
}

/** What is taken back when transfers are posted or cancelled: the opposite of {@link reservationDeltas}. */
export function releaseDeltas(transfers: readonly ReservedTransfer[]): Reservation[] {
  return reservationDeltas(transfers).map((delta) => ({ ...delta, reserved: -delta.reserved }));
}

/**
 * What plans and further payments may still move: the balance that would be left if every reserved transfer were paid.
 *
 * Posting a reserved transfer and releasing its reservation leaves it unchanged, since the money was counted already.
 *
 * @param net balance in minor units.
 * @param reserved the account's reservation in minor units.
 */
export function available(net: bigint, reserved: bigint): bigint {
  return net + reserved;
}

/** Balances less reservations: {@link available} for every account that has either. */
export function availableBalances(balances: readonly Balance[], reservations: readonly Reservation[]): Balance[] {
  const entries = [
    ...balances.map(({ accountId, currency, net }) => ({ accountId, currency, minor: net })),
    ...reservations.map(({ accountId, currency, reserved }) => ({ accountId, currency, minor: reserved })),
  ];
  return sumByAccount(entries).map(({ accountId, currency, minor }) => ({ accountId, currency, net: minor }));
}

/**
 * Asserts that all balances of a group, members and system accounts together, sum to zero per currency.
 *
 * @throws Error when they do not: the ledger is broken.
 */
export function assertZeroSum(balances: readonly Balance[]): void {
  const sums = new Map<string, bigint>();
  for (const { currency, net } of balances) sums.set(currency, (sums.get(currency) ?? 0n) + net);
  for (const [currency, sum] of sums) if (sum !== 0n) throw new Error(`the balances do not sum to zero in ${currency}`);
}

interface Entry {
  readonly accountId: string;
  readonly currency: string;
  readonly minor: bigint;
}

function sumByAccount(entries: readonly Entry[]): Entry[] {
  const sums = new Map<string, Entry>();
  for (const entry of entries) {
    const key = `${entry.currency}/${entry.accountId}`;
    sums.set(key, { ...entry, minor: entry.minor + (sums.get(key)?.minor ?? 0n) });
  }
  return [...sums.values()].sort((left, right) => compareIds(left.accountId, right.accountId) || compareIds(left.currency, right.currency));
}
