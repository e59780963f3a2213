import { outcomeOf, type Outcome } from './cards.ts';
import type { Reply } from './call.ts';
import type { StripeErrorBody } from './errors.ts';
import { newId, nowSeconds } from './ids.ts';
import type { Charge, PaymentIntent, PaymentMethod, Transfer } from './types.ts';
import { withoutPrivate, type Work } from './work.ts';

type Declined = Extract<Outcome, { kind: 'declined' }>;

/** What a fault plan's decline says. */
const PLANNED_DECLINE: Declined = {
  kind: 'declined',
  code: 'card_declined',
  declineCode: 'generic_decline',
  message: 'Your card was declined.',
};

/** How a confirmation is made. */
export interface Confirmation {
  readonly work: Work;
  readonly intent: PaymentIntent;
  readonly method: PaymentMethod;
  /** The payer is not there to authenticate. */
  readonly offSession: boolean;
  /** The fault plan wants a decline. */
  readonly forceDecline: boolean;
  readonly baseUrl: string;
}

/**
 * Tries to take the money of an intent with a payment method.
 *
 * @returns 200 with the intent, or 402 when the card is declined; both have changed the intent.
 */
export function confirmWith(confirmation: Confirmation): Reply {
  const { work, method, forceDecline } = confirmation;
  const intent: PaymentIntent = {
    ...confirmation.intent,
    payment_method: method.id,
    next_action: null,
    last_payment_error: null,
    _idempotencyKey: work.origin.idempotencyKey,
  };
  const outcome = forceDecline ? PLANNED_DECLINE : outcomeOf(method);
  switch (outcome.kind) {
    case 'succeeds':
      return { status: 200, body: succeed(work, intent, method) };
    case 'declined':
      return declined(work, intent, method, outcome);
    case 'processing':
      return { status: 200, body: startProcessing(work, intent, method) };
    case 'needs_authentication':
      if (!confirmation.offSession) return { status: 200, body: askForAuthentication(work, intent, confirmation.baseUrl) };
      return declined(work, intent, method, {
        kind: 'declined',
        code: 'authentication_required',
        declineCode: 'authentication_required',
        message: 'Your card was declined. This transaction requires authentication.',
      });
  }
}

/**
 * Takes the money: charge, transfer to the destination, balances, journal, events.
 *
 * @returns the intent, succeeded.
 */
export function succeed(work: Work, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  const pending = intent.latest_charge === null ? undefined : work.get('charge', intent.latest_charge);
  const chargeId = pending?.status === 'pending' ? pending.id : newId('ch');
  const transfer = transferFor(intent, chargeId, method);
  const charge = work.put<Charge>({ ...newCharge(intent, method, chargeId, 'succeeded'), ...(transfer ? { transfer: transfer.id } : {}) });
  const fee = intent.application_fee_amount ?? 0;
  addToBalance(work, 'platform', intent.currency, intent.amount - (transfer?.amount ?? 0) + (transfer ? fee : 0));
  if (transfer) {
    work.put(transfer);
    addToBalance(work, transfer.destination, intent.currency, transfer.amount - fee);
  }
  const next = work.put<PaymentIntent>({
    ...intent,
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: charge.id,
    next_action: null,
    last_payment_error: null,
  });
  work.effect({
    effect: 'charge',
    id: charge.id,
    paymentIntent: intent.id,
    amount: intent.amount,
    currency: intent.currency,
    destination: transfer?.destination ?? null,
    metadata: intent.metadata,
    idempotencyKey: intent._idempotencyKey,
  });
  work.event('charge.succeeded', charge);
  if (transfer) work.event('transfer.created', transfer);
  work.event('payment_intent.succeeded', next);
  return next;
}

