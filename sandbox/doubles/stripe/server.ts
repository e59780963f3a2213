import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { json, readBody, send, type HttpAnswer } from '../http.ts';
import type { Call, Operation, Reply } from './call.ts';
import { invalid, StripeRefusal } from './errors.ts';
import { expand } from './expand.ts';
import type { TransportFault } from './faults.ts';
import { FormError, parseForm, type FormRecord } from './form.ts';
import { Idempotency, type KeyedRequest } from './idempotency.ts';
import { newId } from './ids.ts';
import { accountOperations } from './resources/accounts.ts';
import { customerOperations } from './resources/customers.ts';
import { paymentIntentOperations } from './resources/payment-intents.ts';
import { paymentMethodOperations } from './resources/payment-methods.ts';
import { recordOperations } from './resources/records.ts';
import { refundOperations } from './resources/refunds.ts';
import { setupIntentOperations } from './resources/setup-intents.ts';
import type { StripeDouble } from './stripe-double.ts';
import { API_VERSION, Work } from './work.ts';

const OPERATIONS: readonly Operation[] = [
  ...accountOperations,
  ...customerOperations,
  ...paymentIntentOperations,
  ...paymentMethodOperations,
  ...recordOperations,
  ...refundOperations,
  ...setupIntentOperations,
];

/** A request to Stripe's API, read. */
interface ApiRequest {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly form: string;
  readonly headers: IncomingMessage['headers'];
}

/** What went out, for the log that the page shows. */
interface Outcome {
  readonly answer: HttpAnswer | undefined;
  readonly fault: string | null;
  readonly replayed: boolean;
}

const FAULT_ANSWERS = {
  status_500: () => new StripeRefusal(500, { type: 'api_error', message: 'An unknown error occurred (fault plan).' }),
  status_503: () => new StripeRefusal(503, { type: 'api_error', message: 'Service temporarily unavailable (fault plan).' }),
  rate_limited: () =>
    new StripeRefusal(429, { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded (fault plan).' }),
} as const;

/** Answers the requests below `/v1` as Stripe would. */
export class StripeApi {
  readonly #double: StripeDouble;
  readonly #idempotency: Idempotency;

  constructor(double: StripeDouble) {
    this.#double = double;
    this.#idempotency = new Idempotency(double.store);
  }

  /** Serves one request. */
  async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://double');
    const method = incoming.method ?? 'GET';
    const body = await readBody(incoming);
    const request: ApiRequest = {
      id: newId('req', 14),
      method,
      path: url.pathname,
      form: method === 'POST' ? body : url.search.slice(1),
      headers: incoming.headers,
    };
    const outcome = await this.#carryOut(request);
    this.#double.requests.add({
      id: request.id,
      at: new Date().toISOString(),
      method,
      path: request.path,
      status: outcome.answer?.status ?? null,
      fault: outcome.fault,
      idempotencyKey: keyOf(request) ?? null,
      replayed: outcome.replayed,
    });
    if (outcome.answer) send(response, outcome.answer);
    else response.destroy();
  }

  async #carryOut(request: ApiRequest): Promise<Outcome> {
    const fault = this.#double.faults.transport(request.method, request.path);
    if (fault) this.#double.changed('faults');
    if (fault?.kind === 'lost_before') return { answer: undefined, fault: fault.kind, replayed: false };
    const done = await this.#answer(request, fault);
    return fault?.kind === 'lost_after' ? { ...done, answer: undefined } : done;
  }

  async #answer(request: ApiRequest, fault: TransportFault | undefined): Promise<Outcome> {
    const named = fault?.kind ?? null;
    try {
      if (fault && fault.kind in FAULT_ANSWERS) throw FAULT_ANSWERS[fault.kind as keyof typeof FAULT_ANSWERS]();
      checkCaller(request);
      const { operation, ids } = route(request);
      const run = operation.prepare(readForm(request.form));
      const key = keyOf(request);
      const keyed =
        key === undefined || request.method !== 'POST'
          ? undefined
          : { key, account: accountOf(request), endpoint: request.path, form: request.form };
      const kept = keyed && this.#idempotency.claim(keyed);
      if (kept) {
        await this.#double.store.settled();
        return {
          answer: wire(request, kept.status, kept.body, { 'idempotent-replayed': 'true', 'original-request': kept.requestId }),
          fault: named,
          replayed: true,
        };
      }
      try {
        return { answer: await this.#execute(request, ids, run, keyed, fault), fault: named, replayed: false };
      } finally {
        if (keyed) this.#idempotency.release(keyed);
      }
    } catch (error) {
      if (!(error instanceof StripeRefusal)) throw error;
      return { answer: wire(request, error.status, JSON.stringify({ error: error.body }, null, 2)), fault: named, replayed: false };
    }
  }

  async #execute(
    request: ApiRequest,
    ids: readonly string[],
    run: Run,
    keyed: KeyedRequest | undefined,
    fault: TransportFault | undefined,
  ): Promise<HttpAnswer> {
    if (fault?.kind === 'slow' && fault.when === 'before') await sleep(fault.ms);
    const { store } = this.#double;
    const work = new Work(store, { requestId: request.id, idempotencyKey: keyed?.key ?? null });
    const reply = decide(() =>
      run({
        id: ids[0] ?? '',
        subId: ids[1] ?? '',
        work,
        account: accountOf(request),
        baseUrl: this.#double.baseUrl,
        declines: () => this.#double.faults.declines(request.method, request.path),
      }),
    );
    const paths = expandPaths(request.form);
    // What was refused has changed nothing, whatever it had begun.
    const outcome = reply.refused ? new Work(store, work.origin) : work;
    const shown = reply.refused ? reply.body : expand(reply.body, paths, (id) => outcome.written(id) ?? store.find(id));
    const body = JSON.stringify(shown, null, 2);
    const record = keyed && this.#idempotency.record(keyed, reply.status, body, request.id);
    if (request.method === 'GET') await store.settled();
    else await this.#double.commit(outcome, record);
    if (fault?.kind === 'slow' && fault.when === 'after') await sleep(fault.ms);
    return wire(request, reply.status, body);
  }
}

