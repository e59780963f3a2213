import { z } from 'zod';
import { currency, email, timeZone } from '../../../schemas.ts';
import { displayName, locale, user } from '../me/schema.ts';

/** Room for 128 characters in any script; the rule itself is the domain's (422 password_too_short, password_too_long). */
const password = z
  .string()
  .min(1)
  .max(1024)
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
  .meta({ description: '8 to 128 characters.', example: 'correct horse battery', format: 'password' });

const token = z.string().min(1).max(200);

export const register = z.strictObject({
  email,
  password,
  displayName,
  locale: locale.optional(),
  timeZone: timeZone.optional(),
  defaultCurrency: currency.optional(),
});

export const login = z.strictObject({ email, password });

export const refresh = z.strictObject({ refreshToken: token });

export const verifyEmail = z.strictObject({ token });

export const signedIn = z
  .strictObject({
    user,
    accessToken: z.string().meta({ description: 'A JWT for `Authorization: Bearer`.' }),
    refreshToken: z.string().meta({ description: 'Good for one refresh; the answer carries its successor.' }),
    expiresIn: z.int().meta({ description: 'Seconds for which the access token is good.', example: 600 }),
  })
  .meta({ id: 'SignedIn' });
