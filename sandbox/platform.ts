import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { provideDemoAccount, type DemoAccount } from './demo-account.ts';
import { releaseLock, takeLock } from './lock.ts';
import { answers, nodeChild } from './node-child.ts';
import { ECB_PATH } from './doubles/ecb/ecb-double.ts';
import { OPENID_CLIENT } from './doubles/openid/provider.ts';
import { openLogFile } from './log-file.ts';
import { PLATFORM_PARTS, type Parts } from './parts.ts';
import { preparePostgresHome } from './postgres-home.ts';
import { databaseUrlOf, postgresChild } from './postgres.ts';
import { clearRunning, endLeftOvers, findRunningPlatform, writeChildren, writeRunning, type PlatformUrls } from './running.ts';
import { provideSecrets } from './secrets.ts';
import { choosePorts, type Ports } from './settings.ts';
import { StartError } from './start-error.ts';
import { createSupervisor, type Supervisor, type SupervisorEvent } from './supervisor.ts';
import { findTemporal } from './temporal-binary.ts';
import { knowsNamespace, temporalChild } from './temporal.ts';

/**
 * What each group of parts may take to end, in milliseconds, stopped one group after the other; with Postgres' 3 s and what a
 * guard adds, the whole stays under 10 s.
 */
const OWN_GRACE_MS = 3_500;
const DOUBLES_GRACE_MS = 1_500;
const STOP_ORDER = [['api', 'worker'], ['doubles', 'temporal'], ['postgres']] as const;

/** What the starter is doing, for the screen. */
export interface Step {
  readonly name: string;
  readonly state: 'begun' | 'progress' | 'done';
  /** What takes so long, while it is in progress. */
  readonly text?: string;
  readonly elapsedMs: number;
}

