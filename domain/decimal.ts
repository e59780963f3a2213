import { ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';

/** An exact fraction in lowest terms; `den` is above zero. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

/** What a decimal text may look like; absent fields take the defaults of the wire. */
export interface DecimalRules {
  /** JSON pointer of the text, copied into a refusal. */
  readonly pointer?: string;
  /** Digits allowed after the point; 6 by default. */
  readonly fractionDigitsMax?: number;
  /** Digits allowed before the point; 12 by default. */
  readonly integerDigitsMax?: number;
  /** Whether a leading minus is allowed; false by default. */
  readonly allowNegative?: boolean;
}

/** Digits after the point of a percentage, a share, a weight or a quantity. */
export const DECIMAL_FRACTION_DIGITS_MAX = 6;

/** Digits before the point of such a decimal: bounds the integers that a split works with. */
export const DECIMAL_INTEGER_DIGITS_MAX = 12;

/** The parts of a plain decimal text, still as texts: no exponent, no plus, no needless leading zero. */
export interface DecimalParts {
  readonly negative: boolean;
  readonly integer: string;
  readonly fraction: string;
}

const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/**
 * Takes a plain decimal text apart: optional minus, digits without needless leading zeros, optional point and digits.
 *
 * @returns null when the text has another form, such as `+1`, `1e3`, `007`, `.5`, `1.` or ` 1`.
 */
export function splitDecimal(text: string): DecimalParts | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  return { negative: match[1] === '-', integer: match[2] ?? '0', fraction: match[3] ?? '' };
}

/**
 * Reads a decimal text as an exact fraction.
 *
 * @returns the value, or the refusal `decimal_malformed`, whose detail says which rule is broken.
 */
export function parseDecimal(text: string, rules: DecimalRules = {}): Outcome<Rational> {
  const fractionDigitsMax = rules.fractionDigitsMax ?? DECIMAL_FRACTION_DIGITS_MAX;
  const integerDigitsMax = rules.integerDigitsMax ?? DECIMAL_INTEGER_DIGITS_MAX;
  const parts = splitDecimal(text);
  if (parts === null) return refuse('decimal_malformed', 'Write a decimal number such as 12 or 12.5.', rules.pointer);
  if (parts.negative && rules.allowNegative !== true) return refuse('decimal_malformed', 'This number may not be negative.', rules.pointer);
  if (parts.fraction.length > fractionDigitsMax) {
    return refuse('decimal_malformed', `At most ${fractionDigitsMax} digits may follow the point.`, rules.pointer);
  }
  if (parts.integer.length > integerDigitsMax) {
    return refuse('decimal_malformed', `At most ${integerDigitsMax} digits may stand before the point.`, rules.pointer);
  }
  const digits = BigInt(parts.integer + parts.fraction);
  return ok(rational(parts.negative ? -digits : digits, 10n ** BigInt(parts.fraction.length)));
}

/**
 * Makes a fraction in lowest terms.
 *
 * @throws RangeError when the denominator is zero.
 */
export function rational(num: bigint, den = 1n): Rational {
  if (den === 0n) throw new RangeError('a fraction needs a denominator other than zero');
  const divisor = greatestCommonDivisor(num, den);
  const sign = den < 0n ? -1n : 1n;
  return { num: (sign * num) / divisor, den: (sign * den) / divisor };
}

/** Adds two fractions. */
export function addRationals(left: Rational, right: Rational): Rational {
  return rational(left.num * right.den + right.num * left.den, left.den * right.den);
}

/** Multiplies two fractions. */
export function multiplyRationals(left: Rational, right: Rational): Rational {
  return rational(left.num * right.num, left.den * right.den);
}

/**
 * Divides one fraction by another.
 *
 * @throws RangeError when the divisor is zero.
 */
export function divideRationals(dividend: Rational, divisor: Rational): Rational {
  return rational(dividend.num * divisor.den, dividend.den * divisor.num);
}

/** Compares two fractions: below zero when the left one is smaller, zero when they are equal. */
export function compareRationals(left: Rational, right: Rational): number {
  return compareBigints(left.num * right.den, right.num * left.den);
}

/** Compares two integers, in the form that sorting wants. */
export function compareBigints(left: bigint, right: bigint): number {
  return left < right ? -1 : Number(left > right);
}

/**
 * Divides and rounds towards minus infinity, so that what is left over is never negative.
 *
 * @param divisor above zero.
 */
export function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return quotient * divisor > dividend ? quotient - 1n : quotient;
}

/** Rounds a fraction to the nearest integer; a half goes to the even neighbour, so that many roundings do not drift. */
export function roundHalfEven(value: Rational): bigint {
  const floor = floorDivide(value.num, value.den);
  const twiceRest = 2n * (value.num - floor * value.den);
  if (twiceRest === value.den) return floor + (floor % 2n === 0n ? 0n : 1n);
  return twiceRest > value.den ? floor + 1n : floor;
}

/** The greatest common divisor of two integers, not negative; that of 0 and n is |n|. */
export function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let a = left < 0n ? -left : left;
  let b = right < 0n ? -right : right;
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
