import { lockGroup } from '../../../../db/commands/expense/groups.ts';
import { createInvitation } from '../../../../db/commands/expense/invitations.ts';
import { removeMember } from '../../../../db/commands/expense/group-state.ts';
import { actingMember, addMember, changeMember, memberOf } from '../../../../db/commands/expense/members.ts';
import { mergeMembers } from '../../../../db/commands/expense/merge-members.ts';
import type { Query } from '../../../../db/queries/expense/groups.ts';
import { findMember } from '../../../../db/queries/expense/members.ts';
import { groupAccess } from '../../../access.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { etag } from '../../../request.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { groupParams } from '../groups/schema.ts';
import { invitationLimits } from '../invitations/limits.ts';
import { memberAccess } from './access.ts';
import * as schema from './schema.ts';

const tag = 'members';

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/members',
  operationId: 'addMember',
  tag,
  summary: 'Add a member',
  description: 'A member needs no account. With `email`, that address is sent an invitation to take the place over.',
  access: groupAccess,
  params: groupParams,
  body: schema.createMember,
  answers: { 201: { description: 'The new member.', schema: schema.member, headers: ['ETag', 'Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      const { email, ...input } = request.body;
      const member = await addMember(tx, group, actor, input);
      if (email !== undefined) {
        const options = { mail: 'always', limits: invitationLimits(request.deps.env) } as const;
        await createInvitation(tx, group, actor, { email, memberId: member.id }, options);
      }
      return answerMember(tx.query, group.id, member.id, 201);
    }),
});

const get = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/members/:memberId',
  operationId: 'getMember',
  tag,
  summary: 'Read a member',
  access: memberAccess,
  params: schema.memberParams,
  answers: { 200: { description: 'The member.', schema: schema.member, headers: ['ETag'] } },
  handle: ({ resource: { member } }) => Promise.resolve({ status: 200, headers: { ETag: etag(member.version) }, body: member }),
});

const update = route({
  service: 'expense',
  method: 'patch',
  path: '/v1/groups/:groupId/members/:memberId',
  operationId: 'updateMember',
  tag,
  summary: 'Change a member',
  description: 'Nobody gives a role above their own; the owner takes another one only by handing the group over.',
  access: memberAccess,
  precondition: true,
  params: schema.memberParams,
  body: schema.updateMember,
  answers: { 200: { description: 'The changed member.', schema: schema.member, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      const member = await memberOf(tx, group, request.params.memberId);
      request.checkVersion(member.version);
      changeMember(tx, group, actor, member, request.body);
      return answerMember(tx.query, group.id, member.id, 200);
    }),
});

const remove = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/groups/:groupId/members/:memberId',
  operationId: 'removeMember',
  tag,
  summary: 'Remove a member',
  description:
    'Only with nothing owed and nothing reserved. The member stays in the history as `left`; an invitation that names them brings them back.',
  access: memberAccess,
  precondition: true,
  params: schema.memberParams,
  answers: { 204: { description: 'The member has left.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      const member = await memberOf(tx, group, request.params.memberId);
      request.checkVersion(member.version);
      await removeMember(tx, group, actor, member);
      return { status: 204 };
    }),
});

const merge = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/members/:memberId/merge',
  operationId: 'mergeMember',
  tag,
  summary: 'Merge a member into another one',
  description:
    'For two members who are one person; at most one of them has an account, which the one who remains keeps or gets. What the merged one shared and paid is the other’s from now on: postings are reversed and made again, and nobody else’s balance moves. 409 while money of the merged one is on its way or an expense that names them waits for approval. The support can undo it.',
  access: memberAccess,
  params: schema.memberParams,
  body: schema.mergeMember,
  answers: { 200: { description: 'The member who remains.', schema: schema.member, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      const member = await memberOf(tx, group, request.params.memberId);
      const remaining = await mergeMembers(tx, group, actor, member, request.body.intoMemberId);
      return answerMember(tx.query, group.id, remaining.id, 200);
    }),
});

/** Operations on the members of a group. */
export const memberRoutes: readonly AnyRoute[] = [create, get, update, remove, merge];

async function answerMember(query: Query, groupId: string, memberId: string, status: number): Promise<Answer> {
  const member = await findMember(query, groupId, memberId);
  if (member === null) throw new Error(`member ${memberId} vanished within its own request`);
  const headers: Record<string, string> = { ETag: etag(member.version) };
  if (status === 201) headers['Location'] = `/v1/groups/${groupId}/members/${memberId}`;
  return { status, headers, body: member };
}
