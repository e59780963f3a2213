import type { Context, Middleware } from 'koa';
import koaJwt from 'koa-jwt';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '../../config/tokens.ts';
import type { Secrets } from '../../config/secrets.ts';
import { LONGEST_TOKEN_SECONDS, verificationKey } from '../../config/signing-keys.ts';
import type { LiveSession } from '../../db/queries/sessions.ts';
import { hasDuplicateNames } from './duplicate-names.ts';

/** Header, payload and an ES256 signature (64 bytes); ours have about 500 characters. */
const COMPACT = /^([\w-]{1,300})\.([\w-]{1,3000})\.([\w-]{86})$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Clocks of two of our processes may differ by this, in seconds. */
const CLOCK_SKEW_SECONDS = 5;

/** What a good token says. */
export interface VerifiedToken {
  readonly userId: string;
  readonly sessionId: string;
  /** The kind of session that its issuer signs for. */
  readonly kind: LiveSession['kind'];
  readonly keyId: string;
  /** What this token may do of what its application may (RFC 6749, section 6); null where it says nothing. */
  readonly scopes: ReadonlySet<string> | null;
  readonly expiresAtMs: number;
}

/** Checks one access token; null for one that is no good, whatever the reason. */
export type VerifyAccessToken = (ctx: Context, token: string) => Promise<VerifiedToken | null>;

/**
 * Checks access tokens (RFC 9068): ES256 by a key of ours, `typ`, issuer, audience and times, and that the token is written
 * as we write them, with no further header field (`jku`, `jwk`, `crit` and the like) and no name twice.
 *
 * @param publicUrl the issuer of tokens of applications.
 */
export function accessTokenVerifier(secrets: Secrets, publicUrl: () => string): VerifyAccessToken {
  const tokens = new WeakMap<object, string>();
  const middleware = koaJwt({
    algorithms: ['ES256'],
    audience: TOKEN_AUDIENCE,
    key: 'claims',
    passthrough: true,
    getToken: (ctx: object) => tokens.get(ctx),
    secret: (header: { kid: string }) => Promise.resolve(verificationKey(secrets, header.kid)),
  } as unknown as koaJwt.Options) as Middleware;
  return async (ctx, token) => {
    const keyId = keyIdOf(token);
    if (keyId === null) return null;
    tokens.set(ctx, token);
    await middleware(ctx as never, async () => {});
    const claims = ctx.state['claims'] as Record<string, unknown> | undefined;
    return claims === undefined ? null : readClaims(claims, keyId, publicUrl());
  };
}

/** The key id of a token that is written as ours are, or null. */
function keyIdOf(token: string): string | null {
  const [, header, payload, signature] = COMPACT.exec(token) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return null;
  // The last character of base64 has bits to spare: without this one token could be written in many ways.
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature) return null;
  const head = parseObject(header);
  if (head === null || parseObject(payload) === null) return null;
  const { alg, typ, kid, ...rest } = head;
  if (alg !== 'ES256' || typ !== 'at+jwt' || typeof kid !== 'string' || Object.keys(rest).length > 0) return null;
  return kid;
}

function readClaims(claims: Record<string, unknown>, keyId: string, publicUrl: string): VerifiedToken | null {
  const { iss, aud, sub, sid, exp, iat, jti, client_id: clientId, scope } = claims;
  const kind = iss === TOKEN_ISSUER ? 'sign-in' : iss === publicUrl ? 'application' : null;
  if (kind === null || aud !== TOKEN_AUDIENCE) return null;
  if (typeof sub !== 'string' || typeof sid !== 'string' || !UUID.test(sub) || !UUID.test(sid)) return null;
  if (typeof jti !== 'string' || typeof clientId !== 'string') return null;
  if (typeof exp !== 'number' || typeof iat !== 'number') return null;
  if (kind === 'application' && typeof scope !== 'string') return null;
  const scopes = typeof scope === 'string' && kind === 'application' ? new Set(scope.split(' ')) : null;
  const nowSeconds = Date.now() / 1000;
  if (iat > nowSeconds + CLOCK_SKEW_SECONDS || exp - iat > LONGEST_TOKEN_SECONDS) return null;
  return { userId: sub, sessionId: sid, kind, keyId, scopes, expiresAtMs: exp * 1000 };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parseObject(part: string): Record<string, unknown> | null {
  try {
    const text = UTF8.decode(Buffer.from(part, 'base64url'));
    const value = JSON.parse(text) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value) || hasDuplicateNames(text)) return null;
    return value as Record<string, unknown>;
  } catch {
    return null;
  }
}
