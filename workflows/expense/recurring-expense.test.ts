// Goal: over two years and in zones that change their clocks at midnight, at noon or never, every slot gets exactly one expense, recorded
// when its day begins there; whatever is missed is caught up. Method: the real workflow, activities and Postgres; time is skipped; luxon
// and the zone database say what is right.
import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DateTime } from 'luxon';
import { createExpenseActivities } from '../../activities/expense/index.ts';
import { read } from '../../db/transact.ts';
import { workflowId } from '../../domain/events.ts';
import { activityDeps } from '../../test/support/activities.ts';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup, join } from '../../test/support/groups.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { skipTime, startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { wake } from '../dispatch.ts';
import { retryNow } from '../shared/messages.ts';

/** Clocks that change at midnight (Beirut, Havana), at night, by half an hour, in the south, never, and at the date line. */
const ZONES = ['Asia/Beirut', 'America/Havana', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Auckland'];
const MONTHS = 24;

describe('recurring expense', function () {
  this.timeout(240_000);
  let api: TestApi;
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  let ana: TestUser;
  let ben: TestUser;
  /** When the process asked, by rule: what it found to be now, and what it recorded then. */
  const looks = new Map<string, { nowIso: string; recorded: number }[]>();

  before(async () => {
    [api, env] = await Promise.all([testDatabaseUrl().then((url) => startApi(url)), startTimeSkipping()]);
    [ana, ben] = await Promise.all([api.user('Ana'), api.user('Ben')]);
    const real = createExpenseActivities(activityDeps(api, 'expense', env.client));
    const watched: typeof real = {
      ...real,
      async advanceRecurring(input) {
        const step = await real.advanceRecurring(input);
        looks.set(input.ruleId, [...(looks.get(input.ruleId) ?? []), { nowIso: input.nowIso, recorded: step.recorded }]);
        return step;
      },
    };
    worker = await startWorker(env.nativeConnection, 'expense', watched);
  });
  after(async () => {
    await worker?.stop();
    await Promise.all([api?.stop(), env?.teardown()]);
  });

  interface Rule {
    readonly id: string;
    readonly groupId: string;
    readonly handle: WorkflowHandle;
  }
  const ruleIn = async (timeZone: string, fields: object): Promise<Rule> => {
    const group = await createGroup(ana, { timeZone });
    const benId = await join(ana, group.id, ben);
    const made = await ana.call('POST', `/v1/groups/${group.id}/recurring`, {
      expense: {
        description: 'Rent',
        total: { amount: '9.01', currency: 'EUR' },
        payers: [{ memberId: group.myMemberId, amount: '9.01' }],
        split: { method: 'equal', among: [group.myMemberId, benId] },
      },
      ...fields,
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const key = made.body.id as string;
    await wake(env.client, { process: 'recurringExpense', key });
    return { id: key, groupId: group.id, handle: env.client.workflow.getHandle(workflowId('recurringExpense', key)) };
  };
  const datesOf = async ({ groupId }: Rule): Promise<string[]> =>
    (
      await read<{ date: string }>(
        api.deps.databases.expense!,
        'select date::text as date from expense.expense where group_id = $1 order by date',
        [groupId],
      )
    ).map(({ date }) => date);
  const act = async (rule: Rule, verb: string, body?: object): Promise<void> => {
    assert.equal((await ana.call('POST', `/v1/recurring/${rule.id}/${verb}`, body)).status, 200);
    await wake(env.client, { process: 'recurringExpense', key: rule.id });
  };
  const today = async (zone: string): Promise<DateTime> => DateTime.fromMillis(await env.currentTimeMs(), { zone });

  it(`monthly from the 31st, over ${MONTHS} months in ${ZONES.length} zones, each slot is recorded once as its day begins`, async () => {
    const ahead = (await today('UTC')).plus({ months: 1 }).startOf('month');
    // The first month with 31 days that lies ahead.
    const anchor = ahead.daysInMonth === 31 ? ahead.set({ day: 31 }) : ahead.plus({ months: 1 }).set({ day: 31 });
    assert.equal(anchor.day, 31);
    const start = anchor.toISODate()!;
    const rules = await Promise.all(
      ZONES.map(async (zone) => ({ zone, rule: await ruleIn(zone, { every: { n: 1, unit: 'month' }, start, end: { count: MONTHS } }) })),
    );
    for (const { handle } of rules.map(({ rule }) => rule)) assert.deepEqual(await handle.result(), { state: 'ended', recorded: MONTHS });
    const expected = Array.from({ length: MONTHS }, (_, index) => anchor.plus({ months: index }).toISODate()!);
    for (const { zone, rule } of rules) {
      assert.deepEqual(await datesOf(rule), expected, zone);
      const recordedAt = looks.get(rule.id)!.filter(({ recorded }) => recorded > 0);
      assert.equal(recordedAt.length, MONTHS, zone);
      for (const [index, { nowIso }] of recordedAt.entries()) {
        const lateMs = Date.parse(nowIso) - DateTime.fromISO(expected[index]!, { zone }).startOf('day').toMillis();
        assert.ok(lateMs >= 0 && lateMs < 60_000, `${zone} ${expected[index]}: ${lateMs} ms late`);
      }
    }
  });

  it('daily across a change of the clocks at midnight, no day is left out or doubled', async () => {
    const zone = 'Asia/Beirut';
    const rule = await ruleIn(zone, {
      every: { n: 1, unit: 'day' },
      start: (await today(zone)).plus({ days: 1 }).toISODate(),
      end: { count: 220 },
    });
    assert.deepEqual(await rule.handle.result(), { state: 'ended', recorded: 220 });
    const dates = await datesOf(rule);
    const first = DateTime.fromISO(dates[0]!);
    assert.deepEqual(
      dates,
      Array.from({ length: 220 }, (_, index) => first.plus({ days: index }).toISODate()!),
    );
  });

  it('paused, resumed, skipped, the process follows the row', async () => {
    const zone = 'UTC';
    const at = await today(zone);
    const start = at.plus({ days: 1 });
    const rule = await ruleIn(zone, { every: { n: 7, unit: 'day' }, start: start.toISODate(), end: { count: 4 } });
    await skipTime(env, '2 days');
    assert.deepEqual(await datesOf(rule), [start.toISODate()]);
    await act(rule, 'pause');
    assert.deepEqual(await rule.handle.result(), { state: 'paused', recorded: 1 });
    await recordHistory(env.client, 'expense', rule.handle.workflowId, 'recurring-expense-paused');
    await act(rule, 'resume', { catchUp: true });
    await act(rule, 'skip');
    assert.deepEqual(await rule.handle.result(), { state: 'ended', recorded: 2 });
    assert.deepEqual(
      await datesOf(rule),
      [0, 14, 21].map((days) => start.plus({ days }).toISODate()),
    );
    await recordHistory(env.client, 'expense', rule.handle.workflowId, 'recurring-expense-resumed-and-ended');
  });

  it('in a group that moves to the other side of the date line, the waiting process records what has begun there at once', async () => {
    const day = (await today('Pacific/Kiritimati')).toISODate()!;
    const rule = await ruleIn('Etc/GMT+12', { every: { n: 1, unit: 'year' }, start: day, end: { count: 1 } });
    assert.equal(await rule.handle.executeUpdate(retryNow), 'active');
    assert.deepEqual(await datesOf(rule), []);
    const begun = await env.currentTimeMs();
    const sent = api.events.length;
    const moved = await ana.call('PATCH', `/v1/groups/${rule.groupId}`, { timeZone: 'Pacific/Kiritimati' }, { 'if-match': '*' });
    assert.equal(moved.status, 200);
    for (const { process } of api.events.slice(sent)) if (process?.process === 'recurringExpense') await wake(env.client, process);
    assert.deepEqual(await rule.handle.result(), { state: 'ended', recorded: 1 });
    const recordedAt = Date.parse(looks.get(rule.id)!.find(({ recorded }) => recorded === 1)!.nowIso);
    assert.ok(recordedAt - begun < 3_600_000, `${recordedAt - begun} ms later`);
  });

  it('told in advance and looked at by an operator, records nothing early', async () => {
    const zone = 'America/Havana';
    const at = await today(zone);
    const slot = at.plus({ days: 10 }).toISODate();
    const rule = await ruleIn(zone, { every: { n: 1, unit: 'year' }, start: slot, end: { count: 1 }, noticeDays: 3 });
    assert.equal(await rule.handle.executeUpdate(retryNow), 'active');
    await skipTime(env, '8 days');
    const told = await read<{ at: string }>(
      api.deps.databases.expense!,
      `select id as at from expense.outbox where type = 'recurring.upcoming' and subject_id = $1`,
      [rule.id],
    );
    assert.deepEqual([told.length, await datesOf(rule)], [1, []]);
    assert.deepEqual(await rule.handle.result(), { state: 'ended', recorded: 1 });
    await recordHistory(env.client, 'expense', rule.handle.workflowId, 'recurring-expense-told-and-ended');
  });

  it('a worker that was away for months, catches up every slot once, and ends the same', async () => {
    const rule = await ruleIn('UTC', {
      every: { n: 1, unit: 'week' },
      start: DateTime.utc().minus({ days: 180 }).toISODate(),
      end: { count: 30 },
    });
    assert.deepEqual(await rule.handle.result(), { state: 'ended', recorded: 30 });
    const dates = await datesOf(rule);
    assert.deepEqual([dates.length, new Set(dates).size], [30, 30]);
    await recordHistory(env.client, 'expense', rule.handle.workflowId, 'recurring-expense-caught-up');
  });
});
