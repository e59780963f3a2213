/** One request to the API, as the page shows it. */
export interface LoggedRequest {
  readonly id: string;
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** Null when the answer was lost on purpose. */
  readonly status: number | null;
  /** The fault that the plan gave it. */
  readonly fault: string | null;
  readonly idempotencyKey: string | null;
  readonly replayed: boolean;
}

const KEPT_MAX = 500;

/** The latest requests, in memory. */
export class RequestLog {
  readonly #requests: LoggedRequest[] = [];
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Adds a request and forgets the oldest above the limit. */
  add(request: LoggedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > KEPT_MAX) this.#requests.shift();
    this.#changed();
  }

  /** Newest first. */
  latest(limit: number): readonly LoggedRequest[] {
    return this.#requests.slice(-limit).toReversed();
  }
}
