import { z } from 'zod';
import { confirmWith } from '../charging.ts';
import { mergeMetadata, ok, operation, required, type Call, type Operation, type Reply } from '../call.ts';
import { checkAmountStep } from '../currencies.ts';
import { invalid, missing, StripeRefusal } from '../errors.ts';
import { newId, nowSeconds } from '../ids.ts';
import { page } from '../lists.ts';
import { amount, boolean, currency, expandField, integer, listFields, listOf, metadata, range, text } from '../params.ts';
import { searchIntents } from '../search.ts';
import type { IntentStatus, PaymentIntent } from '../types.ts';
import { withoutPrivate, type Work } from '../work.ts';
import { usableMethod } from './payment-methods.ts';

const transferData = z.strictObject({
  destination: text,
  amount: amount.optional(),
  description: text.optional(),
  metadata: metadata.optional(),
});
const automaticMethods = z.strictObject({ enabled: boolean, allow_redirects: z.enum(['always', 'never']).optional() });
const methodOptions = z.record(z.string(), z.unknown());

const changeableFields = {
  ...expandField,
  application_fee_amount: integer.optional(),
  customer: text.optional(),
  description: text.optional(),
  metadata: metadata.optional(),
  payment_method: text.optional(),
  payment_method_options: methodOptions.optional(),
  allowed_payment_method_types: listOf(text).optional(),
  receipt_email: text.optional(),
  setup_future_usage: z.enum(['on_session', 'off_session']).optional(),
  statement_descriptor: text.optional(),
  statement_descriptor_suffix: text.optional(),
  transfer_group: text.optional(),
};

const confirmFields = {
  error_on_requires_action: boolean.optional(),
  mandate_data: z.record(z.string(), z.unknown()).optional(),
  off_session: boolean.optional(),
  return_url: text.optional(),
  use_stripe_sdk: boolean.optional(),
};

