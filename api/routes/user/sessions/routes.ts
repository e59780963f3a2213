import { audit } from '../../../../db/commands/user/audit.ts';
import { endSession } from '../../../../db/commands/user/sessions.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findOwnSession, listSessions, type SessionView } from '../../../../db/queries/user/sessions.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { type Access, type AnyRoute, type Principal, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'me';
const KINDS = ['sign-in'] as const;

/** A live sign-in of the caller; nobody else may see it. */
const own: Access<SessionView> = {
  resource: 'session',
  load: (deps, principal, params) =>
    findOwnSession((text, values) => read(databaseOf(deps, 'user'), text, values), principal.userId, KINDS, params['sessionId'] ?? ''),
};

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/me/sessions',
  operationId: 'listSessions',
  tag,
  summary: 'List where I am signed in',
  query: listQuery,
  answers: { 200: { description: 'Live sign-ins, the newest first.', schema: listOf(schema.session) } },
  handle: async (request) => {
    const { principal } = request;
    const page = request.page(`sessions/${principal.userId}`);
    const rows = await listSessions(request.read, principal.userId, KINDS, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present(principal)) };
  },
});

const end = route({
  service: 'user',
  method: 'delete',
  path: '/v1/me/sessions/:sessionId',
  operationId: 'endSession',
  tag,
  summary: 'Sign out somewhere else',
  description: 'Its refresh tokens are refused from now on, its access tokens within a second.',
  access: own,
  params: schema.sessionParams,
  answers: { 204: { description: 'The session has ended.' } },
  handle: (request) =>
    request.command(async (tx) => {
      const { userId } = request.principal;
      await endSession(tx, request.resource.id, 'ended');
      await audit(tx, {
        action: 'session.ended',
        actorId: userId,
        subjectId: userId,
        sessionId: request.resource.id,
        address: request.address,
      });
      return { status: 204 };
    }),
});

/** Operations on the caller's sign-ins. */
export const sessionRoutes: readonly AnyRoute[] = [list, end];

function present(principal: Principal): (row: SessionView) => Record<string, unknown> {
  return (row) => ({
    id: row.id,
    current: row.id === principal.sessionId,
    methods: row.methods ?? ['pwd'],
    userAgent: row.userAgent,
    createdAt: toInstant(row.createdAt),
    lastUsedAt: toInstant(row.lastUsedAt ?? row.createdAt),
    expiresAt: toInstant(row.expiresAt),
  });
}
