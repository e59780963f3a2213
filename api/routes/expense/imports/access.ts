import { read } from '../../../../db/transact.ts';
import { type Role, roleAtLeast } from '../../../../domain/roles.ts';
import { databaseOf } from '../../../deps.ts';
import { leastOf, type Policy } from '../../../policy.ts';
import type { Access } from '../../../route.ts';

/** An import of a group of which the caller is an active member. */
export interface ImportMembership {
  readonly importId: string;
  readonly groupId: string;
  readonly role: Role;
}

/** An import that the caller may see. @param policy names the least role that may act. */
export function importAccess(policy: Policy): Access<ImportMembership> {
  const least = leastOf(policy);
  return {
    resource: 'import',
    async load(deps, principal, params) {
      const [row] = await read<ImportMembership>(
        databaseOf(deps, 'expense'),
        `select i.id as "importId", i.group_id as "groupId", m.role from expense.import i
         join expense_pub.membership_v1 m on m.group_id = i.group_id and m.user_id = $2 and m.state = 'active' where i.id = $1`,
        [params['importId'], principal.userId],
      );
      return row ?? null;
    },
    permit: ({ role }) => roleAtLeast(role, least),
  };
}
