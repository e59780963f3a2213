// node test/full/fuzz/run.ts: plays a world on a platform of its own and lets schemathesis loose on every operation, signed in as
// one user, while a second one, who has nothing to do with the first, tries the same on all that the first may see.
// Beyond its checks it must have been a real run: enough cases, a 2xx of every operation, few answers that never got in, and
// every operation on somebody's things tried by the second user.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startPlatform } from '../../../sandbox/platform.ts';
import { readRun, type FuzzRun } from './report.ts';
import { playWorld, type World } from './world.ts';

const SEED = '20261122';
const CASES_MIN = 2_000;
/** Of all answers, those that say no more than "not signed in" or "too often". */
const REFUSED_SHARE_MAX = 0.2;
const EXAMPLES_PER_OPERATION = '12';
/** These contradict our 409, 412, 422 and 428, and deletes that may be restored. */
const EXCLUDED_CHECKS = 'positive_data_acceptance,missing_required_header,use_after_free';
/** Without these a run says nothing about who may do what. */
const CHECKS_NEEDED = ['ignored_auth', 'object_level_authorization', 'strangers_get_nothing'];
const STRANGER = 'stranger';
/** Tokens live for ten minutes; they are renewed well before. */
const TOKEN_SECONDS = 240;
/** Signing out would end the session that the rest of the run needs. */
const EXCLUDED_OPERATION = 'logout';

const folder = mkdtempSync(join(tmpdir(), 'safesplitx-fuzz-'));
const here = fileURLToPath(new URL('.', import.meta.url));
const platform = await startPlatform({ dataDir: join(folder, 'data'), ports: 'free', env: { ...process.env, ...raisedLimits() } });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void finish().then(() => process.exit(1)));
try {
  const { apiUrl, sandboxUrl = '' } = platform.urls;
  const world = await playWorld({ apiUrl, sandboxUrl }, grantAdmin);
  say(`the world is there: ${Object.keys(world.recipes).length} operations have a request that succeeds`);
  const worldFile = join(folder, 'world.json');
  writeFileSync(worldFile, JSON.stringify({ ...world, webhookSecret: platform.env['STRIPE_WEBHOOK_SECRET'] }), { mode: 0o600 });
  const reportFile = join(folder, 'run.ndjson');
  const triesFile = join(folder, 'tries');
  writeFileSync(triesFile, '');
  const code = await fuzz(`${apiUrl}/openapi.json`, { worldFile, reportFile, triesFile, configFile: writeConfig(world.signIn) });
  const tried = new Set(readFileSync(triesFile, 'utf8').split('\n'));
  process.exitCode = judge(readRun(readFileSync(reportFile, 'utf8')), tried, code) ? 0 : 1;
} finally {
  await finish();
}

/** Makes somebody an admin of the platform, as its operator does on the server. */
async function grantAdmin(email: string): Promise<void> {
  const command = promisify(execFile);
  await command(process.execPath, ['db/grant-role.ts', email, 'admin'], {
    env: { ...process.env, DATABASE_URL: platform.urls.databaseUrl },
  });
}

/**
 * Writes schemathesis' configuration: the main user sends everything, and what it reads of its own, the stranger asks for too
 * (check `object_level_authorization`, which needs two users that may not see each other's objects).
 *
 * @returns its path.
 */
function writeConfig({ url, body, stranger }: World['signIn']): string {
  const entry = (name: string, payload: object): object => ({
    name,
    loginEndpointAuth: {
      verb: 'POST',
      externalEndpointURL: url,
      contentType: 'application/json',
      payloadRaw: JSON.stringify(payload),
      token: {
        extractFrom: 'body',
        extractSelector: '/accessToken',
        sendIn: 'header',
        sendName: 'Authorization',
        sendTemplate: 'Bearer {token}',
      },
    },
  });
  const [peopleFile, configFile] = [join(folder, 'people.json'), join(folder, 'schemathesis.toml')];
  writeFileSync(peopleFile, JSON.stringify({ auth: [entry('ana', body), entry(STRANGER, stranger)] }), { mode: 0o600 });
  writeFileSync(
    configFile,
    `[auth.wfc]\npath = ${JSON.stringify(peopleFile)}\nuser = "ana"\npeers = ["ana", "${STRANGER}"]\nrefresh_interval = ${TOKEN_SECONDS}\n`,
  );
  return configFile;
}

