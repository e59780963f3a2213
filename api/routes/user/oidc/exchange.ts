import { createHmac } from 'node:crypto';
import { deriveKey, type Secrets } from '../../../../config/secrets.ts';
import type { ProvedIdentity } from '../../../../db/commands/user/identities.ts';
import { email as emailSchema } from '../../../schemas.ts';
import { displayName as nameSchema, locale as localeSchema } from '../me/schema.ts';
import type { DiscoveredProvider } from './providers.ts';

/** What a request to the provider carries besides `state`; both are derived from it, so that neither is stored. */
export interface Derived {
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Longest subject: OpenID Connect Core 1.0, section 2, allows 255 ASCII characters. */
const SUBJECT_MAX = 255;

/** The nonce and the PKCE verifier of a state: who sees the state on its way cannot make them without our key. */
export function deriveFor(secrets: Secrets, state: string): Derived {
  const key = deriveKey(secrets, 'oidc-transaction');
  const of = (what: string): string => createHmac('sha256', key).update(`${what}:${state}`).digest('base64url');
  return { nonce: of('nonce'), codeVerifier: of('code_verifier') };
}

/** Where the provider is asked to let a browser sign in: code flow with PKCE (S256), state and nonce. */
export async function authorizationUrl(
  { library, configuration, provider }: DiscoveredProvider,
  { redirectUri, state, derived }: { redirectUri: string; state: string; derived: Derived },
): Promise<URL> {
  return library.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: provider.scopes.join(' '),
    state,
    nonce: derived.nonce,
    code_challenge: await library.calculatePKCECodeChallenge(derived.codeVerifier),
    code_challenge_method: 'S256',
  });
}

/**
 * Exchanges the code that came back for the claims of the person, and checks all there is to check: state, issuer (RFC 9207),
 * PKCE, and of the ID token its signature, issuer, audience, expiry and nonce.
 *
 * @param answered the callback's address with what the provider appended.
 * @throws Error of the library, or with a `ProviderAway` as its cause.
 */
export async function exchange(
  { library, configuration, provider }: DiscoveredProvider,
  answered: URL,
  { state, derived }: { state: string; derived: Derived },
): Promise<ProvedIdentity> {
  const tokens = await library.authorizationCodeGrant(configuration, answered, {
    expectedState: state,
    expectedNonce: derived.nonce,
    pkceCodeVerifier: derived.codeVerifier,
    idTokenExpected: true,
  });
  const proved = tokens.claims();
  if (proved === undefined || proved.sub.length > SUBJECT_MAX || !proved.sub.isWellFormed()) throw new Error('unusable subject');
  const told =
    proved['email'] === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
      ? await library.fetchUserInfo(configuration, tokens.access_token, proved.sub)
      : proved;
  return {
    provider: provider.id,
    issuer: proved.iss,
    subject: proved.sub,
    // Strictly true: a text "true" is no statement that the standard knows.
    verifiedEmail: told['email_verified'] === true ? parsedOr(emailSchema, told['email']) : null,
    displayName: parsedOr(nameSchema, typeof told['name'] === 'string' ? told['name'].trim() : undefined),
    locale: parsedOr(localeSchema, told['locale']),
  };
}

function parsedOr(
  schema: { safeParse(value: unknown): { success: true; data: string } | { success: false } },
  value: unknown,
): string | null {
  const parsed = schema.safeParse(value);
  return parsed.success && parsed.data.isWellFormed() ? parsed.data : null;
}
