import type { Context, Middleware } from 'koa';
import koaJwt from 'koa-jwt';
import { TOKEN_AUDIENCE, TOKEN_ISSUER, verificationKeys } from '../../config/tokens.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { SessionReader } from '../../db/queries/sessions.ts';
import { Problem } from '../problems.ts';
import type { Principal } from '../route.ts';

interface Claims {
  readonly sub?: unknown;
  readonly sid?: unknown;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Answers the principal of a request. @throws Problem unauthenticated (401). */
export type Authenticate = (ctx: Context) => Promise<Principal>;

/**
 * Checks access tokens: signature (ES256 by a key of ours), `typ`, issuer, audience, expiry, and that the session still lives.
 */
export function authenticator(secrets: Secrets, sessions: SessionReader): Authenticate {
  const keys = verificationKeys(secrets);
  const verify = koaJwt({
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
    await verify(ctx as never, async () => {});
    const claims = ctx.state['claims'] as Claims | undefined;
    if (typeof claims?.sub !== 'string' || typeof claims.sid !== 'string' || !UUID.test(claims.sub) || !UUID.test(claims.sid))
      throw unauthenticated();
    const session = await sessions.find(claims.sid);
    if (session === null || session.userId !== claims.sub) throw unauthenticated();
    return { userId: session.userId, sessionId: session.sessionId, platformRole: session.platformRole };
  };
}

function unauthenticated(): Problem {
  return new Problem('unauthenticated', 'A valid access token is needed: Authorization: Bearer <token>.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="safesplitx"' },
  });
}