/** How to start a platform. */
export interface PlatformOptions {
  /** Folder of everything that is kept; made when missing. */
  readonly dataDir: string;
  /** `known` (default): PORT and so on from `env`; `free`: a free port for every part. */
  readonly ports?: 'known' | 'free';
  /** Environment to start from; this process' own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Other parts than the platform's own. */
  readonly parts?: Partial<Parts>;
  readonly onStep?: (step: Step) => void;
  readonly onEvent?: (event: SupervisorEvent) => void;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

/** A platform that serves. */
export interface Platform {
  readonly dataDir: string;
  readonly urls: PlatformUrls;
  /** The environment that the API was given, for tools that need its settings. */
  readonly env: Readonly<Record<string, string>>;
  /** Only with the embedded database. */
  readonly demoAccount?: DemoAccount;
  /** The programs that run now; a child that was started again has another number. */
  children(): readonly { readonly name: string; readonly pid: number }[];
  /** Stops one child and keeps it stopped. */
  hold(name: string): Promise<void>;
  /** Starts a held child again. @returns when it is ready. */
  release(name: string): Promise<void>;
  /** Stops everything in good order, within 10 s. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  kill(): void;
}

/**
 * Starts the whole platform: Postgres, Temporal and the doubles (or the real parts that the environment names), migrations and
 * Temporal's settings, then one API and one worker process. Every child that ends is started again until `stop`.
 *
 * @returns when the API and the worker say that they are ready.
 * @throws StartError with a sentence for the person at the keyboard; nothing is left running.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { dataDir } = options;
  makeFolder(join(dataDir, 'logs'));
  const holder = takeLock(dataDir);
  if (holder !== undefined) throw new StartError(alreadyRunning(dataDir, holder.pid));
  const journal = openLogFile(join(dataDir, 'logs', 'starter.log'));
  let running: PlatformUrls | undefined;
  const supervisor = createSupervisor({
    logsDir: join(dataDir, 'logs'),
    onEvent: (event) => {
      journal.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
      options.onEvent?.(event);
    },
    onProcesses: (children) =>
      quietly(() => {
        writeChildren(dataDir, children);
        if (running !== undefined) writeRunning(dataDir, { pid: process.pid, ...running, children: programs(supervisor) });
      }),
  });
  const stop = async (): Promise<void> => {
    running = undefined;
    supervisor.close();
    for (const names of STOP_ORDER) await supervisor.stop(names);
    clearRunning(dataDir);
    releaseLock(dataDir);
    journal.close();
  };
  try {
    const started = await abortable(startParts(options, supervisor), options.signal);
    running = started.urls;
    writeRunning(dataDir, { pid: process.pid, ...running, children: programs(supervisor) });
    let stopping: Promise<void> | undefined;
    return {
      dataDir,
      ...started,
      children: () => programs(supervisor),
      hold: (name) => supervisor.hold(name),
      release: (name) => supervisor.release(name),
      stop: () => (stopping ??= stop()),
      kill: () => supervisor.kill(),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes a folder and those above it. Node's own recursive mkdir never returns where the system refuses with ENOENT, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

interface Started {
  readonly urls: PlatformUrls;
  readonly env: Readonly<Record<string, string>>;
  readonly demoAccount?: DemoAccount;
}

async function startParts(options: PlatformOptions, supervisor: Supervisor): Promise<Started> {
  const { dataDir, env = process.env } = options;
  const parts = { ...PLATFORM_PARTS, ...options.parts };
  const step = stepper(options.onStep ?? (() => undefined));
  await endLeftOvers(dataDir);
  const ports = await choosePorts(options.ports ?? 'known', env);
  const secretsFile = await provideSecrets(env, dataDir);
  const embedded = !env['DATABASE_URL'];
  const webhookSecret = env['STRIPE_WEBHOOK_SECRET'] || `whsec_${randomBytes(24).toString('base64')}`;
  const temporalNamespace = env['TEMPORAL_NAMESPACE'] || 'default';

  const [databaseUrl, temporalAddress] = await Promise.all([
    step('Postgres', async (tell) => {
      const url = env['DATABASE_URL'] || (await startPostgres({ dataDir, ports, supervisor, tell }));
      tell('migrations');
      await parts.migrate(url);
      return url;
    }),
    step('Temporal', async (tell) => {
      const address =
        env['TEMPORAL_ADDRESS'] || (await startTemporal({ dataDir, ports, namespace: temporalNamespace, parts, supervisor, tell }));
      if (env['TEMPORAL_ADDRESS']) await requireTemporal(address, temporalNamespace);
      tell('search attributes and schedules');
      await parts.applyTemporalConfig({ address, namespace: temporalNamespace });
      return address;
    }),
    embedded ? step('sandbox doubles', () => startDoubles({ dataDir, ports, parts, supervisor, webhookSecret, env })) : undefined,
  ]);

  const urls: PlatformUrls = {
    apiUrl: `http://127.0.0.1:${ports.api}`,
    opsUrl: `http://127.0.0.1:${ports.ops}`,
    workerOpsUrl: `http://127.0.0.1:${ports.workerOps}`,
    databaseUrl,
    temporalAddress,
    temporalNamespace,
    ...uiUrl(env, ports),
    ...(embedded ? { sandboxUrl: `http://127.0.0.1:${ports.sandbox}`, stripeUrl: `http://127.0.0.1:${ports.stripe}` } : {}),
  };
  const common = childEnv(env, {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: temporalNamespace,
    SECRETS_FILE: secretsFile,
    DATA_DIR: dataDir,
    PUBLIC_URL: env['PUBLIC_URL'] || urls.apiUrl,
    ...(urls.uiUrl === undefined ? {} : { TEMPORAL_UI_URL: urls.uiUrl }),
    ...(embedded ? doublesEnv(env, ports, webhookSecret) : {}),
  });
  const apiEnv = { ...common, PORT: String(ports.api), OPS_PORT: String(ports.ops) };
  // The C library keeps what is freed by arenas, of which each of some twenty threads would have its own: 45 MB.
  const workerEnv = { ...common, MALLOC_ARENA_MAX: env['MALLOC_ARENA_MAX'] || '2', OPS_PORT: String(ports.workerOps) };
  const api = { name: 'api', entry: parts.api, env: apiEnv, ready: answers(`${urls.apiUrl}/readyz`), graceMs: OWN_GRACE_MS };
  const worker = {
    name: 'worker',
    entry: parts.worker,
    env: workerEnv,
    ready: answers(`${urls.workerOpsUrl}/readyz`),
    graceMs: OWN_GRACE_MS,
  };
  const [demoAccount] = await Promise.all([
    step('API', async () => {
      await supervisor.start(nodeChild(api));
      return embedded && parts.demoAccount ? provideDemoAccount(urls.apiUrl, dataDir) : undefined;
    }),
    step('worker', () => supervisor.start(nodeChild(worker))),
  ]);
  return { urls, env: apiEnv, ...(demoAccount === undefined ? {} : { demoAccount }) };
}

type Tell = (text: string) => void;

async function startPostgres({
  dataDir,
  ports,
  supervisor,
  tell,
}: {
  dataDir: string;
  ports: Ports;
  supervisor: Supervisor;
  tell: Tell;
}): Promise<string> {
  const home = await preparePostgresHome(dataDir, tell);
  await supervisor.start(postgresChild(home, ports.postgres));
  return databaseUrlOf(home, ports.postgres);
}

async function startTemporal({
  dataDir,
  ports,
  namespace,
  parts,
  supervisor,
  tell,
}: {
  dataDir: string;
  ports: Ports;
  namespace: string;
  parts: Parts;
  supervisor: Supervisor;
  tell: Tell;
}): Promise<string> {
  const binary = await findTemporal(tell);
  const dynamicConfig = await parts.dynamicConfig();
  await supervisor.start(temporalChild({ binary, dataDir, port: ports.temporal, uiPort: ports.temporalUi, namespace, dynamicConfig }));
  return `127.0.0.1:${ports.temporal}`;
}

async function requireTemporal(address: string, namespace: string): Promise<void> {
  const problem = await knowsNamespace(address, namespace).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (problem !== undefined)
    throw new StartError(`TEMPORAL_ADDRESS is ${address}, where no server with the namespace "${namespace}" answers: ${problem}`);
}

async function startDoubles({
  dataDir,
  ports,
  parts,
  supervisor,
  webhookSecret,
  env,
}: {
  dataDir: string;
  ports: Ports;
  parts: Parts;
  supervisor: Supervisor;
  webhookSecret: string;
  env: NodeJS.ProcessEnv;
}): Promise<void> {
  const own = childEnv(env, {
    SANDBOX_PORT: String(ports.sandbox),
    STRIPE_DOUBLE_PORT: String(ports.stripe),
    SMTP_DOUBLE_PORT: String(ports.smtp),
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    WEBHOOK_URL: `http://127.0.0.1:${ports.api}/v1/webhooks/stripe`,
    ...(env['PUBLIC_URL'] ? { OPENID_REDIRECT_URI: openIdCallback(env['PUBLIC_URL']) } : {}),
    DATA_DIR: dataDir,
  });
  await supervisor.start(
    nodeChild({ name: 'doubles', entry: parts.doubles, env: own, ready: { line: /"ready":\s*true/ }, graceMs: DOUBLES_GRACE_MS }),
  );
}

/** The double of an OpenID provider, as the API is told of it. */
function openIdProvider(ports: Ports): Record<string, string> {
  const { id: clientId, secret: clientSecret } = OPENID_CLIENT;
  return { id: 'sandbox', issuer: `http://127.0.0.1:${ports.sandbox}/openid`, clientId, clientSecret, displayName: 'Sandbox' };
}

function openIdCallback(publicUrl: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/v1/auth/oidc/sandbox/callback`;
}

/** The doubles stand in for what the environment does not name: a real Stripe key or mail server goes before them. */
function doublesEnv(env: NodeJS.ProcessEnv, ports: Ports, webhookSecret: string): Record<string, string> {
  const stripe = {
    STRIPE_API_BASE: `http://127.0.0.1:${ports.stripe}`,
    STRIPE_SECRET_KEY: 'sk_test_sandbox',
    STRIPE_WEBHOOK_SECRET: webhookSecret,
  };
  return {
    SANDBOX: '1',
    ...(env['STRIPE_SECRET_KEY'] ? {} : stripe),
    ...(env['OIDC_PROVIDERS'] ? {} : { OIDC_PROVIDERS: JSON.stringify([openIdProvider(ports)]) }),
    ...(env['ECB_RATES_URL'] ? {} : { ECB_RATES_URL: `http://127.0.0.1:${ports.sandbox}${ECB_PATH}` }),
    ...(env['SMTP_URL'] ? {} : { SMTP_URL: `smtp://127.0.0.1:${ports.smtp}` }),
  };
}

function childEnv(env: NodeJS.ProcessEnv, own: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('npm_'),
  );
  return { ...Object.fromEntries(inherited), PARENT_WATCH: '1', ...own };
}

