import type { GroupView } from '../../../../db/queries/expense/groups.ts';
import { workflowId } from '../../../../domain/events.ts';
import { toInstant } from '../../../schemas.ts';

/** A group as the API answers it, seen by the member who is the caller. */
export function presentGroup(group: GroupView, userId: string): Record<string, unknown> {
  const mine = group.members.find((member) => member.userId === userId && member.state === 'active');
  const other = group.members.find((member) => member.id !== mine?.id);
  return {
    id: group.id,
    kind: group.kind,
    name: group.kind === 'friends' ? (other?.displayName ?? group.name) : group.name,
    currency: group.currency,
    timeZone: group.timeZone,
    state: group.state,
    myMemberId: mine?.id,
    myRole: mine?.role,
    members: group.members,
    policy: group.policy,
    lockedUntil: group.lockedUntil,
    version: group.version,
    createdAt: toInstant(group.createdAt),
    workflowId: workflowId('groupLifecycle', group.id),
  };
}
