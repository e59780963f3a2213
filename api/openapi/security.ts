import type { ZodOpenApiComponentsObject, ZodOpenApiOperationObject } from 'zod-openapi';
import { SCOPES } from '../../domain/scopes.ts';
import { describeStanding } from '../../domain/standing.ts';
import { OAUTH_PATHS } from '../oauth/provider.ts';
import { platformRoleOf, type Policy } from '../policy.ts';

/** How a caller proves who they are. An address without a host is relative to where the document was read. */
export const securitySchemes: NonNullable<ZodOpenApiComponentsObject['securitySchemes']> = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The access token of a sign-in, a JWT that lives for ten minutes; or a personal access token, `ssx_pat_...`, with the scope that the operation names.',
  },
  oauth2: {
    type: 'oauth2',
    description: 'What a person allowed an application, with the scopes that they agreed to (authorization code with PKCE, S256).',
    flows: {
      authorizationCode: {
        authorizationUrl: OAUTH_PATHS.authorization,
        tokenUrl: OAUTH_PATHS.token,
        refreshUrl: OAUTH_PATHS.token,
        scopes: { ...SCOPES },
      },
    },
  },
};

/** The credentials that an operation takes, from its policy. */
export function securityOf({ caller, scope }: Policy): NonNullable<ZodOpenApiOperationObject['security']> {
  if (caller === 'anyone') return [];
  return scope === null || scope === 'session' ? [{ bearer: [] }] : [{ bearer: [] }, { oauth2: [scope] }];
}

/** What a policy asks, in sentences. */
export function policySentences(policy: Policy): string[] {
  const { caller, scope, resource, standing, states, rule } = policy;
  if (caller === 'anyone') return [];
  const platformRole = platformRoleOf(policy);
  return [
    scope === 'session' ? 'Only for a sign-in, never for a token.' : `A token needs the scope \`${scope}\`.`,
    ...(platformRole === null ? [] : [`Needs the platform role \`${platformRole}\`; every call is in the audit log.`]),
    ...(standing === 'self' ? [`Only for whose ${resource} it is.`] : standing === null ? [] : [describeStanding(standing)]),
    ...(rule === null ? [] : [`Of those: ${rule}`]),
    ...(states === null ? [] : [`The group has to be ${states.join(' or ')}.`]),
  ];
}
