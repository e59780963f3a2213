import { createHmac, timingSafeEqual } from 'node:crypto';

/** Most rows of one page. */
export const PAGE_MAX = 100;
/** Rows of a page where nothing is asked for. */
export const PAGE_DEFAULT = 25;

/** A page of a list as every list answers it. */
export interface Page<T> {
  readonly data: T[];
  readonly nextCursor: string | null;
}

/** What a caller asks of a list. `after` holds the sort key of the last row seen, as {@link encodeCursor} was given it. */
export interface PageRequest {
  readonly limit: number;
  readonly after: readonly string[] | null;
}

/**
 * Makes an opaque, signed cursor out of the sort key of a row.
 *
 * @param key the secret of config/secrets.ts.
 * @param scope what is listed, so that a cursor of one list is refused by another.
 */
export function encodeCursor(key: string, scope: string, sortKey: readonly string[]): string {
  const payload = Buffer.from(JSON.stringify(sortKey)).toString('base64url');
  return `${payload}.${sign(key, scope, payload)}`;
}

/** Reads a cursor back; null when it was not made by {@link encodeCursor} for this list. */
export function decodeCursor(key: string, scope: string, cursor: string): string[] | null {
  const [payload, signature, ...rest] = cursor.split('.');
  if (payload === undefined || signature === undefined || rest.length > 0) return null;
  const expected = Buffer.from(sign(key, scope, payload));
  const given = Buffer.from(signature);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return null;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as string[];
}

/**
 * Cuts a page out of rows that were asked for with `limit + 1`.
 *
 * @param sortKeyOf gives the sort key of a row, for the next cursor.
 */
export function toPage<Row, T>(
  rows: readonly Row[],
  request: PageRequest,
  cursor: { key: string; scope: string },
  sortKeyOf: (row: Row) => readonly string[],
  present: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  const more = rows.length > request.limit && last !== undefined;
  return { data: shown.map(present), nextCursor: more ? encodeCursor(cursor.key, cursor.scope, sortKeyOf(last)) : null };
}

function sign(key: string, scope: string, payload: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(`${scope}:${payload}`).digest('base64url').slice(0, 22);
}
