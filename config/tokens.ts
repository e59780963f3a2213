import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Secrets } from './secrets.ts';

/** Life of an access token in seconds. */
export const ACCESS_TOKEN_SECONDS = 600;
export const TOKEN_ISSUER = 'safesplitx';
export const TOKEN_AUDIENCE = 'safesplitx-api';

/** Makes access tokens: ES256 JWTs in the profile of RFC 9068, signed by the first key. */
export function accessTokenSigner(secrets: Secrets): (claims: { userId: string; sessionId: string }) => Promise<string> {
  const [first] = secrets.signingKeys;
  if (first === undefined) throw new Error('no signing key');
  const key = createPrivateKey({ key: first, format: 'jwk' });
  return ({ userId, sessionId }) =>
    new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: first.kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(userId)
      .setIssuedAt()
      .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
      .sign(key);
}

/** Public keys by key id; a token with any other id is refused. */
export function verificationKeys(secrets: Secrets): ReadonlyMap<string, KeyObject> {
  return new Map(
    secrets.signingKeys.map((jwk) => [
      jwk.kid,
      createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }, format: 'jwk' }),
    ]),
  );
}

/** The document of `/.well-known/jwks.json`: public halves only. */
export function jwks(secrets: Secrets): { keys: Record<string, string>[] } {
  return { keys: secrets.signingKeys.map(({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' })) };
}
