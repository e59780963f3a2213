import type { Membership } from '../db/queries/membership.ts';
import { type Role, roleAtLeast } from '../domain/roles.ts';
import type { Access } from './route.ts';

/**
 * A group of which the caller is an active member; the resource is their membership. Deleted groups stay readable.
 *
 * @param least the least role that may act; a weaker member gets 403.
 * @param param the path parameter that holds the group's id.
 */
export function groupAccess(least: Role, param = 'groupId'): Access<Membership> {
  return {
    resource: 'group',
    role: least,
    load: (deps, principal, params) => deps.memberships.find(params[param] ?? '', principal.userId),
    permit: (membership) => roleAtLeast(membership.role, least),
  };
}
