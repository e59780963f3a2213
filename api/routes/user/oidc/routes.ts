import {
  federatedSignIn,
  type FederatedOutcome,
  IDENTITY_LINK_MINUTES,
  type ProvedIdentity,
} from '../../../../db/commands/user/identities.ts';
import { beginOidc, type OidcPurpose, takeOidc } from '../../../../db/commands/user/oidc-transactions.ts';
import type { Deps } from '../../../deps.ts';
import { Problem } from '../../../problems.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { presentSession } from '../auth/presenter.ts';
import { signedIn } from '../auth/schema.ts';
import { browserCookie, browserOf, noBrowserCookie, randomToken, tokenHash } from './browser.ts';
import { authorizationUrl, deriveFor, exchange } from './exchange.ts';
import { awayIn } from './fetching.ts';
import { type DiscoveredProvider, oidcProvidersOf } from './providers.ts';
import * as schema from './schema.ts';

const tag = 'auth';
const RETRY_SECONDS = '5';

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/auth/oidc',
  operationId: 'listOidcProviders',
  tag,
  summary: 'List the OpenID providers with which people may sign in',
  answers: { 200: { description: 'All of them; at most 20.', schema: schema.providers } },
  handle: async ({ deps }) => ({
    status: 200,
    body: { data: deps.env.OIDC_PROVIDERS.map(({ id, displayName }) => ({ id, displayName, startUrl: addressOf(deps, id, 'start') })) },
  }),
});

const start = route({
  service: 'user',
  method: 'get',
  path: '/v1/auth/oidc/:provider/start',
  operationId: 'startOidc',
  tag,
  summary: 'Begin to sign in with an OpenID provider',
  description:
    'For a browser, or a program that keeps cookies: it is sent to the provider, which sends it back to the callback within 10 minutes. Authorization code with PKCE, state and nonce; a cookie ties it to the browser that began it. With `Accept: application/json` the address is told instead of a redirect.',
  rate: 'sign-in',
  params: schema.providerParams,
  query: schema.startQuery,
  answers: {
    200: { description: 'Where to go, for who asks for JSON.', schema: schema.started },
    302: { description: 'To the provider.', headers: ['Location'] },
  },
  handle: async (request) => {
    const { deps, params } = request;
    const provider = await discovered(deps, params.provider);
    const [state, browser] = [randomToken(), randomToken()];
    const derived = deriveFor(deps.secrets, state);
    const redirectUri = addressOf(deps, params.provider, 'callback');
    const url = await authorizationUrl(provider, { redirectUri, state, derived });
    const key = { provider: params.provider, stateHash: tokenHash(state), browserHash: tokenHash(browser) };
    return request.command(async (tx) => {
      await beginOidc(tx, key, request.query.link === '1' ? 'link' : 'sign-in');
      const headers = { 'Set-Cookie': browserCookie(deps.publicUrl, browser), 'Cache-Control': 'no-store' };
      if (request.headers.accept?.includes('application/json') === true)
        return { status: 200, headers, body: { authorizationUrl: url.href } };
      return { status: 302, headers: { ...headers, Location: url.href } };
    });
  },
});

const callback = route({
  service: 'user',
  method: 'get',
  path: '/v1/auth/oidc/:provider/callback',
  operationId: 'finishOidc',
  tag,
  summary: 'Come back from an OpenID provider',
  description: `Checks state, browser, issuer, PKCE, nonce and the ID token. An identity that is known signs in to its account; an unknown one makes an account with the address that the provider has verified. Where an account has that address, it is never taken: 409 \`oidc_link_required\` with a \`linkToken\`, good once for ${IDENTITY_LINK_MINUTES} minutes at \`POST /v1/auth/oidc/link\` with the account's password, or at \`POST /v1/me/identities\`. A second factor of the account is not asked: the provider has signed the person in.`,
  rate: 'sign-in',
  secretAnswer: true,
  params: schema.providerParams,
  query: schema.callbackQuery,
  answers: {
    200: { description: 'The account and a pair of tokens.', schema: signedIn },
    409: {
      description:
        'The identity was proved, and nobody is signed in by it: `oidc_link_required`, `oidc_email_unverified` or `identity_taken`.',
      schema: schema.linkProblem,
      contentType: 'application/problem+json',
    },
  },
  problems: [401],
  handle: async (request) => {
    const { deps, params, query } = request;
    const { purpose, state } = await takeTransaction(request);
    const cleared = { 'Set-Cookie': noBrowserCookie(deps.publicUrl) };
    const provider = await discovered(deps, params.provider);
    const answered = new URL(addressOf(deps, params.provider, 'callback'));
    for (const [name, value] of Object.entries(query)) if (value !== undefined) answered.searchParams.set(name, value);
    const identity = await exchange(provider, answered, { state, derived: deriveFor(deps.secrets, state) }).catch((error: unknown) =>
      refuse(deps, provider, error),
    );
    const caller = { address: request.address, userAgent: request.headers['user-agent'] };
    const answer = await request.command(async (tx) => {
      const outcome = await federatedSignIn(tx, identity, purpose, caller);
      if (outcome.kind !== 'signed_in') return { status: 409, body: outcome };
      const headers = { ...cleared, 'Cache-Control': 'no-store' };
      return { status: 200, headers, body: await presentSession(tx.query, deps.secrets, outcome.session) };
    });
    // What was noted is committed above; only then is it refused.
    if (answer.status === 409) throw problemOf(answer.body as Exclude<FederatedOutcome, { kind: 'signed_in' }>, purpose, cleared);
    return answer;
  },
});

