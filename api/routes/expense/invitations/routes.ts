import { readLinkedToken } from '../../../../config/opaque-tokens.ts';
import type { Secrets } from '../../../../config/secrets.ts';
import { acceptInvitation } from '../../../../db/commands/expense/accept-invitation.ts';
import { lockGroup } from '../../../../db/commands/expense/groups.ts';
import { createInvitation, revokeInvitation } from '../../../../db/commands/expense/invitations.ts';
import { actingMember } from '../../../../db/commands/expense/members.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findInvitation, findInvitationCard, listInvitations } from '../../../../db/queries/expense/invitations.ts';
import { checkInvitationOpen } from '../../../../domain/membership.ts';
import { refusal, unwrap } from '../../../../domain/refusal.ts';
import { groupAccess } from '../../../access.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import { answerGroup } from '../groups/routes.ts';
import { group, groupParams } from '../groups/schema.ts';
import { invitationLimits } from './limits.ts';
import { presentInvitation, presentNewInvitation } from './presenter.ts';
import * as schema from './schema.ts';

const tag = 'invitations';

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/invitations',
  operationId: 'createInvitation',
  tag,
  summary: 'Invite into a group',
  description: 'The link is shown in this answer only. With `email`, it is mailed too where an account has verified that address.',
  access: groupAccess,
  secretAnswer: true,
  params: groupParams,
  body: schema.createInvitation,
  answers: { 201: { description: 'The invitation with its link.', schema: schema.newInvitation } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const locked = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, locked, request.principal.userId, leastOf(request.policy));
      const { id } = await createInvitation(tx, locked, actor, request.body, {
        mail: 'if-verified',
        limits: invitationLimits(request.deps.env),
      });
      const invitation = await findInvitation(tx.query, id, tx.now);
      if (invitation === null) throw new Error(`invitation ${id} vanished within its own request`);
      return { status: 201, headers: { 'Cache-Control': 'no-store' }, body: presentNewInvitation(invitation, request.deps) };
    }),
});

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/invitations',
  operationId: 'listInvitations',
  tag,
  summary: 'List invitations of a group',
  access: groupAccess,
  params: groupParams,
  query: listQuery,
  answers: { 200: { description: 'Open and closed ones, the newest first, without their links.', schema: listOf(schema.invitation) } },
  handle: async (request) => {
    const page = request.page(`invitations/${request.params.groupId}`);
    const rows = await listInvitations(request.read, request.params.groupId, new Date(), page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], presentInvitation) };
  },
});

const revoke = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/groups/:groupId/invitations/:invitationId',
  operationId: 'revokeInvitation',
  tag,
  summary: 'Withdraw an invitation',
  access: groupAccess,
  params: schema.invitationParams,
  answers: { 204: { description: 'Nobody can come in by it any more.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const locked = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, locked, request.principal.userId, leastOf(request.policy));
      await revokeInvitation(tx, locked, actor, request.params.invitationId);
      return { status: 204 };
    }),
});

const show = route({
  service: 'expense',
  method: 'get',
  path: '/v1/invitations/:token',
  operationId: 'getInvitation',
  tag,
  summary: 'See what an invitation is for',
  params: schema.tokenParams,
  answers: { 200: { description: 'Who invites into which group.', schema: schema.invitationCard } },
  problems: [409],
  handle: async (request) => {
    const card = await findInvitationCard(request.read, invitationIdOf(request.deps.secrets, request.params.token), new Date());
    if (card === null) throw unknownInvitation();
    if (card.groupState === 'deleted') throw refusal('deleted', 'The group is deleted.');
    unwrap(checkInvitationOpen(card.state));
    const { groupName, inviterName, role, memberDisplayName, expiresAt } = card;
    return { status: 200, body: { groupName, inviterName, role, memberDisplayName, expiresAt: toInstant(expiresAt) } };
  },
});

const accept = route({
  service: 'expense',
  method: 'post',
  path: '/v1/invitations/:token/accept',
  operationId: 'acceptInvitation',
  tag,
  summary: 'Accept an invitation',
  description: 'The caller becomes a member, or takes over the one that the invitation names.',
  params: schema.tokenParams,
  answers: { 200: { description: 'The group, of which the caller is a member now.', schema: group, headers: ['ETag'] } },
  problems: [403, 409],
  handle: (request) => {
    const invitationId = invitationIdOf(request.deps.secrets, request.params.token);
    return request.command(async (tx) => {
      const groupId = await acceptInvitation(tx, request.principal.userId, invitationId, statesOf(request.policy));
      return answerGroup(tx.query, groupId, request.principal.userId, 200);
    });
  },
});

/** Operations on invitations into groups. */
export const invitationRoutes: readonly AnyRoute[] = [create, list, revoke, show, accept];

function invitationIdOf(secrets: Secrets, token: string): string {
  const invitationId = readLinkedToken(secrets, 'invitation', token);
  if (invitationId === null) throw unknownInvitation();
  return invitationId;
}

function unknownInvitation(): Error {
  return refusal('not_found', 'There is no such invitation.');
}
