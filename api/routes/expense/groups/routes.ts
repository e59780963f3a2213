import { z } from 'zod';
import { createGroup, lockGroup, updateGroup } from '../../../../db/commands/expense/groups.ts';
import { actingMember } from '../../../../db/commands/expense/members.ts';
import { findGroup, listGroups, type Query } from '../../../../db/queries/expense/groups.ts';
import { toPage } from '../../../../db/cursor.ts';
import { groupAccess } from '../../../access.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { etag } from '../../../request.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { listOf, listQuery } from '../../../schemas.ts';
import { presentGroup } from './presenter.ts';
import * as schema from './schema.ts';

const tag = 'groups';

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups',
  operationId: 'createGroup',
  tag,
  summary: 'Create a group',
  description: 'The caller becomes its owner. A `groupLifecycle` workflow follows the group from then on.',
  body: schema.createGroup,
  answers: { 201: { description: 'The new group.', schema: schema.group, headers: ['ETag', 'Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { groupId } = await createGroup(tx, { userId: request.principal.userId }, request.body);
      return answerGroup(tx.query, groupId, request.principal.userId, 201);
    }),
});

const get = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId',
  operationId: 'getGroup',
  tag,
  summary: 'Read a group',
  access: groupAccess,
  params: schema.groupParams,
  answers: { 200: { description: 'The group.', schema: schema.group, headers: ['ETag'] } },
  handle: (request) => answerGroup(request.read, request.params.groupId, request.principal.userId, 200),
});

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups',
  operationId: 'listGroups',
  tag,
  summary: 'List my groups',
  query: listQuery.extend({ state: z.enum(['active', 'archived', 'deleted']).optional(), kind: schema.kind.optional() }),
  answers: {
    200: {
      description: 'Groups of which the caller is a member, the newest first. Deleted ones only when asked for.',
      schema: listOf(schema.group),
    },
  },
  handle: async (request) => {
    const { state, kind } = request.query;
    const page = request.page(`groups/${request.principal.userId}/${state ?? ''}/${kind ?? ''}`);
    const rows = await listGroups(request.read, request.principal.userId, { state, kind }, page);
    return {
      status: 200,
      body: toPage(
        rows,
        page,
        page.cursor,
        (row) => [row.createdAt, row.id],
        (row) => presentGroup(row, request.principal.userId),
      ),
    };
  },
});

const update = route({
  service: 'expense',
  method: 'patch',
  path: '/v1/groups/:groupId',
  operationId: 'updateGroup',
  tag,
  summary: 'Change name, time zone or policy',
  access: groupAccess,
  precondition: true,
  params: schema.groupParams,
  body: schema.updateGroup,
  answers: { 200: { description: 'The changed group.', schema: schema.group, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      request.checkVersion(group.version);
      await updateGroup(tx, group, actor, request.body);
      return answerGroup(tx.query, group.id, request.principal.userId, 200);
    }),
});

/** Operations on groups themselves. */
export const groupRoutes: readonly AnyRoute[] = [create, get, list, update];

/** A group as an answer with its ETag. */
export async function answerGroup(query: Query, groupId: string, userId: string, status: number): Promise<Answer> {
  const group = await findGroup(query, groupId);
  if (group === null) throw new Error(`group ${groupId} vanished within its own request`);
  const headers: Record<string, string> = { ETag: etag(group.version) };
  if (status === 201) headers['Location'] = `/v1/groups/${group.id}`;
  return { status, headers, body: presentGroup(group, userId) };
}
