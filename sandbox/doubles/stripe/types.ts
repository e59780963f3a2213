/** Free text pairs that a client keeps with an object. */
export type Metadata = Readonly<Record<string, string>>;

interface Base<O extends string> {
  readonly id: string;
  readonly object: O;
  /** Unix time in seconds. */
  readonly created: number;
  readonly livemode: false;
}

/** State of one capability of a connected account. */
export type CapabilityState = 'active' | 'inactive' | 'pending';

/** A connected account. Fields whose name begins with `_` never leave the double. */
export interface Account extends Omit<Base<'account'>, 'livemode'> {
  readonly type: 'express' | 'custom' | 'standard' | 'none';
  readonly business_profile: object | null;
  readonly business_type: string | null;
  readonly capabilities: Readonly<Record<string, CapabilityState>>;
  readonly charges_enabled: boolean;
  readonly controller: object;
  readonly country: string;
  readonly default_currency: string;
  readonly details_submitted: boolean;
  readonly email: string | null;
  readonly external_accounts: object;
  readonly future_requirements: object;
  readonly metadata: Metadata;
  readonly payouts_enabled: boolean;
  readonly requirements: object;
  readonly settings: object;
}

/** A page on which the holder of a connected account gives the details. `id` is the secret part of its address. */
export interface AccountLinkRecord {
  readonly id: string;
  readonly object: 'account_link';
  readonly created: number;
  readonly expires_at: number;
  readonly account: string;
  readonly refresh_url: string | null;
  readonly return_url: string | null;
}

/** A payer as the platform's account knows it. */
export interface Customer extends Base<'customer'> {
  readonly address: null;
  readonly balance: number;
  readonly currency: string | null;
  readonly default_source: null;
  readonly delinquent: boolean;
  readonly description: string | null;
  readonly email: string | null;
  readonly invoice_prefix: string;
  readonly invoice_settings: object;
  readonly metadata: Metadata;
  readonly name: string | null;
  readonly phone: string | null;
  readonly preferred_locales: readonly string[];
  readonly shipping: null;
  readonly tax_exempt: 'none';
  readonly test_clock: null;
  /** Kept so that a deleted customer still answers as deleted. */
  readonly _deleted: boolean;
}

/** A card or bank account that can be charged. `_behaviour` names the test card it came from. */
export interface PaymentMethod extends Base<'payment_method'> {
  readonly allow_redisplay: 'unspecified';
  readonly billing_details: object;
  readonly card?: object;
  readonly us_bank_account?: object;
  readonly customer: string | null;
  readonly metadata: Metadata;
  readonly type: 'card' | 'us_bank_account';
  readonly _behaviour: string;
}

/** States of a PaymentIntent that the double knows. */
export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'succeeded'
  | 'canceled';

/** One intended payment; at most one charge of it ever succeeds. */
export interface PaymentIntent extends Base<'payment_intent'> {
  readonly amount: number;
  /** The caller's choice; `payment_method_types` is what came of it. */
  readonly allowed_payment_method_types: readonly string[] | null;
  readonly amount_capturable: 0;
  readonly amount_details: object;
  readonly amount_received: number;
  readonly application: null;
  readonly application_fee_amount: number | null;
  readonly automatic_payment_methods: { readonly enabled: boolean; readonly allow_redirects?: 'always' | 'never' } | null;
  readonly canceled_at: number | null;
  readonly cancellation_reason: string | null;
  readonly capture_method: 'automatic' | 'automatic_async';
  readonly client_secret: string;
  readonly confirmation_method: 'automatic' | 'manual';
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly last_payment_error: object | null;
  readonly latest_charge: string | null;
  readonly metadata: Metadata;
  readonly next_action: object | null;
  readonly on_behalf_of: string | null;
  readonly payment_method: string | null;
  readonly payment_method_options: object;
  readonly payment_method_types: readonly string[];
  readonly processing: null;
  readonly receipt_email: string | null;
  readonly review: null;
  readonly setup_future_usage: 'on_session' | 'off_session' | null;
  readonly shipping: null;
  readonly source: null;
  readonly statement_descriptor: string | null;
  readonly statement_descriptor_suffix: string | null;
  readonly status: IntentStatus;
  readonly transfer_data: {
    readonly destination: string;
    readonly amount?: number;
    readonly description?: string;
    readonly metadata: Metadata;
  } | null;
  readonly transfer_group: string | null;
  readonly _returnUrl: string | null;
  /** The key of the confirming request, for the journal when the effect comes later than the request. */
  readonly _idempotencyKey: string | null;
}

/** A permission to charge a payment method later. */
export interface SetupIntent extends Base<'setup_intent'> {
  readonly allowed_payment_method_types: readonly string[] | null;
  readonly application: null;
  readonly automatic_payment_methods: object | null;
  readonly cancellation_reason: string | null;
  readonly client_secret: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly last_setup_error: object | null;
  readonly latest_attempt: null;
  readonly mandate: null;
  readonly metadata: Metadata;
  readonly next_action: null;
  readonly on_behalf_of: null;
  readonly payment_method: string | null;
  readonly payment_method_types: readonly string[];
  readonly status: 'requires_payment_method' | 'requires_confirmation' | 'succeeded' | 'canceled';
  readonly usage: 'on_session' | 'off_session';
}

