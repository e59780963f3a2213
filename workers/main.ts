import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readEnv, SERVICES, type ServiceName } from '../config/env.ts';
import { createLogger } from '../config/logger.ts';
import { createMetrics } from '../config/metrics.ts';
import { startOpsServer, type Readiness } from '../config/ops-server.ts';
import { exitWithParent } from '../config/parent-watch.ts';
import { readSecrets } from '../config/secrets.ts';
import { createShutdown } from '../config/shutdown.ts';
import { tcpState } from '../config/tcp-probe.ts';
import { temporalAccess } from '../config/temporal.ts';
import { openDatabase, type ServiceDatabase } from '../db/orm.ts';
import { markDispatched } from '../db/outbox.ts';
import { databaseReadiness } from '../db/readiness.ts';
import { createDispatcher } from '../workflows/dispatch.ts';
import { CONSUMERS } from './consumers.ts';
import { workerMetrics } from './metrics.ts';
import { pause } from './relay/bell.ts';
import { startRelay } from './relay.ts';
import { installRuntime, prebuild, runServiceWorker, type ServiceWorkerDeps } from './service-worker.ts';
import { SERVICE_WORKERS } from './services.ts';

const DATABASE_RETRY_MS = 1_000;
const WORKERS_LIMIT_MS = 3_000;

const services = chosenServices();
const env = readEnv();
const logger = createLogger('worker', env.LOG_LEVEL);
const secrets = readSecrets(env.SECRETS_FILE);
const shutdown = createShutdown(logger);
exitWithParent(() => shutdown.stop('the starter is gone'), env.PARENT_WATCH);

const registry = createMetrics('worker');
const readiness = databaseReadiness(env.DATABASE_URL);
shutdown.add('readiness', () => readiness.close());
const temporal = temporalAccess(env.TEMPORAL_ADDRESS, env.TEMPORAL_NAMESPACE);
shutdown.add('Temporal client', () => temporal.close());

const ops = await startOpsServer({ port: env.OPS_PORT, host: env.OPS_HOST, registry, readiness: look });
shutdown.add('operations server', () => ops.close());
logger.info({ services, opsPort: ops.port }, 'worker process starts');

const databases = await untilOpen(services);
shutdown.add('databases', async () => void (await Promise.allSettled(databases.map((db) => db.close()))));
const databaseOf = new Map(databases.map((db) => [db.service, db]));

const dispatcher = createDispatcher({
  client: temporal.client,
  markDispatched: (service, ids) => markDispatched(databaseOf.get(service)!, ids),
});
shutdown.add('dispatcher', () => dispatcher.close());
const metrics = workerMetrics(registry, databases, CONSUMERS, dispatcher);

const relays = databases.map((db) =>
  startRelay({ db, url: env.DATABASE_URL, client: temporal.client, dispatcher, logger, consumers: CONSUMERS, observer: metrics.relay }),
);

installRuntime(logger);
const running = prebuild(services, logger).then(() => Promise.all(databases.map((db) => runServiceWorker(db.service, workerDeps(db)))));
shutdown.add('workers and relays', async () => {
  // The SDK's worker can hang for long when Temporal went away meanwhile; what it holds is retried by the next one.
  await Promise.race([Promise.all([running, ...relays.map((relay) => relay.stop())]), delay(WORKERS_LIMIT_MS, undefined, { ref: false })]);
});
await running;

function workerDeps(db: ServiceDatabase): ServiceWorkerDeps {
  const activities = SERVICE_WORKERS[db.service].activities({ db, dispatcher, temporal: temporal.client, env, secrets, logger });
  return { env, logger, signal: shutdown.signal, onRunning: metrics.onRunning, activities };
}

/** Postgres may start later than we do, and its roles come with the migrations: both are waited for. */
async function untilOpen(names: readonly ServiceName[]): Promise<ServiceDatabase[]> {
  for (;;) {
    try {
      return await Promise.all(names.map((service) => openDatabase(service, env.DATABASE_URL, env.DATABASE_POOL_MAX)));
    } catch (error) {
      logger.warn({ err: error }, 'database is not there yet');
      await pause(DATABASE_RETRY_MS, shutdown.signal);
    }
  }
}

async function look(): Promise<Readiness> {
  const [database, temporalUp, redis] = await Promise.all([readiness.look(), temporal.isUp(), tcpState(env.REDIS_URL, 6379)]);
  return {
    ready: database.postgres === 'up' && database.migrations === 'up',
    parts: { ...database, temporal: temporalUp ? 'up' : 'down', redis, broker: 'off' },
  };
}

function chosenServices(): readonly ServiceName[] {
  const { values } = parseArgs({ options: { services: { type: 'string' } } });
  if (values.services === undefined) return SERVICES;
  const names = values.services.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !(SERVICES as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`--services: there is no service ${unknown.join(', ')}; there are ${SERVICES.join(', ')}`);
  return names as ServiceName[];
}