async function fuzz(
  documentUrl: string,
  { configFile, worldFile, reportFile, triesFile }: Record<'configFile' | 'worldFile' | 'reportFile' | 'triesFile', string>,
): Promise<number> {
  const args = [
    '--config-file',
    configFile,
    'run',
    documentUrl,
    '--seed',
    SEED,
    '--workers',
    '3',
    '--max-examples',
    EXAMPLES_PER_OPERATION,
    '--continue-on-failure',
  ];
  args.push('--checks', 'all', '--exclude-checks', EXCLUDED_CHECKS, '--exclude-operation-id', EXCLUDED_OPERATION);
  // How fast inputs are made says something about this machine, not about the API.
  args.push('--suppress-health-check', 'all', '--warnings', 'off', '--report', 'ndjson', '--report-ndjson-path', reportFile);
  const child = spawn(process.env['SCHEMATHESIS'] || '.cache/python/bin/schemathesis', args, {
    // A hypothesis database of an earlier run would change what this one does.
    env: {
      ...process.env,
      SCHEMATHESIS_HOOKS: 'hooks',
      PYTHONPATH: here,
      FUZZ_WORLD: worldFile,
      FUZZ_TRIES: triesFile,
      HYPOTHESIS_STORAGE_DIRECTORY: folder,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

/** Prints what the run was, and whether it is one that counts. @param tried operations that the owner could do and the stranger tried before. */
function judge(run: FuzzRun, tried: ReadonlySet<string>, code: number): boolean {
  const share = run.refused / Math.max(1, run.answers);
  const reads = run.askedBy.get(STRANGER) ?? 0;
  const untried = run.operations.filter(({ label }) => isOfSomebody(label) && !tried.has(label)).map(({ label }) => label);
  const silent = run.operations.filter(({ succeeded }) => succeeded === 0).map(({ label }) => label);
  const findings = [
    ...(code === 0 ? [] : [`schemathesis ended with ${code}: ${run.failures.length} failures, ${run.errors} errors`]),
    ...(run.cases >= CASES_MIN ? [] : [`${run.cases} cases are fewer than ${CASES_MIN}`]),
    ...(share < REFUSED_SHARE_MAX ? [] : [`${(share * 100).toFixed(1)} % of the answers were 401 or 429`]),
    ...silent.map((label) => `${label} had no 2xx`),
    ...untried.map((label) => `${label} was not tried by the stranger`),
    ...CHECKS_NEEDED.filter((check) => !run.checks.has(check)).map((check) => `the check ${check} did not run`),
    ...(reads > 0 ? [] : ['the check object_level_authorization asked for nothing as the stranger']),
  ];
  for (const { label, operation } of run.failures) say(`FAILED ${operation}: ${label}`);
  for (const finding of findings) say(`FAILED ${finding}`);
  say(`${run.cases} cases, ${run.answers} answers, ${(share * 100).toFixed(1)} % of them 401 or 429`);
  say(`the stranger tried ${tried.size} operations on things of others, and ${reads} reads of what the run itself had made`);
  const good = run.operations.filter(({ label, succeeded }) => succeeded > 0 && !run.failures.some(({ operation }) => operation === label));
  say(`${good.length} passed, ${findings.length} failed`);
  return findings.length === 0;
}

/** Whether a path names a thing; all operations on these need credentials. */
function isOfSomebody(label: string): boolean {
  return /\{\w+Id\}/.test(label);
}

function raisedLimits(): Record<string, string> {
  const names = ['CREDENTIAL', 'ANONYMOUS', 'SIGN_IN_ACCOUNT', 'SIGN_IN_ADDRESS', 'REFRESH'];
  const daily = ['FRIEND_REQUESTS', 'INVITATIONS', 'INVITATION_MAILS', 'MAILS_TO_ADDRESS', 'VERIFICATION_MAILS', 'RESET_MAILS'];
  return {
    ...Object.fromEntries(names.map((name) => [`RATE_LIMIT_${name}`, '10000000'])),
    ...Object.fromEntries(daily.map((name) => [`DAILY_LIMIT_${name}`, '1000000'])),
    // An erasure begins long after the run has ended, or the main user would be gone with the first request that is made up.
    ERASURE_GRACE_MINUTES: '600',
    LOG_LEVEL: 'warn',
  };
}

async function finish(): Promise<void> {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
