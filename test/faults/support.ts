import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { JournalView } from '../../sandbox/doubles/stripe/journal.ts';
import { newDataDir, removeDataDir, testEnv } from '../../sandbox/fixtures/stand-ins.ts';
import { startPlatform, type Platform } from '../../sandbox/platform.ts';
import type { QueueName } from '../../workflows/shared/task-queues.ts';
import type { TestAnswer, TestUser } from '../support/api.ts';
import { createGroup, join } from '../support/groups.ts';
import { atEndOfRun } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** What follows a fault waits for back-offs of up to 15 s and for processes that start again. */
export const RECOVERY_MS = 90_000;
/** A request cut off by a fault is repeated for this long. */
const REPEAT_MS = 60_000;
const REPEAT_PAUSE_MS = 100;
/** Limits are not what is tested here. */
const RATES = ['CREDENTIAL', 'ANONYMOUS', 'SIGN_IN_ACCOUNT', 'SIGN_IN_ADDRESS', 'REFRESH'];
const UNLIMITED = Object.fromEntries(RATES.map((name) => [`RATE_LIMIT_${name}`, '1000000']));

/** People of a group with their member ids, the owner first. */
export interface FaultGroup {
  readonly groupId: string;
  readonly users: readonly TestUser[];
  readonly members: readonly string[];
}

let shared: Promise<Platform> | undefined;

/**
 * The platform of `npm start` with all its real processes, on free ports and in a folder of its own; started when first asked
 * for, shared by the fault tests, and stopped at the end of the run. Whoever holds a part releases it.
 */
export function faultPlatform(): Promise<Platform> {
  return (shared ??= startOwn());
}

async function startOwn(): Promise<Platform> {
  const dataDir = newDataDir();
  let platform: Platform | undefined;
  atEndOfRun(async () => {
    await platform?.stop();
    await removeDataDir(dataDir);
  });
  platform = await startPlatform({ dataDir, ports: 'free', env: platformEnv() });
  return platform;
}

/** The environment of a platform under test: nothing of the developer's own, and no rate limit in the way. */
export function platformEnv(own: Record<string, string> = {}): NodeJS.ProcessEnv {
  return testEnv({ ...UNLIMITED, ...own });
}

