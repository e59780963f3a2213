import { z } from 'zod';
import { outcomeOf } from '../cards.ts';
import { mergeMetadata, ok, operation, required, type Call, type Operation, type Reply } from '../call.ts';
import { StripeRefusal } from '../errors.ts';
import { newId, nowSeconds } from '../ids.ts';
import { boolean, expandField, listOf, metadata, text } from '../params.ts';
import type { SetupIntent } from '../types.ts';
import { withoutPrivate } from '../work.ts';
import { usableMethod } from './payment-methods.ts';

const createSchema = z.strictObject({
  ...expandField,
  automatic_payment_methods: z.strictObject({ enabled: boolean, allow_redirects: z.enum(['always', 'never']).optional() }).optional(),
  confirm: boolean.optional(),
  customer: text.optional(),
  description: text.optional(),
  metadata: metadata.optional(),
  payment_method: text.optional(),
  allowed_payment_method_types: listOf(text).optional(),
  return_url: text.optional(),
  usage: z.enum(['on_session', 'off_session']).optional(),
});
const confirmSchema = z.strictObject({ ...expandField, payment_method: text.optional(), return_url: text.optional() });

/** Routes of `/v1/setup_intents`: as far as keeping a card for later needs them. */
export const setupIntentOperations: readonly Operation[] = [
  operation('POST', '/v1/setup_intents', createSchema, create),
  operation('GET', '/v1/setup_intents/:id', z.strictObject({ ...expandField, client_secret: text.optional() }), ({ work, id }) =>
    ok(required(work, 'setup_intent', id, 'intent')),
  ),
  operation('POST', '/v1/setup_intents/:id/confirm', confirmSchema, (call) => {
    const intent = required(call.work, 'setup_intent', call.id, 'intent');
    return confirmSetup(call, intent, call.params.payment_method ?? intent.payment_method);
  }),
  operation('POST', '/v1/setup_intents/:id/cancel', z.strictObject(expandField), ({ work, id }) => {
    const intent = required(work, 'setup_intent', id, 'intent');
    refuseWhenOver(intent, 'cancel');
    return ok(work.put<SetupIntent>({ ...intent, status: 'canceled' }));
  }),
];

function create(call: Call<z.infer<typeof createSchema>>): Reply {
  const { work, params } = call;
  if (params.customer !== undefined) required(work, 'customer', params.customer, 'customer');
  const method = params.payment_method === undefined ? undefined : usableMethod(work, params.payment_method, params.customer ?? null);
  const id = newId('seti');
  const intent = work.put<SetupIntent>({
    id,
    object: 'setup_intent',
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    application: null,
    automatic_payment_methods:
      params.automatic_payment_methods ?? (params.allowed_payment_method_types ? null : { enabled: true, allow_redirects: 'always' }),
    cancellation_reason: null,
    client_secret: newId(`${id}_secret`, 25),
    created: nowSeconds(),
    customer: params.customer ?? null,
    description: params.description ?? null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: mergeMetadata({}, params.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: method?.id ?? null,
    payment_method_types: params.allowed_payment_method_types ?? ['card'],
    status: method ? 'requires_confirmation' : 'requires_payment_method',
    usage: params.usage ?? 'off_session',
  });
  return params.confirm ? confirmSetup(call, intent, method?.id ?? null) : ok(intent);
}

function confirmSetup({ work }: Pick<Call<unknown>, 'work'>, intent: SetupIntent, methodId: string | null): Reply {
  refuseWhenOver(intent, 'confirm');
  if (methodId === null) throw unexpected(intent, 'You cannot confirm this SetupIntent because it is missing a payment method.');
  const method = usableMethod(work, methodId, intent.customer);
  const outcome = outcomeOf(method);
  // `pm_card_chargeCustomerFail` is made to be kept and to fail only later, when charged.
  if (outcome.kind === 'declined' && method._behaviour !== 'pm_card_chargeCustomerFail') {
    const error = {
      type: 'card_error' as const,
      code: outcome.code,
      message: outcome.message,
      payment_method: withoutPrivate(method),
      ...(outcome.declineCode === undefined ? {} : { decline_code: outcome.declineCode }),
    };
    const failed = work.put<SetupIntent>({ ...intent, status: 'requires_payment_method', payment_method: null, last_setup_error: error });
    return { status: 402, body: { error: { ...error, setup_intent: withoutPrivate(failed) } } };
  }
  if (intent.customer !== null) work.put({ ...method, customer: intent.customer });
  return ok(work.put<SetupIntent>({ ...intent, status: 'succeeded', payment_method: method.id, last_setup_error: null }));
}

function refuseWhenOver(intent: SetupIntent, verb: string): void {
  if (intent.status === 'succeeded' || intent.status === 'canceled') {
    throw unexpected(intent, `You cannot ${verb} this SetupIntent because it has a status of ${intent.status}.`);
  }
}

function unexpected(intent: SetupIntent, message: string): StripeRefusal {
  return new StripeRefusal(400, {
    type: 'invalid_request_error',
    code: 'setup_intent_unexpected_state',
    message,
    setup_intent: withoutPrivate(intent),
  });
}
