import { SERVICES } from '../../config/env.ts';
import type { TestApi } from './api.ts';

/** Rows of every table of every service, but for the log of security events, which notes refused tries as well. */
export async function rowCounts(api: TestApi): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const service of SERVICES) {
    const { pool } = api.deps.databases[service]!;
    const { rows } = await pool.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = $1 and table_type = 'BASE TABLE' and table_name <> 'audit_event'`,
      [service],
    );
    for (const { name } of rows) {
      const { rows: counted } = await pool.query<{ n: number }>(`select count(*)::int as n from "${service}"."${name}"`);
      counts[`${service}.${name}`] = counted[0]!.n;
    }
  }
  return counts;
}
