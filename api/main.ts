import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { listOf, readEnv, SERVICES, type ServiceName } from '../config/env.ts';
import { createLogger } from '../config/logger.ts';
import { createMetrics } from '../config/metrics.ts';
import { type Readiness, startOpsServer } from '../config/ops-server.ts';
import { exitWithParent } from '../config/parent-watch.ts';
import { redisClient } from '../config/redis.ts';
import { createPasswords } from '../config/passwords.ts';
import { readSecrets } from '../config/secrets.ts';
import { watchSigningKeys } from '../config/secrets-watch.ts';
import { readTls, watchTls } from '../config/tls.ts';
import { createShutdown } from '../config/shutdown.ts';
import { temporalAccess } from '../config/temporal.ts';
import { databaseFailure } from '../db/errors.ts';
import { fileStoreOf } from '../db/files/registry.ts';
import { openDatabase, type ServiceDatabase } from '../db/orm.ts';
import { markDispatched } from '../db/outbox.ts';
import { membershipReader } from '../db/queries/membership.ts';
import { sessionReader } from '../db/queries/sessions.ts';
import { tokenUses } from '../db/token-uses.ts';
import { databaseReadiness } from '../db/readiness.ts';
import { createDispatcher } from '../workflows/dispatch.ts';
import { createApp } from './app.ts';
import { clientAddressFinder } from './client-address.ts';
import type { Deps } from './deps.ts';
import { observeDispatch, observePools, observeRequests } from './metrics.ts';
import { authenticator } from './middleware/authenticate.ts';
import { rateLimits } from './middleware/rate-limit.ts';
import { startApiServer } from './server.ts';

// `node api/main.ts --services=a,b` serves these services, all by default.

/** Requests in flight get this long when the process ends, in milliseconds; the rest of its 8 s is for the other parts. */
const DRAIN_MS = 5_000;
/** Postgres may start later than this process; it is tried again this often, in milliseconds. */
const OPEN_AGAIN_MS = 500;

const services = chosenServices();
const env = readEnv();
const secrets = readSecrets(env.SECRETS_FILE);
const logger = createLogger('api', env.LOG_LEVEL);
const shutdown = createShutdown(logger);
exitWithParent(() => shutdown.stop('the starter is gone'), env.PARENT_WATCH);
for (const name of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(name, (error: unknown) => {
    // A state that nobody foresaw is not one to go on from; whoever started the process starts it again.
    logger.fatal({ err: error }, name);
    process.exit(1);
  });

shutdown.add('signing keys', watchSigningKeys(env.SECRETS_FILE, secrets, logger));

const registry = createMetrics('api');
const health = databaseReadiness(env.DATABASE_URL);
shutdown.add('readiness', () => health.close());
const temporal = temporalAccess(env.TEMPORAL_ADDRESS, env.TEMPORAL_NAMESPACE);
shutdown.add('Temporal client', () => temporal.close());
const redis = env.REDIS_URL === undefined ? null : redisClient(env.REDIS_URL, logger);
if (redis !== null) shutdown.add('Redis', () => redis.disconnect());

const databases = await openDatabases(services);
shutdown.add('databases', async () => void (await Promise.allSettled(databases.map((database) => database.close()))));
observePools(registry, databases);
// A lost idle connection costs nothing but this line; the next request opens another.
for (const { service, pool } of databases)
  pool.on('error', (error: Error) => logger.warn({ database: service, reason: error.message }, 'connection lost'));
const databaseOf = new Map(databases.map((database) => [database.service, database]));
const [anyDatabase] = databases;
if (anyDatabase === undefined) throw new Error('--services names no service');

const dispatcher = createDispatcher({
  client: temporal.client,
  markDispatched: async (service, ids) => {
    const database = databaseOf.get(service);
    if (database !== undefined) await markDispatched(database, ids);
  },
});
shutdown.add('dispatcher', () => dispatcher.close());
observeDispatch(registry, dispatcher);

const passwords = createPasswords(env);
const files = await fileStoreOf(env);
const clientAddress = clientAddressFinder(listOf(env.TRUSTED_PROXIES));
const tls = readTls(env);
const limits = rateLimits(env, redis);
const memberships = membershipReader(databaseOf.get('expense') ?? anyDatabase);
const userDatabase = databaseOf.get('user');
const uses = userDatabase === undefined ? null : tokenUses(userDatabase);
if (uses !== null) shutdown.add('uses of tokens', () => uses.close());
let publicUrl = env.PUBLIC_URL?.replace(/\/+$/, '') ?? '';
const authenticate = authenticator({
  secrets,
  sessions: sessionReader(userDatabase ?? anyDatabase),
  publicUrl: () => publicUrl,
  // Only the user service writes its own rows; the others just look.
  onUse: (sessionId) => uses?.note(sessionId),
});
const observe = observeRequests(registry);
const http = await startApiServer(
  env.PORT,
  env.HOST,
  (port) => {
    publicUrl ||= `${tls === null ? 'http' : 'https'}://localhost:${port}`;
    const deps: Deps = {
      env,
      secrets,
      passwords,
      logger,
      databases: Object.fromEntries(databaseOf),
      files,
      memberships,
      dispatcher,
      limits,
      clientAddress,
      publicUrl,
    };
    return { handler: createApp({ deps, authenticate, limits, readiness: look }, services, observe).callback(), publicUrl };
  },
  { tls },
);
if (tls !== null)
  shutdown.add(
    'certificate',
    watchTls(env, logger, (files) => http.renewCertificate(files)),
  );
shutdown.add('HTTP server', async () => {
  if (!(await http.close(DRAIN_MS))) logger.warn({ limitMs: DRAIN_MS }, 'requests cut off');
});

const ops = await startOpsServer({ port: env.OPS_PORT, host: env.OPS_HOST, registry, readiness: look });
shutdown.add('operations server', () => ops.close());
logger.info({ services, port: http.port, opsPort: ops.port }, 'API serves');

async function look(): Promise<Readiness> {
  const [database, temporalUp] = await Promise.all([health.look(), temporal.isUp()]);
  const ready = database.postgres === 'up' && database.migrations === 'up';
  const redisState = redis === null ? 'off' : redis.status === 'ready' ? 'up' : 'down';
  return { ready, parts: { ...database, temporal: temporalUp ? 'up' : 'down', redis: redisState, broker: 'off' } };
}

/** Opens the database of each service; waits for a Postgres that is still away. */
async function openDatabases(names: readonly ServiceName[]): Promise<readonly ServiceDatabase[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await Promise.all(names.map((name) => openDatabase(name, env.DATABASE_URL, env.DATABASE_POOL_MAX)));
    } catch (error) {
      if (databaseFailure(error) !== 'unavailable' || shutdown.signal.aborted) throw error;
      if (attempt === 1) logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'database away');
      await setTimeout(OPEN_AGAIN_MS);
    }
  }
}

function chosenServices(): readonly ServiceName[] {
  const { values } = parseArgs({ options: { services: { type: 'string' } } });
  if (values.services === undefined) return SERVICES;
  const names = values.services.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !(SERVICES as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`--services: there is no service ${unknown.join(', ')}; there are ${SERVICES.join(', ')}`);
  return names as ServiceName[];
}
