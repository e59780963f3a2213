import { PAYMENT_CATEGORY } from '../categories.ts';
import { currencyDigits, isKnownCurrency } from '../currency.ts';
import type { ExpenseInput } from '../expense.ts';
import { formatAmount, parseAmount } from '../money.ts';
import { refuse, RefusalError, unwrap, type Outcome } from '../refusal.ts';
import type { AmountPart } from '../split.ts';
import { problem, type ImportedRow, type Reading } from './file.ts';

/** What one person put in or owes, in minor units above zero. */
export interface Part {
  readonly name: string;
  readonly minor: bigint;
}

/**
 * Reads an amount as files write it. Zeros beyond the currency's digits are harmless: some programs write `1200.00` for
 * yen. Everything else is as strict as the wire.
 */
export function readFileAmount(text: string, currency: string): Outcome<bigint> {
  const trimmed = text.trim();
  if (!isKnownCurrency(currency)) return refuse('unknown_currency', `${quoted(currency)} is not the code of a currency that can be spent.`);
  const [integer = '', fraction] = trimmed.split('.', 2);
  if (fraction === undefined || fraction.length <= currencyDigits(currency)) return named(parseAmount(trimmed, currency), trimmed);
  const kept = fraction.replace(/0+$/, '').padEnd(currencyDigits(currency), '0');
  return named(parseAmount(kept === '' ? integer : `${integer}.${kept}`, currency), trimmed);
}

function named(outcome: Outcome<bigint>, text: string): Outcome<bigint> {
  return outcome.ok ? outcome : refuse(outcome.refusal.code, `${quoted(text)}: ${outcome.refusal.detail}`);
}

/** A text of the file in a message: bounded, and without what a screen would act upon. */
export function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is replaced here.
  const shown = text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f]/g, ' ');
  return `"${shown.length > 60 ? `${shown.slice(0, 60).toWellFormed()}…` : shown}"`;
}

/** Runs the reading of one row; a refusal within it becomes the row's problem. */
export function reading(row: number, read: () => ExpenseInput | Pick<ImportedRow, 'input' | 'owed'> | null): Reading | null {
  try {
    const found = read();
    if (found === null) return null;
    return 'input' in found ? { row, ...found } : { row, input: found };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return problem(row, error.refusal.code, error.refusal.detail);
  }
}

/** Reads an amount. @throws RefusalError those of {@link readFileAmount}. */
export function amountOf(text: string, currency: string): bigint {
  return unwrap(readFileAmount(text, currency));
}

/** The amounts of some people as parts on the wire. */
export function partsOf(parts: readonly Part[], currency: string): AmountPart[] {
  return parts.map(({ name, minor }) => ({ memberId: name, amount: formatAmount(minor, currency) }));
}

/** Sum of some parts in minor units. */
export function sumOf(parts: readonly Part[]): bigint {
  return parts.reduce((sum, { minor }) => sum + minor, 0n);
}

/** The parts that are not zero. */
export function nonZero(parts: readonly Part[]): Part[] {
  return parts.filter(({ minor }) => minor !== 0n);
}

/** What of an expense has nothing to do with amounts. */
export type About = Pick<ExpenseInput, 'description' | 'date' | 'category' | 'notes' | 'tags' | 'rate'>;

/** An expense whose payers and shares are both known exactly. */
export function exactInput(about: About, currency: string, paid: readonly Part[], owed: readonly Part[]): ExpenseInput {
  return {
    ...about,
    kind: 'expense',
    total: { amount: formatAmount(sumOf(paid), currency), currency },
    payers: partsOf(paid, currency),
    split: { method: 'exact', parts: partsOf(owed, currency) },
  };
}

/** A payment from one person to another, as an expense of its own category. */
export function paymentInput(about: About, currency: string, from: string, to: string, minor: bigint): ExpenseInput {
  return exactInput({ ...about, category: PAYMENT_CATEGORY }, currency, [{ name: from, minor }], [{ name: to, minor }]);
}

/** Whether an expense says that one person gave money to one other. */
export function isPayment({ category, payers, split }: ExpenseInput): boolean {
  if (category !== PAYMENT_CATEGORY || payers.length !== 1 || split.method !== 'exact' || split.parts.length !== 1) return false;
  return payers[0]?.memberId !== split.parts[0]?.memberId;
}

/** Collects names in the order in which they are met. */
export function peopleOf(rows: readonly Reading[], declared: readonly string[] = []): string[] {
  const people = new Set(declared);
  for (const row of rows) if ('input' in row) for (const name of namesIn(row)) people.add(name);
  return [...people];
}

function namesIn({ input }: ImportedRow): string[] {
  const { split } = input;
  const sharers =
    split.method === 'itemized'
      ? split.items.flatMap((item) => [...(item.among ?? []), ...(item.parts ?? []).map((part) => part.memberId)])
      : [...('among' in split ? split.among : []), ...('parts' in split ? split.parts.map((part) => part.memberId) : [])];
  return [...input.payers.map((payer) => payer.memberId), ...sharers];
}
