import { emailKey } from '../../../domain/account.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Group } from '../../entities/expense/group.ts';
import { Invitation } from '../../entities/expense/invitation.ts';
import type { Tx } from '../../transact.ts';

/** States of a transfer or a refund in which its money is, or may be, on its way. */
const MOVING = ['processing', 'awaiting_confirmation', 'unknown', 'quarantined', 'approved'];

/**
 * Checks that no money of some members is on its way or reserved, so that what moves it finds their accounts as they were.
 *
 * @throws RefusalError settlement_in_progress, payment_in_progress.
 */
export async function refuseMovingMoney(tx: Tx, group: Group, memberIds: readonly string[]): Promise<void> {
  const [row] = await tx.query<{ reserved: boolean; moving: boolean }>(
    `select exists (select 1 from expense.reservation where group_id = $1 and (from_member_id = any($2::uuid[]) or to_member_id = any($2::uuid[]))) as reserved,
       exists (select 1 from payment_pub.transfer_v1 where group_id = $1 and (from_member_id = any($2::uuid[]) or to_member_id = any($2::uuid[]))
         and state = any($3::text[]))
       or exists (select 1 from payment_pub.refund_v1 r join payment_pub.payment_v1 y on y.id = r.payment_id
         where r.group_id = $1 and (y.from_member_id = any($2::uuid[]) or y.to_member_id = any($2::uuid[])) and r.state = any($3::text[])) as moving`,
    [group.id, memberIds, MOVING],
  );
  if (row?.reserved === true)
    throw refusal('settlement_in_progress', 'An open settlement counts on this member; wait for its end or cancel it.');
  if (row?.moving === true) throw refusal('payment_in_progress', 'Money of this member is on its way; wait for its end.');
}

/**
 * Checks that no expense that names a member waits for approval: its voters were asked about that member.
 *
 * @throws RefusalError approval_in_progress.
 */
export async function refuseWaitingExpenses(tx: Tx, group: Group, memberId: string): Promise<void> {
  const rows = await tx.query(
    `select 1 from expense.expense e left join expense.expense_version v on v.expense_id = e.id and v.version = e.pending_version
     where e.group_id = $1 and (e.state = 'pending' or e.pending_version is not null)
       and (e.shares @> $2::jsonb or v.content -> 'shares' @> $2::jsonb) limit 1`,
    [group.id, named(memberId)],
  );
  if (rows.length > 0)
    throw refusal('approval_in_progress', 'An expense that names this member waits for approval; decide it or withdraw it first.');
}

/** What finds a member among the shares of an expense; whoever is named in its rule has one, also of zero. */
export function named(memberId: string): string {
  return JSON.stringify([{ memberId }]);
}

/**
 * Checks that the account which gets a place is the one to which that place is promised: an open invitation to an
 * address is for whoever has proved to own it.
 *
 * @param memberIds both members of the merge.
 * @throws RefusalError invited_by_another_address, email_not_verified.
 */
export async function checkPromisedPlaces(tx: Tx, group: Group, memberIds: readonly string[], userId: string): Promise<void> {
  const invitations = await openInvitations(tx, group, memberIds);
  const keys = invitations.flatMap(({ email }) => (email == null ? [] : [emailKey(email)]));
  if (keys.length === 0) return;
  const [account] = await tx.query<{ email_key: string; email_verified: boolean }>(
    'select email_key, email_verified from user_pub.contact_v1 where user_id = $1',
    [userId],
  );
  if (account === undefined || keys.some((key) => key !== account.email_key))
    throw refusal('invited_by_another_address', 'An open invitation sends this place to another address; withdraw it first.');
  if (!account.email_verified)
    throw refusal('email_not_verified', 'The account has to verify its address first; the place was promised to it.');
}

/** Open invitations to the places of some members. */
export async function openInvitations(tx: Tx, group: Group, memberIds: readonly string[]): Promise<Invitation[]> {
  const found = await tx.em.find(Invitation, { groupId: group.id, memberId: { $in: [...memberIds] }, revokedAt: null });
  return found.filter(({ uses, maxUses, expiresAt }) => uses < maxUses && expiresAt > tx.now);
}
