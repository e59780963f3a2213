import { z } from 'zod';
import { REDIRECT_URI_MAX } from '../../../../config/redirect-uris.ts';
import { type Scope, SCOPES } from '../../../../domain/scopes.ts';
import { id, line } from '../../../schemas.ts';

const NAMES = Object.keys(SCOPES) as [Scope, ...Scope[]];
/** Most redirect URIs of one application. */
const REDIRECT_URIS_MAX = 10;

const scopes = z
  .array(z.enum(NAMES))
  .min(1)
  .max(NAMES.length)
  .meta({ description: 'The most that it may ask people for.', example: ['expenses:read'] });
const kind = z.enum(['confidential', 'public']).meta({
  description:
    '`confidential` runs on a server and keeps a secret; `public` runs with its user, on a device or in a browser, and has none.',
});
const redirectUris = z
  .array(z.string().min(1).max(REDIRECT_URI_MAX))
  .min(1)
  .max(REDIRECT_URIS_MAX)
  .refine((uris) => new Set(uris).size === uris.length, 'must be different from each other')
  .meta({
    description: 'Where people come back to; compared exactly, but for the port of a loopback host (RFC 8252).',
    example: ['https://app.example.com/callback'],
  });
const homepageUrl = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), 'must have no user information')
  .nullable()
  .meta({ description: 'Shown to people who are asked.', example: 'https://app.example.com' });

export const createApplication = z.strictObject({ name: line(100), redirectUris, scopes, kind, homepageUrl: homepageUrl.optional() });
export const updateApplication = z
  .strictObject({ name: line(100), redirectUris, scopes, homepageUrl })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something');

export const application = z
  .strictObject({
    id,
    clientId: z.string(),
    name: z.string(),
    kind,
    redirectUris: z.array(z.string()),
    scopes: z.array(z.string()),
    homepageUrl: z.string().nullable(),
    createdAt: z.string(),
  })
  .meta({ id: 'OAuthApplication' });
const clientSecret = z.string().meta({ description: 'Shown in this answer only.' });
export const newApplication = z
  .strictObject({ ...application.shape, clientSecret: clientSecret.optional() })
  .meta({ id: 'NewOAuthApplication' });
export const applicationParams = z.strictObject({ applicationId: id });
export const newSecret = z.strictObject({ clientId: z.string(), clientSecret }).meta({ id: 'ClientSecret' });

export const authorization = z
  .strictObject({
    id,
    application: z.strictObject({ id, name: z.string(), homepageUrl: z.string().nullable() }),
    scopes: z.array(z.string()),
    createdAt: z.string(),
    lastUsedAt: z.string().nullable().meta({ description: 'When it last fetched a token.' }),
    expiresAt: z.string(),
  })
  .meta({ id: 'Authorization' });
export const authorizationParams = z.strictObject({ authorizationId: id });
