import type { Membership } from '../db/queries/membership.ts';
import { roleAtLeast } from '../domain/roles.ts';
import { leastOf, type Policy } from './policy.ts';
import type { Access } from './route.ts';

/**
 * A group of which the caller is an active member; the resource is their membership. Deleted groups stay readable.
 *
 * @param policy names the least role that may act; a weaker member gets 403.
 * @param param the path parameter that holds the group's id.
 */
export function groupAccess(policy: Policy, param = 'groupId'): Access<Membership> {
  const least = leastOf(policy);
  return {
    resource: 'group',
    load: (deps, principal, params) => deps.memberships.find(params[param] ?? '', principal.userId),
    permit: (membership) => roleAtLeast(membership.role, least),
  };
}
