import { refusal } from '../../../domain/refusal.ts';
import type { Account } from '../../entities/user/account.ts';
import type { Tx } from '../../transact.ts';
import { requireAnotherAdmin } from './platform.ts';

/**
 * Checks that an account may be erased now. Debts do not stand in the way, nor groups that it owns: they go to the next in
 * line. Money that a gateway is moving does: until that is known, nobody could say whose it is.
 *
 * @throws RefusalError last_admin, payments_in_flight.
 */
export async function requireErasable(tx: Tx, account: Account): Promise<void> {
  if (account.platformRole === 'admin') await requireAnotherAdmin(tx, account.id);
  const [row] = await tx.query<{ moving: boolean }>(
    `select exists (
       select 1 from expense_pub.membership_v1 m join payment_pub.transfer_v1 t
         on t.group_id = m.group_id and (t.from_member_id = m.member_id or t.to_member_id = m.member_id)
       where m.user_id = $1 and t.state in ('processing', 'unknown', 'quarantined')
     ) or exists (
       select 1 from expense_pub.membership_v1 m join payment_pub.payment_v1 y
         on y.group_id = m.group_id and (y.from_member_id = m.member_id or y.to_member_id = m.member_id)
       join payment_pub.refund_v1 r on r.payment_id = y.id
       where m.user_id = $1 and r.state in ('approved', 'processing', 'unknown')
     ) as moving`,
    [account.id],
  );
  if (row?.moving === true)
    throw refusal('payments_in_flight', 'A payment or refund of yours is on its way at a gateway; wait until it has ended.');
}