function uiUrl(env: NodeJS.ProcessEnv, ports: Ports): { readonly uiUrl?: string } {
  if (!env['TEMPORAL_ADDRESS']) return { uiUrl: `http://127.0.0.1:${ports.temporalUi}` };
  return env['TEMPORAL_UI_URL'] ? { uiUrl: env['TEMPORAL_UI_URL'] } : {};
}

function alreadyRunning(dataDir: string, pid: number): string {
  const platform = findRunningPlatform(dataDir);
  if (platform === undefined)
    return `SafeSplitX is already being started on ${dataDir} by process ${pid}. Wait for it, or set DATA_DIR to another folder.`;
  const { apiUrl, uiUrl: ui, sandboxUrl } = platform;
  const more = [ui && `Temporal Web UI ${ui}`, sandboxUrl && `sandbox ${sandboxUrl}`].filter(Boolean).join(', ');
  return `SafeSplitX already runs on ${dataDir} (process ${pid}): API ${apiUrl}${more === '' ? '' : `, ${more}`}. Stop it first, or set DATA_DIR and the ports to others.`;
}

function programs(supervisor: Supervisor): { name: string; pid: number }[] {
  return supervisor
    .running()
    .filter(({ role }) => role === 'program')
    .map(({ name, pid }) => ({ name, pid }));
}

function stepper(onStep: (step: Step) => void) {
  return async <T>(name: string, action: (tell: Tell) => Promise<T>): Promise<T> => {
    const began = Date.now();
    const say = (state: Step['state'], text?: string): void =>
      onStep({ name, state, elapsedMs: Date.now() - began, ...(text === undefined ? {} : { text }) });
    say('begun');
    const result = await action((text) => say('progress', text));
    say('done');
    return result;
  };
}

/** Lets a start be given up: what runs is stopped by the caller. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(new StartError('The start was given up.'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
    aborted.promise.catch(() => undefined);
  }
}

/** For bookkeeping that must not end the platform, such as on a disk that has become full. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The next change writes it again.
  }
}
