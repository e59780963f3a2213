import type * as OidcProvider from 'oidc-provider';
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { isClientSecret } from '../../config/client-secrets.ts';
import { deriveKey } from '../../config/secrets.ts';
import { currentSigningKey } from '../../config/signing-keys.ts';
import { ACCESS_TOKEN_SECONDS, TOKEN_AUDIENCE } from '../../config/tokens.ts';
import { SESSION_DAYS, SESSION_DAYS_MAX } from '../../db/commands/user/sessions.ts';
import { findAuthorizationOf } from '../../db/queries/user/oauth.ts';
import { read } from '../../db/transact.ts';
import { isClaimed } from '../../config/redirect-uris.ts';
import { SCOPES } from '../../domain/scopes.ts';
import { databaseOf, type Deps } from '../deps.ts';
import { type AdapterDeps, adapterFor } from './adapter.ts';
import { errorPage } from './pages.ts';
import { textOf } from './text.ts';

type Library = typeof OidcProvider;

/** Seconds that a code, a page in progress and a signed-in browser live. */
const CODE_SECONDS = 60;
const INTERACTION_SECONDS = 15 * 60;
const BROWSER_SECONDS = 24 * 60 * 60;
const REFRESH_SECONDS = SESSION_DAYS * 24 * 60 * 60;
/** However often it is exchanged, what a person allowed ends so long after its first token; then the person is asked again. */
const REFRESH_SECONDS_MAX = SESSION_DAYS_MAX * 24 * 60 * 60;

/** Paths of the authorization server; the rest of its endpoints is not offered. */
export const OAUTH_PATHS = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  jwks: '/.well-known/jwks.json',
} as const;

/**
 * Makes the authorization server: OAuth 2.0 with authorization codes, PKCE (S256) and rotating refresh tokens, and no more
 * of OpenID Connect than its library needs. It holds the signing keys of this moment; after a rotation another one is made.
 */
export function createProvider(library: Library, deps: Deps, presented: AdapterDeps['presented']): Provider {
  const database = databaseOf(deps, 'user');
  const usedTwice = (): Error => new library.errors.InvalidGrant('already used');
  const secure = deps.publicUrl.startsWith('https:');
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', secure } as const;
  const off = { enabled: false } as const;
  const configuration: Configuration = {
    adapter: adapterFor({ database, publicUrl: deps.publicUrl, presented, usedTwice }),
    jwks: { keys: deps.secrets.signingKeys.map(({ kty, crv, kid, d, x, y }) => ({ kty, crv, kid, d, x, y, use: 'sig', alg: 'ES256' })) },
    routes: OAUTH_PATHS,
    cookies: {
      keys: [deriveKey(deps.secrets, 'oauth-cookies').toString('base64url')],
      // The prefix __Host- asks for the path "/", which only the browser's session has.
      names: secure
        ? { session: '__Host-oauth', interaction: '__Secure-oauth-page', resume: '__Secure-oauth-resume' }
        : { session: 'oauth', interaction: 'oauth-page', resume: 'oauth-resume' },
      long: { ...cookie, path: '/' },
      short: cookie,
    },
    features: {
      devInteractions: off,
      userinfo: off,
      rpInitiatedLogout: off,
      pushedAuthorizationRequests: off,
      dPoP: off,
      deviceFlow: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientAuthMethod !== 'none' && token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => deps.publicUrl,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource, client) => {
          if (resource !== deps.publicUrl) throw new library.errors.InvalidTarget('the only resource is the API itself');
          const allowed = textOf(client['allowed']);
          checkScopes(library, ctx, allowed);
          const sign = { alg: 'ES256', kid: currentSigningKey(deps.secrets).kid } as const;
          return {
            scope: allowed,
            audience: TOKEN_AUDIENCE,
            accessTokenTTL: ACCESS_TOKEN_SECONDS,
            accessTokenFormat: 'jwt',
            jwt: { sign },
          };
        },
      },
    },
    scopes: [],
    claims: {},
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    extraClientMetadata: { properties: ['allowed', 'homepage'] },
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: () => true },
    ttl: {
      AuthorizationCode: CODE_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: BROWSER_SECONDS,
      Grant: REFRESH_SECONDS,
      RefreshToken: (_ctx, { iiat }) =>
        Math.max(1, Math.min(REFRESH_SECONDS, (iiat ?? 0) + REFRESH_SECONDS_MAX - Math.floor(Date.now() / 1000))),
      AccessToken: ACCESS_TOKEN_SECONDS,
      IdToken: ACCESS_TOKEN_SECONDS,
    },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    revokeGrantPolicy: () => true,
    clientBasedCORS: () => false,
    // The session of the grant is what the API looks up with every request.
    extraTokenClaims: async (_ctx, token) => ({ sid: (token as { grantId?: string }).grantId }),
    findAccount: async (_ctx, sub) => {
      const rows = await read(database, `select id from "user".account where id = $1 and state = 'active'`, [sub]);
      return rows.length === 0 ? undefined : { accountId: sub, claims: async () => ({ sub }) };
    },
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const found = await findAuthorizationOf((text, values) => read(database, text, values), session.accountId, client.clientId);
      return found === null ? undefined : ctx.oidc.provider.Grant.find(found.id);
    },
    interactions: { policy: policyOf(library), url: (_ctx, interaction) => `/oauth/interaction/${interaction.uid}` },
    renderError: (ctx, out) => errorPage(ctx, out.error, out.error_description),
  };
  const provider = new library.Provider(deps.publicUrl, configuration);
  provider.proxy = true;
  provider.silent = true;
  // What is stored of a secret is its hash, so that is what the given one is compared with.
  provider.Client.prototype.compareClientSecret = async function compare(this: { clientSecret?: string }, given: string) {
    return isClientSecret(given, this.clientSecret ?? '');
  };
  provider.on('server_error', (_ctx, error) => deps.logger.error({ err: error }, 'authorization server failed'));
  return provider;
}

/** Scopes are of ours and of the application's, and at least one: there is no default that nobody asked for (RFC 6749, 3.3). */
function checkScopes(library: Library, ctx: KoaContextWithOIDC, allowed: string): void {
  if (ctx.oidc.route !== 'authorization') return;
  const asked = typeof ctx.oidc.params?.['scope'] === 'string' ? ctx.oidc.params['scope'].split(' ') : [];
  if (asked.length === 0) throw new library.errors.InvalidScope('scope is missing', '');
  const may = new Set(allowed.split(' '));
  const refused = asked.find((scope) => !may.has(scope) || !Object.hasOwn(SCOPES, scope));
  if (refused !== undefined) throw new library.errors.InvalidScope('requested scope is not allowed', refused);
}

/** Consent is remembered, but not for a public application behind a URI that any program can take (RFC 8252, 8.6). */
function policyOf({ interactionPolicy }: Library): ReturnType<Library['interactionPolicy']['base']> {
  const policy = interactionPolicy.base();
  const checks = policy.get('consent')?.checks;
  if (checks === undefined) throw new Error('oidc-provider has no consent prompt');
  checks.remove('native_client_prompt');
  checks.add(
    new interactionPolicy.Check('unclaimed_redirect', 'this application asks every time', 'interaction_required', ({ oidc }) => {
      const uri = oidc.params?.['redirect_uri'];
      const open = oidc.client?.clientAuthMethod === 'none' && (typeof uri !== 'string' || !isClaimed(uri));
      return open && oidc.result?.consent === undefined;
    }),
  );
  return policy;
}
