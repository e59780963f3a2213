import { move, type Transitions } from './machine.ts';
import type { Outcome } from './refusal.ts';

/**
 * States of an attempt, one try to pay.
 *
 * `captured`: the money moved and the ledger does not have it yet. `succeeded`: it has. `declined` is not final: the
 * same try may be confirmed again, or cancelled. Only `canceled` proves that it will never move money.
 */
export const ATTEMPT_STATES = [
  'created',
  'sent',
  'requires_action',
  'awaiting_confirmation',
  'captured',
  'succeeded',
  'declined',
  'canceled',
  'unknown',
  'quarantined',
] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/**
 * What can happen to an attempt: what we do (`send`, `claim` for a manual payment, `posted` to the ledger), what the
 * receiver says (`confirmed`, `denied`), what the gateway reports, and what operators decide.
 */
export const ATTEMPT_EVENTS = [
  'send',
  'claim',
  'confirmed',
  'denied',
  'gateway_requires_action',
  'gateway_processing',
  'gateway_succeeded',
  'gateway_declined',
  'gateway_canceled',
  'gateway_timed_out',
  'gateway_mismatch',
  'posted',
  'resolve_paid',
  'resolve_unpaid',
] as const;
export type AttemptEvent = (typeof ATTEMPT_EVENTS)[number];

const REPORTED: Readonly<Partial<Record<AttemptEvent, AttemptState>>> = {
  gateway_requires_action: 'requires_action',
  gateway_processing: 'sent',
  gateway_succeeded: 'captured',
  gateway_declined: 'declined',
  gateway_canceled: 'canceled',
  gateway_timed_out: 'unknown',
  gateway_mismatch: 'quarantined',
};

/** Late reports change nothing. */
function unmovedByReports<State extends AttemptState>(state: State): Partial<Record<AttemptEvent, State>> {
  return {
    gateway_requires_action: state,
    gateway_processing: state,
    gateway_succeeded: state,
    gateway_declined: state,
    gateway_canceled: state,
    gateway_timed_out: state,
    gateway_mismatch: state,
  };
}

/**
 * The life of an attempt. Reports may come twice, late and out of order; none moves it back. A success after a final
 * failure contradicts what was proven, so a person looks at it.
 */
export const ATTEMPT_TRANSITIONS: Transitions<AttemptState, AttemptEvent> = {
  created: { ...REPORTED, send: 'sent', claim: 'awaiting_confirmation' },
  sent: { ...REPORTED, send: 'sent' },
  requires_action: { ...REPORTED, send: 'sent' },
  // A time-out while a declined try is being cancelled leaves it declined: nothing has been confirmed again.
  declined: {
    ...unmovedByReports('declined'),
    send: 'sent',
    gateway_succeeded: 'captured',
    gateway_canceled: 'canceled',
    gateway_mismatch: 'quarantined',
  },
  // Sending again is refused: first the gateway is asked by our reference.
  unknown: { ...REPORTED, resolve_paid: 'captured', resolve_unpaid: 'canceled' },
  awaiting_confirmation: {
    claim: 'awaiting_confirmation',
    confirmed: 'captured',
    denied: 'canceled',
    resolve_paid: 'captured',
    resolve_unpaid: 'canceled',
  },
  captured: { ...unmovedByReports('captured'), gateway_mismatch: 'quarantined', confirmed: 'captured', posted: 'succeeded' },
  succeeded: { ...unmovedByReports('succeeded'), confirmed: 'succeeded', posted: 'succeeded' },
  canceled: { ...unmovedByReports('canceled'), gateway_succeeded: 'quarantined', gateway_mismatch: 'quarantined' },
  quarantined: { ...unmovedByReports('quarantined'), resolve_paid: 'captured', resolve_unpaid: 'canceled' },
};

/** Moves an attempt; refusal `wrong_state`. */
export function moveAttempt(state: AttemptState, event: AttemptEvent): Outcome<AttemptState> {
  return move(ATTEMPT_TRANSITIONS, state, event);
}

/** Whether an attempt may still move money, so that no other one may start; `declined` must be cancelled first. */
export function isAttemptOpen(state: AttemptState): boolean {
  return state !== 'succeeded' && state !== 'canceled';
}
