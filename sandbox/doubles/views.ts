import { stripeDigits } from './stripe/currencies.ts';
import type { StripeStore } from './stripe/store.ts';
import type { PaymentIntent } from './stripe/types.ts';

/** A payment as a person reads it. */
export interface PaymentView {
  readonly id: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** Decimal text with Stripe's digits for the currency. */
  readonly amount: string;
  readonly currency: string;
  readonly status: string;
  readonly description: string | null;
  readonly destination: string | null;
  readonly method: string | null;
  readonly refunded: string | null;
  readonly error: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the payer has to act, when the intent waits for that. */
  readonly actionUrl: string | null;
  readonly attempts: number;
}

/** A delivery of an event as a person reads it. */
export interface WebhookView {
  readonly id: string;
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
  readonly at: string;
  readonly state: 'pending' | 'delivered' | 'given_up';
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly lastAt: string | null;
}

/** The latest payments, newest first. */
export function viewPayments(store: StripeStore, limit: number): readonly PaymentView[] {
  const intents = store.list('payment_intent').slice(-limit).toReversed();
  const attempts = Map.groupBy(store.list('charge'), (charge) => charge.payment_intent);
  return intents.map((intent) => viewPayment(store, intent, attempts.get(intent.id)?.length ?? 0));
}

/** The latest deliveries, newest first. */
export function viewWebhooks(store: StripeStore, limit: number): readonly WebhookView[] {
  return store.deliveries
    .slice(-limit)
    .toReversed()
    .map((delivery) => {
      const event = store.get('event', delivery.eventId);
      const object = event?.data.object as { readonly id?: string } | undefined;
      return {
        id: delivery.id,
        eventId: delivery.eventId,
        type: delivery.eventType,
        objectId: object?.id ?? '',
        at: isoOf(event?.created ?? 0),
        state: delivery.state,
        attempts: delivery.attempts,
        lastStatus: delivery.lastStatus,
        lastError: delivery.lastError,
        lastAt: delivery.lastAt,
      };
    });
}

function viewPayment(store: StripeStore, intent: PaymentIntent, attempts: number): PaymentView {
  const charge = intent.latest_charge === null ? undefined : store.get('charge', intent.latest_charge);
  const method = charge?.payment_method ? store.get('payment_method', charge.payment_method) : undefined;
  const card = (method?.card ?? method?.us_bank_account) as { readonly brand?: string; readonly last4?: string } | undefined;
  const action = intent.next_action as { readonly redirect_to_url?: { readonly url?: string } } | null;
  const error = intent.last_payment_error as { readonly decline_code?: string; readonly code?: string } | null;
  return {
    id: intent.id,
    at: isoOf(intent.created),
    amount: decimal(intent.amount, intent.currency),
    currency: intent.currency.toUpperCase(),
    status: statusOf(intent, charge?.amount_refunded ?? 0),
    description: intent.description,
    destination: intent.transfer_data?.destination ?? null,
    method: card ? `${card.brand ?? 'bank'} ${card.last4 ?? ''}` : null,
    refunded: charge && charge.amount_refunded > 0 ? decimal(charge.amount_refunded, intent.currency) : null,
    error: error?.decline_code ?? error?.code ?? null,
    metadata: intent.metadata,
    actionUrl: action?.redirect_to_url?.url ?? null,
    attempts,
  };
}

function statusOf(intent: PaymentIntent, refunded: number): string {
  if (intent.status !== 'succeeded' || refunded === 0) return intent.status;
  return refunded === intent.amount ? 'refunded' : 'partly_refunded';
}

function decimal(amount: number, currency: string): string {
  const digits = stripeDigits(currency);
  const text = String(amount).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
