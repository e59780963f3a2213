import { type Policy, standingOf } from '../../../policy.ts';
import type { Access } from '../../../route.ts';
import { hasStanding } from '../../../../domain/standing.ts';
import { findAsMember, type OfGroup } from '../as-member.ts';

/** An expense of a group of which the caller is an active member, and their place in it. */
export interface ExpenseMembership extends OfGroup {
  readonly expenseId: string;
  readonly memberId: string;
  readonly isCreator: boolean;
}

/** An expense that the caller may see. @param policy names the standing that its operation asks for. */
export function expenseAccess(policy: Policy): Access<ExpenseMembership> {
  const standing = standingOf(policy);
  return {
    resource: 'expense',
    load: (deps, { userId }, params) =>
      findAsMember<ExpenseMembership>(
        deps,
        'expense',
        `r.id as "expenseId", m.member_id as "memberId", r.created_by = m.member_id as "isCreator"`,
        { id: params['expenseId'], userId },
      ),
    permit: ({ role, isCreator }) => hasStanding(standing, role, (relation) => relation === 'creator' && isCreator),
  };
}
