import type { AdapterPayload } from 'oidc-provider';
import type { ApplicationView } from '../../db/queries/user/oauth.ts';
import { isClaimed } from '../../config/redirect-uris.ts';

/** An application as oidc-provider knows it (RFC 7591). Its `client_secret` is the hash; see `provider.ts`. */
export function clientMetadata(application: ApplicationView): AdapterPayload {
  const confidential = application.kind === 'confidential';
  return {
    client_id: application.id,
    client_name: application.name,
    // `native` is what lets the port of a loopback host vary.
    application_type: application.redirectUris.every(isClaimed) ? 'web' : 'native',
    redirect_uris: [...application.redirectUris],
    response_types: ['code'],
    response_modes: ['query'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: confidential ? 'client_secret_basic' : 'none',
    id_token_signed_response_alg: 'ES256',
    ...(confidential ? { client_secret: application.secretHash } : {}),
    allowed: application.scopes.join(' '),
    homepage: application.homepageUrl ?? '',
  } as AdapterPayload;
}
