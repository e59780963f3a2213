import { currencyDigits, isKnownCurrency } from './currency.ts';
import { splitDecimal } from './decimal.ts';
import { ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';

/** An amount inside the platform: a whole number of minor units of one currency. */
export interface Money {
  /** Minor units: cents of EUR, yen of JPY, fils of KWD. */
  readonly minor: bigint;
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
}

/** An amount on every wire: a decimal text with all digits of its currency, never a JSON number. */
export interface MoneyWire {
  readonly amount: string;
  readonly currency: string;
}

/**
 * The greatest amount, in minor units and in absolute value, that one field may carry.
 *
 * Ten trillion euro, above any shared expense in any currency; a sum of 9,000 of them still fits Postgres's bigint.
 */
export const MAX_MINOR = 10n ** 15n;

/** No text of an amount within range is longer than this many digits before the point; longer ones are not even converted. */
const INTEGER_DIGITS_MAX = 16;

/**
 * Reads a decimal text as minor units of a currency.
 *
 * Fewer digits than the currency has are filled with zeros (`1.5` EUR is 150); more are refused, also when they are zeros.
 *
 * @param text optional minus, digits without needless leading zeros, optional point and digits; no plus, no exponent.
 * @param pointer JSON pointer of the text, copied into a refusal.
 * @returns minor units, or a refusal: `unknown_currency`, `amount_malformed`, `amount_precision`, `amount_out_of_range`.
 */
export function parseAmount(text: string, currency: string, pointer?: string): Outcome<bigint> {
  if (!isKnownCurrency(currency)) return refuseCurrency(pointer);
  const parts = splitDecimal(text);
  if (parts === null) return refuse('amount_malformed', 'Write an amount as a decimal text such as "12.34".', pointer);
  const digits = currencyDigits(currency);
  if (parts.fraction.length > digits) {
    return refuse('amount_precision', `An amount of ${currency} has at most ${digits} digits after the point.`, pointer);
  }
  if (parts.integer.length > INTEGER_DIGITS_MAX) return refuseRange(currency, pointer);
  const magnitude = BigInt(parts.integer + parts.fraction.padEnd(digits, '0'));
  if (magnitude > MAX_MINOR) return refuseRange(currency, pointer);
  return ok(parts.negative ? -magnitude : magnitude);
}

/**
 * Reads what {@link formatAmount} wrote. Any size is read, since sums may exceed {@link MAX_MINOR}.
 *
 * @throws SyntaxError where it is no such text.
 */
export function parseSum(text: string): bigint {
  return BigInt(text.replace('.', ''));
}

/**
 * Writes minor units as a decimal text with all digits of the currency; zero has no sign.
 *
 * Any size is written, since sums may exceed {@link MAX_MINOR}.
 *
 * @throws RefusalError unknown_currency.
 */
export function formatAmount(minor: bigint, currency: string): string {
  const digits = currencyDigits(currency);
  const sign = minor < 0n ? '-' : '';
  const magnitude = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  if (digits === 0) return sign + magnitude;
  return `${sign}${magnitude.slice(0, -digits)}.${magnitude.slice(-digits)}`;
}

/**
 * Writes money in the form of every wire.
 *
 * @throws RefusalError unknown_currency.
 */
export function moneyToWire(money: Money): MoneyWire {
  return { amount: formatAmount(money.minor, money.currency), currency: money.currency };
}

/**
 * Reads money from the wire.
 *
 * @param pointer JSON pointer of the money object; a refusal points to its `amount` or `currency`.
 * @returns the money, or a refusal: `unknown_currency`, `amount_malformed`, `amount_precision`, `amount_out_of_range`.
 */
export function moneyFromWire(wire: MoneyWire, pointer?: string): Outcome<Money> {
  const at = (field: string): string | undefined => (pointer === undefined ? undefined : `${pointer}/${field}`);
  if (!isKnownCurrency(wire.currency)) return refuseCurrency(at('currency'));
  const minor = parseAmount(wire.amount, wire.currency, at('amount'));
  return minor.ok ? ok({ minor: minor.value, currency: wire.currency }) : minor;
}

function refuseCurrency(pointer: string | undefined): Outcome<never> {
  return refuse('unknown_currency', 'This is not the code of a currency that can be spent.', pointer);
}

function refuseRange(currency: string, pointer: string | undefined): Outcome<never> {
  return refuse('amount_out_of_range', `The amount is above ${formatAmount(MAX_MINOR, currency)} ${currency}.`, pointer);
}
