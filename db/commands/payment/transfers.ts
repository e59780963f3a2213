import { parseAmount } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { mayPay, moveTransfer, payAmount } from '../../../domain/transfer.ts';
import type { Tx } from '../../transact.ts';
import { emitTransfer, lockTransfer, type LockedTransfer, type PaymentWay, startAttempt } from './attempts.ts';
import { groupFor } from './groups.ts';

/** What a payer asks for. */
export interface PayTransfer {
  readonly transferId: string;
  readonly userId: string;
  readonly way: PaymentWay;
  readonly paymentMethodId?: string | undefined;
  /** A part, as a decimal text; everything that remains when absent. */
  readonly amount?: string | undefined;
}

/**
 * Starts to pay a transfer, or a part of it. The try is stored; its process asks the gateway.
 *
 * @throws RefusalError deleted, settlement_ended, payment_in_progress, wrong_state, overpayment, receiver_cannot_receive, amount_not_payable,
 *   amount_not_positive, amount_precision, payment_method_not_used.
 */
export async function payTransfer(tx: Tx, input: PayTransfer): Promise<void> {
  const transfer = await lockTransfer(tx, input.transferId);
  await groupFor(tx, transfer.groupId, 'settle');
  await refuseCancelled(tx, transfer);
  checkMethod(input.way, input.paymentMethodId);
  // Whether it may be paid at all comes first: what remains of a paid transfer is not what its payer wants to hear of.
  if (!mayPay(transfer.state)) unwrap(moveTransfer(transfer.state, 'pay_by_gateway'));
  const requestedMinor = input.amount === undefined ? undefined : unwrap(parseAmount(input.amount, transfer.currency, '/amount'));
  const amountMinor = unwrap(payAmount({ moneyMinor: transfer.amountMinor, paidMinor: transfer.paidMinor, requestedMinor }));
  await startAttempt(tx, transfer, { way: input.way, amountMinor, paymentMethodRef: input.paymentMethodId ?? null, userId: input.userId });
  emitTransfer(tx, transfer, 'transfer.pay_requested', input.userId);
}

/** Refuses a payment method where the receiver's word is what counts. */
export function checkMethod(way: PaymentWay, paymentMethodId: string | undefined): void {
  if (way.confirmedBy === 'receiver' && paymentMethodId !== undefined)
    throw refusal('payment_method_not_used', 'A manual payment has no payment method.', '/paymentMethodId');
}

async function refuseCancelled(tx: Tx, transfer: LockedTransfer): Promise<void> {
  if (transfer.settlementId === null) return;
  const rows = await tx.query('select 1 from payment.settlement where id = $1 and cancel_requested_at is not null', [
    transfer.settlementId,
  ]);
  if (rows.length > 0) throw refusal('settlement_ended', 'The settlement of this transfer was cancelled.');
}

/**
 * The receiver says that a manual payment arrived; also after a dispute. Its process posts it to the ledger.
 *
 * @throws RefusalError wrong_state.
 */
export async function confirmTransfer(tx: Tx, transferId: string, userId: string): Promise<void> {
  const transfer = await lockTransfer(tx, transferId);
  await groupFor(tx, transfer.groupId, 'settle');
  const state = unwrap(moveTransfer(transfer.state, 'confirm'));
  const confirmed = await tx.query(
    `update payment.attempt set state = 'captured', captured_on = coalesce(captured_on, $2::timestamptz::date), updated_at = $2
     where transfer_id = $1 and state = 'awaiting_confirmation' returning id`,
    [transferId, tx.now],
  );
  if (confirmed.length !== 1) throw refusal('wrong_state', 'No manual payment of this transfer waits for confirmation.');
  await tx.query('update payment.transfer set state = $2, updated_at = $3, version = version + 1 where id = $1', [
    transferId,
    state,
    tx.now,
  ]);
  emitTransfer(tx, transfer, 'transfer.confirmed', userId);
}

/**
 * The receiver says that a manual payment did not arrive. The try stays open, since payer and receiver may yet agree.
 *
 * @throws RefusalError wrong_state.
 */
export async function disputeTransfer(tx: Tx, transferId: string, userId: string, reason: string): Promise<void> {
  const transfer = await lockTransfer(tx, transferId);
  const state = unwrap(moveTransfer(transfer.state, 'dispute'));
  await tx.query('update payment.transfer set state = $2, dispute_reason = $3, updated_at = $4, version = version + 1 where id = $1', [
    transferId,
    state,
    reason,
    tx.now,
  ]);
  emitTransfer(tx, transfer, 'transfer.disputed', userId);
}

/** One reminder of a transfer by hand within this time. */
const REMIND_HOURS = 24;

/**
 * Asks that the payer be reminded of a transfer; at most once a day.
 *
 * @throws RefusalError wrong_state, already_reminded.
 */
export async function remindTransfer(tx: Tx, transferId: string, userId: string): Promise<void> {
  const transfer = await lockTransfer(tx, transferId);
  await groupFor(tx, transfer.groupId, 'settle');
  if (!mayPay(transfer.state)) throw refusal('wrong_state', `The transfer is ${transfer.state.replaceAll('_', ' ')}.`);
  const rows = await tx.query(
    `update payment.transfer set reminded_at = $2 where id = $1 and (reminded_at is null or reminded_at <= $2::timestamptz - interval '${REMIND_HOURS} hours') returning id`,
    [transferId, tx.now],
  );
  if (rows.length === 0) throw refusal('already_reminded', 'The payer was reminded of this transfer within a day.');
  emitTransfer(tx, transfer, 'transfer.remind_requested', userId);
}
