import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** What an OpenID provider answers; a test replaces what it wants to be wrong. */
export interface Behaviour {
  /** Members of the discovery document that differ. */
  discovery?: Record<string, unknown>;
  /** Claims of the ID token that differ. */
  claims?: JWTPayload;
  /** Makes the ID token another way. */
  idToken?: (claims: JWTPayload) => Promise<string> | string;
  /** Takes a request away: it is answered otherwise, or never. */
  take?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A provider on loopback that says what a test wants. */
export interface HostileProvider {
  readonly issuer: string;
  readonly sign: (claims: JWTPayload) => Promise<string>;
  behaviour: Behaviour;
  /** How often the token endpoint was asked. */
  readonly exchanges: () => number;
  /** How often the discovery document was read. */
  readonly discoveries: () => number;
  /** Lets the browser's request for authorization come back with a code that carries its nonce. @returns the callback's address. */
  authorize(authorizationUrl: string): URL;
  close(): Promise<void>;
}

/** Serves one; `claims` are the person's. */
export async function hostileProvider(clientId: string): Promise<HostileProvider> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'ES256' };
  const nonces = new Map<string, string>();
  let [exchanges, discoveries, codes] = [0, 0, 0];
  const sign = (claims: JWTPayload): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);

  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const path = new URL(request.url ?? '/', provider.issuer).pathname;
    if (path === '/.well-known/openid-configuration') {
      discoveries += 1;
      return documentOf(provider.issuer, provider.behaviour.discovery);
    }
    if (path === '/jwks') return { keys: [jwk] };
    if (path !== '/token') return null;
    exchanges += 1;
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const nonce = nonces.get(new URLSearchParams(body).get('code') ?? '');
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: provider.issuer, aud: clientId, sub: 'mallory', iat: now, exp: now + 300, nonce, ...provider.behaviour.claims };
    const idToken = await (provider.behaviour.idToken ?? sign)(JSON.parse(JSON.stringify(claims)) as JWTPayload);
    return { access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token: idToken };
  };
  const server = createServer((request, response) => {
    if (provider.behaviour.take?.(request, response) === true) return;
    answer(request).then(
      (body) => {
        response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: HostileProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sign,
    behaviour: {},
    exchanges: () => exchanges,
    discoveries: () => discoveries,
    authorize(authorizationUrl) {
      const asked = new URL(authorizationUrl).searchParams;
      const code = `code-${(codes += 1)}`;
      nonces.set(code, asked.get('nonce') ?? '');
      const back = new URL(asked.get('redirect_uri') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.get('state') ?? '');
      back.searchParams.set('iss', provider.issuer);
      return back;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

function documentOf(issuer: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...changes,
  };
}
