/** An amount in the smallest unit that a gateway counts in, which is not always the currency's own. */
export interface GatewayAmount {
  readonly units: bigint;
  readonly currency: string;
}

/** What an adapter can do; routes and processes ask this instead of the adapter's name. */
export interface GatewayCapabilities {
  /** Who says that the money arrived. */
  readonly confirmedBy: 'gateway' | 'receiver';
  /** Whether the receiver needs an account at the gateway. */
  readonly needsPayoutAccount: boolean;
  /** Whether the gateway tells of changes by webhooks. */
  readonly hasWebhooks: boolean;
}

/** One try to take money, as it is stored before the first call. Sending it twice is the same as sending it once. */
export interface Charge {
  /** Our reference: the attempt's id. The gateway keeps it, so that the attempt can be found by it. */
  readonly reference: string;
  readonly transferId: string;
  /** `<gateway>:<transfer>:<epoch>`. */
  readonly idempotencyKey: string;
  readonly amount: GatewayAmount;
  /** The receiver's account at the gateway. */
  readonly destination: string | null;
  /** The gateway's id of the payer's payment method; null: the payer gives one to the gateway directly. */
  readonly paymentMethod: string | null;
  /** Where the gateway sends the payer back to after a further step. */
  readonly returnUrl: string;
}

/** What the payer has to do before the money moves. */
export interface NextAction {
  readonly type: string;
  readonly url?: string;
  readonly clientSecret?: string;
}

/** What the gateway says about a charge; compared with what was sent. */
export interface Seen {
  readonly reference: string | null;
  readonly amount: GatewayAmount;
  readonly destination: string | null;
}

/**
 * What is known about a charge after asking the gateway.
 *
 * `declined` is not final: the same charge may be confirmed again or cancelled. `refused` is: nothing was kept. `later`:
 * certainly not done, try again. `unknown`: it may or may not have been done.
 */
export type ChargeOutcome =
  | { readonly kind: 'succeeded'; readonly ref: string; readonly seen: Seen }
  | { readonly kind: 'processing'; readonly ref: string; readonly seen: Seen }
  | { readonly kind: 'requires_action'; readonly ref: string; readonly seen: Seen; readonly nextAction: NextAction }
  | { readonly kind: 'declined'; readonly ref: string; readonly seen: Seen; readonly failureCode: string }
  | { readonly kind: 'canceled'; readonly ref: string; readonly seen: Seen }
  | { readonly kind: 'refused'; readonly failureCode: string }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Money of a charge that is to go back. */
export interface RefundOrder {
  /** Our reference: the refund's id. */
  readonly reference: string;
  readonly idempotencyKey: string;
  /** The gateway's id of the charge. */
  readonly chargeRef: string;
  readonly amount: GatewayAmount;
}

/** What is known about a refund after asking the gateway. `failed` is final. */
export type RefundOutcome =
  | { readonly kind: 'succeeded' | 'processing'; readonly ref: string; readonly seen: Omit<Seen, 'destination'> }
  | { readonly kind: 'failed'; readonly ref: string | null; readonly failureCode: string }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Whether a receiver can receive. */
export interface AccountState {
  readonly ref: string;
  readonly chargesEnabled: boolean;
  readonly payoutsEnabled: boolean;
  readonly detailsSubmitted: boolean;
}

/** What a webhook tells of: never more than an id; its handler fetches the current object. */
export interface GatewayNotice {
  readonly eventId: string;
  readonly type: string;
  readonly about: 'charge' | 'refund' | 'account' | 'other';
  /** The gateway's id of the object; of the charge where the event is about a part of one. */
  readonly ref: string;
  /** Our reference where the object carries it. */
  readonly reference: string | null;
}

/** The gateway did not answer, or not usefully, to something that may simply be asked again. */
export class GatewayUnavailable extends Error {
  constructor(reason: string) {
    super(`the gateway cannot be asked: ${reason}`);
    this.name = 'GatewayUnavailable';
  }
}

/** A way to move money. Every adapter passes gateway-suite.ts. */
export interface Gateway {
  readonly name: string;
  readonly capabilities: GatewayCapabilities;
  /** An amount in the gateway's units, or null when it cannot carry it: unknown currency, too fine, too large. */
  amount(minor: bigint, currency: string): GatewayAmount | null;
  /** Tries to take the money. */
  charge(charge: Charge): Promise<ChargeOutcome>;
  /** Tries a declined charge again, with another payment method. @param attempt counted from 2; makes the key of its own. */
  confirmAgain(charge: Charge, ref: string, attempt: number): Promise<ChargeOutcome>;
  /** Ends a charge that has not succeeded; only the outcome `canceled` proves that it never will. */
  cancel(charge: Charge, ref: string): Promise<ChargeOutcome>;
  /** Asks how a charge stands: by the gateway's id where it is known, by our reference otherwise. */
  lookup(charge: Charge, ref: string | null): Promise<ChargeOutcome>;
  /** Gives money back, and takes it from the receiver. */
  refund(order: RefundOrder): Promise<RefundOutcome>;
  /** Asks how a refund stands; by our reference where its id is not known. */
  lookupRefund(order: RefundOrder, ref: string | null): Promise<RefundOutcome>;
  /** Makes the account of a receiver, once per reference. @throws GatewayUnavailable. */
  createAccount(userId: string): Promise<AccountState>;
  /** @throws GatewayUnavailable. */
  accountState(ref: string): Promise<AccountState>;
  /** A page on which the receiver gives the gateway what it asks for; short-lived. @throws GatewayUnavailable. */
  onboardingLink(ref: string, returnUrl: string): Promise<string>;
  /** Checks the signature over the raw body and reads it; null when it is not the gateway's. */
  parseWebhook(rawBody: Buffer, headers: Readonly<Record<string, string | string[] | undefined>>): GatewayNotice | null;
}
