import { roleAtLeast } from '../../../../domain/roles.ts';
import { leastOf, type Policy } from '../../../policy.ts';
import type { Access } from '../../../route.ts';
import { findAsMember, type OfGroup } from '../as-member.ts';

/** An import of a group of which the caller is an active member. */
export interface ImportMembership extends OfGroup {
  readonly importId: string;
}

/** An import that the caller may see. @param policy names the least role that may act. */
export function importAccess(policy: Policy): Access<ImportMembership> {
  const least = leastOf(policy);
  return {
    resource: 'import',
    load: (deps, { userId }, params) =>
      findAsMember<ImportMembership>(deps, 'import', 'r.id as "importId"', { id: params['importId'], userId }),
    permit: ({ role }) => roleAtLeast(role, least),
  };
}