/** Calls the API once. @throws TypeError when the connection is cut. */
export async function call(
  apiUrl: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<TestAnswer> {
  const answer = await fetch(apiUrl + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

/** Registers a person through the API. */
export async function register(apiUrl: string, displayName: string): Promise<TestUser> {
  const email = `${uuidv7()}@example.com`;
  const { status, body } = await call(apiUrl, 'POST', '/v1/auth/register', { email, password: `pw ${uuidv7()}`, displayName });
  assert.equal(status, 201, JSON.stringify(body));
  const token = body.accessToken as string;
  return {
    userId: body.user.id as string,
    token,
    email,
    call: (method, path, content, headers = {}) => call(apiUrl, method, path, content, { authorization: `Bearer ${token}`, ...headers }),
  };
}

/** Makes a group of new people; all but the owner join as contributors unless a role is named. */
export async function newGroup(apiUrl: string, people: number, fields: Record<string, unknown> = {}): Promise<FaultGroup> {
  const users = await Promise.all(Array.from({ length: people }, (_, index) => register(apiUrl, `Person ${index}`)));
  const [owner, ...others] = users;
  assert.ok(owner);
  const made = await createGroup(owner, fields);
  const members = [made.myMemberId as string];
  for (const user of others) members.push(await join(owner, made.id as string, user, { role: 'contributor' }));
  return { groupId: made.id as string, users, members };
}

/** An expense that the first of two people paid for the second: the whole amount becomes a debt. */
export function debtOf(creditor: string, debtor: string, amount: string): Record<string, unknown> {
  return {
    id: uuidv7(),
    description: 'Owed',
    date: '2026-11-20',
    total: { amount, currency: 'EUR' },
    payers: [{ memberId: creditor, amount }],
    split: { method: 'exact', parts: [{ memberId: debtor, amount }] },
  };
}

/** Lets the group's second member owe the first one so much. */
export async function owe({ groupId, users, members }: FaultGroup, amount: string): Promise<void> {
  const answer = await post(users[0]!, `/v1/groups/${groupId}/expenses`, debtOf(members[0]!, members[1]!, amount));
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
}

/** Calls POST with an Idempotency-Key, a fresh one unless given. */
export function post(user: TestUser, path: string, body?: unknown, key = uuidv7()): Promise<TestAnswer> {
  return user.call('POST', path, body, { 'idempotency-key': key });
}

/**
 * Repeats a POST under one key, as a client does, until something other than 503 or a cut connection answers.
 *
 * @param onRefusal told of each 503.
 * @returns the answer, and how often the connection was cut before it.
 */
export async function patiently(
  user: TestUser,
  path: string,
  body: unknown,
  onRefusal: (refusal: TestAnswer) => void = () => undefined,
): Promise<{ answer: TestAnswer; cuts: number }> {
  const key = uuidv7();
  let cuts = 0;
  for (const deadline = Date.now() + REPEAT_MS; ; await delay(REPEAT_PAUSE_MS)) {
    const answer = await post(user, path, body, key).catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error;
      return null;
    });
    if (answer !== null && answer.status !== 503) return { answer, cuts };
    if (answer === null) cuts += 1;
    else onRefusal(answer);
    assert.ok(Date.now() < deadline, `${path} was answered within ${REPEAT_MS} ms`);
  }
}

/** Waits until a resource is in a state. @returns its body. */
export function reaches(user: TestUser, path: string, state: string, deadlineMs = RECOVERY_MS): Promise<TestAnswer['body']> {
  let last: unknown;
  return until(
    `${path} is ${state}`,
    async () => {
      const { body } = await user.call('GET', path);
      last = body;
      return body.state === state ? (body as TestAnswer['body']) : null;
    },
    deadlineMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; last seen: ${JSON.stringify(last)}`);
  });
}

/** Opens a settlement of the group and waits for its plan. @returns the first of its transfers. */
export async function openSettlement({ groupId, users }: FaultGroup): Promise<{ settlementId: string; transferId: string }> {
  const opened = await post(users[0]!, `/v1/groups/${groupId}/settlements`, {});
  assert.equal(opened.status, 202, JSON.stringify(opened.body));
  const settlement = await reaches(users[0]!, `/v1/settlements/${opened.body.id}`, 'collecting');
  return { settlementId: opened.body.id as string, transferId: settlement.transfers[0].id as string };
}

/** Pays a transfer by card. */
export function payByCard(payer: TestUser, transferId: string, paymentMethodId = 'pm_card_visa'): Promise<TestAnswer> {
  return post(payer, `/v1/transfers/${transferId}/pay`, { method: 'stripe', paymentMethodId });
}

/** Gives a person a payout account that can receive money. */
export async function onboard(user: TestUser): Promise<void> {
  const opened = await user.call('POST', '/v1/me/payout-account');
  assert.equal(opened.status, 201, JSON.stringify(opened.body));
  await fetch(opened.body.url as string, { method: 'POST', headers: { accept: 'application/json' } });
  await reaches(user, '/v1/me/payout-account', 'active');
}

/** Tells Stripe's double how to misbehave; an empty list makes it behave. */
export async function setFaults({ urls }: Platform, rules: readonly object[], seed = 1): Promise<void> {
  const answer = await fetch(`${urls.sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ seed, rules }) });
  assert.equal(answer.status, 200, await answer.text());
}

/** What moved at Stripe's double: the judge of what was paid twice. */
export async function journalOf({ urls }: Platform): Promise<JournalView> {
  return (await (await fetch(`${urls.sandboxUrl}/_sandbox/journal`)).json()) as JournalView;
}

