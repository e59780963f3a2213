import { databaseOf } from '../../../deps.ts';
import { type Policy, standingOf } from '../../../policy.ts';
import type { Access } from '../../../route.ts';
import { read } from '../../../../db/transact.ts';
import type { Role } from '../../../../domain/roles.ts';
import { hasStanding } from '../../../../domain/standing.ts';

/** An expense of a group of which the caller is an active member, and their place in it. */
export interface ExpenseMembership {
  readonly expenseId: string;
  readonly groupId: string;
  readonly memberId: string;
  readonly role: Role;
  readonly isCreator: boolean;
}

/** An expense that the caller may see. @param policy names the standing that its operation asks for. */
export function expenseAccess(policy: Policy): Access<ExpenseMembership> {
  const standing = standingOf(policy);
  return {
    resource: 'expense',
    async load(deps, principal, params) {
      const [row] = await read<ExpenseMembership>(
        databaseOf(deps, 'expense'),
        `select e.id as "expenseId", e.group_id as "groupId", m.member_id as "memberId", m.role, e.created_by = m.member_id as "isCreator"
         from expense.expense e join expense_pub.membership_v1 m on m.group_id = e.group_id and m.user_id = $2 and m.state = 'active'
         where e.id = $1`,
        [params['expenseId'], principal.userId],
      );
      return row ?? null;
    },
    permit: ({ role, isCreator }) => hasStanding(standing, role, (relation) => relation === 'creator' && isCreator),
  };
}
