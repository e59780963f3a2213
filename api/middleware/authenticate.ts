import type { Context } from 'koa';
import { isPersonalToken, PERSONAL_TOKEN_PREFIX, personalTokenHash } from '../../config/personal-tokens.ts';
import type { Secrets } from '../../config/secrets.ts';
import { verificationKey } from '../../config/signing-keys.ts';
import type { LiveSession, SessionReader } from '../../db/queries/sessions.ts';
import { Problem } from '../problems.ts';
import type { Principal } from '../route.ts';
import { accessTokenVerifier, type VerifiedToken } from './access-token.ts';

/**
 * Most tokens whose signature is remembered as good (about 1 KB each); the oldest goes first. An ES256 check costs
 * more than all the rest of a small request, and the same token comes hundreds of times in its ten minutes.
 */
const VERIFIED_MAX = 10_000;
/** RFC 6750: the scheme in letters of any case, one space, the token. */
const BEARER = /^Bearer ([\w.~+/-]+=*)$/i;

/**
 * Answers the principal of a request.
 *
 * @param options.erased lets in whose account was erased, for as long as the access token would have lived.
 * @throws Problem unauthenticated (401).
 */
export type Authenticate = (ctx: Context, options?: { readonly erased?: boolean }) => Promise<Principal>;

/** What credentials are checked against. */
export interface AuthenticatorDeps {
  readonly secrets: Secrets;
  readonly sessions: SessionReader;
  /** The issuer of tokens of applications; asked when the first of them comes. */
  readonly publicUrl: () => string;
  /** Told of each request by a personal access token; must return at once. */
  readonly onUse?: (sessionId: string) => void;
}

/**
 * Finds the live session that the credentials of a request stand for: by an access token (a JWT), or by a personal access token.
 *
 * Signatures are checked once per token; expiry, key and session with every request. What a token may do is in its session,
 * never in the token.
 */
export function authenticator({ secrets, sessions, publicUrl, onUse }: AuthenticatorDeps): Authenticate {
  const verify = accessTokenVerifier(secrets, publicUrl);
  const verified = new Map<string, VerifiedToken>();

  const byAccessToken = async (ctx: Context, text: string, erased: boolean): Promise<LiveSession | null> => {
    const known = verified.get(text);
    const token = known ?? (await verify(ctx, text));
    if (token === null) return null;
    if (token.expiresAtMs <= Date.now() || verificationKey(secrets, token.keyId) === undefined) {
      verified.delete(text);
      return null;
    }
    if (known === undefined) {
      if (verified.size >= VERIFIED_MAX) verified.delete(verified.keys().next().value as string);
      verified.set(text, token);
    }
    const session = (await sessions.find(token.sessionId)) ?? (erased ? await sessions.findErased(token.sessionId) : null);
    if (session === null || session.userId !== token.userId || session.kind !== token.kind) return null;
    // An application may hold a token of less than it was allowed: to hand on, or from before it was allowed more.
    const { scopes } = token;
    if (scopes === null || session.scopes === null) return session;
    return { ...session, scopes: new Set([...session.scopes].filter((scope) => scopes.has(scope))) };
  };

  const byPersonalToken = async (text: string): Promise<LiveSession | null> => {
    if (!isPersonalToken(text)) return null;
    const session = await sessions.findPersonal(personalTokenHash(text));
    if (session !== null) onUse?.(session.sessionId);
    return session;
  };

  return async (ctx, { erased = false } = {}) => {
    const text = bearerOf(ctx);
    const session = await (text.startsWith(PERSONAL_TOKEN_PREFIX) ? byPersonalToken(text) : byAccessToken(ctx, text, erased));
    if (session === null) throw unauthenticated({ 'WWW-Authenticate': 'Bearer realm="safesplitx", error="invalid_token"' });
    return session;
  };
}

/** The token of the one Authorization header. */
function bearerOf(ctx: Context): string {
  const { headers, rawHeaders } = ctx.req;
  const credentials = headers.authorization;
  if (credentials === undefined) throw unauthenticated();
  // Node keeps the first of two, a proxy before us may have looked at the second.
  let given = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 13 && name.toLowerCase() === 'authorization') given += 1;
  }
  const token = given === 1 ? BEARER.exec(credentials)?.[1] : undefined;
  if (token === undefined) throw unauthenticated();
  return token;
}

function unauthenticated(headers: Record<string, string> = {}): Problem {
  return new Problem('unauthenticated', 'A valid access token is needed: Authorization: Bearer <token>.', { headers });
}
