import { z } from 'zod';
import { currency, id, line, timeZone } from '../../../schemas.ts';

/** Most characters of a name: what fits a line of a mail. */
export const displayName = line(120).meta({ example: 'Ana' });

/** A BCP 47 language tag; kept in its canonical form, such as `de-CH` for `de-ch`. */
export const locale = z
  .string()
  .min(2)
  .max(35)
  .refine((tag) => canonical(tag) !== null, 'must be a BCP 47 language tag such as "de-CH"')
  .transform((tag) => canonical(tag) ?? tag)
  .meta({ description: 'A BCP 47 language tag.', example: 'de-CH' });

export const user = z
  .strictObject({
    id,
    email: z.string(),
    emailVerified: z.boolean(),
    displayName: z.string(),
    locale: z.string(),
    timeZone: z.string(),
    defaultCurrency: currency,
    platformRole: z.string().nullable(),
    version: z.int(),
  })
  .meta({ id: 'User' });

export const updateMe = z.strictObject({
  displayName: displayName.optional(),
  locale: locale.optional(),
  timeZone: timeZone.optional(),
  defaultCurrency: currency.optional(),
});

function canonical(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    // A RangeError: the text is not well-formed by BCP 47.
    return null;
  }
}
