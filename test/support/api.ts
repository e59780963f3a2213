import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { createApp } from '../../api/app.ts';
import { clientAddressFinder } from '../../api/client-address.ts';
import type { Deps } from '../../api/deps.ts';
import { authenticator } from '../../api/middleware/authenticate.ts';
import { rateLimits } from '../../api/middleware/rate-limit.ts';
import { startApiServer } from '../../api/server.ts';
import { listOf, readEnv, SERVICES, type ServiceName } from '../../config/env.ts';
import { createLogger } from '../../config/logger.ts';
import type { Readiness } from '../../config/ops-server.ts';
import { createPasswords } from '../../config/passwords.ts';
import { generatePersonalToken, personalTokenHash } from '../../config/personal-tokens.ts';
import { generateSecrets, type Secrets } from '../../config/secrets.ts';
import { accessTokenSigner } from '../../config/tokens.ts';
import { localFiles } from '../../db/files/local.ts';
import { openDatabase, type ServiceDatabase } from '../../db/orm.ts';
import type { StoredEvent } from '../../db/outbox.ts';
import { databaseReadiness } from '../../db/readiness.ts';
import { membershipReader } from '../../db/queries/membership.ts';
import { sessionReader } from '../../db/queries/sessions.ts';
import { tokenUses } from '../../db/token-uses.ts';

/** An answer with its parsed body. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape.
  readonly body: any;
}

/** A signed-in person of a test. */
export interface TestUser {
  readonly userId: string;
  readonly token: string;
  readonly email: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
}

/** What a test's person is, beyond an ordinary account with a session. */
export interface TestUserOptions {
  readonly verified?: boolean;
  readonly timeZone?: string;
  readonly platformRole?: 'admin' | 'support';
  /** The credential is a personal access token with these scopes. */
  readonly scopes?: readonly string[];
}

/** The API of a test: real routes, real Postgres; events that were committed are collected instead of waking Temporal. */
export interface TestApi {
  readonly url: string;
  readonly deps: Deps;
  readonly events: StoredEvent[];
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  /** Makes an account with a live session, without going through registration. */
  user(name?: string, options?: TestUserOptions): Promise<TestUser>;
  stop(): Promise<void>;
}

/**
 * Serves the API on a free port against a migrated database.
 *
 * @param databaseUrl of a fresh, migrated database.
 * @param environment overrides, such as limits.
 * @param given secrets to share with another API over the same database; fresh ones by default.
 */
export async function startApi(databaseUrl: string, environment: Record<string, string> = {}, given?: Secrets): Promise<TestApi> {
  const env = readEnv({
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'silent',
    NODE_ENV: 'test',
    RATE_LIMIT_CREDENTIAL: '1000000',
    RATE_LIMIT_ANONYMOUS: '1000000',
    RATE_LIMIT_SIGN_IN_ADDRESS: '100000',
    RATE_LIMIT_SIGN_IN_ACCOUNT: '100000',
    ...environment,
  });
  const databases = Object.fromEntries(
    await Promise.all(SERVICES.map(async (service) => [service, await openDatabase(service, databaseUrl, 8)])),
  ) as Record<ServiceName, ServiceDatabase>;
  const secrets = given ?? generateSecrets();
  const events: StoredEvent[] = [];
  const limits = rateLimits(env, null);
  const health = databaseReadiness(databaseUrl);
  const uses = tokenUses(databases.user);
  const folder = await mkdtemp(join(tmpdir(), 'safesplitx-files-'));
  let deps: Deps | undefined;
  const authenticate = authenticator({
    secrets,
    sessions: sessionReader(databases.user),
    publicUrl: () => deps?.publicUrl ?? '',
    onUse: (sessionId) => uses.note(sessionId),
  });
  const server = await startApiServer(0, '127.0.0.1', (port) => {
    const publicUrl = `http://127.0.0.1:${port}`;
    deps = {
      env,
      secrets,
      passwords: createPasswords(env),
      logger: createLogger('test', env.LOG_LEVEL),
      databases,
      files: localFiles(folder),
      memberships: membershipReader(databases.expense),
      dispatcher: { dispatch: (committed) => void events.push(...committed) },
      limits,
      clientAddress: clientAddressFinder(listOf(env.TRUSTED_PROXIES)),
      publicUrl,
    };
    const readiness = async (): Promise<Readiness> => {
      const parts = await health.look();
      return { ready: parts.postgres === 'up' && parts.migrations === 'up', parts };
    };
    return { handler: createApp({ deps, authenticate, limits, readiness }, SERVICES).callback(), publicUrl };
  });
  const url = `http://127.0.0.1:${server.port}`;
  const call = caller(url, {});
  const sign = accessTokenSigner(secrets);
  return {
    url,
    deps: deps!,
    events,
    call,
    async user(name = 'Test Person', options = {}) {
      const userId = uuidv7();
      const sessionId = uuidv7();
      const email = `${userId}@example.com`;
      const personal = options.scopes === undefined ? null : generatePersonalToken();
      await databases.user.pool.query(
        `insert into "user".account
           (id, email, email_key, email_verified_at, password_hash, display_name, locale, time_zone, default_currency, platform_role)
         values ($1, $2, $2, $3, 'none', $4, 'en', $5, 'EUR', $6)`,
        [userId, email, options.verified === false ? null : new Date(), name, options.timeZone ?? 'UTC', options.platformRole ?? null],
      );
      await databases.user.pool.query(
        `insert into "user".session (id, account_id, kind, scopes, secret_hash, expires_at) values ($1, $2, $3, $4, $5, now() + interval '1 day')`,
        personal === null
          ? [sessionId, userId, 'sign-in', null, null]
          : [sessionId, userId, 'personal', options.scopes, personalTokenHash(personal)],
      );
      const token = personal ?? (await sign({ userId, sessionId }));
      return { userId, token, email, call: caller(url, { authorization: `Bearer ${token}` }) };
    },
    async stop() {
      await server.close(1_000);
      await uses.close();
      await rm(folder, { recursive: true, force: true });
      await Promise.all([health.close(), ...Object.values(databases).map((database) => database.close())]);
    },
  };
}

function caller(url: string, standing: Record<string, string>): TestApi['call'] {
  return async (method, path, body, headers = {}) => {
    // A form names its own type, and its boundary.
    const isForm = body instanceof FormData;
    const answer = await fetch(url + path, {
      method,
      headers: { ...standing, ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined
        ? {}
        : { body: isForm || body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const type = answer.headers.get('content-type') ?? '';
    if (/^(image|application\/pdf)/.test(type))
      return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.bytes()) };
    const text = await answer.text();
    // Files that are texts, such as an export, stay texts.
    const content: unknown = text === '' ? undefined : /json/.test(type) ? JSON.parse(text) : text;
    return { status: answer.status, headers: answer.headers, body: content };
  };
}
