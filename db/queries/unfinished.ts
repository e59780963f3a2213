import type { ServiceName } from '../../config/env.ts';
import type { ProcessName } from '../../domain/events.ts';
import type { Tx } from '../transact.ts';
import { UNFINISHED_EXPENSE } from './expense/unfinished.ts';
import { UNFINISHED_NOTIFICATION } from './notification/unfinished.ts';
import { UNFINISHED_PAYMENT } from './payment/unfinished.ts';
import { UNFINISHED_USER } from './user/unfinished.ts';

/** A row in a non-final state, as the process that should follow it. */
export interface Unfinished {
  readonly process: ProcessName;
  readonly key: string;
  /** Where a page after this row begins. */
  readonly cursor: string;
}

/**
 * What each service calls unfinished: SQL that gives `process` and `key` of rows that were not touched since `$1`.
 */
const SOURCES: Record<ServiceName, string> = {
  user: UNFINISHED_USER,
  expense: UNFINISHED_EXPENSE,
  payment: UNFINISHED_PAYMENT,
  notification: UNFINISHED_NOTIFICATION,
};

/** Lists rows of a service whose process should be running, in the order of process and key. */
export async function findUnfinished(
  query: Tx['query'],
  service: ServiceName,
  page: { readonly after: string | null; readonly limit: number; readonly olderThanSeconds: number },
): Promise<Unfinished[]> {
  const rows = await query<{ process: ProcessName; key: string; cursor: string }>(
    `select process, key, process || ' ' || key as cursor from (${SOURCES[service]}) u
     where $2::text is null or (process || ' ' || key) collate "C" > $2 order by (process || ' ' || key) collate "C" limit $3`,
    [new Date(Date.now() - page.olderThanSeconds * 1000), page.after, page.limit],
  );
  return rows.map(({ process, key, cursor }) => ({ process, key, cursor }));
}
