import Stripe from 'stripe';
import type {
  AccountState,
  Charge,
  ChargeOutcome,
  Gateway,
  GatewayAmount,
  GatewayNotice,
  NextAction,
  RefundOrder,
  RefundOutcome,
  Seen,
} from './gateway.ts';
import { GatewayUnavailable } from './gateway.ts';
import { stripeAmount } from './stripe-amounts.ts';

/** How the adapter reaches Stripe. */
export interface StripeOptions {
  readonly secretKey: string;
  /** Base URL where it is not Stripe itself. */
  readonly apiBase?: string | undefined;
  readonly webhookSecret?: string | undefined;
  /** One try; with two more by the SDK, under the same key, it stays within the activity's 75 s. */
  readonly timeoutMs?: number | undefined;
  readonly networkRetries?: number | undefined;
}

const TIMEOUT_MS = 20_000;
const NETWORK_RETRIES = 2;
/** While a person waits for the answer of a request. */
const FOREGROUND = { timeout: 5_000, maxNetworkRetries: 1 };

/** Stripe Connect: destination charges, so that the money goes to the receiver's account; through Stripe's own SDK. */
export function stripeGateway(options: StripeOptions): Gateway {
  const stripe = new Stripe(options.secretKey, {
    ...addressOf(options.apiBase),
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    maxNetworkRetries: options.networkRetries ?? NETWORK_RETRIES,
    telemetry: false,
  });
  return {
    name: 'stripe',
    capabilities: { confirmedBy: 'gateway', needsPayoutAccount: true, hasWebhooks: true },
    amount: stripeAmount,
    charge: (charge) =>
      chargeOutcome(charge, () => stripe.paymentIntents.create(createParams(charge), { idempotencyKey: charge.idempotencyKey })),
    confirmAgain: (charge, ref, attempt) =>
      chargeOutcome(
        charge,
        () => confirmOnce(stripe, charge, ref, attempt),
        ref,
        () => stripe.paymentIntents.retrieve(ref),
      ),
    cancel: (charge, ref) =>
      chargeOutcome(
        charge,
        () => stripe.paymentIntents.cancel(ref),
        ref,
        () => stripe.paymentIntents.retrieve(ref),
      ),
    lookup: (charge, ref) => lookup(stripe, charge, ref),
    refund: (order) => refundOutcome(() => stripe.refunds.create(refundParams(order), { idempotencyKey: order.idempotencyKey })),
    lookupRefund: (order, ref) => lookupRefund(stripe, order, ref),
    createAccount: (userId) =>
      orUnavailable(async () => accountOf(await stripe.accounts.create(accountParams(userId), foreground(userId)))),
    accountState: (ref) => orUnavailable(async () => accountOf(await stripe.accounts.retrieve(ref, {}, FOREGROUND))),
    onboardingLink: (ref, returnUrl) =>
      orUnavailable(async () => {
        const urls = { refresh_url: returnUrl, return_url: returnUrl };
        const link = await stripe.accountLinks.create({ account: ref, type: 'account_onboarding', ...urls }, FOREGROUND);
        return link.url;
      }),
    parseWebhook: (rawBody, headers) => parseWebhook(stripe, options.webhookSecret, rawBody, headers['stripe-signature']),
  };
}

function addressOf(apiBase: string | undefined): { host?: string; port?: string; protocol?: 'http' | 'https' } {
  if (apiBase === undefined) return {};
  const url = new URL(apiBase);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { host: url.hostname, port: url.port === '' ? (protocol === 'http' ? '80' : '443') : url.port, protocol };
}

function createParams(charge: Charge): Stripe.PaymentIntentCreateParams {
  const confirm =
    charge.paymentMethod === null ? {} : { confirm: true, payment_method: charge.paymentMethod, return_url: charge.returnUrl };
  return {
    amount: Number(charge.amount.units),
    currency: charge.amount.currency.toLowerCase(),
    automatic_payment_methods: { enabled: true },
    metadata: { transfer: charge.transferId, attempt: charge.reference },
    ...(charge.destination === null ? {} : { transfer_data: { destination: charge.destination } }),
    ...confirm,
  };
}

