import { z } from 'zod';
import { isTestMethod, methodFromTestId } from '../cards.ts';
import { mergeMetadata, ok, operation, required, type Operation } from '../call.ts';
import { invalid } from '../errors.ts';
import { page } from '../lists.ts';
import { expandField, listFields, metadata, text } from '../params.ts';
import type { PaymentMethod } from '../types.ts';
import type { Work } from '../work.ts';

const createSchema = z.strictObject({
  ...expandField,
  type: z.literal('card'),
  card: z.strictObject({ token: text }),
  metadata: metadata.optional(),
});
const attachSchema = z.strictObject({ ...expandField, customer: text });
const plainSchema = z.strictObject(expandField);
const listSchema = z.strictObject({ ...listFields, customer: text.optional(), type: text.optional() });

/** Routes of `/v1/payment_methods`. Raw card numbers are refused, as Stripe refuses them by default; tokens are `tok_visa` and the like. */
export const paymentMethodOperations: readonly Operation[] = [
  operation('POST', '/v1/payment_methods', createSchema, ({ work, params }) => {
    const testId = params.card.token.replace(/^tok_/, 'pm_card_');
    if (!isTestMethod(testId)) throw invalid(`No such token: '${params.card.token}'`, 'resource_missing', 'card[token]');
    return ok(work.put(methodFromTestId(testId, mergeMetadata({}, params.metadata))));
  }),
  operation('GET', '/v1/payment_methods', listSchema, ({ work, params }) => {
    const methods = work
      .list('payment_method')
      .filter((method) => belongs(method, params.customer ?? null) && belongsToType(method, params.type));
    return ok(page(methods, params, '/v1/payment_methods'));
  }),
  operation('GET', '/v1/customers/:id/payment_methods', listSchema, ({ work, params, id }) => {
    required(work, 'customer', id);
    const methods = work.list('payment_method').filter((method) => belongs(method, id) && belongsToType(method, params.type));
    return ok(page(methods, params, `/v1/customers/${id}/payment_methods`));
  }),
  operation('GET', '/v1/payment_methods/:id', plainSchema, ({ work, id }) => ok(readMethod(work, id, 'id'))),
  operation('POST', '/v1/payment_methods/:id/attach', attachSchema, ({ work, params, id }) => {
    const customer = required(work, 'customer', params.customer, 'customer');
    const method = readMethod(work, id, 'id');
    if (method.customer !== null && method.customer !== customer.id)
      throw invalid('The payment method you provided has already been attached to a customer.');
    return ok(work.put<PaymentMethod>({ ...method, customer: customer.id }));
  }),
  operation('POST', '/v1/payment_methods/:id/detach', plainSchema, ({ work, id }) => {
    const method = required(work, 'payment_method', id);
    if (method.customer === null)
      throw invalid('The payment method you provided is not attached to a customer so detachment is impossible.');
    return ok(work.put<PaymentMethod>({ ...method, customer: null }));
  }),
];

/**
 * The payment method that a request names, ready to be charged for a customer.
 *
 * @param customer the intent's customer; a method of another customer, or of one where the intent has none, is refused.
 * @throws StripeRefusal `resource_missing`, or a message about the customer.
 */
export function usableMethod(work: Work, id: string, customer: string | null): PaymentMethod {
  const method = readMethod(work, id, 'payment_method');
  if (method.customer === null || method.customer === customer) return work.put(method);
  if (customer === null) {
    throw invalid(
      `The payment method supplied (${id}) belongs to a Customer. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`,
      undefined,
      'payment_method',
    );
  }
  throw invalid(
    `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
    'resource_missing',
    'payment_method',
  );
}

/** Each use of a test id such as `pm_card_visa` makes a payment method of its own, as at Stripe. */
function readMethod(work: Work, id: string, param: string): PaymentMethod {
  return isTestMethod(id) ? methodFromTestId(id) : required(work, 'payment_method', id, param);
}

function belongs(method: PaymentMethod, customer: string | null): boolean {
  return customer === null ? method.customer === null : method.customer === customer;
}

function belongsToType(method: PaymentMethod, type: string | undefined): boolean {
  return type === undefined || method.type === type;
}
