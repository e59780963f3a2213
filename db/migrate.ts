import { Client } from 'pg';
import { openOwner } from './orm.ts';

/** Held while migrating, so that two processes that start at once do not migrate twice. Any fixed number will do. */
const MIGRATION_LOCK = 7_318_006_001n;

/**
 * Brings a database to the newest schema; does nothing when it is there already.
 *
 * @param url Postgres, as the owner of the schemas.
 * @returns the names of the migrations that were applied.
 */
export async function migrate(url: string): Promise<string[]> {
  const lock = new Client({ connectionString: url });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const orm = await openOwner(url);
    try {
      const applied = await orm.migrator.up();
      return applied.map((migration) => migration.name);
    } finally {
      await orm.close(true);
    }
  } finally {
    await lock.end();
  }
}

/** The names of migrations that a database still lacks; `/readyz` shows them. */
export async function pendingMigrations(url: string): Promise<string[]> {
  const orm = await openOwner(url);
  try {
    return (await orm.migrator.getPending()).map((migration) => migration.name);
  } finally {
    await orm.close(true);
  }
}
