import { Migrator } from '@mikro-orm/migrations';
import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import type { ServiceName } from '../config/env.ts';
import { expenseEntities } from './entities/expense/index.ts';
import { notificationEntities } from './entities/notification/index.ts';
import { paymentEntities } from './entities/payment/index.ts';
import { userEntities } from './entities/user/index.ts';
import { MIGRATIONS } from './migrations/index.ts';

/** Each service's tables; a service's connection sees no others. */
const ENTITIES = { user: userEntities, expense: expenseEntities, payment: paymentEntities, notification: notificationEntities };

/** A wait for a lock longer than this ends the statement; the caller is told to try again. */
const LOCK_TIMEOUT_MS = 2_000;
/** No statement of a request runs longer than this. */
const STATEMENT_TIMEOUT_MS = 15_000;

/** One service's way to Postgres: the ORM and the pool that it works on, both under the service's role. */
export interface ServiceDatabase {
  readonly service: ServiceName;
  readonly orm: MikroORM;
  readonly pool: Pool;
  close(): Promise<void>;
}

/**
 * Opens a service's connections. They carry the role `safesplitx_<service>`, which may write its own schema and read
 * the published views of the others, and nothing else.
 *
 * @param service whose tables.
 * @param url Postgres, as a user that may take that role.
 * @param poolMax most connections.
 */
export async function openDatabase(service: ServiceName, url: string, poolMax: number): Promise<ServiceDatabase> {
  let pool: Pool | undefined;
  const orm = await MikroORM.init({
    ...common(url),
    entities: ENTITIES[service],
    pool: { min: 0, max: poolMax },
    driverOptions: {
      application_name: `safesplitx-${service}`,
      options: `-c role=safesplitx_${service} -c lock_timeout=${LOCK_TIMEOUT_MS} -c statement_timeout=${STATEMENT_TIMEOUT_MS} -c timezone=UTC`,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      onPoolCreated: (created: Pool) => {
        pool = created;
      },
    },
  });
  await orm.connect();
  if (pool === undefined) throw new Error('the driver made no connection pool');
  return { service, orm, pool, close: () => orm.close(true) };
}

/** Opens an ORM over every service's tables as the owner: for migrations and the schema check only. */
export async function openOwner(url: string): Promise<MikroORM> {
  return MikroORM.init({
    ...common(url),
    entities: Object.values(ENTITIES).flat(),
    pool: { min: 0, max: 2 },
    extensions: [Migrator],
    migrations: {
      migrationsList: MIGRATIONS,
      path: new URL('migrations', import.meta.url).pathname,
      tableName: 'safesplitx_migration',
      snapshotName: '.snapshot',
      snapshotOnMigrate: false,
      allOrNothing: true,
      emit: 'ts',
      // It would write to standard output, which belongs to the one screen and to `--json`.
      silent: true,
    },
  });
}

function common(url: string): Options {
  return {
    clientUrl: url,
    forceUtcTimezone: true,
    discovery: { warnWhenNoEntities: false },
    schemaGenerator: { disableForeignKeys: false, createForeignKeyConstraints: false },
    debug: false,
  };
}
