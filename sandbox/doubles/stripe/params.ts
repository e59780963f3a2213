import { z } from 'zod';
import { invalid, type StripeRefusal } from './errors.ts';
import { parameterName, type FormRecord, type FormValue } from './form.ts';

/** Messages of schema checks that stand for one of Stripe's codes. */
const CODES: Readonly<Record<string, (param: string, value: string) => StripeRefusal>> = {
  integer: (param, value) => invalid(`Invalid integer: ${value}`, 'parameter_invalid_integer', param),
  empty: (param) =>
    invalid(
      `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
      'parameter_invalid_empty',
      param,
    ),
  boolean: (param, value) => invalid(`Invalid boolean: ${value}`, undefined, param),
  positive: (param) => invalid('This value must be greater than or equal to 1.', 'parameter_invalid_integer', param),
  currency: (param, value) => invalid(`Invalid currency: ${value}.`, undefined, param),
  amount_large: (param) => invalid('Amount must be no more than 99999999.', 'amount_too_large', param),
};

/** A text that is not empty. */
export const text = z.string().min(1, 'empty').max(5_000);
/** A whole number, as Stripe takes it: digits only. */
export const integer = z
  .string()
  .regex(/^-?\d{1,15}$/, 'integer')
  .transform(Number);
/** An amount in the smallest unit that Stripe uses for the currency. */
export const amount = integer.refine((value) => value >= 1, 'positive').refine((value) => value <= 99_999_999, 'amount_large');
/** `true` or `false`. */
export const boolean = z
  .string()
  .regex(/^(true|false)$/, 'boolean')
  .transform((value) => value === 'true');
/** A three-letter currency; kept in lower case. */
export const currency = z
  .string()
  .regex(/^[a-z]{3}$/i, 'currency')
  .transform((value) => value.toLowerCase());
/** A list, which forms carry as numbered fields. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (isGroup(value) ? Object.values(value) : value), z.array(item).max(100));
/** Free pairs; an empty value takes a pair away, an empty text all of them. */
export const metadata = z.union([z.literal(''), z.record(z.string().min(1).max(40), z.string().max(500))]);
/** Ids or times of a list's `created`. */
export const range = z.union([
  integer,
  z.strictObject({ gt: integer.optional(), gte: integer.optional(), lt: integer.optional(), lte: integer.optional() }),
]);

/** Every operation may name fields to be shown whole. */
export const expandField = { expand: listOf(text).optional() };
/** What every list takes. */
export const listFields = {
  ...expandField,
  limit: integer.refine((value) => value >= 1 && value <= 100, 'integer').optional(),
  starting_after: text.optional(),
  ending_before: text.optional(),
};

/**
 * Checks parameters against an operation's schema.
 *
 * @throws StripeRefusal in Stripe's words: unknown, missing, empty or malformed parameter. Such a refusal happens before the
 *   operation begins, so it is not kept under the idempotency key.
 */
export function readParams<S extends z.ZodType>(schema: S, form: FormRecord): z.infer<S> {
  const parsed = schema.safeParse(form);
  if (parsed.success) return parsed.data;
  throw refusalFor(parsed.error.issues[0], form);
}

function refusalFor(issue: z.core.$ZodIssue | undefined, form: FormRecord): StripeRefusal {
  if (!issue) return invalid('Invalid request');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => parameterName([...issue.path, key]));
    const message = names.length === 1 ? `Received unknown parameter: ${names[0]}` : `Received unknown parameters: ${names.join(', ')}`;
    return invalid(message, 'parameter_unknown', names[0]);
  }
  const param = parameterName(issue.path);
  const value = valueAt(form, issue.path);
  if (value === undefined) return invalid(`Missing required param: ${param}.`, 'parameter_missing', param);
  const known = CODES[issue.message];
  if (known) return known(param, typeof value === 'string' ? value : 'object');
  if (issue.code === 'invalid_value') return invalid(`Invalid ${param}: must be one of ${issue.values.join(', ')}`, undefined, param);
  return invalid(`Invalid value for ${param}`, undefined, param);
}

function valueAt(form: FormRecord, path: readonly PropertyKey[]): FormValue | undefined {
  let value: FormValue | undefined = form;
  for (const key of path) value = isGroup(value) ? value[String(key)] : undefined;
  return value;
}

function isGroup(value: unknown): value is FormRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
