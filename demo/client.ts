import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** A request that a crash cut off is repeated for this long, in milliseconds. */
const REPEAT_MS = 60_000;
/** One try; a dead peer is noticed sooner, a hanging one only by this. */
const TRY_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const PAUSE_MAX_MS = 2_000;
/** How often a limiter may send us away from one request; each time names its own wait. */
const RATE_LIMITED_MAX = 20;

/** The answer to a request, 2xx. */
export interface Reply<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** What a request carries. */
export interface RequestOptions {
  readonly body?: unknown;
  /** Gives the access token; asked again with `renew` where the API refuses the last one. */
  readonly token?: (renew: boolean) => Promise<string>;
  readonly ifMatch?: string | null;
  /** The same for each repetition; a fresh one where none is given. */
  readonly idempotencyKey?: string;
  /** Another kind of answer than JSON; its body is the text. */
  readonly accept?: string;
}

/** Sends requests to one address. */
export interface Client {
  /**
   * Sends a request and repeats it, with the same Idempotency-Key, while the other side crashes or starts again.
   *
   * @throws ApiError for an answer that is not 2xx and means what it says.
   * @throws Error when there was no answer for 60 s.
   */
  send<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, options?: RequestOptions): Promise<Reply<T>>;
}

/** The API has refused a request. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The problem's stable code; empty where the answer is no problem document. */
  readonly code: string;

  constructor(what: string, status: number, text: string) {
    const problem = problemIn(text);
    const fields = problem.errors?.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
    super(`${what} was answered ${status} ${problem.code ?? ''}: ${problem.detail ?? text.slice(0, 300)}${fields ? ` (${fields})` : ''}`);
    this.status = status;
    this.code = problem.code ?? '';
  }
}

/** Makes a client for one address; `onTrouble` hears once about each request that has to be repeated. */
export function createClient(baseUrl: string, onTrouble: (text: string) => void = () => undefined): Client {
  return {
    async send<T>(method: string, path: string, options: RequestOptions = {}): Promise<Reply<T>> {
      // The token of an invitation is a secret of who was invited.
      const what = `${method} ${path.replace(/(\/invitations\/)[^/]+/, '$1…')}`;
      const key = options.idempotencyKey ?? randomUUID();
      const trouble = new Trouble(what, onTrouble);
      for (let token = await options.token?.(false); ;) {
        const tried = await tryOnce(new URL(path, baseUrl), method, { ...options, idempotencyKey: key }, token);
        if (tried.kind === 'answered') return tried.reply as Reply<T>;
        if (tried.kind === 'refused') {
          if (tried.status !== 401 || options.token === undefined || trouble.renewed) throw new ApiError(what, tried.status, tried.text);
          trouble.renewed = true;
          token = await options.token(true);
        } else await trouble.pause(tried);
      }
    },
  };
}

interface Later {
  readonly kind: 'later';
  readonly reason: string;
  readonly rateLimited: boolean;
  readonly retryAfterMs: number | null;
}
type Tried = { kind: 'answered'; reply: Reply<unknown> } | { kind: 'refused'; status: number; text: string } | Later;

async function tryOnce(url: URL, method: string, options: RequestOptions, token: string | undefined): Promise<Tried> {
  try {
    const response = await fetch(url, {
      method,
      headers: headersOf(method, options, token),
      signal: AbortSignal.timeout(TRY_MS),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    // The body too may be cut off by a crash.
    const text = await response.text();
    return understand(response, text, options.accept === undefined);
  } catch (error) {
    return { kind: 'later', reason: causeOf(error), rateLimited: false, retryAfterMs: null };
  }
}

function headersOf(
  method: string,
  { body, ifMatch, idempotencyKey, accept }: RequestOptions,
  token: string | undefined,
): Record<string, string> {
  return {
    Accept: accept === undefined ? 'application/json' : `${accept}, application/problem+json`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(method === 'GET' || idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    ...(ifMatch == null ? {} : { 'If-Match': ifMatch }),
  };
}

function understand(response: Response, text: string, isJson: boolean): Tried {
  const { status, headers } = response;
  const bodyOf = (): unknown => (text === '' ? undefined : isJson ? JSON.parse(text) : text);
  if (response.ok) return { kind: 'answered', reply: { status, headers, body: bodyOf() } };
  const rateLimited = status === 429;
  const passes = status >= 500 || rateLimited || (status === 409 && problemIn(text).code === 'idempotency_in_progress');
  if (!passes) return { kind: 'refused', status, text };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const reason = `${status} ${problemIn(text).code ?? ''}`.trim();
  return { kind: 'later', reason, rateLimited, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null };
}

/** The trouble that one request has: how long, how often, and whether somebody was told. */
class Trouble {
  renewed = false;
  readonly #what: string;
  readonly #onTrouble: (text: string) => void;
  #deadline: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #limited = 0;

  constructor(what: string, onTrouble: (text: string) => void) {
    this.#what = what;
    this.#onTrouble = onTrouble;
  }

  /** Waits until the next try. @throws Error when the time is over. */
  async pause({ reason, rateLimited, retryAfterMs }: Later): Promise<void> {
    const now = Date.now();
    if (this.#deadline === undefined) this.#onTrouble(`${this.#what}: ${reason}; it is repeated`);
    this.#deadline ??= now + REPEAT_MS;
    const waitMs = retryAfterMs ?? this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS);
    // Being sent away is no crash: whoever waits as told is not given up.
    if (rateLimited && (this.#limited += 1) <= RATE_LIMITED_MAX) this.#deadline = now + waitMs + REPEAT_MS;
    if (now >= this.#deadline) throw new Error(`${this.#what} was not answered for ${REPEAT_MS / 1000} s: ${reason}`);
    // The last try is made at the very end of the time, however long the other side asked to wait.
    await delay(Math.min(waitMs, this.#deadline - now));
  }
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

function problemIn(text: string): Problem {
  try {
    return (JSON.parse(text) ?? {}) as Problem;
  } catch {
    return {};
  }
}

function causeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  if (cause?.code !== undefined) return cause.code;
  return cause?.message ?? (error instanceof Error ? error.message : String(error));
}
