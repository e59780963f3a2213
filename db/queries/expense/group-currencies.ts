import type { ServiceDatabase } from '../../orm.ts';
import type { Query } from './groups.ts';

/** Groups remembered, a few megabytes; beyond it all are forgotten, which costs one query a group. */
const REMEMBERED_MAX = 50_000;

const remembered = new WeakMap<ServiceDatabase, Map<string, string>>();

/** The currencies of groups. A group never changes its own, so what was read once is remembered. */
export async function groupCurrencies(
  db: ServiceDatabase,
  query: Query,
  groupIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const known = remembered.get(db) ?? new Map<string, string>();
  remembered.set(db, known);
  const found = new Map<string, string>();
  for (const id of groupIds) if (known.has(id)) found.set(id, known.get(id)!);
  const unknown = groupIds.filter((id) => !found.has(id));
  if (unknown.length > 0) {
    if (known.size + unknown.length > REMEMBERED_MAX) known.clear();
    const rows = await query<{ id: string; currency: string }>('select id, currency from expense."group" where id = any($1::uuid[])', [
      unknown,
    ]);
    for (const { id, currency } of rows) {
      known.set(id, currency);
      found.set(id, currency);
    }
  }
  return found;
}