type Run = (call: Omit<Call<unknown>, 'params'>) => Reply;

/** A refusal after the operation began is an answer like any other: it is kept under the key. */
function decide(run: () => Reply): Reply & { readonly refused: boolean } {
  try {
    return { ...run(), refused: false };
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    return { status: error.status, body: { error: error.body }, refused: true };
  }
}

function route(request: ApiRequest): { readonly operation: Operation; readonly ids: readonly string[] } {
  for (const operation of OPERATIONS) {
    const match = operation.method === request.method ? operation.pattern.exec(request.path) : null;
    if (match) return { operation, ids: match.slice(1) };
  }
  const message = `Unrecognized request URL (${request.method}: ${request.path}). The sandbox double does not know it.`;
  throw new StripeRefusal(404, { type: 'invalid_request_error', message });
}

function checkCaller(request: ApiRequest): void {
  const authorization = request.headers.authorization ?? '';
  const key = authorization.startsWith('Bearer ') ? authorization.slice(7) : '';
  if (key === '') {
    throw new StripeRefusal(401, {
      type: 'invalid_request_error',
      message: 'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.',
    });
  }
  if (!/^(sk|rk)_test_\w+$/.test(key))
    throw new StripeRefusal(401, { type: 'invalid_request_error', message: `Invalid API Key provided: ${key.slice(0, 8)}***` });
  const version = request.headers['stripe-version'];
  if (version !== undefined && !/^\d{4}-\d{2}-\d{2}(\.\w+)?$/.test(String(version)))
    throw invalid(`Invalid Stripe API version: ${String(version)}`);
}

function readForm(form: string): FormRecord {
  try {
    return parseForm(form);
  } catch (error) {
    if (error instanceof FormError) throw invalid(`Invalid request: ${error.message}`);
    throw error;
  }
}

function expandPaths(form: string): string[] {
  return [...new URLSearchParams(form)].filter(([name]) => /^expand\[\d*\]$/.test(name)).map(([, path]) => path);
}

function keyOf(request: ApiRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}

function accountOf(request: ApiRequest): string | undefined {
  const account = request.headers['stripe-account'];
  return typeof account === 'string' ? account : undefined;
}

function wire(request: ApiRequest, status: number, body: string, extra: Readonly<Record<string, string>> = {}): HttpAnswer {
  const key = keyOf(request);
  return {
    ...json(status, null),
    body,
    headers: {
      'request-id': request.id,
      'stripe-version': String(request.headers['stripe-version'] ?? API_VERSION),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...extra,
    },
  };
}
