import { z } from 'zod';

/** Most providers of one deployment: each is a button on somebody's page. */
const PROVIDERS_MAX = 20;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

const provider = z.strictObject({
  id: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'must be 1 to 40 lower-case letters, digits and hyphens'),
  issuer: z.url({ protocol: /^https?$/ }).refine((text) => !/[?#]/.test(text), 'must have no query and no fragment'),
  clientId: z.string().min(1).max(500),
  clientSecret: z.string().min(1).max(2000).optional(),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/))
    .max(20)
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid'), 'must include openid'),
  displayName: z.string().min(1).max(60),
});

/** A provider of OpenID Connect with which people may sign in. */
export type OidcProvider = z.infer<typeof provider>;

/** OIDC_PROVIDERS: a JSON list of providers with different ids. */
export const oidcProviders = z
  .string()
  .default('[]')
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('must be JSON');
      return z.NEVER;
    }
  })
  .pipe(
    z
      .array(provider)
      .max(PROVIDERS_MAX)
      .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'ids must differ')
      .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, 'issuers must differ'),
  );

/** Whether an issuer is reached without TLS on this machine; good in the sandbox only. */
export function isLoopbackIssuer(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'http:' && LOOPBACK.test(hostname);
}

/**
 * Whether an issuer may be asked: by TLS, or in the sandbox on this machine.
 *
 * OpenID Connect Discovery 1.0, section 3: an issuer is an https address.
 */
export function isIssuerAllowed(issuer: string, sandbox: boolean): boolean {
  return issuer.startsWith('https:') || (sandbox && isLoopbackIssuer(issuer));
}
