import { assertNever, ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';
import type { MemberAmount } from './split-apportion.ts';
import { compareIds } from './split-form.ts';

/** Accounts of a group that belong to no member: what rounding, fees and conversion leave over. */
export type SystemAccount = 'rounding' | 'fees' | 'conversion';

/** All system accounts, in one fixed order. */
export const SYSTEM_ACCOUNTS: readonly SystemAccount[] = ['rounding', 'fees', 'conversion'];

/**
 * One line of a posting: what one account put in and what it owes, in minor units of one currency.
 *
 * Both figures are zero or above. The account's balance changes by `paid - owed`; above zero means that it is owed money.
 */
export interface PostingLine {
  readonly accountId: string;
  readonly currency: string;
  readonly paid: bigint;
  readonly owed: bigint;
}

/** An expense as the ledger sees it. */
export interface ExpensePosting {
  readonly kind: 'expense' | 'income';
  readonly currency: string;
  /** Who paid (or, for income, received) how much; adds up to the total. */
  readonly paid: readonly MemberAmount[];
  /** Whose share is how much; adds up to the total. */
  readonly owed: readonly MemberAmount[];
}

/**
 * Makes the posting of an expense or an income.
 *
 * Expense: payers have paid, sharers owe. Income turns the sides round: whoever received the money owes it, and every
 * sharer has, in effect, paid that share.
 *
 * @returns lines in the order of account ids, one for each member, that sum to zero.
 * @throws Error when the two sides differ, or when an amount is below zero.
 */
export function expenseLines({ kind, currency, paid, owed }: ExpensePosting): PostingLine[] {
  const [credits, debits] = sidesOf(kind, paid, owed);
  return balanced([
    ...credits.map(({ memberId, minor }) => ({ accountId: memberId, currency, paid: minor, owed: 0n })),
    ...debits.map(({ memberId, minor }) => ({ accountId: memberId, currency, paid: 0n, owed: minor })),
  ]);
}

/** Money that went from one account to another. */
export interface TransferPosting {
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  /** Minor units, above zero. */
  readonly minor: bigint;
}

/**
 * Makes the posting of a confirmed payment: the payer's balance rises, the receiver's falls.
 *
 * @throws Error when the amount is not above zero, or payer and receiver are the same.
 */
export function transferLines({ from, to, currency, minor }: TransferPosting): PostingLine[] {
  if (minor <= 0n) throw new Error('a transfer moves more than zero');
  if (from === to) throw new Error('a transfer has two different ends');
  return balanced([
    { accountId: from, currency, paid: minor, owed: 0n },
    { accountId: to, currency, paid: 0n, owed: minor },
  ]);
}

/** Makes the posting of a payment between two members who are one by now: one line, which moves nothing. */
export function selfTransferLines({ from, currency, minor }: TransferPosting): PostingLine[] {
  if (minor <= 0n) throw new Error('a transfer moves more than zero');
  return balanced([{ accountId: from, currency, paid: minor, owed: minor }]);
}

/** One entry of an adjustment: by how much an account's balance changes, in minor units. */
export interface AdjustmentEntry {
  readonly accountId: string;
  readonly currency: string;
  readonly minor: bigint;
}

/** Entries of one adjustment: one for each member of the largest group. */
export const ADJUSTMENT_ENTRIES_MAX = 500;

/**
 * Makes the posting of an adjustment: an entry above zero counts as paid, one below as owed.
 *
 * @param pointer JSON pointer of the list of entries.
 * @returns the lines, or a refusal: `empty_adjustment` (nothing changes), `too_many_entries`, `adjustment_not_zero`
 *   (a currency does not sum to zero).
 */
export function adjustmentLines(entries: readonly AdjustmentEntry[], pointer = '/entries'): Outcome<PostingLine[]> {
  if (entries.length > ADJUSTMENT_ENTRIES_MAX)
    return refuse('too_many_entries', `Give at most ${ADJUSTMENT_ENTRIES_MAX} entries.`, pointer);
  const lines = mergeLines(
    entries.map(({ accountId, currency, minor }) => ({
      accountId,
      currency,
      paid: minor > 0n ? minor : 0n,
      owed: minor < 0n ? -minor : 0n,
    })),
  );
  if (lines.length === 0) return refuse('empty_adjustment', 'Give at least one entry other than zero.', pointer);
  const unbalanced = unbalancedCurrency(lines);
  if (unbalanced === undefined) return ok(lines);
  return refuse('adjustment_not_zero', `The entries in ${unbalanced} must add up to zero.`, pointer);
}

/** Makes the posting that cancels another: paid and owed change places, so both together change no balance. */
export function reverseLines(lines: readonly PostingLine[]): PostingLine[] {
  return balanced(lines.map(({ accountId, currency, paid, owed }) => ({ accountId, currency, paid: owed, owed: paid })));
}

/** By how much a line changes the account's balance, in minor units: paid less owed. */
export function netOf(line: PostingLine): bigint {
  return line.paid - line.owed;
}

/**
 * Makes one line of all lines of the same account and currency, and drops those that say nothing.
 *
 * @returns lines in the order of account id, then currency: the order in which balance rows are locked.
 */
export function mergeLines(lines: readonly PostingLine[]): PostingLine[] {
  const merged = new Map<string, PostingLine>();
  for (const line of lines) {
    const key = `${line.currency}/${line.accountId}`;
    const before = merged.get(key);
    merged.set(key, before === undefined ? line : { ...line, paid: before.paid + line.paid, owed: before.owed + line.owed });
  }
  return [...merged.values()]
    .filter(({ paid, owed }) => paid !== 0n || owed !== 0n)
    .sort((left, right) => compareIds(left.accountId, right.accountId) || compareIds(left.currency, right.currency));
}

/**
 * Asserts what every posting must fulfil: both sides zero or above, and each currency sums to zero.
 *
 * The database checks the sum again.
 *
 * @throws Error when it does not hold, which is a defect of the program and never the fault of a caller's input.
 */
export function assertBalanced(lines: readonly PostingLine[]): void {
  if (lines.some(({ paid, owed }) => paid < 0n || owed < 0n)) throw new Error('a posting line has a side below zero');
  const currency = unbalancedCurrency(lines);
  if (currency !== undefined) throw new Error(`the posting does not sum to zero in ${currency}`);
}

function balanced(lines: readonly PostingLine[]): PostingLine[] {
  assertBalanced(lines);
  return mergeLines(lines);
}

function sidesOf<T>(kind: 'expense' | 'income', paid: T, owed: T): readonly [T, T] {
  switch (kind) {
    case 'expense':
      return [paid, owed];
    case 'income':
      return [owed, paid];
    default:
      return assertNever(kind);
  }
}

function unbalancedCurrency(lines: readonly PostingLine[]): string | undefined {
  const sums = new Map<string, bigint>();
  for (const line of lines) sums.set(line.currency, (sums.get(line.currency) ?? 0n) + netOf(line));
  return [...sums].find(([, sum]) => sum !== 0n)?.[0];
}
