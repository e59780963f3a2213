import { move, type Transitions } from './machine.ts';
import { ok, refuse, type Outcome } from './refusal.ts';

/** States of a transfer, one leg of a settlement or a payment outside one. */
export const TRANSFER_STATES = [
  'planned',
  'processing',
  'awaiting_confirmation',
  'succeeded',
  'failed',
  'unknown',
  'quarantined',
  'disputed',
  'cancelled',
] as const;
export type TransferState = (typeof TRANSFER_STATES)[number];

/**
 * What can happen to a transfer.
 *
 * - `pay_by_gateway`, `pay_manually`: the payer starts an attempt.
 * - `confirm`, `dispute`: the receiver says that a manual payment arrived, or did not.
 * - `gateway_*`: news about an attempt, raised only when they changed the attempt (see `ATTEMPT_TRANSITIONS`).
 * - `posted`, `posted_part`: the ledger has the whole amount, or the part that was paid.
 * - `resolve_paid`, `resolve_unpaid`: a decision of two operators, or of payer and receiver in a dispute.
 */
export const TRANSFER_EVENTS = [
  'pay_by_gateway',
  'pay_manually',
  'confirm',
  'dispute',
  'gateway_processing',
  'gateway_succeeded',
  'gateway_failed',
  'gateway_unknown',
  'gateway_mismatch',
  'posted',
  'posted_part',
  'resolve_paid',
  'resolve_unpaid',
  'cancel',
] as const;
export type TransferEvent = (typeof TRANSFER_EVENTS)[number];

/**
 * The life of a transfer.
 *
 * It is `succeeded` only by the ledger's posting, and final then: a later refund or a chargeback shows on the payment,
 * not here. A dispute is about a manual payment that the receiver has not seen. Money that arrives where none was
 * expected (after a failure, a cancellation, or beside a manual payment) is never dropped: it is quarantined.
 * Late news of the gateway changes nothing.
 */
export const TRANSFER_TRANSITIONS: Transitions<TransferState, TransferEvent> = {
  planned: {
    pay_by_gateway: 'processing',
    pay_manually: 'awaiting_confirmation',
    gateway_processing: 'planned',
    gateway_succeeded: 'quarantined',
    gateway_failed: 'planned',
    gateway_unknown: 'planned',
    gateway_mismatch: 'quarantined',
    posted_part: 'planned',
    cancel: 'cancelled',
  },
  processing: {
    gateway_processing: 'processing',
    gateway_succeeded: 'processing',
    gateway_failed: 'failed',
    gateway_unknown: 'unknown',
    gateway_mismatch: 'quarantined',
    posted: 'succeeded',
    posted_part: 'planned',
  },
  awaiting_confirmation: {
    confirm: 'processing',
    dispute: 'disputed',
    gateway_processing: 'awaiting_confirmation',
    gateway_succeeded: 'quarantined',
    gateway_failed: 'awaiting_confirmation',
    gateway_unknown: 'awaiting_confirmation',
    gateway_mismatch: 'quarantined',
  },
  succeeded: {
    gateway_processing: 'succeeded',
    gateway_succeeded: 'succeeded',
    gateway_failed: 'succeeded',
    gateway_unknown: 'succeeded',
    gateway_mismatch: 'succeeded',
    posted: 'succeeded',
  },
  failed: {
    pay_by_gateway: 'processing',
    pay_manually: 'awaiting_confirmation',
    gateway_processing: 'failed',
    gateway_succeeded: 'quarantined',
    gateway_failed: 'failed',
    gateway_unknown: 'failed',
    gateway_mismatch: 'quarantined',
    cancel: 'cancelled',
  },
  unknown: {
    gateway_processing: 'processing',
    gateway_succeeded: 'processing',
    gateway_failed: 'failed',
    gateway_unknown: 'unknown',
    gateway_mismatch: 'quarantined',
    resolve_paid: 'processing',
    resolve_unpaid: 'failed',
  },
  quarantined: {
    gateway_processing: 'quarantined',
    gateway_succeeded: 'quarantined',
    gateway_failed: 'quarantined',
    gateway_unknown: 'quarantined',
    gateway_mismatch: 'quarantined',
    resolve_paid: 'processing',
    resolve_unpaid: 'failed',
  },
  disputed: {
    confirm: 'processing',
    dispute: 'disputed',
    gateway_processing: 'disputed',
    gateway_succeeded: 'quarantined',
    gateway_failed: 'disputed',
    gateway_unknown: 'disputed',
    gateway_mismatch: 'quarantined',
    resolve_paid: 'processing',
    resolve_unpaid: 'failed',
  },
  cancelled: {
    gateway_processing: 'cancelled',
    gateway_succeeded: 'quarantined',
    gateway_failed: 'cancelled',
    gateway_unknown: 'cancelled',
    gateway_mismatch: 'quarantined',
  },
};

