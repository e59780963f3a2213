import { audit } from '../../../../db/commands/user/audit.ts';
import { endSession } from '../../../../db/commands/user/sessions.ts';
import { toPage } from '../../../../db/cursor.ts';
import { type AuthorizationView, findAuthorization, listAuthorizations } from '../../../../db/queries/user/oauth.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { type Access, type AnyRoute, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'oauth';

/** What the caller allowed an application; nobody else may see it. */
const own: Access<AuthorizationView> = {
  resource: 'authorization',
  load: async (deps, principal, params) => {
    const found = await findAuthorization((text, values) => read(databaseOf(deps, 'user'), text, values), params['authorizationId'] ?? '');
    return found?.userId === principal.userId ? found : null;
  },
};

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/me/authorizations',
  operationId: 'listAuthorizations',
  tag,
  summary: 'List what I allow applications',
  query: listQuery,
  answers: { 200: { description: 'One for each application, the newest first.', schema: listOf(schema.authorization) } },
  handle: async (request) => {
    const page = request.page(`authorizations/${request.principal.userId}`);
    const rows = await listAuthorizations(request.read, request.principal.userId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const end = route({
  service: 'user',
  method: 'delete',
  path: '/v1/me/authorizations/:authorizationId',
  operationId: 'endAuthorization',
  tag,
  summary: 'Take back what I allowed an application',
  description: 'Its refresh tokens are refused from now on, its access tokens within a second.',
  access: own,
  params: schema.authorizationParams,
  answers: { 204: { description: 'It is taken back.' } },
  handle: (request) =>
    request.command(async (tx) => {
      const { userId, sessionId } = request.principal;
      const { id, applicationId } = request.resource;
      await endSession(tx, id, 'revoked');
      const about = { actorId: userId, subjectId: userId, sessionId, address: request.address };
      await audit(tx, { action: 'application.revoked', ...about, data: { applicationId } });
      return { status: 204 };
    }),
});

/** Operations on what the caller allows applications. */
export const authorizationRoutes: readonly AnyRoute[] = [list, end];

function present(row: AuthorizationView): Record<string, unknown> {
  return {
    id: row.id,
    application: { id: row.applicationId, name: row.name, homepageUrl: row.homepageUrl },
    scopes: row.scopes,
    createdAt: toInstant(row.createdAt),
    lastUsedAt: row.lastUsedAt === null ? null : toInstant(row.lastUsedAt),
    expiresAt: toInstant(row.expiresAt),
  };
}
