import type { z } from 'zod';
import { missing } from './errors.ts';
import { readParams } from './params.ts';
import type { FormRecord } from './form.ts';
import type { Kind, Metadata, ObjectKinds } from './types.ts';
import type { Work } from './work.ts';

/** What an operation answers. A decline is an answer too (402): it changes the intent. */
export interface Reply {
  readonly status: number;
  readonly body: object;
}

/** One request as an operation sees it. */
export interface Call<P> {
  readonly params: P;
  /** The first id in the path, or an empty text. */
  readonly id: string;
  /** The second id in the path, or an empty text. */
  readonly subId: string;
  readonly work: Work;
  /** The connected account on whose behalf the request is made (`Stripe-Account`). */
  readonly account: string | undefined;
  /** Where the double's own pages are, without a slash at the end. */
  readonly baseUrl: string;
  /** Whether the fault plan wants this charge declined; counts one match of the rule. */
  readonly declines: () => boolean;
}

/** A route of the double with its parameters' schema bound in. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly pattern: RegExp;
  /** Checks the parameters; what it throws is not kept under an idempotency key. */
  readonly prepare: (form: FormRecord) => (call: Omit<Call<unknown>, 'params'>) => Reply;
}

/**
 * Declares a route.
 *
 * @param path with `:id` for parts that vary, such as `/v1/refunds/:id`.
 * @param run decides and changes; synchronous, so that no other request comes between.
 */
export function operation<S extends z.ZodType>(
  method: Operation['method'],
  path: string,
  schema: S,
  run: (call: Call<z.infer<S>>) => Reply,
): Operation {
  const pattern = new RegExp(`^${path.replaceAll(':id', '([A-Za-z0-9_]+)')}$`);
  return {
    method,
    pattern,
    prepare: (form) => {
      const params = readParams(schema, form);
      return (call) => run({ ...call, params });
    },
  };
}

/** Answers 200 with an object. */
export function ok(body: object): Reply {
  return { status: 200, body };
}

/**
 * Reads an object that the request names.
 *
 * @param param the parameter that named it; `id` and `intent` mean the path.
 * @throws StripeRefusal `resource_missing`.
 */
export function required<K extends Kind>(work: Work, kind: K, id: string, param = 'id'): ObjectKinds[K] {
  const object = work.get(kind, id);
  if (!object) throw missing(kind, id, param);
  return object;
}

/** Applies a request's metadata to what is there: empty values take pairs away. */
export function mergeMetadata(present: Metadata, given: '' | Record<string, string> | undefined): Metadata {
  if (given === undefined) return present;
  if (given === '') return {};
  return Object.fromEntries(Object.entries({ ...present, ...given }).filter(([, value]) => value !== ''));
}
