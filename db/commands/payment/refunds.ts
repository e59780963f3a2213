import { v7 as uuidv7 } from 'uuid';
import { parseAmount } from '../../../domain/money.ts';
import {
  moveRefund,
  REFUND_APPROVAL_DEFAULT,
  refundable,
  refundDecision,
  type RefundEvent,
  type RefundState,
} from '../../../domain/refund.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { groupFor, ownerOf } from './groups.ts';

/** What is asked for. */
export interface RequestRefund {
  readonly id?: string | undefined;
  readonly paymentId: string;
  readonly userId: string;
  /** The side on which the caller asks; `owner` when it is the payer and the group's owner in one. */
  readonly requestedBy: 'payer' | 'receiver' | 'owner';
  readonly amount?: string | undefined;
  readonly reason: string;
}

interface PaymentRow {
  readonly group_id: string;
  readonly to_member_id: string;
  readonly method: string;
  readonly amount_minor: string;
  readonly currency: string;
  readonly refunded_minor: string;
}

/**
 * Asks for a refund of a payment or a part of it. The payment's row is locked, so refunds that are asked for at once never
 * exceed it together. Whose approval it needs is decided now, by the group's policy.
 *
 * @returns the refund's id.
 * @throws RefusalError refund_exceeds_payment, amount_not_positive, amount_precision, deleted, id_taken.
 */
export async function requestRefund(tx: Tx, input: RequestRefund): Promise<string> {
  const payment = await lockPayment(tx, input.paymentId);
  const group = await groupFor(tx, payment.group_id, 'settle');
  const requestedMinor = input.amount === undefined ? undefined : unwrap(parseAmount(input.amount, payment.currency, '/amount'));
  const [open] = await tx.query<{ minor: string }>(
    `select coalesce(sum(amount_minor), 0)::text as minor from payment.refund where payment_id = $1 and state in ('requested', 'approved', 'processing', 'unknown')`,
    [input.paymentId],
  );
  const minor = unwrap(
    refundable({
      paidMinor: BigInt(payment.amount_minor),
      refundedMinor: BigInt(payment.refunded_minor),
      openRefundsMinor: BigInt(open?.minor ?? '0'),
      requestedMinor,
    }),
  );
  const approver = refundDecision({
    policy: group.policy.refundApproval ?? REFUND_APPROVAL_DEFAULT,
    requestedBy: input.requestedBy,
    isManual: payment.method === 'manual',
  });
  const approverId = approver === 'receiver' ? payment.to_member_id : approver === 'owner' ? await ownerOf(tx, payment.group_id) : null;
  const state: RefundState = approver === 'nobody' ? 'approved' : 'requested';
  const id = await insertRefund(tx, input, payment, minor, state, approverId);
  const type = state === 'approved' ? 'refund.approved' : 'refund.requested';
  tx.emit({ type, subjectId: id, groupId: payment.group_id, actorId: input.userId, data: { paymentId: input.paymentId } });
  return id;
}

async function lockPayment(tx: Tx, paymentId: string): Promise<PaymentRow> {
  const [row] = await tx.query<PaymentRow>(
    'select group_id, to_member_id, method, amount_minor, currency, refunded_minor from payment.payment where id = $1 for update',
    [paymentId],
  );
  if (row === undefined) throw refusal('not_found', 'There is no such payment.');
  return row;
}

