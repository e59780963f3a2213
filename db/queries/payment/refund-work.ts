import type { RefundState } from '../../../domain/refund.ts';
import type { Tx } from '../../transact.ts';

/** A refund as its process looks at it, with the payment that it gives back. */
export interface RefundWork {
  readonly id: string;
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly currency: string;
  readonly amountMinor: string;
  readonly state: RefundState;
  readonly idempotencyKey: string;
  readonly gatewayRef: string | null;
  readonly failureCode: string | null;
  readonly chargeRef: string | null;
  /** The gateway gave the money back; the ledger does not have it yet. */
  readonly gatewayDone: boolean;
  readonly sent: boolean;
  /** The day for the ledger. */
  readonly date: string;
}

/** Reads a refund for its process; null when there is no such row. */
export async function readRefundWork(query: Tx['query'], refundId: string): Promise<RefundWork | null> {
  const [row] = await query<{
    id: string;
    group_id: string;
    from_member_id: string;
    to_member_id: string;
    method: string;
    currency: string;
    amount_minor: string;
    state: RefundState;
    idempotency_key: string;
    gateway_ref: string | null;
    failure_code: string | null;
    charge_ref: string | null;
    gateway_done: boolean;
    sent: boolean;
    date: string;
  }>(
    `select r.id, r.group_id, p.from_member_id, p.to_member_id, p.method, r.currency, r.amount_minor::text, r.state, r.idempotency_key, r.gateway_ref, r.failure_code,
       p.gateway_ref as charge_ref, r.gateway_done_at is not null as gateway_done, r.sent_at is not null as sent,
       coalesce(r.gateway_done_at, r.created_at)::date::text as date
     from payment.refund r join payment.payment p on p.id = r.payment_id where r.id = $1`,
    [refundId],
  );
  if (row === undefined) return null;
  return {
    id: row.id,
    groupId: row.group_id,
    from: row.from_member_id,
    to: row.to_member_id,
    method: row.method,
    currency: row.currency,
    amountMinor: row.amount_minor,
    state: row.state,
    idempotencyKey: row.idempotency_key,
    gatewayRef: row.gateway_ref,
    failureCode: row.failure_code,
    chargeRef: row.charge_ref,
    gatewayDone: row.gateway_done,
    sent: row.sent,
    date: row.date,
  };
}
