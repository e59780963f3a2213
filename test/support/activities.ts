import type { Client } from '@temporalio/client';
import type { ActivityDeps } from '../../activities/edge.ts';
import { readEnv, type ServiceName } from '../../config/env.ts';
import { createLogger } from '../../config/logger.ts';
import type { TestApi } from './api.ts';

/**
 * What the activities of a service are made from, on the database of a test's API. Processes of the events that they write are
 * woken by nobody: a test that wants one wakes it.
 *
 * @param temporal of activities that ask Temporal itself; others need none.
 */
export function activityDeps(api: TestApi, service: ServiceName, temporal?: Client): ActivityDeps {
  const db = api.deps.databases[service];
  if (db === undefined) throw new Error(`this API does not serve ${service}`);
  return {
    db,
    dispatcher: { dispatch: () => undefined, counts: { woken: 0, failed: 0, skipped: 0, inFlight: 0 }, close: () => Promise.resolve() },
    temporal: temporal as Client,
    env: readEnv({ LOG_LEVEL: 'silent' }),
    secrets: api.deps.secrets,
    logger: createLogger('test', 'silent'),
  };
}