async function insertRefund(
  tx: Tx,
  input: RequestRefund,
  payment: PaymentRow,
  minor: bigint,
  state: RefundState,
  approverId: string | null,
): Promise<string> {
  const id = input.id ?? uuidv7();
  try {
    await tx.query(
      `insert into payment.refund (id, payment_id, group_id, amount_minor, currency, reason, state, idempotency_key, requested_by, decided_by, approver_member_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        id,
        input.paymentId,
        payment.group_id,
        minor.toString(),
        payment.currency,
        input.reason,
        state,
        `${payment.method}:refund:${id}`,
        input.userId,
        state === 'approved' ? input.userId : null,
        approverId,
      ],
    );
  } catch (error) {
    if (brokenUnique(error) === 'refund_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  return id;
}

interface RefundRow {
  readonly state: RefundState;
  readonly payment_id: string;
  readonly group_id: string;
  readonly amount_minor: string;
}

/** Takes a refund to change it. */
async function lockRefund(tx: Tx, refundId: string): Promise<RefundRow> {
  const [row] = await tx.query<RefundRow>('select state, payment_id, group_id, amount_minor from payment.refund where id = $1 for update', [
    refundId,
  ]);
  if (row === undefined) throw refusal('not_found', 'There is no such refund.');
  return row;
}

/**
 * Approves or rejects a refund; the route has checked that the caller may.
 *
 * @throws RefusalError wrong_state.
 */
export async function decideRefund(tx: Tx, refundId: string, userId: string, decision: 'approve' | 'reject'): Promise<void> {
  const refund = await lockRefund(tx, refundId);
  const state = unwrap(moveRefund(refund.state, decision));
  await tx.query('update payment.refund set state = $2, decided_by = $3, updated_at = $4, ended_at = $5 where id = $1', [
    refundId,
    state,
    userId,
    tx.now,
    state === 'rejected' ? tx.now : null,
  ]);
  const type = decision === 'approve' ? 'refund.approved' : 'refund.rejected';
  tx.emit({ type, subjectId: refundId, groupId: refund.group_id, actorId: userId, data: { paymentId: refund.payment_id } });
}

/** News about a refund. */
export interface RefundNews {
  readonly event: Extract<RefundEvent, 'send' | `gateway_${string}`>;
  readonly gatewayRef?: string | null;
  readonly failureCode?: string | null;
}

/** Records what the gateway said about a refund; late news change nothing. */
export async function recordRefundNews(tx: Tx, refundId: string, news: RefundNews): Promise<void> {
  const refund = await lockRefund(tx, refundId);
  const moved = moveRefund(refund.state, news.event);
  const state = moved.ok ? moved.value : refund.state;
  const done = moved.ok && news.event === 'gateway_succeeded' && state === 'processing';
  await tx.query(
    `update payment.refund set state = $2, gateway_ref = coalesce(gateway_ref, $3), failure_code = coalesce($4, failure_code), sent_at = coalesce(sent_at, $5),
       gateway_done_at = case when $6 then coalesce(gateway_done_at, $5::timestamptz) else gateway_done_at end, updated_at = $5,
       ended_at = case when $2 = 'failed' then coalesce(ended_at, $5::timestamptz) else ended_at end
     where id = $1`,
    [refundId, state, news.gatewayRef ?? null, news.failureCode ?? null, tx.now, done],
  );
  if (state !== 'failed' || refund.state === 'failed') return;
  tx.emit({ type: 'refund.failed', subjectId: refundId, groupId: refund.group_id, data: { paymentId: refund.payment_id } });
}

/** Ends a refund whose reversal the ledger has, and shows it on its payment. Harmless to repeat. */
export async function completeRefund(tx: Tx, refundId: string): Promise<RefundState> {
  const [ref] = await tx.query<{ payment_id: string }>('select payment_id from payment.refund where id = $1', [refundId]);
  if (ref === undefined) throw refusal('not_found', 'There is no such refund.');
  // The payment first, as in requestRefund, so that the two never wait for each other.
  await lockPayment(tx, ref.payment_id);
  const refund = await lockRefund(tx, refundId);
  if (refund.state === 'succeeded') return refund.state;
  const state = unwrap(moveRefund(refund.state, 'posted'));
  await tx.query('update payment.refund set state = $2, failure_code = null, ended_at = $3, updated_at = $3 where id = $1', [
    refundId,
    state,
    tx.now,
  ]);
  await tx.query(
    `update payment.payment set refunded_minor = refunded_minor + $2::bigint,
       state = case when refunded_minor + $2::bigint = amount_minor then 'refunded' else 'partly_refunded' end where id = $1`,
    [refund.payment_id, refund.amount_minor],
  );
  await tx.query('update payment.gateway_event set processed_at = $2 where object_ref = $1 and processed_at is null', [refundId, tx.now]);
  tx.emit({ type: 'refund.succeeded', subjectId: refundId, groupId: refund.group_id, data: { paymentId: refund.payment_id } });
  return state;
}