/** One attempt to take money, succeeded, pending or failed. */
export interface Charge extends Base<'charge'> {
  readonly amount: number;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly application_fee_amount: number | null;
  readonly balance_transaction: string | null;
  readonly billing_details: object;
  readonly captured: boolean;
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly disputed: boolean;
  readonly failure_code: string | null;
  readonly failure_message: string | null;
  readonly metadata: Metadata;
  readonly on_behalf_of: string | null;
  readonly outcome: object | null;
  readonly paid: boolean;
  readonly payment_intent: string;
  readonly payment_method: string | null;
  readonly payment_method_details: object;
  readonly receipt_email: string | null;
  readonly receipt_url: string | null;
  readonly refunded: boolean;
  readonly status: 'succeeded' | 'pending' | 'failed';
  readonly transfer?: string;
  readonly transfer_data: object | null;
  readonly transfer_group: string | null;
}

/** Money moved on to a connected account. */
export interface Transfer extends Base<'transfer'> {
  readonly amount: number;
  readonly amount_reversed: number;
  readonly balance_transaction: string;
  readonly currency: string;
  readonly description: string | null;
  readonly destination: string;
  readonly destination_payment: string;
  readonly metadata: Metadata;
  readonly reversed: boolean;
  readonly source_transaction: string;
  readonly source_type: 'card' | 'bank_account';
  readonly transfer_group: string | null;
}

/** Money taken back from a connected account. */
export interface TransferReversal {
  readonly id: string;
  readonly object: 'transfer_reversal';
  readonly created: number;
  readonly amount: number;
  readonly balance_transaction: string;
  readonly currency: string;
  readonly destination_payment_refund: string;
  readonly metadata: Metadata;
  readonly source_refund: string;
  readonly transfer: string;
}

/** Money given back to the payer. */
export interface Refund {
  readonly id: string;
  readonly object: 'refund';
  readonly created: number;
  readonly amount: number;
  readonly balance_transaction: string;
  readonly charge: string;
  readonly currency: string;
  readonly destination_details: object;
  readonly metadata: Metadata;
  readonly payment_intent: string;
  readonly reason: string | null;
  readonly receipt_number: null;
  readonly source_transfer_reversal: null;
  readonly status: 'succeeded';
  readonly transfer_reversal: string | null;
}

/** What the platform (`id` is `platform`) or a connected account holds, in smallest units by currency. */
export interface BalanceRecord {
  readonly id: string;
  readonly object: 'balance';
  readonly created: number;
  readonly amounts: Readonly<Record<string, number>>;
}

/** Something that happened, as webhooks tell it. */
export interface StripeEvent extends Base<'event'> {
  readonly account?: string;
  readonly api_version: string;
  readonly data: { readonly object: object; readonly previous_attributes?: object };
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly type: string;
}

/** Everything that the double keeps, by its `object` name. */
export interface ObjectKinds {
  account: Account;
  account_link: AccountLinkRecord;
  customer: Customer;
  payment_method: PaymentMethod;
  payment_intent: PaymentIntent;
  setup_intent: SetupIntent;
  charge: Charge;
  transfer: Transfer;
  transfer_reversal: TransferReversal;
  refund: Refund;
  balance: BalanceRecord;
  event: StripeEvent;
}

/** The name of a kind of object. */
export type Kind = keyof ObjectKinds;
/** Any object that the double keeps. */
export type StoredObject = ObjectKinds[Kind];

/** One line of the effect journal: money that really moved. Amounts are in Stripe's smallest unit of the currency. */
export interface Effect {
  /** Counts from 1 without gaps. */
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly effect: 'charge' | 'refund' | 'reversal';
  /** Id of the charge, refund or transfer reversal. */
  readonly id: string;
  readonly paymentIntent: string;
  readonly amount: number;
  readonly currency: string;
  /** The connected account that received, or from which was taken back; null when only the platform was concerned. */
  readonly destination: string | null;
  readonly metadata: Metadata;
  readonly idempotencyKey: string | null;
}

/** An answer kept under its idempotency key. */
export interface KeyRecord {
  readonly key: string;
  readonly fingerprint: string;
  readonly endpoint: string;
  readonly status: number;
  readonly body: string;
  readonly requestId: string;
  /** Unix time in milliseconds. */
  readonly atMs: number;
}

/** One delivery of an event to the webhook endpoint, with all its attempts. */
export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly state: 'pending' | 'delivered' | 'given_up';
  readonly attempts: number;
  /** Unix time in milliseconds of the next attempt. */
  readonly dueAtMs: number;
  /** Waits until a later event has arrived, at the latest until `dueAtMs`. */
  readonly afterAnother: boolean;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  /** ISO 8601 of the last attempt. */
  readonly lastAt: string | null;
}
