import { postHeldBack } from '../../../../db/commands/expense/approvals.ts';
import { changeGroupState, handOver, leaveGroup } from '../../../../db/commands/expense/group-state.ts';
import { lockGroup } from '../../../../db/commands/expense/groups.ts';
import { actingMember } from '../../../../db/commands/expense/members.ts';
import { lockPeriod } from '../../../../db/commands/expense/period-lock.ts';
import { GROUP_STATES } from '../../../../domain/group.ts';
import { groupAccess } from '../../../access.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { answerGroup } from './routes.ts';
import * as schema from './schema.ts';

const tag = 'groups';
/** These ask for the role first; then the group's own life says whether it takes the step. */
const WHATEVER_STATE = GROUP_STATES;

/** One route for a change of state that answers the group. */
function stateRoute(event: 'archive' | 'unarchive' | 'restore', words: { summary: string; description: string }): AnyRoute {
  return route({
    service: 'expense',
    method: 'post',
    path: `/v1/groups/:groupId/${event}`,
    operationId: `${event}Group`,
    tag,
    ...words,
    access: groupAccess,
    params: schema.groupParams,
    answers: { 200: { description: 'The group.', schema: schema.group, headers: ['ETag'] } },
    problems: [409],
    handle: (request) =>
      request.command(async (tx) => {
        const group = await lockGroup(tx, request.params.groupId, WHATEVER_STATE);
        const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
        changeGroupState(tx, group, event, actor);
        if (event !== 'archive') await postHeldBack(tx, group.id);
        return answerGroup(tx.query, group.id, request.principal.userId, 200);
      }),
  });
}

const archive = stateRoute('archive', {
  summary: 'Archive a group',
  description: 'Nothing can be recorded in it until it is unarchived; what is owed can still be paid.',
});
const unarchive = stateRoute('unarchive', {
  summary: 'Take a group out of the archive',
  description: 'It can be recorded in again.',
});
const restore = stateRoute('restore', {
  summary: 'Restore a deleted group',
  description: 'Within 30 days of its deletion; it is active again.',
});

const remove = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/groups/:groupId',
  operationId: 'deleteGroup',
  tag,
  summary: 'Delete a group',
  description: 'It stays readable to its members and can be restored for 30 days; then names and texts are removed for good.',
  access: groupAccess,
  precondition: true,
  params: schema.groupParams,
  answers: { 204: { description: 'The group is deleted.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, WHATEVER_STATE);
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      request.checkVersion(group.version);
      changeGroupState(tx, group, 'delete', actor);
      return { status: 204 };
    }),
});

const leave = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/leave',
  operationId: 'leaveGroup',
  tag,
  summary: 'Leave a group',
  description:
    'Only with nothing owed and nothing reserved. The owner hands the group over first; as the last person with an account they may leave, and the group is deleted.',
  access: groupAccess,
  params: schema.groupParams,
  answers: { 204: { description: 'The caller is not a member any more.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const member = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      await leaveGroup(tx, group, member.id);
      return { status: 204 };
    }),
});

const owner = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/owner',
  operationId: 'handOverGroup',
  tag,
  summary: 'Hand a group over',
  description: 'Another member with an account becomes its owner, the caller an admin.',
  access: groupAccess,
  params: schema.groupParams,
  body: schema.handOver,
  answers: { 200: { description: 'The group.', schema: schema.group, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      await handOver(tx, group, actor, request.body.memberId);
      return answerGroup(tx.query, group.id, request.principal.userId, 200);
    }),
});

const lock = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/lock',
  operationId: 'lockGroup',
  tag,
  summary: 'Lock a settled period',
  description:
    'What is dated before `until` is neither recorded, edited, deleted, restored nor approved any more (409 `period_locked`); not while an import, or the undo of one, is under way (409 `import_in_progress`). Payments and refunds of that time that are done later count from `until`. An earlier day, or null, opens it again.',
  access: groupAccess,
  params: schema.groupParams,
  body: schema.lockPeriod,
  answers: { 200: { description: 'The group.', schema: schema.group, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      await lockPeriod(tx, group, actor, request.body.until);
      await postHeldBack(tx, group.id);
      return answerGroup(tx.query, group.id, request.principal.userId, 200);
    }),
});

/** Operations that move a group, or the caller out of it. */
export const groupStateRoutes: readonly AnyRoute[] = [archive, unarchive, restore, remove, leave, owner, lock];
