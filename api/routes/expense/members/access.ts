import type { MemberView } from '../../../../db/queries/expense/groups.ts';
import { findMember } from '../../../../db/queries/expense/members.ts';
import type { Membership } from '../../../../db/queries/membership.ts';
import { read } from '../../../../db/transact.ts';
import { roleAtLeast } from '../../../../domain/roles.ts';
import { databaseOf } from '../../../deps.ts';
import { leastOf, type Policy } from '../../../policy.ts';
import type { Access } from '../../../route.ts';

/** A member of a group that the caller is in too. */
export interface FellowMember {
  readonly membership: Membership;
  readonly member: MemberView;
}

/** The member in the path, visible to every member of the group. @param policy names the least role that may act. */
export function memberAccess(policy: Policy): Access<FellowMember> {
  const least = leastOf(policy);
  return {
    resource: 'member',
    async load(deps, principal, params) {
      const [groupId = '', memberId = ''] = [params['groupId'], params['memberId']];
      const membership = await deps.memberships.find(groupId, principal.userId);
      if (membership === null) return null;
      const member = await findMember((text, values) => read(databaseOf(deps, 'expense'), text, values), groupId, memberId);
      return member === null ? null : { membership, member };
    },
    permit: ({ membership }) => roleAtLeast(membership.role, least),
  };
}