/** Moves a transfer. Refusal `payment_in_progress` while money may be on its way, `wrong_state` otherwise. */
export function moveTransfer(state: TransferState, event: TransferEvent): Outcome<TransferState> {
  return move(TRANSFER_TRANSITIONS, state, event, (at, asked) => {
    const starts = asked === 'pay_by_gateway' || asked === 'pay_manually' || asked === 'cancel';
    return starts && isMoneyOnItsWay(at)
      ? { code: 'payment_in_progress', detail: 'A payment of this transfer is under way or not yet resolved.' }
      : { code: 'wrong_state', detail: `The transfer is ${at.replaceAll('_', ' ')}.` };
  });
}

/** Whether a transfer waits to be paid, for the first time or again. */
export function mayPay(state: TransferState): boolean {
  return TRANSFER_TRANSITIONS[state].pay_by_gateway !== undefined;
}

/** Whether a transfer may be cancelled: not while an attempt is in flight, unknown, or claimed to have been paid. */
export function mayCancel(state: TransferState): boolean {
  return TRANSFER_TRANSITIONS[state].cancel !== undefined;
}

/** Whether nothing more is expected of a transfer; its settlement counts it as ended. */
export function isTransferEnded(state: TransferState): boolean {
  return state === 'succeeded' || state === 'cancelled';
}

function isMoneyOnItsWay(state: TransferState): boolean {
  return !mayPay(state) && !isTransferEnded(state);
}

/**
 * How much one payment of a transfer moves; minor units of its currency.
 *
 * @param input.requestedMinor a part payment; everything that remains when absent.
 * @returns the amount, or refusal `amount_not_positive`, or `overpayment` above what remains.
 */
export function payAmount(input: { moneyMinor: bigint; paidMinor: bigint; requestedMinor?: bigint | undefined }): Outcome<bigint> {
  const remainingMinor = input.moneyMinor - input.paidMinor;
  const amountMinor = input.requestedMinor ?? remainingMinor;
  if (input.requestedMinor !== undefined && amountMinor <= 0n) {
    return refuse('amount_not_positive', 'The amount must be above zero.', '/amount');
  }
  if (amountMinor > remainingMinor || amountMinor <= 0n) return refuse('overpayment', 'The amount is more than what remains.', '/amount');
  return ok(amountMinor);
}

/** States of a settlement, a plan that is being paid. */
export type SettlementState = 'planning' | 'collecting' | 'settled' | 'partly_settled' | 'cancelled';

/**
 * The state of a settlement, which follows from its transfers.
 *
 * @param transfers null before the plan is made; an empty list when it found nothing left to settle.
 */
export function settlementState(transfers: readonly { state: TransferState; paidMinor: bigint }[] | null): SettlementState {
  if (transfers === null) return 'planning';
  if (!transfers.every((transfer) => isTransferEnded(transfer.state))) return 'collecting';
  if (transfers.every((transfer) => transfer.state === 'cancelled' && transfer.paidMinor === 0n)) return 'cancelled';
  return transfers.every((transfer) => transfer.state === 'succeeded') ? 'settled' : 'partly_settled';
}
