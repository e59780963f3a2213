import { invalid, missing } from './errors.ts';

/** What every list request may give. */
export interface ListParams {
  readonly limit?: number | undefined;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
  readonly created?:
    | number
    | {
        readonly gt?: number | undefined;
        readonly gte?: number | undefined;
        readonly lt?: number | undefined;
        readonly lte?: number | undefined;
      }
    | undefined;
}

interface Listed {
  readonly id: string;
  readonly created: number;
}

const LIMIT_DEFAULT = 10;

/**
 * One page of a list, newest first.
 *
 * @param objects all that match, oldest first.
 * @param url the list's own path, as Stripe repeats it in the answer.
 * @throws StripeRefusal when a cursor names an object that is not in the list.
 */
export function page(objects: readonly Listed[], params: ListParams, url: string): object {
  if (params.starting_after !== undefined && params.ending_before !== undefined) {
    throw invalid('You cannot use both starting_after and ending_before.', 'parameters_exclusive', 'ending_before');
  }
  const newestFirst = objects.filter((object) => isCreatedWithin(object.created, params.created)).toReversed();
  const limit = params.limit ?? LIMIT_DEFAULT;
  if (params.ending_before !== undefined) {
    const end = placeOf(newestFirst, params.ending_before, 'ending_before');
    const start = Math.max(0, end - limit);
    return listOf(newestFirst.slice(start, end), start > 0, url);
  }
  const start = params.starting_after === undefined ? 0 : placeOf(newestFirst, params.starting_after, 'starting_after') + 1;
  return listOf(newestFirst.slice(start, start + limit), start + limit < newestFirst.length, url);
}

/** A whole small list in Stripe's envelope. */
export function listOf(data: readonly object[], hasMore: boolean, url: string): object {
  return { object: 'list', data, has_more: hasMore, url };
}

function placeOf(objects: readonly Listed[], id: string, param: string): number {
  const place = objects.findIndex((object) => object.id === id);
  if (place < 0) throw missing('object', id, param);
  return place;
}

function isCreatedWithin(created: number, range: ListParams['created']): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return created === range;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return created > gt && created >= gte && created < lt && created <= lte;
}