function confirmOnce(stripe: Stripe, charge: Charge, ref: string, attempt: number): Promise<Stripe.PaymentIntent> {
  const params = charge.paymentMethod === null ? {} : { payment_method: charge.paymentMethod };
  if (charge.paymentMethod === null) return stripe.paymentIntents.retrieve(ref);
  return stripe.paymentIntents.confirm(
    ref,
    { ...params, return_url: charge.returnUrl },
    { idempotencyKey: `${charge.idempotencyKey}:${attempt}` },
  );
}

async function lookup(stripe: Stripe, charge: Charge, ref: string | null): Promise<ChargeOutcome> {
  if (ref !== null) return chargeOutcome(charge, () => stripe.paymentIntents.retrieve(ref), ref);
  return chargeOutcome(charge, async () => {
    const page = await stripe.paymentIntents.search({ query: `metadata["attempt"]:"${charge.reference}"`, limit: 1 });
    return page.data[0] ?? null;
  });
}

/** Runs a call about a payment intent and says what is known after it; nothing is thrown. */
async function chargeOutcome(
  charge: Charge,
  call: () => Promise<Stripe.PaymentIntent | null>,
  ref: string | null = null,
  read?: () => Promise<Stripe.PaymentIntent>,
): Promise<ChargeOutcome> {
  try {
    const intent = await call();
    return intent === null ? { kind: 'not_found' } : outcomeOf(charge, intent);
  } catch (error) {
    return chargeFailure(charge, error, ref, read);
  }
}

async function chargeFailure(
  charge: Charge,
  error: unknown,
  ref: string | null,
  read: (() => Promise<Stripe.PaymentIntent>) | undefined,
): Promise<ChargeOutcome> {
  if (error instanceof Stripe.errors.StripeCardError) {
    const intent = error.payment_intent as Stripe.PaymentIntent | undefined;
    if (intent === undefined) return { kind: 'unknown', reason: 'a decline that names no payment' };
    return { kind: 'declined', ref: intent.id, seen: seenIn(intent), failureCode: error.code ?? 'card_declined' };
  }
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return notAnswered(error);
  // The state of the intent forbids what was asked: how it stands is the answer.
  if (error.code === 'payment_intent_unexpected_state' && read !== undefined) return chargeOutcome(charge, read, ref);
  if (ref === null) return { kind: 'refused', failureCode: error.code ?? 'invalid_request' };
  if (error.statusCode === 404 && error.code === 'resource_missing' && error.param === 'intent') return { kind: 'not_found' };
  const seen: Seen = { reference: charge.reference, amount: charge.amount, destination: charge.destination };
  return { kind: 'declined', ref, seen, failureCode: error.code ?? 'invalid_request' };
}

/** What an answer that is no answer means: rate limits and bad keys are refused before anything is done. */
function notAnswered(error: unknown): { kind: 'later' | 'unknown'; reason: string } {
  if (error instanceof Stripe.errors.StripeRateLimitError) return { kind: 'later', reason: 'rate_limited' };
  if (error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError)
    return { kind: 'later', reason: 'not_authorised' };
  if (error instanceof Stripe.errors.StripeError) return { kind: 'unknown', reason: error.type };
  throw error;
}

function outcomeOf(charge: Charge, intent: Stripe.PaymentIntent): ChargeOutcome {
  const known = { ref: intent.id, seen: seenIn(intent) };
  switch (intent.status) {
    case 'succeeded':
      return { kind: 'succeeded', ...known };
    case 'processing':
      return { kind: 'processing', ...known };
    case 'canceled':
      return { kind: 'canceled', ...known };
    case 'requires_payment_method': {
      // A payer who gives the method to Stripe directly may try others; only a method that we sent can be declined to us.
      const declined = intent.last_payment_error;
      if (declined !== null && charge.paymentMethod !== null)
        return { kind: 'declined', ...known, failureCode: declined.code ?? 'card_declined' };
      return { kind: 'requires_action', ...known, nextAction: clientAction('collect_payment_method', intent) };
    }
    case 'requires_action':
    case 'requires_confirmation':
      return { kind: 'requires_action', ...known, nextAction: actionOf(intent) };
    // We never ask for a capture of our own, and statuses that Stripe may add are for a person to read.
    case 'requires_capture':
    default:
      return { kind: 'unknown', reason: intent.status };
  }
}

