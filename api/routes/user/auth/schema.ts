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

/** Six digits of an app, or a recovery code. */
const totp = z
  .string()
  .min(6)
  .max(40)
  .regex(/^[\w -]+$/, 'must be a code of the app or a recovery code')
  .meta({ example: '123456' });

export const login = z.strictObject({ email, password, totp: totp.optional() });

export const forgotPassword = z.strictObject({ email });

export const resetPassword = z.strictObject({ token, password });

export const changePassword = z.strictObject({ currentPassword: password, newPassword: password });

export const proof = z.strictObject({ password: password.optional() });

export const confirmTotp = z.strictObject({
  code: z
    .string()
    .regex(/^\d{6}$/, 'must be the six digits of the app')
    .meta({ example: '123456' }),
});

export const disableTotp = z.strictObject({ password: password.optional(), totp: totp.optional() });

export const totpSecret = z
  .strictObject({
    secret: z.string().meta({ description: 'In base 32, to be typed into the app.' }),
    uri: z.string().meta({ description: 'The same as an `otpauth:` address, to be shown as a QR code.' }),
    expiresAt: z.string(),
  })
  .meta({ id: 'TotpSecret' });

export const recoveryCodes = z
  .strictObject({ recoveryCodes: z.array(z.string()).meta({ example: ['k3fa-9xbq-t2mn-p4rd-h7wv-c8ye'] }) })
  .meta({ id: 'RecoveryCodes' });

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
