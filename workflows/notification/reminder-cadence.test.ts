// Goal: a debtor is reminded at the cadence's times in their own zone, never at night, and never once the debt is gone.
// Method: the real workflow, activities and Postgres; a month of time is skipped.
import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { DateTime } from 'luxon';
import { v7 as uuidv7 } from 'uuid';
import { createNotificationActivities } from '../../activities/notification/index.ts';
import { readEnv } from '../../config/env.ts';
import { createLogger } from '../../config/logger.ts';
import { wakeMovedReminders, wakeSettledReminders } from '../../db/commands/notification/reminder-wakes.ts';
import { stepReminder } from '../../db/commands/notification/reminder-step.ts';
import type { PublishedEvent } from '../../db/consume.ts';
import type { ServiceDatabase } from '../../db/orm.ts';
import { read, transact } from '../../db/transact.ts';
import { workflowId, type DomainEvent } from '../../domain/events.ts';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup, join, postDebt } from '../../test/support/groups.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { skipTime, startTimeSkipping } from '../../test/support/temporal.ts';
import { until } from '../../test/support/until.ts';
import { wake } from '../dispatch.ts';
import { stop } from '../shared/messages.ts';
import { TASK_QUEUES } from '../shared/task-queues.ts';

describe('reminder cadence', function () {
  this.timeout(90_000);
  let api: TestApi;
  let db: ServiceDatabase;
  let env: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;

  before(async () => {
    [api, env] = await Promise.all([testDatabaseUrl().then((url) => startApi(url)), startTimeSkipping()]);
    db = api.deps.databases.notification!;
    worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: TASK_QUEUES.notification,
      workflowsPath: new URL('index.ts', import.meta.url).pathname,
      activities: createNotificationActivities({
        db,
        dispatcher: { dispatch: () => undefined, counts: { woken: 0, failed: 0, skipped: 0, inFlight: 0 }, close: () => Promise.resolve() },
        temporal: env.client,
        env: readEnv({ LOG_LEVEL: 'silent' }),
        secrets: api.deps.secrets,
        logger: createLogger('test', 'silent'),
      }),
    });
    running = worker.run();
  });
  after(async () => {
    worker.shutdown();
    await running;
    await Promise.all([api.stop(), env.teardown()]);
  });

  interface World {
    readonly ana: TestUser;
    readonly ben: TestUser;
    readonly groupId: string;
    readonly anaId: string;
    readonly benId: string;
    readonly reminderId: string;
    readonly handle: WorkflowHandle;
  }
  const weekly = { firstAfterDays: 1, everyDays: 7, max: 4, escalate: ['inApp', 'email'] };
  /** Ben owes Ana 1.00 and is reminded of it; the process is woken. */
  const reminded = async (options: { cadence?: object; timeZone?: string; verified?: boolean } = {}): Promise<World> => {
    const ana = await api.user('Ana');
    const ben = await api.user('Ben', { timeZone: options.timeZone ?? 'UTC', verified: options.verified ?? true });
    const group = await createGroup(ana);
    const [anaId, groupId] = [group.myMemberId as string, group.id as string];
    const benId = await join(ana, groupId, ben);
    await postDebt(api, groupId, anaId, benId);
    const made = await ana.call('POST', `/v1/groups/${groupId}/reminders`, { memberId: benId, cadence: options.cadence ?? weekly });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const key = `${groupId}/${benId}`;
    await wake(env.client, { process: 'reminderCadence', key });
    return {
      ana,
      ben,
      groupId,
      anaId,
      benId,
      reminderId: made.body.id,
      handle: env.client.workflow.getHandle(workflowId('reminderCadence', key)),
    };
  };
  const timesOf = async ({ ben }: World): Promise<{ at: string; by: string }[]> =>
    read(
      db,
      `select created_at as at, 'inApp' as by from notification.notification where user_id = $1 and type = 'reminder.due'
       union all select r.last_sent_at, 'email' from notification.delivery d join notification.reminder r on r.id = d.subject_id
       where d.recipient_id = $1 and d.template = 'debt-reminder' order by 1`,
      [ben.userId],
    );
  const rowOf = async ({ reminderId }: World): Promise<{ state: string; sent: number; next_at: string | null }> =>
    (
      await read<{ state: string; sent: number; next_at: string | null }>(
        db,
        'select state, sent, next_at from notification.reminder where id = $1',
        [reminderId],
      )
    )[0]!;
  const event = (fields: Omit<Extract<DomainEvent, { type: 'expense.posted' | 'user.updated' }>, 'data'>): PublishedEvent =>
    ({ ...fields, data: {}, id: uuidv7(), position: '1', occurredAt: new Date() }) as unknown as PublishedEvent;

  it('paused, resumed, snoozed, the process follows the row', async () => {
    const world = await reminded();
    const { ana, ben, reminderId, handle } = world;
    const act = async (who: TestUser, verb: string, body?: unknown): Promise<void> => {
      assert.equal((await who.call('POST', `/v1/reminders/${reminderId}/${verb}`, body)).status, 200);
      await wake(env.client, { process: 'reminderCadence', key: `${world.groupId}/${world.benId}` });
    };
    await act(ana, 'pause');
    await skipTime(env, '20 days');
    assert.deepEqual([(await rowOf(world)).state, (await rowOf(world)).sent], ['paused', 0]);
    // The server's clock runs ahead of ours, which the API goes by: so this test comes first, within the 90 days of a snooze.
    const until = new Date((await env.currentTimeMs()) + 10 * 86_400_000);
    await act(ben, 'snooze', { until: until.toISOString() });
    await skipTime(env, '9 days');
    assert.deepEqual([(await rowOf(world)).state, (await rowOf(world)).sent], ['snoozed', 0]);
    await skipTime(env, '3 days');
    assert.deepEqual([(await rowOf(world)).state, (await rowOf(world)).sent], ['active', 1]);

    assert.equal(await handle.executeUpdate(stop), 'stopped');
    assert.deepEqual(await handle.result(), { state: 'stopped', sent: 1 });
    await recordHistory(env.client, 'notification', handle.workflowId, 'reminder-cadence-paused-snoozed-stopped');
  });

  it('a debt that stays, is reminded of until none is left, then by mail', async () => {
    const world = await reminded();

    assert.deepEqual(await world.handle.result(), { state: 'stopped', sent: 4 });
    await recordHistory(env.client, 'notification', world.handle.workflowId, 'reminder-cadence-until-exhausted');

    assert.deepEqual(
      (await timesOf(world)).map(({ by }) => by),
      ['inApp', 'email', 'email', 'email'],
    );
    const shown = await world.ana.call('GET', `/v1/reminders/${world.reminderId}`);
    assert.deepEqual([shown.body.state, shown.body.sent, shown.body.nextAt], ['stopped', 4, null]);
  });

  it('thirty days of daily reminders, never at night and never two on one day of the debtor', async () => {
    const cadence = { firstAfterDays: 0, everyDays: 1, max: 30, escalate: ['inApp'] };
    const timeZone = 'America/New_York';
    const world = await reminded({ cadence, timeZone });

    await world.handle.result();

    const local = (await timesOf(world)).map(({ at }) => DateTime.fromJSDate(new Date(at), { zone: timeZone }));
    assert.equal(local.length, 30);
    assert.equal(new Set(local.map((time) => time.toISODate())).size, 30);
    assert.ok(
      local.every(({ hour }) => hour >= 8 && hour < 22),
      local.map(String).join(),
    );
  });

  it('a debt, paid between two reminders, ends them before the next one', async () => {
    const world = await reminded({ cadence: { ...weekly, escalate: ['inApp'] } });
    await skipTime(env, '2 days');
    assert.equal((await rowOf(world)).sent, 1);
    await postDebt(api, world.groupId, world.benId, world.anaId);

    const { events } = await transact(db, (tx) =>
      wakeSettledReminders(tx, [event({ type: 'expense.posted', subjectId: uuidv7(), groupId: world.groupId })]),
    );

    assert.deepEqual(
      events.map(({ process }) => process),
      [{ process: 'reminderCadence', key: `${world.groupId}/${world.benId}` }],
    );
    await wake(env.client, events[0]!.process!);
    assert.deepEqual(await world.handle.result(), { state: 'done', sent: 1 });
    await recordHistory(env.client, 'notification', world.handle.workflowId, 'reminder-cadence-debt-paid');
  });

  it('a debt, paid without any signal, is read again before the reminder', async () => {
    const world = await reminded();
    await postDebt(api, world.groupId, world.benId, world.anaId);
    assert.deepEqual(await world.handle.result(), { state: 'done', sent: 0 });
    assert.deepEqual(await timesOf(world), []);
  });

  it('an expense in a group whose reminded debt stays, wakes nobody', async () => {
    const world = await reminded();
    const { events } = await transact(db, (tx) =>
      wakeSettledReminders(tx, [event({ type: 'expense.posted', subjectId: uuidv7(), groupId: world.groupId })]),
    );
    assert.deepEqual(events, []);
    await world.handle.executeUpdate(stop);
  });

  it('an address that nobody verified, is reminded in the inbox instead of by mail', async () => {
    const world = await reminded({ cadence: { ...weekly, escalate: ['email'], max: 1 }, verified: false });
    await world.handle.result();
    assert.deepEqual(
      (await timesOf(world)).map(({ by }) => by),
      ['inApp'],
    );
  });

  it('a step, repeated at the same moment, reminds once', async () => {
    const world = await reminded();
    // The workflow would take steps of its own while the server's clock runs ahead; here only ours count.
    await world.handle.executeUpdate(stop);
    await world.handle.result();
    await db.pool.query(
      `update notification.reminder set state = 'active', sent = 0, last_sent_at = null, next_at = null, debt_since = now() where id = $1`,
      [world.reminderId],
    );
    await db.pool.query('delete from notification.notification where user_id = $1', [world.ben.userId]);
    await db.pool.query('delete from notification.delivery where recipient_id = $1', [world.ben.userId]);
    const at = new Date(Date.now() + 40 * 86_400_000);
    at.setUTCHours(12);
    const who = { groupId: world.groupId, memberId: world.benId };

    await Promise.all([1, 2, 3].map(() => transact(db, (tx) => stepReminder(tx, who, at))));

    assert.deepEqual([(await rowOf(world)).sent, (await timesOf(world)).length], [1, 1]);
  });

  it('the clocks of the debtor change, the time of day stays', async () => {
    const world = await reminded({ cadence: { firstAfterDays: 0, everyDays: 1, max: 3, escalate: ['inApp'] }, timeZone: 'Europe/Berlin' });
    await world.handle.executeUpdate(stop);
    await world.handle.result();
    await db.pool.query(
      `update notification.reminder set state = 'active', sent = 0, last_sent_at = null, next_at = null, debt_since = '2027-03-27T09:00Z' where id = $1`,
      [world.reminderId],
    );
    const who = { groupId: world.groupId, memberId: world.benId };
    // Clocks go forward on 2027-03-28: ten o'clock is 09:00 UTC before and 08:00 UTC after.
    const step = (at: string): Promise<string | undefined> =>
      transact(db, (tx) => stepReminder(tx, who, new Date(at))).then(({ value }) => value.nextAt?.toISOString());
    assert.equal(await step('2027-03-27T09:00:00Z'), '2027-03-28T08:00:00.000Z');
    assert.equal(await step('2027-03-28T08:00:00Z'), '2027-03-29T08:00:00.000Z');
  });

  it('the debtor, moves to another zone, wakes the reminder to be planned anew', async () => {
    const world = await reminded();
    const { events } = await transact(db, (tx) => wakeMovedReminders(tx, [event({ type: 'user.updated', subjectId: world.ben.userId })]));
    assert.deepEqual(
      events.map(({ process }) => process?.process),
      ['reminderCadence'],
    );
    await world.handle.executeUpdate(stop);
  });

  it('a reminder made anew on the day of the last one, waits a day', async () => {
    const now = { firstAfterDays: 0, everyDays: 1, max: 1, escalate: ['inApp'] };
    const world = await reminded({ cadence: now });
    await world.handle.result();
    const [first] = await timesOf(world);
    const made = await world.ana.call('POST', `/v1/groups/${world.groupId}/reminders`, { memberId: world.benId, cadence: now });
    assert.ok(Date.parse(made.body.nextAt) >= Date.parse(first!.at) + 24 * 60 * 60 * 1000, JSON.stringify([made.body, first]));
    await wake(env.client, { process: 'reminderCadence', key: `${world.groupId}/${world.benId}` });
    await until('the second run', async () => (await rowOf({ ...world, reminderId: made.body.id })).state !== 'none');
    await world.handle.executeUpdate(stop);
  });
});