function actionOf(intent: Stripe.PaymentIntent): NextAction {
  const url = intent.next_action?.redirect_to_url?.url;
  return url == null ? clientAction(intent.next_action?.type ?? 'confirm', intent) : { type: 'redirect_to_url', url };
}

function clientAction(type: string, intent: Stripe.PaymentIntent): NextAction {
  return intent.client_secret === null ? { type } : { type, clientSecret: intent.client_secret };
}

function seenIn(intent: Stripe.PaymentIntent): Seen {
  const destination = intent.transfer_data?.destination ?? null;
  const units = intent.status === 'succeeded' ? intent.amount_received : intent.amount;
  return {
    reference: intent.metadata['attempt'] ?? null,
    amount: amountOf(units, intent.currency),
    destination: typeof destination === 'string' ? destination : (destination?.id ?? null),
  };
}

function amountOf(units: number, currency: string): GatewayAmount {
  return { units: BigInt(units), currency: currency.toUpperCase() };
}

function refundParams(order: RefundOrder): Stripe.RefundCreateParams {
  return {
    payment_intent: order.chargeRef,
    amount: Number(order.amount.units),
    reverse_transfer: true,
    metadata: { refund: order.reference },
  };
}

async function lookupRefund(stripe: Stripe, order: RefundOrder, ref: string | null): Promise<RefundOutcome> {
  return refundOutcome(async () => {
    if (ref !== null) return stripe.refunds.retrieve(ref);
    // Listing by payment is consistent at once, unlike searching, so that nothing found means that there is none.
    const page = stripe.refunds.list({ payment_intent: order.chargeRef, limit: 100 });
    for await (const refund of page) if (refund.metadata?.['refund'] === order.reference) return refund;
    return null;
  });
}

async function refundOutcome(call: () => Promise<Stripe.Refund | null>): Promise<RefundOutcome> {
  try {
    const refund = await call();
    if (refund === null) return { kind: 'not_found' };
    const seen = { reference: refund.metadata?.['refund'] ?? null, amount: amountOf(refund.amount, refund.currency) };
    if (refund.status === 'failed' || refund.status === 'canceled')
      return { kind: 'failed', ref: refund.id, failureCode: refund.failure_reason ?? 'refund_failed' };
    return { kind: refund.status === 'succeeded' ? 'succeeded' : 'processing', ref: refund.id, seen };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError)
      return { kind: 'failed', ref: null, failureCode: error.code ?? 'invalid_request' };
    return notAnswered(error);
  }
}

function accountParams(userId: string): Stripe.AccountCreateParams {
  return { type: 'express', capabilities: { transfers: { requested: true } }, metadata: { user: userId } };
}

function foreground(userId: string): Stripe.RequestOptions {
  return { ...FOREGROUND, idempotencyKey: `account:${userId}` };
}

function accountOf(account: Stripe.Account): AccountState {
  return {
    ref: account.id,
    chargesEnabled: account.charges_enabled,
    payoutsEnabled: account.payouts_enabled,
    detailsSubmitted: account.details_submitted,
  };
}

async function orUnavailable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) throw new GatewayUnavailable(error.type);
    throw error;
  }
}

function parseWebhook(
  stripe: Stripe,
  secret: string | undefined,
  rawBody: Buffer,
  signature: string | string[] | undefined,
): GatewayNotice | null {
  if (secret === undefined || typeof signature !== 'string') return null;
  try {
    return noticeOf(stripe.webhooks.constructEvent(rawBody, signature, secret));
  } catch {
    return null;
  }
}

function noticeOf(event: Stripe.Event): GatewayNotice {
  const object = event.data.object as { id?: string; object?: string; metadata?: Record<string, string> | null };
  const ref = object.id ?? event.id;
  const base = { eventId: event.id, type: event.type, ref };
  if (object.object === 'payment_intent') return { ...base, about: 'charge', reference: object.metadata?.['attempt'] ?? null };
  if (object.object === 'refund') return { ...base, about: 'refund', reference: object.metadata?.['refund'] ?? null };
  // What an account holds is told by `account`, which is the object itself only for `account.updated`.
  if (object.object === 'account') return { ...base, about: 'account', reference: null };
  return { ...base, about: 'other', reference: null };
}