/** Operations of a sign-in with an OpenID provider, by its browser. */
export const oidcRoutes: readonly AnyRoute[] = [list, start, callback];

type CallbackRequest = Parameters<typeof callback.handle>[0];

/** Takes what this browser began, in a transaction of its own: whatever comes of it, it is used up. @throws Problem oidc_state_invalid. */
async function takeTransaction(request: CallbackRequest): Promise<{ purpose: OidcPurpose; state: string }> {
  const { deps, params } = request;
  const { state } = request.query;
  const browser = browserOf(deps.publicUrl, request.headers.cookie);
  let purpose: OidcPurpose | null = null;
  if (state !== undefined && browser !== null) {
    const key = { provider: params.provider, stateHash: tokenHash(state), browserHash: tokenHash(browser) };
    await request.command(async (tx) => {
      purpose = await takeOidc(tx, key);
      return { status: 204 };
    });
  }
  if (state === undefined || purpose === null)
    throw new Problem('oidc_state_invalid', 'This browser began no such sign-in, or finished it already; start again.');
  return { purpose, state };
}

async function discovered(deps: Deps, id: string): Promise<DiscoveredProvider> {
  const provider = await oidcProvidersOf(deps.env)
    .discover(id)
    .catch((error: unknown) => {
      // A document that is wrong is as good as none: nobody can sign in there until the provider mends it.
      deps.logger.warn(
        { provider: id, reason: awayIn(error)?.message ?? codeOf(error) },
        'OpenID provider gave no usable discovery document',
      );
      throw unavailable();
    });
  if (provider === null) throw new Problem('not_found', 'There is no such provider.');
  return provider;
}

/** Turns what the library found into a problem. The reason goes to the log by its code, which names nobody. */
function refuse(deps: Deps, { provider }: DiscoveredProvider, error: unknown): never {
  const away = awayIn(error);
  deps.logger.warn({ provider: provider.id, reason: away?.message ?? codeOf(error) }, 'sign-in by OpenID provider failed');
  if (away !== null) throw unavailable();
  throw new Problem('oidc_failed', 'The provider did not prove who you are; start again.');
}

function unavailable(): Problem {
  return new Problem('provider_unavailable', 'The provider is away or in trouble; try again later.', {
    headers: { 'Retry-After': RETRY_SECONDS },
  });
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

function problemOf(
  outcome: Exclude<FederatedOutcome, { kind: 'signed_in' }>,
  purpose: OidcPurpose,
  headers: Record<string, string>,
): Problem {
  switch (outcome.kind) {
    case 'link_required': {
      const detail =
        purpose === 'link'
          ? 'The identity is proved: send linkToken as the account that it shall belong to.'
          : 'An account has this address: send linkToken with its password, or as that account. Without a password, reset it by mail.';
      return new Problem('oidc_link_required', detail, { headers, extension: { linkToken: outcome.linkToken } });
    }
    case 'email_unverified':
      return new Problem('oidc_email_unverified', 'The provider has not verified your address, so it makes no account.', { headers });
    case 'identity_taken':
      return new Problem('identity_taken', 'This identity belongs to an account already.', { headers });
    case 'refused':
      return new Problem('oidc_failed', 'The provider did not prove who you are; start again.', { headers });
  }
}

function addressOf(deps: Deps, provider: ProvedIdentity['provider'], what: 'start' | 'callback'): string {
  return `${deps.publicUrl}/v1/auth/oidc/${provider}/${what}`;
}
