// Goal: what is due reaches its recipient once, and a failure ends in another try or in a dead letter that can be revived.
// Method: the real workflow, activities, Postgres and nodemailer against the mail server's double; time is skipped.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { Client as PgClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createNotificationActivities } from '../../activities/notification/index.ts';
import { readEnv } from '../../config/env.ts';
import { createLogger } from '../../config/logger.ts';
import { noticeEvents } from '../../db/commands/notification/notices.ts';
import type { ServiceDatabase } from '../../db/orm.ts';
import { read, transact } from '../../db/transact.ts';
import { workflowId } from '../../domain/events.ts';
import { control, openWorld, type TestWorld } from '../../sandbox/doubles/test-world.ts';
import type { Mail } from '../../sandbox/doubles/smtp/mailbox.ts';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup, join } from '../../test/support/groups.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { publishedOf } from '../../test/support/published.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { startTimeSkipping } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { retryNow } from '../shared/messages.ts';
import { TASK_QUEUES } from '../shared/task-queues.ts';

describe('delivery', function () {
  this.timeout(90_000);
  let api: TestApi;
  let db: ServiceDatabase;
  let world: TestWorld;
  let env: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  /** Sees what every connection waits for. */
  let owner: PgClient;

  before(async () => {
    const url = await testDatabaseUrl();
    [api, world, env] = await Promise.all([startApi(url), openWorld(), startTimeSkipping()]);
    owner = new PgClient({ connectionString: url });
    await owner.connect();
    db = api.deps.databases.notification!;
    worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: TASK_QUEUES.notification,
      workflowsPath: new URL('index.ts', import.meta.url).pathname,
      activities: createNotificationActivities({
        db,
        dispatcher: { dispatch: () => undefined, counts: { woken: 0, failed: 0, skipped: 0, inFlight: 0 }, close: () => Promise.resolve() },
        temporal: env.client,
        env: readEnv({ SMTP_URL: `smtp://127.0.0.1:${world.doubles.smtpPort}`, LOG_LEVEL: 'silent', PUBLIC_URL: 'http://127.0.0.1:3000' }),
        secrets: api.deps.secrets,
        logger: createLogger('test', 'silent'),
      }),
    });
    running = worker.run();
  });
  after(async () => {
    worker.shutdown();
    await running;
    await Promise.all([api.stop(), owner.end(), world.close(), env.teardown()]);
  });
  afterEach(() => control(world.doubles, 'DELETE', '/_sandbox/smtp-faults'));

  const mailsTo = async (to: string): Promise<Mail[]> =>
    (await control(world.doubles, 'GET', `/_sandbox/mails?to=${encodeURIComponent(to)}`))['data'] as Mail[];
  const refuse = (to: string, code: number, times?: number): Promise<unknown> =>
    control(world.doubles, 'POST', '/_sandbox/smtp-faults', { rules: [{ to, code, ...(times === undefined ? {} : { times }) }] });
  const headerOf = (mail: Mail | undefined, name: string): string | undefined =>
    mail?.headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value;
  const rowsOf = (
    recipientId: string,
  ): Promise<{ state: string; attempts: number; failure: string | null; provider_ref: string | null }[]> =>
    read(db, 'select state, attempts, failure, provider_ref from notification.delivery where recipient_id = $1 order by created_at, id', [
      recipientId,
    ]);
  const wakesOf = async (recipientId: string): Promise<number> =>
    (await read(db, 'select 1 from notification.wake where recipient_id = $1', [recipientId])).length;
  /** Hands the consumer what the commands since then committed. @returns recipients to wake. */
  const notice = async (since: number): Promise<string[]> => {
    const { events } = await transact(db, (tx) => noticeEvents(tx, publishedOf(api.events.slice(since))));
    return events.map(({ event }) => event.subjectId);
  };
  const deliver = async (recipientId: string): Promise<unknown> => {
    await wake(env.client, { process: 'delivery', key: recipientId });
    return env.client.workflow.getHandle(workflowId('delivery', recipientId)).result();
  };
  /** A group in which every expense of Ana's waits for Ben's vote. */
  const voting = async (): Promise<{ ben: TestUser; ask: (description?: string) => Promise<void> }> => {
    const [ana, ben] = await Promise.all([api.user('Ana'), api.user('Ben')]);
    const group = await createGroup(ana);
    const benId = await join(ana, group.id, ben);
    await ana.call('PATCH', `/v1/groups/${group.id}`, { policy: { approval: { mode: 'all' } } }, { 'if-match': '*' });
    return {
      ben,
      ask: async (description = 'Dinner') => {
        const answer = await ana.call('POST', `/v1/groups/${group.id}/expenses`, {
          description,
          total: { amount: '10.00', currency: 'EUR' },
          date: '2026-11-20',
          payers: [{ memberId: group.myMemberId, amount: '10.00' }],
          split: { method: 'equal', among: [group.myMemberId, benId] },
        });
        assert.equal(answer.status, 202, JSON.stringify(answer.body));
      },
    };
  };

  it('registration, mails a token that verifies the address, once', async () => {
    const email = `${uuidv7()}@example.com`;
    const since = api.events.length;
    const { body } = await api.call('POST', '/v1/auth/register', { email, password: 'correct horse battery', displayName: '<Ana & Co>' });
    await notice(since);

    assert.deepEqual(await deliver(body.user.id), { sent: 1 });
    await recordHistory(env.client, 'notification', workflowId('delivery', body.user.id), 'delivery-sent-at-once');

    const [mail, ...more] = await mailsTo(email);
    assert.equal(more.length, 0);
    const token = headerOf(mail, 'X-SafeSplitX-Token');
    assert.match(mail!.text, new RegExp(`^Token: ${token}$`, 'm'));
    assert.match(mail!.html, /&lt;Ana &amp; Co&gt;/);
    assert.equal((await api.call('POST', '/v1/auth/email/verify', { token })).status, 204);
    const [row] = await rowsOf(body.user.id);
    assert.deepEqual([row?.state, row?.attempts, row?.provider_ref], ['sent', 1, headerOf(mail, 'Message-ID')]);
  });

  it('invitation, mails a link that lets its reader join', async () => {
    const [ana, eve] = await Promise.all([api.user('Ana'), api.user('Eve')]);
    const group = await createGroup(ana, { name: 'Lisbon' });
    const since = api.events.length;
    await ana.call('POST', `/v1/groups/${group.id}/members`, { displayName: 'Eve', email: eve.email });
    const [invitationId] = await notice(since);

    await deliver(invitationId!);

    const [mail] = await mailsTo(eve.email);
    assert.match(mail!.subject, /Lisbon/);
    const link = /http:\/\/127\.0\.0\.1:3000(\/v1\/invitations\/\S+)/.exec(mail!.text)?.[1];
    assert.equal((await eve.call('POST', `${link}/accept`)).status, 200);
  });

  it('several of one letter, due together, go out as one; what was decided meanwhile is left out', async () => {
    const { ben, ask } = await voting();
    const since = api.events.length;
    for (const description of ['Dinner', 'Taxi', 'Museum']) await ask(description);
    await notice(since);
    const decided = api.events.slice(since).find(({ event }) => event.type === 'expense.pending')!.event.subjectId;
    assert.equal((await ben.call('POST', `/v1/expenses/${decided}/reject`)).status, 200);

    await deliver(ben.userId);

    const [mail, ...more] = await mailsTo(ben.email);
    assert.deepEqual([more.length, mail!.subject], [0, '2 expenses wait for your vote']);
    assert.match(mail!.text, /Museum: 10\.00 EUR/);
    assert.doesNotMatch(mail!.text, /Dinner/);
    assert.deepEqual((await rowsOf(ben.userId)).map(({ state }) => state).toSorted(), ['sent', 'sent', 'suppressed']);
  });

  it('a busy server, says later twice, gets the same message again until it takes it', async () => {
    const { ben, ask } = await voting();
    await refuse(ben.email, 421, 2);
    const since = api.events.length;
    await ask();
    await notice(since);

    await deliver(ben.userId);
    await recordHistory(env.client, 'notification', workflowId('delivery', ben.userId), 'delivery-tried-three-times');

    const [row] = await rowsOf(ben.userId);
    assert.deepEqual([row?.state, row?.attempts, (await mailsTo(ben.email)).length], ['sent', 3, 1]);
  });

  it('a server that is busy for ever, five times, leaves a dead letter that is given up in the end', async () => {
    const { ben, ask } = await voting();
    await refuse(ben.email, 451);
    const since = api.events.length;
    await ask();
    await notice(since);

    assert.deepEqual(await deliver(ben.userId), { sent: 0 });

    const [row] = await rowsOf(ben.userId);
    assert.deepEqual([row?.state, row?.attempts, row?.failure], ['dead', 5, 'smtp_451']);
  });

  it('an address that does not exist, is dead at once, and retryNow revives it', async () => {
    const { ben, ask } = await voting();
    await refuse(ben.email, 550);
    const since = api.events.length;
    await ask();
    await notice(since);
    await wake(env.client, { process: 'delivery', key: ben.userId });
    const handle = env.client.workflow.getHandle(workflowId('delivery', ben.userId));
    await until('a dead letter', async () => (await rowsOf(ben.userId))[0]?.state === 'dead');
    assert.equal((await rowsOf(ben.userId))[0]?.attempts, 1);

    await control(world.doubles, 'DELETE', '/_sandbox/smtp-faults');
    assert.equal(await handle.executeUpdate(retryNow), '1 to be tried again');

    assert.deepEqual(await handle.result(), { sent: 1 });
    await recordHistory(env.client, 'notification', workflowId('delivery', ben.userId), 'delivery-dead-and-revived');
    assert.equal((await mailsTo(ben.email)).length, 1);
  });

  it('a wake-up, asked for while a look is going on, is asked for again', async () => {
    const { ben, ask } = await voting();
    const since = api.events.length;
    await ask();
    await notice(since);
    assert.equal(await wakesOf(ben.userId), 1);
    const later = api.events.length;
    await ask('Later');
    // The consumer's transaction is open, with the wake-up still outstanding, when the workflow looks.
    let commit: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let isWritten: () => void = () => undefined;
    const written = new Promise<void>((resolve) => {
      isWritten = resolve;
    });
    const consumer = transact(db, async (tx) => {
      await noticeEvents(tx, publishedOf(api.events.slice(later)));
      isWritten();
      await held;
    });
    await written;
    const delivered = deliver(ben.userId);
    await until('the look to wait for the consumer', async () => {
      const { rowCount } = await owner.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'delete from notification.wake%' and datname = current_database()`,
      );
      return rowCount === 1;
    });
    commit();
    assert.deepEqual((await consumer).events, []);

    await delivered;

    assert.deepEqual(
      (await rowsOf(ben.userId)).map(({ state }) => state),
      ['sent', 'sent'],
    );
    assert.equal(await wakesOf(ben.userId), 0);
  });
});
