import { move, type Transitions } from './machine.ts';
import { ok, refuse, type Outcome } from './refusal.ts';

/** States of a refund. */
export const REFUND_STATES = ['requested', 'approved', 'processing', 'succeeded', 'failed', 'unknown', 'rejected'] as const;
export type RefundState = (typeof REFUND_STATES)[number];

/** What can happen to a refund; `posted` is the reversal in the ledger. */
export const REFUND_EVENTS = [
  'approve',
  'reject',
  'send',
  'gateway_processing',
  'gateway_succeeded',
  'gateway_failed',
  'gateway_unknown',
  'posted',
  'resolve_paid',
  'resolve_unpaid',
] as const;
export type RefundEvent = (typeof REFUND_EVENTS)[number];

/**
 * The life of a refund. It is `succeeded` only by the ledger's reversal; a manual one goes there from `approved`. A
 * failed one is tried again only as a new refund with a key of its own. A success that is reported after a failure
 * contradicts what was proven: it becomes unknown, so that a person looks at it.
 */
export const REFUND_TRANSITIONS: Transitions<RefundState, RefundEvent> = {
  requested: { approve: 'approved', reject: 'rejected' },
  approved: { send: 'processing', posted: 'succeeded' },
  processing: {
    send: 'processing',
    gateway_processing: 'processing',
    gateway_succeeded: 'processing',
    gateway_failed: 'failed',
    gateway_unknown: 'unknown',
    posted: 'succeeded',
  },
  succeeded: {
    gateway_processing: 'succeeded',
    gateway_succeeded: 'succeeded',
    gateway_failed: 'succeeded',
    gateway_unknown: 'succeeded',
    posted: 'succeeded',
  },
  failed: { gateway_processing: 'failed', gateway_succeeded: 'unknown', gateway_failed: 'failed', gateway_unknown: 'failed' },
  unknown: {
    gateway_processing: 'processing',
    gateway_succeeded: 'processing',
    gateway_failed: 'failed',
    gateway_unknown: 'unknown',
    resolve_paid: 'processing',
    resolve_unpaid: 'failed',
  },
  rejected: {},
};

/** Moves a refund; refusal `wrong_state`. */
export function moveRefund(state: RefundState, event: RefundEvent): Outcome<RefundState> {
  return move(REFUND_TRANSITIONS, state, event);
}

/** Whether a refund may still take money from its payment, so that its amount stays reserved. */
export function isRefundOpen(state: RefundState): boolean {
  return state === 'requested' || state === 'approved' || state === 'processing' || state === 'unknown';
}

/**
 * How much a refund gives back; minor units of the payment's currency.
 *
 * @param input.openRefundsMinor refunds that may still succeed: they count as if they had.
 * @param input.requestedMinor a part; everything that is left when absent.
 * @returns the amount, or refusal `amount_not_positive`, or `refund_exceeds_payment`.
 */
export function refundable(input: {
  paidMinor: bigint;
  refundedMinor: bigint;
  openRefundsMinor: bigint;
  requestedMinor?: bigint | undefined;
}): Outcome<bigint> {
  const leftMinor = input.paidMinor - input.refundedMinor - input.openRefundsMinor;
  const amountMinor = input.requestedMinor ?? leftMinor;
  if (input.requestedMinor !== undefined && amountMinor <= 0n) {
    return refuse('amount_not_positive', 'The amount must be above zero.', '/amount');
  }
  if (amountMinor > leftMinor || amountMinor <= 0n) {
    return refuse('refund_exceeds_payment', 'Together with other refunds this is more than the payment.', '/amount');
  }
  return ok(amountMinor);
}

/** Who decides about refunds in a group. */
export type RefundApproval = 'none' | 'receiver' | 'owner';

/** The policy of a group that has not set one. */
export const REFUND_APPROVAL_DEFAULT: RefundApproval = 'receiver';

/** Whose approval a refund needs; with `nobody` it is approved at once. */
export type RefundApprover = 'nobody' | 'receiver' | 'owner';

/**
 * Who has to approve a refund.
 *
 * The receiver's own request needs nobody under any policy, as it is the receiver's money; neither does an owner who
 * would have to ask themselves. A manual refund always needs the receiver, who alone knows that the money went back.
 */
export function refundDecision(input: {
  policy: RefundApproval;
  requestedBy: 'payer' | 'receiver' | 'owner';
  isManual: boolean;
}): RefundApprover {
  if (input.requestedBy === 'receiver') return 'nobody';
  if (input.isManual || input.policy === 'receiver') return 'receiver';
  return input.policy === 'none' || input.requestedBy === 'owner' ? 'nobody' : 'owner';
}
