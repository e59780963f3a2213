import { z } from 'zod';
import { extendedProblem } from '../../../openapi/problem-answers.ts';
import { id } from '../../../schemas.ts';

const providerId = z.string().min(1).max(40).meta({ description: 'The id of a provider of this deployment.', example: 'sandbox' });

export const providerParams = z.strictObject({ provider: providerId });

export const provider = z
  .strictObject({
    id: providerId,
    displayName: z.string().meta({ example: 'Sandbox' }),
    startUrl: z.string().meta({ description: 'Where a browser begins to sign in.' }),
  })
  .meta({ id: 'OidcProvider' });

export const providers = z.strictObject({ data: z.array(provider) });

export const startQuery = z.strictObject({
  link: z
    .literal('1')
    .optional()
    .meta({ description: '`1`: sign nobody in; the callback gives a link token for `POST /v1/me/identities`.', example: '1' }),
});

export const started = z.strictObject({ authorizationUrl: z.string().meta({ description: 'Of the provider.' }) });

/** What providers give has no length of ours to be published; the size of all headers bounds it before this does. */
function upTo(max: number): (text: string) => boolean {
  return (text) => text.length <= max;
}

/** Providers append what they like, and a client ignores what it does not know (RFC 6749, section 4.1.2). */
export const callbackQuery = z.object({
  state: z.string().min(1).max(200).optional(),
  code: z.string().min(1).refine(upTo(4000), 'must have at most 4000 characters').optional(),
  iss: z.string().refine(upTo(2000), 'must have at most 2000 characters').optional().meta({ description: 'The issuer, by RFC 9207.' }),
  error: z.string().min(1).max(200).optional(),
  error_description: z.string().refine(upTo(2000), 'must have at most 2000 characters').optional(),
});

const linkToken = z.string().min(1).max(100).meta({ description: '`linkToken` of a callback that was answered 409 `oidc_link_required`.' });

const password = z
  .string()
  .min(1)
  .max(1024)
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
  .meta({ description: 'The password of the account.', format: 'password' });

export const link = z.strictObject({
  linkToken,
  password,
  totp: z
    .string()
    .min(6)
    .max(40)
    .regex(/^[\w -]+$/, 'must be a code of the app or a recovery code')
    .optional()
    .meta({ example: '123456' }),
});

export const addIdentity = z.strictObject({ linkToken, password: password.optional() });

export const identityParams = z.strictObject({ identityId: id });

export const identity = z
  .strictObject({
    id,
    provider: z.string().meta({ example: 'sandbox' }),
    issuer: z.string().meta({ example: 'https://accounts.example' }),
    createdAt: z.string(),
    lastUsedAt: z.string().nullable(),
  })
  .meta({ id: 'Identity', description: 'Who a user is at an OpenID provider.' });

/** What the problem of an identity that has to be linked has besides. */
export const linkProblem = extendedProblem('IdentityProblem', {
  linkToken: z.string().optional().meta({ description: 'With `oidc_link_required`: good once, for 15 minutes.' }),
});
