import type { Context, Middleware } from 'koa';
import koaJwt from 'koa-jwt';
import { TOKEN_AUDIENCE, TOKEN_ISSUER, verificationKeys } from '../../config/tokens.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { SessionReader } from '../../db/queries/sessions.ts';
import { Problem } from '../problems.ts';
import type { Principal } from '../route.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Most tokens whose signature is remembered as good (about 1 KB each); the oldest goes first. An ES256 check costs
 * more than all the rest of a small request, and the same token comes hundreds of times in its ten minutes.
 */
const VERIFIED_MAX = 10_000;

/** What a good token says. */
interface Verified {
  readonly userId: string;
  readonly sessionId: string;
  readonly expiresAtMs: number;
}

/** Answers the principal of a request. @throws Problem unauthenticated (401). */
export type Authenticate = (ctx: Context) => Promise<Principal>;

/**
 * Checks access tokens: signature (ES256 by a key of ours), `typ`, issuer, audience, expiry, and that the session still
 * lives. Signatures are checked once per token, expiry and session with every request.
 */
export function authenticator(secrets: Secrets, sessions: SessionReader): Authenticate {
  const verify = tokenVerifier(secrets);
  const verified = new Map<string, Verified>();
  return async (ctx) => {
    const credentials = ctx.req.headers.authorization;
    if (credentials === undefined) throw unauthenticated();
    let token = verified.get(credentials);
    if (token === undefined) {
      token = await verify(ctx);
      if (verified.size >= VERIFIED_MAX) verified.delete(verified.keys().next().value as string);
      verified.set(credentials, token);
    }
    if (token.expiresAtMs <= Date.now()) {
      verified.delete(credentials);
      throw unauthenticated();
    }
    const session = await sessions.find(token.sessionId);
    if (session === null || session.userId !== token.userId) throw unauthenticated();
    return session;
  };
}

function tokenVerifier(secrets: Secrets): (ctx: Context) => Promise<Verified> {
  const keys = verificationKeys(secrets);
  const middleware = koaJwt({
    algorithms: ['ES256'],
    audience: TOKEN_AUDIENCE,
    issuer: TOKEN_ISSUER,
    key: 'claims',
    passthrough: true,
    secret: (header: { kid?: string; typ?: string }) => {
      const key = header.typ === 'at+jwt' && header.kid !== undefined ? keys.get(header.kid) : undefined;
      return key === undefined ? Promise.reject(new Error('unknown key')) : Promise.resolve(key);
    },
  } as unknown as koaJwt.Options) as Middleware;
  return async (ctx) => {
    await middleware(ctx as never, async () => {});
    const { sub, sid, exp } = (ctx.state['claims'] ?? {}) as { sub?: unknown; sid?: unknown; exp?: unknown };
    if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number') throw unauthenticated();
    if (!UUID.test(sub) || !UUID.test(sid)) throw unauthenticated();
    return { userId: sub, sessionId: sid, expiresAtMs: exp * 1000 };
  };
}

function unauthenticated(): Problem {
  return new Problem('unauthenticated', 'A valid access token is needed: Authorization: Bearer <token>.');
}
