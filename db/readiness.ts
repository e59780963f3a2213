import { Pool } from 'pg';
import { MIGRATIONS } from './migrations/index.ts';

/** Looks at the database for `/readyz`. */
export interface DatabaseReadiness {
  /** Never throws; takes a second at most. */
  look(): Promise<{ readonly postgres: 'up' | 'down'; readonly migrations: 'up' | 'down' }>;
  close(): Promise<void>;
}

/**
 * Watches whether Postgres answers and has every migration: one cheap select over a connection of its own.
 *
 * @param url Postgres, as the owner of the schemas.
 */
export function databaseReadiness(url: string): DatabaseReadiness {
  const pool = new Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: 1_000,
    query_timeout: 1_000,
    application_name: 'safesplitx-readiness',
  });
  // An idle connection that breaks is simply made again with the next look.
  pool.on('error', () => undefined);
  return {
    async look() {
      try {
        const { rows } = await pool.query<{ name: string }>('select name from safesplitx_migration');
        const applied = new Set(rows.map((row) => row.name));
        return { postgres: 'up', migrations: MIGRATIONS.every(({ name }) => applied.has(name)) ? 'up' : 'down' };
      } catch (error) {
        // 42P01: the table itself is missing, so nothing was migrated yet.
        const answered = error instanceof Error && 'code' in error && error.code === '42P01';
        return { postgres: answered ? 'up' : 'down', migrations: 'down' };
      }
    },
    close: () => pool.end(),
  };
}
