import { hasStanding } from '../../../../domain/standing.ts';
import { type Policy, standingOf } from '../../../policy.ts';
import type { Access } from '../../../route.ts';
import { findAsMember, type OfGroup } from '../as-member.ts';

/** A receipt of a group of which the caller is an active member, and their place in it. */
export interface SeenReceipt extends OfGroup {
  readonly receiptId: string;
  readonly expenseId: string;
  readonly contentType: string;
  readonly sha256: string;
  readonly isUploader: boolean;
}

/** A receipt that the caller may see. @param policy names the standing that its operation asks for. */
export function receiptAccess(policy: Policy): Access<SeenReceipt> {
  const standing = standingOf(policy);
  return {
    resource: 'receipt',
    load: (deps, { userId }, params) =>
      findAsMember<SeenReceipt>(
        deps,
        'receipt',
        `r.id as "receiptId", r.expense_id as "expenseId", r.content_type as "contentType", r.sha256, r.uploaded_by = m.member_id as "isUploader"`,
        { id: params['receiptId'], userId },
      ),
    permit: ({ role, isUploader }) => hasStanding(standing, role, (relation) => relation === 'creator' && isUploader),
  };
}