/** Records that the payment did not go through; the intent asks for another payment method. */
export function fail(
  work: Work,
  intent: PaymentIntent,
  method: PaymentMethod,
  reason: Declined,
): { readonly intent: PaymentIntent; readonly error: StripeErrorBody } {
  const failure = { failure_code: reason.code, failure_message: reason.message, paid: false, captured: false, amount_captured: 0 };
  const charge = work.put<Charge>({ ...newCharge(intent, method, newId('ch'), 'failed'), ...failure });
  const error: StripeErrorBody = {
    type: 'card_error',
    code: reason.code,
    ...(reason.declineCode === undefined ? {} : { decline_code: reason.declineCode }),
    charge: charge.id,
    message: reason.message,
    doc_url: `https://stripe.com/docs/error-codes/${reason.code.replaceAll('_', '-')}`,
    payment_method: withoutPrivate(method),
  };
  const next = work.put<PaymentIntent>({
    ...intent,
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    latest_charge: charge.id,
    last_payment_error: error,
  });
  work.event('charge.failed', charge);
  work.event('payment_intent.payment_failed', next);
  return { intent: next, error };
}

/** Adds to what the platform or a connected account holds; a negative amount takes away. */
export function addToBalance(work: Work, holder: string, currency: string, amount: number): void {
  const present = work.get('balance', holder) ?? { id: holder, object: 'balance' as const, created: nowSeconds(), amounts: {} };
  work.put({ ...present, amounts: { ...present.amounts, [currency]: (present.amounts[currency] ?? 0) + amount } });
}

function declined(work: Work, intent: PaymentIntent, method: PaymentMethod, reason: Declined): Reply {
  const failed = fail(work, intent, method, reason);
  return { status: 402, body: { error: { ...failed.error, payment_intent: withoutPrivate(failed.intent) } } };
}

function startProcessing(work: Work, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  const charge = work.put<Charge>({
    ...newCharge(intent, method, newId('py'), 'pending'),
    paid: false,
    captured: false,
    amount_captured: 0,
  });
  const next = work.put<PaymentIntent>({ ...intent, status: 'processing', latest_charge: charge.id });
  work.event('payment_intent.processing', next);
  return next;
}

function askForAuthentication(work: Work, intent: PaymentIntent, baseUrl: string): PaymentIntent {
  const url = `${baseUrl}/authenticate/${intent.id}?client_secret=${intent.client_secret}`;
  const next = work.put<PaymentIntent>({
    ...intent,
    status: 'requires_action',
    next_action: { type: 'redirect_to_url', redirect_to_url: { url, return_url: intent._returnUrl } },
  });
  work.event('payment_intent.requires_action', next);
  return next;
}

function newCharge(intent: PaymentIntent, method: PaymentMethod, id: string, status: Charge['status']): Charge {
  return {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: intent.amount,
    amount_refunded: 0,
    application_fee_amount: intent.application_fee_amount,
    balance_transaction: status === 'succeeded' ? newId('txn') : null,
    billing_details: method.billing_details,
    captured: true,
    created: nowSeconds(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: intent.on_behalf_of,
    outcome: {
      network_status: status === 'failed' ? 'declined_by_network' : 'approved_by_network',
      type: status === 'failed' ? 'issuer_declined' : 'authorized',
    },
    paid: true,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: method.card
      ? { type: 'card', card: method.card }
      : { type: 'us_bank_account', us_bank_account: method.us_bank_account ?? {} },
    receipt_email: intent.receipt_email,
    receipt_url: null,
    refunded: false,
    status,
    transfer_data: intent.transfer_data,
    transfer_group: intent.transfer_group,
  };
}

function transferFor(intent: PaymentIntent, chargeId: string, method: PaymentMethod): Transfer | undefined {
  if (!intent.transfer_data) return undefined;
  return {
    id: newId('tr'),
    object: 'transfer',
    amount: intent.transfer_data.amount ?? intent.amount,
    amount_reversed: 0,
    balance_transaction: newId('txn'),
    created: nowSeconds(),
    currency: intent.currency,
    description: intent.transfer_data.description ?? null,
    destination: intent.transfer_data.destination,
    destination_payment: newId('py'),
    livemode: false,
    metadata: intent.transfer_data.metadata,
    reversed: false,
    source_transaction: chargeId,
    source_type: method.type === 'card' ? 'card' : 'bank_account',
    transfer_group: intent.transfer_group ?? `group_${intent.id}`,
  };
}
