import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import type { Client } from '@temporalio/client';
import { v7 as uuidv7 } from 'uuid';
import type { ActivityDeps } from '../../activities/edge.ts';
import type { JournalView } from '../../sandbox/doubles/stripe/journal.ts';
import { startDoubles, type RunningDoubles } from '../../sandbox/doubles/doubles.ts';
import { findFreePorts } from '../../sandbox/ports.ts';
import { createDispatcher, type Dispatcher } from '../../workflows/dispatch.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from './api.ts';
import { createGroup, join, postDebt } from './groups.ts';
import { testDatabaseUrl } from './servers.ts';
import { until } from './until.ts';

/** A group of a payment test: its people with accounts, the owner first, by member id. */
export interface PaymentGroup {
  readonly groupId: string;
  readonly users: readonly TestUser[];
  readonly members: readonly string[];
}

/** The payment service in its surroundings: real API, real Postgres, Stripe's double, webhooks on their way. */
export interface PaymentWorld {
  readonly api: TestApi;
  readonly doubles: RunningDoubles;
  /** Makes a group with so many people; each is a contributor, the first the owner. */
  group(people: number, fields?: Record<string, unknown>): Promise<PaymentGroup>;
  /** Adds a member without an account. */
  memberWithoutAccount(group: PaymentGroup): Promise<string>;
  /** Lets a member owe another one so many cents of EUR. */
  owe(group: PaymentGroup, debtor: string, creditor: string, minor: number): Promise<void>;
  /** Gives a person a payout account that can receive money. */
  onboard(user: TestUser): Promise<void>;
  /** Calls with a fresh Idempotency-Key. */
  post(user: TestUser, path: string, body?: unknown): Promise<TestAnswer>;
  /** Waits until a resource is in a state. */
  reaches(user: TestUser, path: string, state: string): Promise<TestAnswer['body']>;
  /** Tells the double how to misbehave; an empty list makes it behave. */
  faults(rules: readonly object[]): Promise<void>;
  journal(): Promise<JournalView>;
  /** What a member's balance is, in cents of EUR: [net, reserved]. */
  balance(group: PaymentGroup, memberId: string): Promise<[string, string]>;
  /** What activities of a service work with, waking processes on this server. */
  deps(service: 'expense' | 'payment', client: Client): ActivityDeps;
  /** From now on what the API commits wakes processes on this server. */
  wakeOn(client: Client): Dispatcher;
  stop(): Promise<void>;
}

/** Starts the world of a test file. @param environment overrides, such as no Stripe. */
export async function startPaymentWorld(environment: Record<string, string> = {}): Promise<PaymentWorld> {
  const [stripePort] = await findFreePorts(1);
  const api = await startApi(await testDatabaseUrl(), {
    STRIPE_SECRET_KEY: 'sk_test_world',
    STRIPE_API_BASE: `http://127.0.0.1:${stripePort}`,
    STRIPE_WEBHOOK_SECRET: 'whsec_world',
    ...environment,
  });
  const folder = mkdtempSync(joinPath(tmpdir(), 'safesplitx-doubles-'));
  const doubles = await startDoubles({
    dataDir: folder,
    webhookUrl: `${api.url}/v1/webhooks/stripe`,
    webhookSecret: 'whsec_world',
    ports: { stripe: stripePort },
  });
  const dispatchers: Dispatcher[] = [];
  const dispatcherOn = (client: Client): Dispatcher => {
    const dispatcher = createDispatcher({ client, markDispatched: async () => {} });
    dispatchers.push(dispatcher);
    return dispatcher;
  };
  const post: PaymentWorld['post'] = (user, path, body) => user.call('POST', path, body, { 'idempotency-key': uuidv7() });
  return {
    api,
    doubles,
    post,
    async group(people, fields) {
      const users = await Promise.all(Array.from({ length: people }, (_, index) => api.user(`Person ${index}`)));
      const made = await createGroup(users[0]!, fields);
      const members = [made.myMemberId as string];
      for (const user of users.slice(1)) members.push(await join(users[0]!, made.id as string, user, { role: 'contributor' }));
      return { groupId: made.id as string, users, members };
    },
    async memberWithoutAccount(group) {
      const answer = await group.users[0]!.call('POST', `/v1/groups/${group.groupId}/members`, { displayName: 'Guest' });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body.id as string;
    },
    owe: (group, debtor, creditor, minor) => postDebt(api, group.groupId, creditor, debtor, minor),
    async onboard(user) {
      const opened = await user.call('POST', '/v1/me/payout-account');
      assert.equal(opened.status, 201, JSON.stringify(opened.body));
      await fetch(opened.body.url as string, { method: 'POST', headers: { accept: 'application/json' } });
      const read = await user.call('GET', '/v1/me/payout-account');
      assert.equal(read.body.state, 'active', JSON.stringify(read.body));
    },
    reaches: (user, path, state) =>
      until(`${path} is ${state}`, async () => {
        const { body } = await user.call('GET', path);
        return body.state === state ? (body as TestAnswer['body']) : null;
      }),
    async faults(rules) {
      const answer = await fetch(`${doubles.sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ rules }) });
      assert.equal(answer.status, 200, await answer.text());
    },
    journal: async () => (await (await fetch(`${doubles.sandboxUrl}/_sandbox/journal`)).json()) as JournalView,
    async balance(group, memberId) {
      const { rows } = await api.deps.databases.expense!.pool.query<{ net: string; reserved: string }>(
        `select net, reserved from expense.balance where group_id = $1 and account_id = $2 and currency = 'EUR'`,
        [group.groupId, memberId],
      );
      return [rows[0]?.net ?? '0', rows[0]?.reserved ?? '0'];
    },
    deps: (service, client) => ({
      db: api.deps.databases[service]!,
      dispatcher: dispatcherOn(client),
      temporal: client,
      env: api.deps.env,
      secrets: api.deps.secrets,
      logger: api.deps.logger,
    }),
    wakeOn(client) {
      const dispatcher = dispatcherOn(client);
      (api.deps as { dispatcher: TestApi['deps']['dispatcher'] }).dispatcher = dispatcher;
      return dispatcher;
    },
    async stop() {
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
      await doubles.stop();
      await api.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
