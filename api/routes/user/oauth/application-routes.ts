import { clientSecretHash, generateClientSecret } from '../../../../config/client-secrets.ts';
import { audit } from '../../../../db/commands/user/audit.ts';
import { changeApplication, createApplication, deleteApplication, replaceClientSecret } from '../../../../db/commands/user/oauth.ts';
import { toPage } from '../../../../db/cursor.ts';
import { type ApplicationView, findApplication, listApplications } from '../../../../db/queries/user/oauth.ts';
import { read, type Tx } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { Problem } from '../../../problems.ts';
import { type Access, type AnyRoute, type Principal, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'oauth';
const PRIVATE = { 'Cache-Control': 'no-store' };

/** An application of the caller; nobody else may see it. */
const own: Access<ApplicationView> = {
  resource: 'application',
  load: async (deps, principal, params) => {
    const found = await findApplication((text, values) => read(databaseOf(deps, 'user'), text, values), params['applicationId'] ?? '');
    return found?.ownerId === principal.userId ? found : null;
  },
};

const create = route({
  service: 'user',
  method: 'post',
  path: '/v1/oauth/applications',
  operationId: 'createApplication',
  tag,
  summary: 'Register an application',
  description: 'The secret of a confidential application is shown in this answer only.',
  secretAnswer: true,
  body: schema.createApplication,
  answers: { 201: { description: 'The application.', schema: schema.newApplication } },
  problems: [409],
  handle: (request) => {
    const secret = request.body.kind === 'confidential' ? generateClientSecret() : null;
    return request.command(async (tx) => {
      const { homepageUrl = null, ...fields } = request.body;
      const secretHash = secret === null ? null : clientSecretHash(secret);
      const id = await createApplication(tx, request.principal.userId, { ...fields, homepageUrl, secretHash });
      await note(tx, 'application.created', request, id);
      const body = { ...(await reread(tx, id)), ...(secret === null ? {} : { clientSecret: secret }) };
      return { status: 201, headers: PRIVATE, body };
    });
  },
});

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/oauth/applications',
  operationId: 'listApplications',
  tag,
  summary: 'List my applications',
  query: listQuery,
  answers: { 200: { description: 'The newest first, without their secrets.', schema: listOf(schema.application) } },
  handle: async (request) => {
    const page = request.page(`applications/${request.principal.userId}`);
    const rows = await listApplications(request.read, request.principal.userId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const update = route({
  service: 'user',
  method: 'patch',
  path: '/v1/oauth/applications/:applicationId',
  operationId: 'updateApplication',
  tag,
  summary: 'Change an application',
  description:
    'A redirect URI that is taken away is refused at once. More scopes are asked of people the next time; fewer take nothing back.',
  access: own,
  params: schema.applicationParams,
  body: schema.updateApplication,
  answers: { 200: { description: 'The application.', schema: schema.application } },
  handle: (request) =>
    request.command(async (tx) => {
      const { id } = request.resource;
      await changeApplication(tx, request.resource, request.body);
      await note(tx, 'application.changed', request, id);
      return { status: 200, body: await reread(tx, id) };
    }),
});

const replaceSecret = route({
  service: 'user',
  method: 'post',
  path: '/v1/oauth/applications/:applicationId/secret',
  operationId: 'replaceApplicationSecret',
  tag,
  summary: 'Replace the secret of an application',
  description: 'The old one is refused from now on. The new one is shown in this answer only.',
  secretAnswer: true,
  access: own,
  params: schema.applicationParams,
  answers: { 200: { description: 'The secret.', schema: schema.newSecret } },
  problems: [409],
  handle: (request) => {
    const { id, kind } = request.resource;
    if (kind === 'public') throw new Problem('application_public', 'A public application has no secret.');
    const clientSecret = generateClientSecret();
    return request.command(async (tx) => {
      await replaceClientSecret(tx, id, clientSecretHash(clientSecret));
      await note(tx, 'application.secret_replaced', request, id);
      return { status: 200, headers: PRIVATE, body: { clientId: id, clientSecret } };
    });
  },
});

const remove = route({
  service: 'user',
  method: 'delete',
  path: '/v1/oauth/applications/:applicationId',
  operationId: 'deleteApplication',
  tag,
  summary: 'Delete an application',
  description: 'Ends what people allowed it: its refresh tokens are refused from now on, its access tokens within a second.',
  access: own,
  params: schema.applicationParams,
  answers: { 204: { description: 'The application is gone.' } },
  handle: (request) =>
    request.command(async (tx) => {
      await deleteApplication(tx, request.resource.id);
      await note(tx, 'application.deleted', request, request.resource.id);
      return { status: 204 };
    }),
});

/** Operations on the caller's applications. */
export const applicationRoutes: readonly AnyRoute[] = [create, list, update, replaceSecret, remove];

type Action = 'application.created' | 'application.changed' | 'application.secret_replaced' | 'application.deleted';

async function note(tx: Tx, action: Action, request: { principal: Principal; address: string }, applicationId: string): Promise<void> {
  const { userId, sessionId } = request.principal;
  await audit(tx, { action, actorId: userId, subjectId: userId, sessionId, address: request.address, data: { applicationId } });
}

async function reread(tx: Tx, id: string): Promise<Record<string, unknown>> {
  const row = await findApplication(tx.query, id);
  if (row === null) throw new Problem('not_found', 'There is no such application any more.');
  return present(row);
}

function present(row: ApplicationView): Record<string, unknown> {
  const { id, name, kind, redirectUris, scopes, homepageUrl } = row;
  return { id, clientId: id, name, kind, redirectUris, scopes, homepageUrl, createdAt: toInstant(row.createdAt) };
}