const createSchema = z.strictObject({
  ...changeableFields,
  ...confirmFields,
  amount,
  currency,
  automatic_payment_methods: automaticMethods.optional(),
  capture_method: z.enum(['automatic', 'automatic_async']).optional(),
  confirm: boolean.optional(),
  confirmation_method: z.enum(['automatic', 'manual']).optional(),
  on_behalf_of: text.optional(),
  transfer_data: transferData.optional(),
});
const updateSchema = z.strictObject({
  ...changeableFields,
  amount: amount.optional(),
  currency: currency.optional(),
  transfer_data: z.strictObject({ amount: amount.optional() }).optional(),
});
const confirmSchema = z.strictObject({
  ...expandField,
  ...confirmFields,
  payment_method: text.optional(),
  payment_method_options: methodOptions.optional(),
  allowed_payment_method_types: listOf(text).optional(),
  receipt_email: text.optional(),
  setup_future_usage: z.enum(['on_session', 'off_session']).optional(),
});
const cancelSchema = z.strictObject({
  ...expandField,
  cancellation_reason: z.enum(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer']).optional(),
});
const retrieveSchema = z.strictObject({ ...expandField, client_secret: text.optional() });
const listSchema = z.strictObject({ ...listFields, created: range.optional(), customer: text.optional() });
const searchSchema = z.strictObject({ ...expandField, query: text, limit: integer.optional(), page: text.optional() });

type CreateParams = z.infer<typeof createSchema>;
type ConfirmParams = z.infer<typeof confirmSchema>;

/** Routes of `/v1/payment_intents`. `search` comes before `:id`, which would take it for an id. */
export const paymentIntentOperations: readonly Operation[] = [
  operation('POST', '/v1/payment_intents', createSchema, create),
  operation('GET', '/v1/payment_intents', listSchema, ({ work, params }) => {
    const intents = work.list('payment_intent').filter((intent) => params.customer === undefined || intent.customer === params.customer);
    return ok(page(intents, params, '/v1/payment_intents'));
  }),
  operation('GET', '/v1/payment_intents/search', searchSchema, ({ work, params }) =>
    ok(searchIntents(work.list('payment_intent'), params)),
  ),
  operation('GET', '/v1/payment_intents/:id', retrieveSchema, ({ work, id }) => ok(required(work, 'payment_intent', id, 'intent'))),
  operation('POST', '/v1/payment_intents/:id', updateSchema, update),
  operation('POST', '/v1/payment_intents/:id/confirm', confirmSchema, confirm),
  operation('POST', '/v1/payment_intents/:id/cancel', cancelSchema, cancel),
];

function create(call: Call<CreateParams>): Reply {
  const { params, work } = call;
  checkAmountStep(params.amount, params.currency);
  checkDestination(work, params);
  if (params.customer !== undefined) required(work, 'customer', params.customer, 'customer');
  if (params.allowed_payment_method_types && params.automatic_payment_methods?.enabled) {
    throw invalid(
      'You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.',
      'parameters_exclusive',
    );
  }
  const confirmOnly = Object.keys(confirmFields).find((name) => Object.hasOwn(params, name) && !['use_stripe_sdk'].includes(name));
  if (confirmOnly !== undefined && !params.confirm)
    throw invalid(`You cannot provide ${confirmOnly} unless you also set confirm=true.`, undefined, confirmOnly);
  const method = params.payment_method === undefined ? undefined : usableMethod(work, params.payment_method, params.customer ?? null);
  const intent = work.put(newIntent(params, method?.id ?? null));
  work.event('payment_intent.created', intent);
  return params.confirm ? confirmIntent(call, intent, params) : ok(intent);
}

function update({ work, id, params }: Call<z.infer<typeof updateSchema>>): Reply {
  const intent = required(work, 'payment_intent', id, 'intent');
  const fixed = ['processing', 'succeeded', 'canceled'].includes(intent.status);
  const {
    metadata: pairs,
    transfer_data: transfer,
    payment_method: methodId,
    allowed_payment_method_types: types,
    expand: _expand,
    ...fields
  } = params;
  if (fixed && (methodId !== undefined || transfer || fields.amount !== undefined || fields.currency !== undefined)) {
    throw unexpectedState(
      intent,
      `This PaymentIntent's amount, currency and payment method could not be updated because it has a status of ${intent.status}.`,
    );
  }
  const method = methodId === undefined ? undefined : usableMethod(work, methodId, intent.customer);
  const next: PaymentIntent = {
    ...intent,
    ...definedOnly(fields),
    ...(types ? { allowed_payment_method_types: types, payment_method_types: types, automatic_payment_methods: null } : {}),
    metadata: mergeMetadata(intent.metadata, pairs),
    ...(transfer?.amount !== undefined && intent.transfer_data
      ? { transfer_data: { ...intent.transfer_data, amount: transfer.amount } }
      : {}),
    ...(method ? { payment_method: method.id, status: 'requires_confirmation' as const } : {}),
  };
  checkAmountStep(next.amount, next.currency);
  return ok(work.put(next));
}

function confirm(call: Call<ConfirmParams>): Reply {
  return confirmIntent(call, required(call.work, 'payment_intent', call.id, 'intent'), call.params);
}

function cancel({ work, id, params }: Call<z.infer<typeof cancelSchema>>): Reply {
  const intent = required(work, 'payment_intent', id, 'intent');
  const cancellable: readonly IntentStatus[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
  if (!cancellable.includes(intent.status)) {
    throw unexpectedState(
      intent,
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${cancellable.join(', ')}.`,
    );
  }
  const reason = params.cancellation_reason ?? null;
  const next = work.put<PaymentIntent>({
    ...intent,
    status: 'canceled',
    canceled_at: nowSeconds(),
    cancellation_reason: reason,
    next_action: null,
  });
  work.event('payment_intent.canceled', next);
  return ok(next);
}

/** Confirms an intent, whoever asks: the API, or a page on which the payer chose a card. */
export function confirmIntent(call: Omit<Call<unknown>, 'params'>, before: PaymentIntent, params: ConfirmParams): Reply {
  if (['processing', 'succeeded', 'canceled'].includes(before.status)) throw unexpectedState(before, cannotConfirm(before.status));
  const { work } = call;
  const types = params.allowed_payment_method_types;
  const intent: PaymentIntent = types
    ? { ...before, allowed_payment_method_types: types, payment_method_types: types, automatic_payment_methods: null }
    : before;
  const methodId = params.payment_method ?? intent.payment_method;
  if (methodId === null) {
    throw unexpectedState(
      intent,
      'You cannot confirm this PaymentIntent because it is missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.',
    );
  }
  const automatic = intent.automatic_payment_methods;
  if (
    automatic?.enabled &&
    automatic.allow_redirects !== 'never' &&
    params.return_url === undefined &&
    !params.use_stripe_sdk &&
    !params.off_session
  ) {
    throw invalid(
      "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
      undefined,
      'return_url',
    );
  }
  const method = usableMethod(work, methodId, intent.customer);
  if (!automatic?.enabled && !intent.payment_method_types.includes(method.type)) {
    throw invalid(
      `The PaymentMethod provided (${method.type}) is not allowed for this PaymentIntent.`,
      'payment_intent_incompatible_payment_method',
      'payment_method',
    );
  }
  return confirmWith({
    work,
    intent: { ...intent, _returnUrl: params.return_url ?? intent._returnUrl },
    method,
    offSession: params.off_session ?? false,
    forceDecline: call.declines(),
    baseUrl: call.baseUrl,
  });
}

function newIntent(params: CreateParams, methodId: string | null): PaymentIntent {
  const id = newId('pi');
  // Without a choice Stripe offers what the dashboard allows, redirects included.
  const automatic = params.allowed_payment_method_types ? null : (params.automatic_payment_methods ?? { enabled: true });
  return {
    id,
    object: 'payment_intent',
    amount: params.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: params.application_fee_amount ?? null,
    automatic_payment_methods: automatic?.enabled ? { enabled: true, allow_redirects: automatic.allow_redirects ?? 'always' } : null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: params.capture_method ?? 'automatic_async',
    client_secret: newId(`${id}_secret`, 25),
    confirmation_method: params.confirmation_method ?? 'automatic',
    created: nowSeconds(),
    currency: params.currency,
    customer: params.customer ?? null,
    description: params.description ?? null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    next_action: null,
    on_behalf_of: params.on_behalf_of ?? null,
    payment_method: methodId,
    payment_method_options: params.payment_method_options ?? {},
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    payment_method_types: params.allowed_payment_method_types ?? ['card'],
    processing: null,
    receipt_email: params.receipt_email ?? null,
    review: null,
    setup_future_usage: params.setup_future_usage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: params.statement_descriptor ?? null,
    statement_descriptor_suffix: params.statement_descriptor_suffix ?? null,
    status: methodId === null ? 'requires_payment_method' : 'requires_confirmation',
    transfer_data: params.transfer_data ? transferDataOf(params.transfer_data) : null,
    transfer_group: params.transfer_group ?? null,
    _returnUrl: params.return_url ?? null,
    _idempotencyKey: null,
  };
}

function transferDataOf({
  destination,
  amount: part,
  description,
  metadata: pairs,
}: NonNullable<CreateParams['transfer_data']>): NonNullable<PaymentIntent['transfer_data']> {
  const amountToo = part === undefined ? {} : { amount: part };
  return { destination, ...amountToo, ...(description === undefined ? {} : { description }), metadata: mergeMetadata({}, pairs) };
}

function checkDestination(work: Work, params: CreateParams): void {
  const fee = params.application_fee_amount;
  if (fee !== undefined && (fee < 0 || fee > params.amount)) {
    throw invalid('Your application fee cannot be greater than the amount of the charge.', undefined, 'application_fee_amount');
  }
  if (fee !== undefined && !params.transfer_data) {
    throw invalid(
      'Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment or destination payment.',
      undefined,
      'application_fee_amount',
    );
  }
  if (params.on_behalf_of !== undefined && !work.get('account', params.on_behalf_of))
    throw missing('account', params.on_behalf_of, 'on_behalf_of');
  if (!params.transfer_data) return;
  const { destination, amount: part } = params.transfer_data;
  const account = work.get('account', destination);
  if (!account) throw missing('destination', destination, 'transfer_data[destination]');
  if (account.capabilities['transfers'] !== 'active') {
    throw invalid(
      'Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments',
      'insufficient_capabilities_for_transfer',
    );
  }
  if (part !== undefined && part > params.amount)
    throw invalid('The transfer_data[amount] cannot be greater than the amount of the charge.', undefined, 'transfer_data[amount]');
}

function unexpectedState(intent: PaymentIntent, message: string): StripeRefusal {
  return new StripeRefusal(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message,
    payment_intent: withoutPrivate(intent),
  });
}

function cannotConfirm(status: IntentStatus): string {
  if (status === 'succeeded')
    return 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.';
  return `You cannot confirm this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action, requires_payment_method.`;
}

function definedOnly<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
