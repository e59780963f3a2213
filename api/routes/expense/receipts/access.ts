import { read } from '../../../../db/transact.ts';
import type { Role } from '../../../../domain/roles.ts';
import { hasStanding } from '../../../../domain/standing.ts';
import { databaseOf } from '../../../deps.ts';
import { type Policy, standingOf } from '../../../policy.ts';
import type { Access } from '../../../route.ts';

/** A receipt of a group of which the caller is an active member, and their place in it. */
export interface SeenReceipt {
  readonly receiptId: string;
  readonly expenseId: string;
  readonly groupId: string;
  readonly contentType: string;
  readonly sha256: string;
  readonly role: Role;
  readonly isUploader: boolean;
}

/** A receipt that the caller may see. @param policy names the standing that its operation asks for. */
export function receiptAccess(policy: Policy): Access<SeenReceipt> {
  const standing = standingOf(policy);
  return {
    resource: 'receipt',
    async load(deps, principal, params) {
      const [row] = await read<SeenReceipt>(
        databaseOf(deps, 'expense'),
        `select r.id as "receiptId", r.expense_id as "expenseId", r.group_id as "groupId", r.content_type as "contentType", r.sha256, m.role,
           r.uploaded_by = m.member_id as "isUploader"
         from expense.receipt r join expense_pub.membership_v1 m on m.group_id = r.group_id and m.user_id = $2 and m.state = 'active'
         where r.id = $1`,
        [params['receiptId'], principal.userId],
      );
      return row ?? null;
    },
    permit: ({ role, isUploader }) => hasStanding(standing, role, (relation) => relation === 'creator' && isUploader),
  };
}