/** Asks the platform's database, as its owner. */
export async function sql<Row extends object>(
  { urls }: Pick<Platform, 'urls'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: urls.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Works with the platform's Temporal as the Web UI does. The connection is a new one, so that an outage leaves no back-off in it. */
export async function withTemporal<T>({ urls }: Platform, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: urls.temporalAddress });
  try {
    return await work(new Client({ connection, namespace: urls.temporalNamespace }));
  } finally {
    await connection.close();
  }
}

/** State of a workflow's newest run, such as `RUNNING`; null when it never ran. */
export async function runOf(client: Client, workflowId: string): Promise<{ status: string; runId: string } | null> {
  try {
    const { status, runId } = await client.workflow.getHandle(workflowId).describe();
    return { status: status.name, runId };
  } catch {
    return null;
  }
}

/** Waits until a workflow's newest run is in a state. */
export function runReaches(client: Client, workflowId: string, status: string): Promise<{ status: string; runId: string }> {
  return until(
    `${workflowId} is ${status}`,
    async () => {
      const run = await runOf(client, workflowId);
      return run?.status === status ? run : null;
    },
    RECOVERY_MS,
  );
}

/** Has the sweep of a service run now; two at once do no harm. */
export async function sweepNow(client: Client, service: QueueName): Promise<void> {
  await client.schedule.getHandle(`process-sweep-${service}`).trigger(ScheduleOverlapPolicy.ALLOW_ALL);
}

/** The number of a part's running process. */
export function pidOf(platform: Platform, name: string): number {
  const child = platform.children().find((candidate) => candidate.name === name);
  assert.ok(child, `${name} runs`);
  return child.pid;
}

/** Kills a part as `kill -9` does and leaves it to the platform to start it again. */
export function killPart(platform: Platform, name: string): void {
  process.kill(pidOf(platform, name), 'SIGKILL');
}

/** Waits until API and worker serve and see Postgres and Temporal. */
export async function allServe({ urls }: Platform): Promise<void> {
  for (const url of [urls.apiUrl, urls.workerOpsUrl]) {
    await until(
      `${url} is ready`,
      async () => {
        const answer = await fetch(`${url}/readyz`).catch(() => null);
        if (answer?.status !== 200) return false;
        const { parts } = (await answer.json()) as { parts: Record<string, string> };
        return parts['postgres'] === 'up' && parts['temporal'] === 'up';
      },
      RECOVERY_MS,
    );
  }
}

/** What must hold of the ledger at any moment: postings and balances sum to zero, and balances are what the postings make. */
export async function assertLedgerAgrees(platform: Pick<Platform, 'urls'>): Promise<void> {
  const broken = await sql(
    platform,
    `select 'posting' as what, posting_id::text as id, sum(paid - owed)::text as off from expense.posting_line
     group by posting_id, currency having sum(paid - owed) <> 0
     union all
     select 'group', group_id::text, sum(net)::text from expense.balance group by group_id, currency having sum(net) <> 0
     union all
     select 'balance', account_id::text, (coalesce(b.net, 0) - coalesce(l.net, 0))::text from expense.balance b
     full join (select group_id, account_id, currency, sum(paid - owed) as net from expense.posting_line group by 1, 2, 3) l
     using (group_id, account_id, currency) where coalesce(b.net, 0) <> coalesce(l.net, 0)`,
  );
  assert.deepEqual(broken, []);
}

/** Balances of a group as its members read them. */
export async function balancesOf({ groupId, users }: FaultGroup): Promise<Record<string, string>> {
  const { status, body } = await users[0]!.call('GET', `/v1/groups/${groupId}/balances`);
  assert.equal(status, 200, JSON.stringify(body));
  const rows = body.balances as { memberId: string; net: string }[];
  return Object.fromEntries(rows.map((row) => [row.memberId, row.net]));
}
