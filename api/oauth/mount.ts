import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Context } from 'koa';
import type { AdapterPayload, Provider } from 'oidc-provider';
import { SCOPES } from '../../domain/scopes.ts';
import { addressKey } from '../client-address.ts';
import { accessTokenVerifier } from '../middleware/access-token.ts';
import { readBody } from '../middleware/body.ts';
import type { Pipeline } from '../pipeline.ts';
import type { RateClass } from '../route.ts';
import { showInteraction, takeInteraction } from './interaction.ts';
import { createProvider, OAUTH_PATHS } from './provider.ts';

/** Most bytes of a request to the authorization server; oidc-provider reads no more than 56 KiB. */
const BODY_BYTES_MAX = 56 * 1024;

/** An endpoint of the authorization server. Its errors follow RFC 6749 and not our problem format. */
export interface OAuthEndpoint {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly operationId: string;
  handle(ctx: Context, params: Record<string, string>): Promise<void>;
}

/**
 * The endpoints of the authorization server, for the process that serves `user`.
 *
 * They are not in the OpenAPI document: clients find them by RFC 8414, and what is generated from the document sends JSON.
 * The library is loaded with the first request that needs it, which keeps its memory out of processes that never do.
 */
export function oauthEndpoints(pipeline: Pipeline): readonly OAuthEndpoint[] {
  const { deps, limits } = pipeline;
  const presented = new Map<string, AdapterPayload>();
  const verify = accessTokenVerifier(deps.secrets, () => deps.publicUrl);
  let made: { keys: string; provider: Promise<Provider> } | null = null;

  const providerOf = (): Promise<Provider> => {
    const keys = deps.secrets.signingKeys.map(({ kid }) => kid).join(' ');
    if (made?.keys !== keys) {
      const provider = import('oidc-provider').then((library) => createProvider(library, deps, presented));
      made = { keys, provider };
      provider.catch(() => (made = null));
    }
    return made.provider;
  };
  const count = (ctx: Context, limiter: RateClass): Promise<void> => limits.consume(ctx, limiter, addressKey(deps.clientAddress(ctx.req)));

  const authorize = async (ctx: Context): Promise<void> => {
    await count(ctx, 'anonymous');
    await handOver(await providerOf(), ctx, Buffer.alloc(0), deps.publicUrl);
  };
  /** A structured token is no stranger here: once its signature is checked, a handle stands for it during the request. */
  const withToken = async (ctx: Context): Promise<void> => {
    await count(ctx, 'anonymous');
    const fields = new URLSearchParams((await readBody(ctx, BODY_BYTES_MAX)).toString());
    const token = fields.get('token') ?? '';
    const handle = randomUUID();
    try {
      if (token.split('.').length === 3) {
        const payload = await payloadOf(verify, ctx, token);
        if (payload !== null) presented.set(handle, payload);
        fields.set('token', handle);
      }
      await handOver(await providerOf(), ctx, Buffer.from(fields.toString()), deps.publicUrl);
    } finally {
      presented.delete(handle);
    }
  };

  return [
    {
      method: 'get',
      path: '/.well-known/oauth-authorization-server',
      operationId: 'getAuthorizationServer',
      handle: async (ctx) => {
        ctx.set('Cache-Control', 'public, max-age=300');
        ctx.body = metadata(deps.publicUrl);
      },
    },
    { method: 'get', path: OAUTH_PATHS.authorization, operationId: 'authorize', handle: authorize },
    { method: 'get', path: `${OAUTH_PATHS.authorization}/:uid`, operationId: 'resumeAuthorization', handle: authorize },
    {
      method: 'post',
      path: OAUTH_PATHS.token,
      operationId: 'fetchToken',
      handle: async (ctx) => {
        await count(ctx, 'sign-in');
        await handOver(await providerOf(), ctx, await readBody(ctx, BODY_BYTES_MAX), deps.publicUrl);
      },
    },
    { method: 'post', path: OAUTH_PATHS.revocation, operationId: 'revokeToken', handle: withToken },
    { method: 'post', path: OAUTH_PATHS.introspection, operationId: 'introspectToken', handle: withToken },
    {
      method: 'get',
      path: '/oauth/interaction/:uid',
      operationId: 'showInteraction',
      handle: async (ctx, params) => {
        await count(ctx, 'anonymous');
        await showInteraction({ deps, limits, provider: await providerOf() }, ctx, params['uid'] ?? '');
      },
    },
    {
      method: 'post',
      path: '/oauth/interaction/:uid',
      operationId: 'takeInteraction',
      handle: async (ctx, params) => takeInteraction({ deps, limits, provider: await providerOf() }, ctx, params['uid'] ?? ''),
    },
  ];
}

/** What clients read first (RFC 8414). */
function metadata(issuer: string): Record<string, unknown> {
  const authentication = ['client_secret_basic', 'client_secret_post'];
  return {
    issuer,
    authorization_endpoint: `${issuer}${OAUTH_PATHS.authorization}`,
    token_endpoint: `${issuer}${OAUTH_PATHS.token}`,
    revocation_endpoint: `${issuer}${OAUTH_PATHS.revocation}`,
    introspection_endpoint: `${issuer}${OAUTH_PATHS.introspection}`,
    jwks_uri: `${issuer}${OAUTH_PATHS.jwks}`,
    scopes_supported: Object.keys(SCOPES),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: [...authentication, 'none'],
    revocation_endpoint_auth_methods_supported: [...authentication, 'none'],
    introspection_endpoint_auth_methods_supported: authentication,
    authorization_response_iss_parameter_supported: true,
    service_documentation: `${issuer}/docs`,
  };
}

async function payloadOf(verify: ReturnType<typeof accessTokenVerifier>, ctx: Context, token: string): Promise<AdapterPayload | null> {
  const verified = await verify(ctx, token);
  if (verified?.kind !== 'application') return null;
  const { jti, iat, exp, scope, aud, client_id: clientId } = decodeJwt<{ scope?: string; client_id?: string }>(token);
  return {
    kind: 'AccessToken',
    format: 'opaque',
    jti: jti ?? '',
    accountId: verified.userId,
    grantId: verified.sessionId,
    clientId: clientId ?? '',
    iat: iat ?? 0,
    exp: exp ?? 0,
    scope: scope ?? '',
    ...(aud === undefined ? {} : { aud }),
  };
}

/** Lets oidc-provider answer, with the body that was read under our limits and the scheme of the public URL. */
async function handOver(provider: Provider, ctx: Context, body: Buffer, publicUrl: string): Promise<void> {
  const { req } = ctx;
  // Its own word on what it is reached by is the public URL, whatever a client says.
  req.headers['x-forwarded-proto'] = publicUrl.startsWith('https:') ? 'https' : 'http';
  delete req.headers['x-forwarded-host'];
  if (ctx.method === 'POST') {
    delete req.headers['transfer-encoding'];
    req.headers['content-length'] = String(body.length);
  }
  Object.defineProperty(req, 'readable', { value: true, configurable: true });
  Object.defineProperty(req, 'iterator', {
    value: async function* read() {
      yield body;
    },
    configurable: true,
  });
  ctx.respond = false;
  await provider.callback()(req, ctx.res);
}
