import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Secrets } from './secrets.ts';
import { currentSigningKey } from './signing-keys.ts';

/** Life of an access token in seconds. */
export const ACCESS_TOKEN_SECONDS = 600;
/** Who signs the tokens of sign-ins; those of applications are signed in the name of the public URL. */
export const TOKEN_ISSUER = 'safesplitx';
export const TOKEN_AUDIENCE = 'safesplitx-api';
/** The client of a person who signed in here, with no application between (RFC 9068 wants one). */
export const TOKEN_CLIENT = 'safesplitx';

/** Makes access tokens: ES256 JWTs in the profile of RFC 9068, signed by the key of the moment. */
export function accessTokenSigner(secrets: Secrets): (claims: { userId: string; sessionId: string }) => Promise<string> {
  return ({ userId, sessionId }) => {
    const { kid, key } = currentSigningKey(secrets);
    return new SignJWT({ sid: sessionId, client_id: TOKEN_CLIENT })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(userId)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
      .sign(key);
  };
}
