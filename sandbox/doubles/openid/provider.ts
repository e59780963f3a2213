import type * as OidcProvider from 'oidc-provider';
import type { Configuration, Provider } from 'oidc-provider';
import type { OpenIdKeys } from './keys.ts';
import { memoryAdapter } from './memory-adapter.ts';
import { errorPage } from './page.ts';
import type { People } from './people.ts';

/** The client that the starter gives to the API. Secret only in name: it opens a sandbox. */
export const OPENID_CLIENT = { id: 'safesplitx', secret: 'sandbox-openid-secret' } as const;

const CALLBACK = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\/v1\/auth\/oidc\/[a-z0-9-]+\/callback$/;
const MINUTE = 60;

/** Makes a provider of OpenID Connect: discovery, keys, authorization code with PKCE, ID token and claims of the person. */
export function createOpenIdProvider(
  library: typeof OidcProvider,
  { issuer, keys, people, redirectUris }: { issuer: string; keys: OpenIdKeys; people: People; redirectUris: readonly string[] },
): Provider {
  const off = { enabled: false } as const;
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax' } as const;
  const configuration: Configuration = {
    adapter: memoryAdapter(),
    jwks: { keys: [{ ...keys.signingKey, use: 'sig', alg: 'ES256' }] },
    clients: [
      {
        client_id: OPENID_CLIENT.id,
        client_secret: OPENID_CLIENT.secret,
        redirect_uris: ['http://127.0.0.1/v1/auth/oidc/sandbox/callback', ...redirectUris],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    // Cookies of one host are seen on all of its ports, so the names are the double's own.
    cookies: {
      keys: [keys.cookieKey],
      names: { session: 'openid-double', interaction: 'openid-double-page', resume: 'openid-double-resume' },
      long: { ...cookie, path: '/openid' },
      short: cookie,
    },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    scopes: ['openid', 'email', 'profile'],
    features: { devInteractions: off, rpInitiatedLogout: off, pushedAuthorizationRequests: off, dPoP: off },
    pkce: { required: () => true },
    ttl: {
      AccessToken: 5 * MINUTE,
      AuthorizationCode: 5 * MINUTE,
      Grant: 10 * MINUTE,
      IdToken: 5 * MINUTE,
      Interaction: 15 * MINUTE,
      Session: 15 * MINUTE,
    },
    interactions: { policy: policyOf(library), url: (_ctx, { uid }) => `/openid/interaction/${uid}` },
    findAccount: (_ctx, subject) => {
      const person = people.find(subject);
      if (person === undefined) return undefined;
      const { email, emailVerified, name } = person;
      return { accountId: subject, claims: () => ({ sub: subject, email, email_verified: emailVerified, name }) };
    },
    // Nobody is asked for consent in a sandbox: one click is enough.
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (ctx, out) => {
      const page = errorPage(`${out.error}: ${out.error_description ?? ''}`, ctx.status);
      ctx.type = 'html';
      for (const [name, value] of Object.entries(page.headers ?? {})) ctx.set(name, value);
      ctx.body = page.body;
    },
    clientBasedCORS: () => false,
  };
  const provider = new library.Provider(issuer, configuration);
  provider.silent = true;
  // The API may listen on any port of this machine, and under another name where PUBLIC_URL says so.
  provider.Client.prototype.redirectUriAllowed = (uri: string) => CALLBACK.test(uri) || redirectUris.includes(uri);
  return provider;
}

/** Who signs in says who they are each time, so that the next one may be somebody else. */
function policyOf({ interactionPolicy }: typeof OidcProvider): ReturnType<(typeof OidcProvider)['interactionPolicy']['base']> {
  const policy = interactionPolicy.base();
  const { Check } = interactionPolicy;
  const always = new Check('choice', 'somebody has to be chosen', 'login_required', (ctx) =>
    ctx.oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  );
  policy.get('login')?.checks.add(always);
  return policy;
}
