import type { Env, ServiceName } from '../config/env.ts';
import type { Logger } from '../config/logger.ts';
import type { Passwords } from '../config/passwords.ts';
import type { Secrets } from '../config/secrets.ts';
import type { FileStore } from '../db/files/store.ts';
import type { ServiceDatabase } from '../db/orm.ts';
import type { StoredEvent } from '../db/outbox.ts';
import type { MembershipReader } from '../db/queries/membership.ts';
import type { ClientAddress } from './client-address.ts';
import type { RateLimits } from './middleware/rate-limit.ts';

/** Wakes the processes of events that were just committed; never waits and never fails. */
export interface EventDispatcher {
  dispatch(events: readonly StoredEvent[]): void;
}

/** What routes work with. */
export interface Deps {
  readonly env: Env;
  readonly secrets: Secrets;
  readonly passwords: Passwords;
  readonly logger: Logger;
  /** The database of each service that this process serves. */
  readonly databases: Readonly<Partial<Record<ServiceName, ServiceDatabase>>>;
  /** Where receipts are kept. */
  readonly files: FileStore;
  readonly memberships: MembershipReader;
  readonly dispatcher: EventDispatcher;
  /** For limits that only a handler can count, such as attempts on one account; the pipeline counts the rest. */
  readonly limits: RateLimits;
  /** Finds where a request came from, past our own proxies. */
  readonly clientAddress: ClientAddress;
  /** Base of links that leave the house, without a slash at the end. */
  readonly publicUrl: string;
}

/**
 * The database of a service that this process serves.
 *
 * @throws Error when the service is not served here, which is a mistake in the route registry.
 */
export function databaseOf(deps: Deps, service: ServiceName): ServiceDatabase {
  const database = deps.databases[service];
  if (database === undefined) throw new Error(`this process does not serve ${service}`);
  return database;
}
