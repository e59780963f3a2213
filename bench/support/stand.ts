import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Agent } from 'undici';
import { describeEnv } from '../../config/env.ts';
import { startPlatform, type Platform } from '../../sandbox/platform.ts';
import { closeAtEnd } from './cleanup.ts';

/** Limits that no generator on this machine reaches; the limiters themselves stay at work. */
const RATE_LIMIT = '100000000';
const RATE_LIMITS = ['CREDENTIAL', 'ANONYMOUS', 'SIGN_IN_ACCOUNT', 'SIGN_IN_ADDRESS', 'REFRESH'];
const DAILY_LIMIT = '1000000';
const DAILY_LIMITS = ['FRIEND_REQUESTS', 'INVITATIONS', 'INVITATION_MAILS', 'MAILS_TO_ADDRESS', 'VERIFICATION_MAILS', 'RESET_MAILS'];
/** What would replace an embedded part, or change what is measured. */
const NOT_INHERITED =
  /^(DATABASE_|TEMPORAL_|REDIS_|AMQP_|SMTP_|STRIPE_|SECRETS_FILE|PUBLIC_URL|LOG_LEVEL|NODE_ENV|NODE_OPTIONS|RATE_LIMIT_|DAILY_LIMIT_|MAX_CACHED|MAIL_)/;
const CONNECTIONS_MAX = 16;

/** A platform of its own, as `npm start` makes it, and the ways to it. */
export interface Stand {
  readonly platform: Platform;
  /** Postgres as the owner, for looking. */
  readonly sql: pg.Pool;
  /** Settings under which it runs, by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** One call to the API, JSON both ways. @throws Error when the answer is not a 2xx. */
  call<Answer = unknown>(call: ApiCall): Promise<Answer>;
}

/** One call to the API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Starts a platform in a folder of its own on free ports: the ordinary configuration, with the rate limits raised.
 *
 * @param progress told of each step.
 */
export async function openStand(progress: (text: string) => void): Promise<Stand> {
  const dataDir = await mkdtemp(join(tmpdir(), 'safesplitx-bench-'));
  closeAtEnd(() => rm(dataDir, { recursive: true, force: true }));
  const giveUp = new AbortController();
  const starting = startPlatform({
    dataDir,
    ports: 'free',
    env: standEnv(),
    signal: giveUp.signal,
    onStep: ({ name, text }) => progress(`starting: ${name}${text === undefined ? '' : `, ${text}`}`),
  });
  closeAtEnd(async () => {
    giveUp.abort();
    await (await starting).stop();
  });
  const platform = await starting;
  const sql = new pg.Pool({ connectionString: platform.urls.databaseUrl, max: 4 });
  sql.on('error', () => undefined);
  closeAtEnd(() => sql.end());
  return { platform, sql, settings: await settingsOf(sql), call: caller(platform.urls.apiUrl) };
}

/** The environment of `npm start` with raised limits. */
export function standEnv(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  return {
    ...Object.fromEntries(inherited),
    ...Object.fromEntries(RATE_LIMITS.map((name) => [`RATE_LIMIT_${name}`, RATE_LIMIT])),
    ...Object.fromEntries(DAILY_LIMITS.map((name) => [`DAILY_LIMIT_${name}`, DAILY_LIMIT])),
  };
}

function caller(origin: string): Stand['call'] {
  const dispatcher = new Agent({ connections: CONNECTIONS_MAX });
  closeAtEnd(() => dispatcher.destroy());
  return async <Answer>({ method, path, token, body, headers }: ApiCall): Promise<Answer> => {
    const answer = await dispatcher.request({
      origin,
      path,
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  };
}

async function settingsOf(sql: pg.Pool): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const name of ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers']) {
    const { rows } = await sql.query<Record<string, string>>(`show ${name}`);
    settings[`postgres ${name}`] = rows[0]?.[name] ?? '';
  }
  const poolMax = describeEnv().find(({ name }) => name === 'DATABASE_POOL_MAX')?.default ?? '';
  return {
    ...settings,
    'API pool': `${poolMax} a service`,
    'limits, logs, metrics': `on; limits raised to ${RATE_LIMIT} a minute`,
    node: process.version,
    cores: String(availableParallelism()),
  };
}
