import type { PageRequest } from '../../cursor.ts';
import type { Query } from './transfers.ts';

/** A payment with its parties. */
export interface PaymentView {
  readonly id: string;
  readonly transferId: string;
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly state: string;
  readonly currency: string;
  readonly amountMinor: string;
  readonly refundedMinor: string;
  readonly createdAt: string;
}

/** A refund. */
export interface RefundView {
  readonly id: string;
  readonly paymentId: string;
  readonly currency: string;
  readonly amountMinor: string;
  readonly state: string;
  readonly reason: string;
  readonly failureCode: string | null;
  readonly createdAt: string;
}

const PAYMENT = `select p.id, p.transfer_id as "transferId", p.group_id as "groupId", p.from_member_id as "from", p.to_member_id as "to", p.method, p.state,
  p.currency, p.amount_minor as "amountMinor", p.refunded_minor as "refundedMinor", p.created_at as "createdAt" from payment.payment p`;
const REFUND = `select r.id, r.payment_id as "paymentId", r.currency, r.amount_minor as "amountMinor", r.state, r.reason, r.failure_code as "failureCode",
  r.created_at as "createdAt" from payment.refund r`;

/** Reads a payment. */
export async function findPayment(query: Query, paymentId: string): Promise<PaymentView | null> {
  return (await query<PaymentView>(`${PAYMENT} where p.id = $1`, [paymentId]))[0] ?? null;
}

/** Payments that a user made or received, the newest first; one more than the page. */
export async function listPayments(query: Query, userId: string, groupId: string | undefined, page: PageRequest): Promise<PaymentView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<PaymentView>(
    `${PAYMENT} join expense_pub.membership_v1 me on me.group_id = p.group_id and me.user_id = $1 and me.state = 'active' and me.member_id in (p.from_member_id, p.to_member_id)
     where ($2::uuid is null or p.group_id = $2) and ($3::timestamptz is null or (p.created_at, p.id) < ($3, $4::uuid))
     order by p.created_at desc, p.id desc limit $5`,
    [userId, groupId ?? null, createdAt, id, page.limit + 1],
  );
}

/** Refunds of a payment, the oldest first. */
export async function refundsOf(query: Query, paymentId: string): Promise<RefundView[]> {
  return query<RefundView>(`${REFUND} where r.payment_id = $1 order by r.created_at, r.id`, [paymentId]);
}

/** Reads a refund. */
export async function findRefund(query: Query, refundId: string): Promise<RefundView | null> {
  return (await query<RefundView>(`${REFUND} where r.id = $1`, [refundId]))[0] ?? null;
}
