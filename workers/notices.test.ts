// Goal: from a request to a mail with nothing between but the product: route, outbox, relay, consumer, workflow, SMTP.
// Method: real Postgres, Temporal server and worker; the mail server is the double.
import assert from 'node:assert/strict';
import { NativeConnection, Worker } from '@temporalio/worker';
import { v7 as uuidv7 } from 'uuid';
import { createNotificationActivities } from '../activities/notification/index.ts';
import { readEnv } from '../config/env.ts';
import { createLogger } from '../config/logger.ts';
import { temporalAccess, type TemporalAccess } from '../config/temporal.ts';
import { createDispatcher, type Dispatcher } from '../workflows/dispatch.ts';
import { TASK_QUEUES } from '../workflows/shared/task-queues.ts';
import { control, openWorld, type TestWorld } from '../sandbox/doubles/test-world.ts';
import type { Mail } from '../sandbox/doubles/smtp/mailbox.ts';
import { startApi, type TestApi } from '../test/support/api.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';
import { startDevServer, type DevServer } from '../test/support/temporal.ts';
import { until } from '../test/support/until.ts';
import { CONSUMERS } from './consumers.ts';
import { startRelay, type Relay } from './relay.ts';

describe('notices, through the relay', function () {
  this.timeout(90_000);
  let api: TestApi;
  let world: TestWorld;
  let server: DevServer;
  let temporal: TemporalAccess;
  let dispatcher: Dispatcher;
  let worker: Worker;
  let connection: NativeConnection;
  let running: Promise<void>;
  let relays: Relay[] = [];

  before(async () => {
    const url = await testDatabaseUrl();
    [api, world, server] = await Promise.all([startApi(url), openWorld(), startDevServer()]);
    temporal = temporalAccess(server.address, server.namespace);
    const { client } = temporal;
    dispatcher = createDispatcher({ client, markDispatched: () => Promise.resolve() });
    const logger = createLogger('test', 'silent');
    const db = api.deps.databases.notification!;
    connection = await NativeConnection.connect({ address: server.address });
    worker = await Worker.create({
      connection,
      namespace: server.namespace,
      taskQueue: TASK_QUEUES.notification,
      workflowsPath: new URL('../workflows/notification/index.ts', import.meta.url).pathname,
      activities: createNotificationActivities({
        db,
        dispatcher,
        temporal: client,
        env: readEnv({ SMTP_URL: `smtp://127.0.0.1:${world.doubles.smtpPort}`, LOG_LEVEL: 'silent' }),
        secrets: api.deps.secrets,
        logger,
      }),
    });
    running = worker.run();
    const nothing = (): void => undefined;
    const observer = { onLead: nothing, onPublished: nothing, onWoken: nothing, onFailed: nothing, onHandled: nothing };
    relays = Object.values(api.deps.databases).map((service) =>
      startRelay({ db: service, url, client, dispatcher, logger, consumers: CONSUMERS, observer }),
    );
  });
  after(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
    await dispatcher.close();
    worker.shutdown();
    await running;
    await connection.close();
    await Promise.all([temporal.close(), api.stop(), world.close()]);
    await server.stop();
  });

  const mailsTo = async (to: string): Promise<Mail[]> =>
    (await control(world.doubles, 'GET', `/_sandbox/mails?to=${encodeURIComponent(to)}`))['data'] as Mail[];

  it('a person, registers, gets one mail whose token verifies the address', async () => {
    const email = `${uuidv7()}@example.com`;
    await api.call('POST', '/v1/auth/register', { email, password: 'correct horse battery', displayName: 'Ana' });
    const mail = await until('the mail', async () => (await mailsTo(email))[0], 30_000);
    const token = /^Token: (\S+)$/m.exec(mail.text)?.[1];
    assert.equal((await api.call('POST', '/v1/auth/email/verify', { token })).status, 204);
    assert.equal((await mailsTo(email)).length, 1);
  });

  it('twenty people, register at once, each gets one mail', async () => {
    const emails = Array.from({ length: 20 }, () => `${uuidv7()}@example.com`);
    await Promise.all(
      emails.map((email) => api.call('POST', '/v1/auth/register', { email, password: 'correct horse battery', displayName: 'Ben' })),
    );
    const counts = (): Promise<number[]> => Promise.all(emails.map(async (email) => (await mailsTo(email)).length));
    await until('all mails', async () => (await counts()).every((count) => count > 0), 40_000);
    assert.ok((await counts()).every((count) => count === 1));
  });

  it('somebody, asks another to be a friend, who gets a mail and accepts; both see their ledger, which ends with the friendship', async () => {
    const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    const { id } = (await ana.call('POST', '/v1/friends', { email: ben.email })).body as { id: string };
    const mail = await until('the mail', async () => (await mailsTo(ben.email))[0], 30_000);
    assert.match(mail.text, /- Ana\n/);
    assert.equal((await ben.call('POST', `/v1/friends/${id}/accept`)).status, 200);
    const ledgerOf = async (): Promise<string | null> => (await ana.call('GET', `/v1/friends/${id}`)).body.groupId as string | null;
    const groupId = await until('the ledger', ledgerOf, 30_000);
    const seen = async (): Promise<string> => (await ben.call('GET', `/v1/groups/${groupId}`)).body.state as string;
    assert.equal(await seen(), 'active');
    assert.equal((await ana.call('POST', '/v1/blocks', { userId: ben.userId })).status, 201);
    await until('the end', async () => ((await seen()) === 'archived' ? true : null), 30_000);
    assert.equal((await mailsTo(ben.email)).length, 1);
  });
});
