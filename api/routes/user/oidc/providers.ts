import type * as OpenIdClient from 'openid-client';
import type { ClientAuth, Configuration } from 'openid-client';
import type { Env } from '../../../../config/env.ts';
import { isLoopbackIssuer, type OidcProvider } from '../../../../config/oidc-providers.ts';
import { boundedFetch } from './fetching.ts';

type Library = typeof OpenIdClient;

/** Each call to a provider may take so long; somebody waits for it. */
const TIMEOUT_SECONDS = 5;
/** What a provider says of itself is believed for so long; its keys are read again by the library when one is missing. */
const DISCOVERY_MS = 60 * 60 * 1000;

/** A provider with what its discovery document says. */
export interface DiscoveredProvider {
  readonly library: Library;
  readonly configuration: Configuration;
  readonly provider: OidcProvider;
}

/** The providers of a deployment. Nothing is asked before somebody wants to sign in there. */
export interface OidcProviders {
  readonly all: readonly OidcProvider[];
  /**
   * Reads the discovery document, or remembers it; requests at one moment ask once.
   *
   * @returns null where no provider has this id.
   * @throws Error of the library, or with a `ProviderAway` as its cause: nothing is remembered then.
   */
  discover(id: string): Promise<DiscoveredProvider | null>;
}

const known = new WeakMap<Env, OidcProviders>();

/** The providers that an environment names; made once for each, so that what was discovered is kept. */
export function oidcProvidersOf(env: Env): OidcProviders {
  const kept = known.get(env) ?? createProviders(env.OIDC_PROVIDERS);
  known.set(env, kept);
  return kept;
}

/** Makes the registry of some providers. @param now milliseconds, for the age of what was discovered. */
export function createProviders(all: readonly OidcProvider[], now: () => number = Date.now): OidcProviders {
  const discovered = new Map<string, { found: Promise<DiscoveredProvider>; until: number }>();
  return {
    all,
    async discover(id) {
      const provider = all.find((one) => one.id === id);
      if (provider === undefined) return null;
      const kept = discovered.get(id);
      if (kept !== undefined && kept.until > now()) return kept.found;
      const found = discover(provider);
      const entry = { found, until: now() + DISCOVERY_MS };
      discovered.set(id, entry);
      found.catch(() => {
        if (discovered.get(id) === entry) discovered.delete(id);
      });
      return found;
    },
  };
}

async function discover(provider: OidcProvider): Promise<DiscoveredProvider> {
  // Loaded by the first sign-in: most processes never need it.
  const library = await import('openid-client');
  const { issuer, clientId, clientSecret } = provider;
  const configuration = await library.discovery(
    new URL(issuer),
    clientId,
    {},
    clientSecret === undefined ? library.None() : clientAuthOf(library, clientSecret),
    {
      timeout: TIMEOUT_SECONDS,
      [library.customFetch]: (url, init) => boundedFetch(url, init as RequestInit),
      // TLS alone would vouch for the ID token (OpenID Connect Core 1.0, 3.1.3.7); its signature is checked all the same.
      execute: [library.enableNonRepudiationChecks, ...(isLoopbackIssuer(issuer) ? [library.allowInsecureRequests] : [])],
    },
  );
  return { library, configuration, provider };
}

/** By HTTP Basic, the default of OpenID Connect, unless the provider lists methods without it. */
function clientAuthOf(library: Library, clientSecret: string): ClientAuth {
  const [basic, post] = [library.ClientSecretBasic(clientSecret), library.ClientSecretPost(clientSecret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (methods.includes('client_secret_basic') ? basic : post)(server, client, body, headers);
  };
}
