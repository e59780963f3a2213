import { currencyDigits } from './currency.ts';
import { compareRationals, divideRationals, floorDivide, parseDecimal, type Rational, rational, roundHalfEven } from './decimal.ts';
import { compareIds } from './split-form.ts';

/** Where rates are published; a new source is one name here and one adapter in `activities/expense/rates/`. */
export const RATE_SOURCES = ['ecb'] as const;
export type RateSourceName = (typeof RATE_SOURCES)[number];

/** What is said of the source of a rate that somebody typed, unless they say better. */
export const TYPED_SOURCE = 'typed';

/** The currency that every published rate is in: the ECB says what one euro buys. */
export const PIVOT_CURRENCY = 'EUR';

/**
 * A day without rates takes the last ones published before it, at most so many days back. The longest gap of the ECB's calendar is
 * the five days around Easter; a week leaves room for one that is late, and more would be another market.
 */
export const RATE_DAYS_BACK_MAX = 7;

/** Significant digits of a cross rate, rounded half to even: the published figures have five or six. */
export const RATE_DIGITS = 12;

/** Digits after the point of the smallest rate that {@link formatRate} writes; also the most that are taken. */
export const RATE_FRACTION_MAX = 18;
const RATE_INTEGER_MAX = 12;

/**
 * Reads a rate.
 *
 * @returns null for a text that is no decimal above zero with at most 12 digits before the point and 18 after it.
 */
export function parseRate(text: string): Rational | null {
  const parsed = parseDecimal(text, { fractionDigitsMax: RATE_FRACTION_MAX, integerDigitsMax: RATE_INTEGER_MAX });
  return parsed.ok && parsed.value.num > 0n ? parsed.value : null;
}

/**
 * Writes a rate as a decimal with {@link RATE_DIGITS} significant digits, a half rounded to even, without trailing zeros.
 *
 * @param rate above zero.
 * @returns null where the rate is too small or too large to be written, which no two currencies ever were to each other.
 */
export function formatRate(rate: Rational): string | null {
  let fractionDigits = 0;
  // So many digits after the point that the integer made of all of them has exactly the significant ones.
  for (let scaled = rate; scaled.num < 10n ** BigInt(RATE_DIGITS - 1) * scaled.den; fractionDigits += 1) {
    if (fractionDigits === RATE_FRACTION_MAX) break;
    scaled = rational(scaled.num * 10n, scaled.den);
  }
  const digits = roundHalfEven(rational(rate.num * 10n ** BigInt(fractionDigits), rate.den)).toString();
  if (digits === '0') return null;
  const padded = digits.padStart(fractionDigits + 1, '0');
  const integer = padded.slice(0, padded.length - fractionDigits);
  const fraction = padded.slice(padded.length - fractionDigits).replace(/0+$/, '');
  if (integer.length > RATE_INTEGER_MAX) return null;
  return fraction === '' ? integer : `${integer}.${fraction}`;
}

/**
 * The rate of one currency in another, through the euro.
 *
 * @param basePerEuro what one euro buys of the base; `1` for the euro itself.
 * @param quotePerEuro the same of the quote.
 * @returns units of the quote for one unit of the base; null where one of them is no rate.
 */
export function crossRate(basePerEuro: string, quotePerEuro: string): string | null {
  const [base, quote] = [parseRate(basePerEuro), parseRate(quotePerEuro)];
  return base === null || quote === null ? null : formatRate(divideRationals(quote, base));
}

/** The day whose rates count for a business day: one that is still to come takes those of today. */
export function rateDay(date: string, today: string): string {
  return date < today ? date : today;
}

/**
 * How many minor units of one currency are one minor unit of another.
 *
 * @param rate units of `from` for one unit of `to`, above zero.
 */
export function minorRatio(rate: Rational, from: string, to: string): Rational {
  return divideRationals(rational(10n ** BigInt(currencyDigits(to)), 10n ** BigInt(currencyDigits(from))), rate);
}

/** An account's net in minor units of one currency. */
export interface AccountNet {
  readonly accountId: string;
  readonly minor: bigint;
}

/**
 * Converts nets that sum to zero so that the results sum to zero too: each is rounded down, and what is then missing goes, one
 * minor unit each, to those with the largest fractions, equal ones by account id. So nobody is off by a whole unit.
 *
 * @param ratio target minor units for one of the source.
 * @returns the nets in the order of the input.
 */
export function convertNets(nets: readonly AccountNet[], ratio: Rational): AccountNet[] {
  const exact = nets.map(({ accountId, minor }) => {
    const value = rational(minor * ratio.num, ratio.den);
    const floor = floorDivide(value.num, value.den);
    return { accountId, floor, fraction: rational(value.num - floor * value.den, value.den) };
  });
  const missing = -exact.reduce((sum, { floor }) => sum + floor, 0n);
  const raised = new Set(
    [...exact]
      .sort((one, other) => compareRationals(other.fraction, one.fraction) || compareIds(one.accountId, other.accountId))
      .slice(0, Number(missing))
      .map(({ accountId }) => accountId),
  );
  return exact.map(({ accountId, floor }) => ({ accountId, minor: floor + (raised.has(accountId) ? 1n : 0n) }));
}
