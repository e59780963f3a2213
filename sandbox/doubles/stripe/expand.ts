import { invalid } from './errors.ts';
import { withoutPrivate } from './work.ts';

/** Stripe's own limit of levels. */
const DEPTH_MAX = 4;

/**
 * Shows the named fields whole where an answer has only ids, as `expand[]` asks.
 *
 * @param body the answer.
 * @param paths such as `latest_charge`, `data.payment_intent`, `latest_charge.transfer`.
 * @param find reads any object by its id.
 * @throws StripeRefusal when a path names nothing that can be shown whole.
 */
export function expand(body: object, paths: readonly string[], find: (id: string) => object | undefined): object {
  return paths.reduce((expanded, path) => expandPath(expanded, path.split('.'), path, find), withoutPrivate(body));
}

function expandPath(object: object, path: readonly string[], whole: string, find: (id: string) => object | undefined): object {
  const [field, ...rest] = path;
  if (field === undefined) return object;
  if (path.length > DEPTH_MAX || !Object.hasOwn(object, field))
    throw invalid(`This property cannot be expanded (${whole}).`, undefined, 'expand[0]');
  const value = (object as Record<string, unknown>)[field];
  return { ...object, [field]: expandValue(value, rest, whole, find) };
}

function expandValue(value: unknown, rest: readonly string[], whole: string, find: (id: string) => object | undefined): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item: object) => expandPath(item, rest, whole, find));
  if (typeof value === 'object') return expandPath(value, rest, whole, find);
  const found = typeof value === 'string' ? find(value) : undefined;
  // Balance transactions are not modelled: their ids stay ids.
  if (!found) return value;
  return expandPath(withoutPrivate(found), rest, whole, find);
}
