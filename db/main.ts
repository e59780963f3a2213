import { readEnv } from '../config/env.ts';
import { createLogger } from '../config/logger.ts';
import { migrate } from './migrate.ts';

// Brings the database of DATABASE_URL to the newest schema; for deployments that migrate as a step of their own.
const env = readEnv();
const logger = createLogger('migrate', env.LOG_LEVEL);
logger.info({ applied: await migrate(env.DATABASE_URL) }, 'migrated');
