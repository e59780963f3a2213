import { z } from 'zod';
import { PAGE_MAX } from '../db/cursor.ts';
import { compareRationals, parseDecimal, type Rational } from '../domain/decimal.ts';
import { unwrap } from '../domain/refusal.ts';

/** An id as clients may send it and as we answer it: a UUID in lower case. */
export const id = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a UUID in lower case')
  .meta({ description: 'A UUID.', example: '019f2c6e-0000-7000-8000-000000000000', format: 'uuid' });

/** A decimal amount; its digits are checked against the currency by the domain (422 amount_precision). */
export const amount = z
  .string()
  .max(24)
  .regex(/^-?(0|[1-9]\d*)(\.\d+)?$/, 'must be a decimal number such as "12.34"')
  .meta({ description: 'A decimal string; never a JSON number.', example: '12.34' });

/** An amount that is not negative. */
export const positiveAmount = z
  .string()
  .max(24)
  .regex(/^(0|[1-9]\d*)(\.\d+)?$/, 'must be a decimal number such as "12.34", not negative')
  .meta({ description: 'A decimal string, not negative.', example: '12.34' });

/** A decimal number with at most six digits after the point: percent, shares, weight, quantity. */
export const decimal = z
  .string()
  .max(24)
  .regex(/^(0|[1-9]\d*)(\.\d{1,6})?$/, 'must be a decimal number with at most 6 digits after the point')
  .meta({ example: '1.5' });

/** An ISO 4217 code; whether it is one is checked by the domain. */
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as "EUR"')
  .meta({ example: 'EUR' });

/** Money on the wire. */
export const money = z.strictObject({ amount, currency }).meta({ id: 'Money', description: 'An amount with all digits of its currency.' });

/** A business day. Postgres knows no year 0. */
export const date = z.iso
  .date()
  .refine((day) => day >= '0001-01-01', 'must be in the year 1 or later')
  .meta({ example: '2026-11-20' });

/** An instant in RFC 3339; offsets are accepted, answers are in UTC. */
export const instant = z.iso.datetime({ offset: true }).meta({ example: '2026-11-20T10:00:00.000Z' });

/**
 * One line of text: no control characters, no separators of lines, none of the characters that turn the direction of what follows
 * (a name with one shows others' words backwards), no surrounding space, at least one character.
 */
export const line = (max: number): z.ZodString => z.string().min(1).max(max).regex(ONE_LINE, 'must be one line without surrounding space');

const ONE_LINE =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here.
  /^[^\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069](?:[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*[^\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069])?$/u;

/** Text of several lines; NUL and lone surrogates are refused because Postgres cannot keep them. */
export const text = (max: number): z.ZodType<string, string> =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes('\u0000'), 'must be well-formed Unicode without NUL');

/** An e-mail address. */
export const email = z
  .email()
  .max(254)
  // RFC 5321: the part before the @ has 64 characters at most.
  .refine((address) => address.indexOf('@') <= 64, 'must have at most 64 characters before the @')
  .meta({ example: 'ana@example.com' });

/** An IANA time zone, checked against the runtime's list. */
export const timeZone = z
  .string()
  .max(64)
  .refine((zone) => isZone(zone), 'must be an IANA time zone such as "Europe/Berlin"')
  .meta({ example: 'Europe/Berlin' });

/** Query of a list. */
export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).optional().meta({ description: 'Rows of a page.', example: 25 }),
  cursor: z.string().min(1).max(1000).optional().meta({ description: '`nextCursor` of the page before.' }),
});

/** Filters that bound the same thing from both sides, and whether the lower one is above the other. */
const BOUNDS: readonly (readonly [string, string, (low: string, high: string) => boolean])[] = [
  ['from', 'to', (from, to) => Date.parse(from) > Date.parse(to)],
  ['min', 'max', (min, max) => compareRationals(exactly(min), exactly(max)) > 0],
];

function exactly(text: string): Rational {
  return unwrap(parseDecimal(text, { integerDigitsMax: text.length }));
}

/**
 * Refuses a query whose bounds contradict each other, so that a slip does not look like nothing found: 422, at the later bound.
 *
 * @param query with `from` and `to`, which are days or instants, or `min` and `max`, or both.
 */
export function withBounds<Query extends z.ZodObject>(query: Query): Query {
  return query.superRefine((given, context) => {
    for (const [low, high, isAbove] of BOUNDS) {
      const [from, to] = [given[low], given[high]];
      if (typeof from !== 'string' || typeof to !== 'string' || !isAbove(from, to)) continue;
      context.addIssue({ code: 'custom', path: [high], message: `must not be below ${low}`, params: { problem: 'contradictory_filters' } });
    }
  });
}

/** A list's answer. */
export function listOf<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ data: z.ZodArray<Item>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.strictObject({ data: z.array(item), nextCursor: z.string().nullable() });
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** RFC 3339 in UTC from what Postgres or the ORM gives. */
export function toInstant(value: Date | string): string {
  return new Date(value).toISOString();
}
