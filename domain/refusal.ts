/**
 * A business "no": a rule of the product refuses what was asked.
 *
 * It is a value in `domain/`, is thrown as {@link RefusalError} by commands so that their transaction rolls back, and
 * is mapped to an HTTP status by one table in `api/problems.ts`.
 */
export interface Refusal {
  /** Stable snake_case word that clients may rely on. */
  readonly code: string;
  /** A sentence that is safe to show. */
  readonly detail: string;
  /** JSON pointer into the request body that is at fault, where there is one. */
  readonly pointer?: string;
  /** Seconds after which the same may be asked again, where that is known. */
  readonly retryAfterSeconds?: number;
}

/** The result of a rule: a value, or the refusal that explains why there is none. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** Wraps a value as a successful outcome. */
export function ok<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** Makes a refused outcome. */
export function refuse(code: string, detail: string, pointer?: string): Outcome<never> {
  return { ok: false, refusal: pointer === undefined ? { code, detail } : { code, detail, pointer } };
}

/** Carries a refusal out of a transaction, which is rolled back by it. */
export class RefusalError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`${refusal.code}: ${refusal.detail}`);
    this.name = 'RefusalError';
    this.refusal = refusal;
  }
}

/**
 * Takes the value out of an outcome.
 *
 * @throws RefusalError when the outcome is a refusal.
 */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new RefusalError(outcome.refusal);
  return outcome.value;
}

/** Throws a refusal straight away; for commands that find a broken rule themselves. */
export function refusal(code: string, detail: string, pointer?: string): RefusalError {
  return new RefusalError(pointer === undefined ? { code, detail } : { code, detail, pointer });
}

/**
 * Ends an exhaustive switch: the compiler proves that it cannot be reached.
 *
 * @throws Error always, should a value outside its type arrive at run time.
 */
export function assertNever(value: never): never {
  throw new Error(`value outside its type: ${JSON.stringify(value)}`);
}
