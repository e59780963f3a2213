import { generatePersonalToken, personalTokenHash } from '../../../../config/personal-tokens.ts';
import { audit } from '../../../../db/commands/user/audit.ts';
import { createPersonalToken } from '../../../../db/commands/user/personal-tokens.ts';
import { endSession } from '../../../../db/commands/user/sessions.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findOwnSession, listSessions, type SessionView } from '../../../../db/queries/user/sessions.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { type Access, type AnyRoute, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'me';
const KINDS = ['personal'] as const;

/** A live personal access token of the caller; nobody else may see it. */
const own: Access<SessionView> = {
  resource: 'token',
  load: (deps, principal, params) =>
    findOwnSession((text, values) => read(databaseOf(deps, 'user'), text, values), principal.userId, KINDS, params['tokenId'] ?? ''),
};

const create = route({
  service: 'user',
  method: 'post',
  path: '/v1/me/tokens',
  operationId: 'createToken',
  tag,
  summary: 'Make a personal access token',
  description: 'For scripts, in place of a sign-in. It begins with `ssx_pat_` and is shown in this answer only.',
  secretAnswer: true,
  body: schema.createToken,
  answers: { 201: { description: 'The token.', schema: schema.newToken } },
  problems: [409],
  handle: (request) => {
    const token = generatePersonalToken();
    return request.command(async (tx) => {
      const { userId, sessionId } = request.principal;
      const id = await createPersonalToken(tx, userId, { ...request.body, secretHash: personalTokenHash(token) });
      await audit(tx, {
        action: 'token.created',
        actorId: userId,
        subjectId: userId,
        sessionId,
        address: request.address,
        data: { tokenId: id, scopes: request.body.scopes },
      });
      const made = await findOwnSession(tx.query, userId, KINDS, id);
      if (made === null) throw new Error(`token ${id} vanished within its own request`);
      return { status: 201, headers: { 'Cache-Control': 'no-store' }, body: { ...present(made), token } };
    });
  },
});

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/me/tokens',
  operationId: 'listTokens',
  tag,
  summary: 'List my personal access tokens',
  query: listQuery,
  answers: { 200: { description: 'Live ones, the newest first, without their secrets.', schema: listOf(schema.token) } },
  handle: async (request) => {
    const page = request.page(`tokens/${request.principal.userId}`);
    const rows = await listSessions(request.read, request.principal.userId, KINDS, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const end = route({
  service: 'user',
  method: 'delete',
  path: '/v1/me/tokens/:tokenId',
  operationId: 'endToken',
  tag,
  summary: 'End a personal access token',
  description: 'It is refused everywhere within a second.',
  access: own,
  params: schema.tokenParams,
  answers: { 204: { description: 'The token has ended.' } },
  handle: (request) =>
    request.command(async (tx) => {
      const { userId, sessionId } = request.principal;
      await endSession(tx, request.resource.id, 'revoked');
      await audit(tx, {
        action: 'token.ended',
        actorId: userId,
        subjectId: userId,
        sessionId,
        address: request.address,
        data: { tokenId: request.resource.id },
      });
      return { status: 204 };
    }),
});

/** Operations on the caller's personal access tokens. */
export const tokenRoutes: readonly AnyRoute[] = [create, list, end];

function present(row: SessionView): Record<string, unknown> {
  return {
    id: row.id,
    name: row.name ?? '',
    scopes: row.scopes ?? [],
    createdAt: toInstant(row.createdAt),
    lastUsedAt: row.lastUsedAt === null ? null : toInstant(row.lastUsedAt),
    expiresAt: toInstant(row.expiresAt),
  };
}
