import { type AttemptState, moveAttempt } from '../../../domain/attempt.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { moveTransfer, type TransferState } from '../../../domain/transfer.ts';
import type { Tx } from '../../transact.ts';
import { emitTransfer, lockTransfer } from './attempts.ts';
import { cancelLeg } from './settlements.ts';

/**
 * Makes a captured attempt a payment, once the ledger has its posting: the only way to `succeeded`. A part leaves the
 * transfer planned with what remains, or cancelled where its settlement was cancelled meanwhile. Harmless to repeat.
 *
 * @returns the transfer's state.
 */
export async function completePayment(tx: Tx, transferId: string, attemptId: string): Promise<TransferState> {
  const transfer = await lockTransfer(tx, transferId);
  const [attempt] = await tx.query<{ state: AttemptState; amount_minor: string; cancel_requested: boolean }>(
    `select a.state, a.amount_minor, s.cancel_requested_at is not null as cancel_requested
     from payment.attempt a join payment.transfer t on t.id = a.transfer_id left join payment.settlement s on s.id = t.settlement_id
     where a.id = $1 and a.transfer_id = $2`,
    [attemptId, transferId],
  );
  if (attempt === undefined) throw refusal('not_found', 'There is no such attempt.');
  if (attempt.state === 'succeeded') return transfer.state;
  unwrap(moveAttempt(attempt.state, 'posted'));
  const paidMinor = transfer.paidMinor + BigInt(attempt.amount_minor);
  const whole = paidMinor >= transfer.amountMinor;
  const state = unwrap(moveTransfer(transfer.state, whole ? 'posted' : 'posted_part'));
  await tx.query(
    `with done as (update payment.attempt set state = 'succeeded', updated_at = $6 where id = $2 returning *),
       paid as (insert into payment.payment (id, transfer_id, attempt_id, group_id, from_member_id, to_member_id, method, amount_minor, currency, gateway_ref)
         select d.id, t.id, d.id, t.group_id, t.from_member_id, t.to_member_id, d.gateway, d.amount_minor, d.currency, d.gateway_ref
         from done d join payment.transfer t on t.id = d.transfer_id returning id),
       seen as (update payment.gateway_event set processed_at = $6 where object_ref = $2::uuid::text and processed_at is null)
     update payment.transfer set state = $3, paid_minor = $4, next_action = null, failure_code = null, ended_at = $5, updated_at = $6, version = version + 1 where id = $1`,
    [transferId, attemptId, state, paidMinor.toString(), whole ? tx.now : null, tx.now],
  );
  emitTransfer(tx, transfer, whole ? 'transfer.succeeded' : 'transfer.part_paid');
  if (whole || !attempt.cancel_requested) return state;
  await cancelLeg(tx, transferId);
  emitTransfer(tx, transfer, 'transfer.cancelled');
  return 'cancelled';
}

/** Cancels a leg whose settlement was cancelled, now that nothing of it is on its way. Harmless to repeat. */
export async function cancelUnpaidLeg(tx: Tx, transferId: string): Promise<void> {
  const transfer = await lockTransfer(tx, transferId);
  if (!moveTransfer(transfer.state, 'cancel').ok || transfer.state === 'cancelled') return;
  const open = await tx.query(`select 1 from payment.attempt where transfer_id = $1 and state not in ('succeeded', 'canceled') limit 1`, [
    transferId,
  ]);
  if (open.length > 0) return;
  await cancelLeg(tx, transferId);
  emitTransfer(tx, transfer, 'transfer.cancelled');
}

/** Notes once that a manual payment was not confirmed in time; both and the group's owner are told. It stays as it is. */
export async function noticeConfirmationOverdue(tx: Tx, transferId: string): Promise<void> {
  const transfer = await lockTransfer(tx, transferId);
  const rows = await tx.query(
    `update payment.attempt set overdue_noticed_at = $2 where transfer_id = $1 and state = 'awaiting_confirmation' and overdue_noticed_at is null returning id`,
    [transferId, tx.now],
  );
  if (rows.length > 0) emitTransfer(tx, transfer, 'transfer.confirmation_overdue');
}

/** Notes that what webhooks told of these attempts or refunds has been looked at. */
export async function noticeGatewayEventsSeen(tx: Tx, objectIds: readonly string[]): Promise<void> {
  await tx.query('update payment.gateway_event set processed_at = $2 where object_ref = any($1::text[]) and processed_at is null', [
    objectIds,
    tx.now,
  ]);
}
