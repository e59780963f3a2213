import { createHash } from 'node:crypto';
import { invalid, StripeRefusal } from './errors.ts';
import type { StripeStore } from './store.ts';
import type { KeyRecord } from './types.ts';

/** Stripe's limit. */
const KEY_LENGTH_MAX = 255;

/** A request that carries a key. */
export interface KeyedRequest {
  readonly key: string;
  readonly account: string | undefined;
  readonly endpoint: string;
  /** The form body as sent; the order of its fields does not count. */
  readonly form: string;
}

/** Keeps answers under their keys and keeps two requests with one key apart. */
export class Idempotency {
  readonly #store: StripeStore;
  readonly #running = new Set<string>();

  constructor(store: StripeStore) {
    this.#store = store;
  }

  /**
   * Claims the request's key.
   *
   * @returns the answer kept under it, or undefined when the request is to be carried out; then `release` must follow.
   * @throws StripeRefusal 400 `idempotency_error` for other parameters or another endpoint, 409 while the first request runs.
   */
  claim(request: KeyedRequest): KeyRecord | undefined {
    if (request.key.length > KEY_LENGTH_MAX) throw invalid(`Idempotency keys must be at most ${KEY_LENGTH_MAX} characters long.`);
    const scoped = scopedKey(request);
    if (this.#running.has(scoped)) {
      throw new StripeRefusal(409, {
        type: 'idempotency_error',
        code: 'idempotency_key_in_use',
        message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${request.key}. Please try again later.`,
      });
    }
    const kept = this.#store.key(scoped);
    if (kept) refuseOther(kept, request);
    else this.#running.add(scoped);
    return kept;
  }

  /** Ends a claim, whatever became of the request. */
  release(request: KeyedRequest): void {
    this.#running.delete(scopedKey(request));
  }

  /** The record that keeps an answer. */
  record(request: KeyedRequest, status: number, body: string, requestId: string): KeyRecord {
    return {
      key: scopedKey(request),
      fingerprint: fingerprint(request),
      endpoint: request.endpoint,
      status,
      body,
      requestId,
      atMs: Date.now(),
    };
  }
}

function refuseOther(kept: KeyRecord, request: KeyedRequest): void {
  if (kept.endpoint !== request.endpoint) {
    throw new StripeRefusal(400, {
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${request.endpoint}' vs '${kept.endpoint}'). Try using a key other than '${request.key}' if you meant to execute a different request.`,
    });
  }
  if (kept.fingerprint !== fingerprint(request)) {
    throw new StripeRefusal(400, {
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${request.key}' if you meant to execute a different request.`,
    });
  }
}

function scopedKey(request: KeyedRequest): string {
  return `${request.account ?? 'platform'}:${request.key}`;
}

function fingerprint(request: KeyedRequest): string {
  const fields = [...new URLSearchParams(request.form)].map(([name, value]) => JSON.stringify([name, value])).toSorted();
  return createHash('sha256').update(fields.join('\n')).digest('hex');
}
