/** The body of `error` in Stripe's answers. */
export interface StripeErrorBody {
  readonly type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  readonly message: string;
  readonly code?: string;
  readonly decline_code?: string;
  readonly param?: string;
  readonly charge?: string;
  readonly doc_url?: string;
  readonly payment_intent?: object;
  readonly payment_method?: object;
  readonly setup_intent?: object;
  readonly request_log_url?: string;
}

/** A refusal of the double, in Stripe's format. */
export class StripeRefusal extends Error {
  readonly status: number;
  readonly body: StripeErrorBody;

  constructor(status: number, body: StripeErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

/**
 * A request that is wrong in itself: 400 `invalid_request_error`.
 *
 * @param code Stripe's code, or undefined where Stripe gives none.
 * @param param the parameter at fault, such as `transfer_data[destination]`.
 */
export function invalid(message: string, code?: string, param?: string): StripeRefusal {
  return new StripeRefusal(400, {
    type: 'invalid_request_error',
    message,
    ...(code === undefined ? {} : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
    ...(param === undefined ? {} : { param }),
  });
}

/**
 * An object that is named and not there. In the path it is 404, in a parameter 400, both `resource_missing`.
 *
 * @param what the word Stripe uses, such as `payment_intent`.
 */
export function missing(what: string, id: string, param = 'id'): StripeRefusal {
  const status = param === 'id' || param === 'intent' ? 404 : 400;
  return new StripeRefusal(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}: '${id}'`,
    param,
    doc_url: 'https://stripe.com/docs/error-codes/resource-missing',
  });
}
