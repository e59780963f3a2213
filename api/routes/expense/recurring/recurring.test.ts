// Goal: a recurring expense says when it comes next and refuses what could not be recorded; one slot never gives two expenses.
// Method: through HTTP, and the process's activity by hand where the clock would call it.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { recurringActivities } from '../../../../activities/expense/recurring-activities.ts';
import { RULES_MAX, START_BEFORE_MAX } from '../../../../db/commands/expense/recurring.ts';
import { dayIn } from '../../../../db/zone-day.ts';
import { addDays } from '../../../../domain/recurrence.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { activityDeps } from '../../../../test/support/activities.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('recurring expenses', function () {
  this.timeout(60_000);
  let api: TestApi;
  const any = { 'if-match': '*' };

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  interface World {
    readonly ana: TestUser;
    readonly ben: TestUser;
    readonly groupId: string;
    readonly anaId: string;
    readonly benId: string;
  }
  const world = async (fields: Record<string, unknown> = {}): Promise<World> => {
    const [ana, ben] = await Promise.all([api.user('Ana'), api.user('Ben')]);
    const group = await createGroup(ana, fields);
    return { ana, ben, groupId: group.id, anaId: group.myMemberId, benId: await join(ana, group.id, ben, { role: 'contributor' }) };
  };
  const rent = ({ anaId, benId }: World): Record<string, unknown> => ({
    description: 'Rent',
    total: { amount: '900.00', currency: 'EUR' },
    payers: [{ memberId: anaId, amount: '900.00' }],
    split: { method: 'equal', among: [anaId, benId] },
    category: 'home.rent',
  });
  const monthly = { n: 1, unit: 'month' };
  const today = (zone = 'UTC'): string => dayIn(new Date(), zone);
  const make = (at: World, fields: object = {}, who = at.ana, headers = {}): Promise<TestAnswer> =>
    who.call('POST', `/v1/groups/${at.groupId}/recurring`, { expense: rent(at), every: monthly, start: '2027-01-31', ...fields }, headers);
  const act = (who: TestUser, id: string, verb: string, body?: object): Promise<TestAnswer> =>
    who.call('POST', `/v1/recurring/${id}/${verb}`, body);
  const previewOf = async (who: TestUser, id: string): Promise<string[]> =>
    (await who.call('GET', `/v1/recurring/${id}/preview`)).body.data.map(({ date }: { date: string }) => date);
  /** What the process does when it is woken at a moment. */
  const wake = (id: string, at = new Date()): ReturnType<ReturnType<typeof recurringActivities>['advanceRecurring']> =>
    recurringActivities(activityDeps(api, 'expense')).advanceRecurring({ ruleId: id, nowIso: at.toISOString() });
  const datesIn = async ({ ana, groupId }: World): Promise<string[]> =>
    (await ana.call('GET', `/v1/groups/${groupId}/expenses?sort=date&limit=100`)).body.data.map(({ date }: { date: string }) => date);

  it('made, tells its next slot in the zone of the group, and wakes its process', async () => {
    const at = await world({ timeZone: 'America/New_York' });
    const made = await make(at);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, state, nextOn, nextAt, recorded, end, noticeDays, version, workflowId } = made.body;
    assert.deepEqual([state, nextOn, nextAt], ['active', '2027-01-31', '2027-01-31T05:00:00.000Z']);
    assert.deepEqual([recorded, end, noticeDays, version, workflowId], [0, null, 0, 1, `recurring/${id}`]);
    assert.deepEqual([made.headers.get('location'), made.headers.get('etag')], [`/v1/recurring/${id}`, '"v1"']);
    assert.deepEqual(api.events.find(({ event }) => event.subjectId === id)?.process, { process: 'recurringExpense', key: id });
    assert.deepEqual((await at.ben.call('GET', `/v1/recurring/${id}`)).body, made.body);
    assert.deepEqual((await at.ben.call('GET', `/v1/groups/${at.groupId}/recurring`)).body, { data: [made.body], nextCursor: null });
    const slots = (await at.ben.call('GET', `/v1/recurring/${id}/preview`)).body.data;
    assert.equal(slots.length, 12);
    assert.deepEqual(slots[1], { date: '2027-02-28', at: '2027-02-28T05:00:00.000Z' });
    assert.deepEqual(slots[3], { date: '2027-04-30', at: '2027-04-30T04:00:00.000Z' });
  });

  it('slots that are due, are each recorded once, also by two processes at once', async () => {
    const at = await world();
    const start = addDays(today(), -20);
    const { id } = (await make(at, { every: { n: 7, unit: 'day' }, start, end: { count: 4 } })).body;
    const both = await Promise.all([wake(id), wake(id)]);
    assert.equal(both[0].recorded + both[1].recorded, 3);
    assert.deepEqual(await datesIn(at), [start, addDays(start, 7), addDays(start, 14)]);
    const read = (await at.ana.call('GET', `/v1/recurring/${id}`)).body;
    assert.deepEqual([read.recorded, read.nextOn, read.state], [3, addDays(start, 21), 'active']);
    assert.equal((await at.ana.call('GET', `/v1/expenses/${read.lastExpenseId}`)).body.date, addDays(start, 14));
    assert.deepEqual(await wake(id, new Date(Date.now() + 30 * 86_400_000)).then(({ state, recorded }) => [state, recorded]), ['ended', 1]);
    assert.deepEqual(await wake(id, new Date(Date.now() + 90 * 86_400_000)).then(({ recorded }) => recorded), 0);
  });

  it('in a group with a policy, each slot asks for approval', async () => {
    const at = await world({ policy: { approval: { mode: 'all' } } });
    const { id } = (await make(at, { start: today() })).body;
    await wake(id);
    const [expense] = (await at.ana.call('GET', `/v1/groups/${at.groupId}/expenses`)).body.data;
    assert.deepEqual([expense.state, expense.approvals.length, expense.createdBy], ['pending', 1, at.anaId]);
  });

  it('a slot that is refused, pauses it with the reason; mended and resumed, it is caught up', async () => {
    const at = await world();
    const { id } = (await make(at, { start: today() })).body;
    await at.ana.call('DELETE', `/v1/groups/${at.groupId}/members/${at.benId}`, undefined, any);
    assert.deepEqual(await wake(id).then(({ state, recorded, problem }) => [state, recorded, problem]), ['paused', 0, 'member_not_active']);
    const { rows } = await api.deps.databases.expense!.pool.query<{ data: unknown }>(
      `select data from expense.outbox where type = 'recurring.halted' and subject_id = $1`,
      [id],
    );
    assert.deepEqual(rows, [{ data: { date: today(), code: 'member_not_active', memberId: at.anaId } }]);
    const read = (await at.ana.call('GET', `/v1/recurring/${id}`)).body;
    assert.deepEqual([read.state, read.problem, read.nextAt, read.nextOn], ['paused', 'member_not_active', null, today()]);
    const alone = { ...rent(at), split: { method: 'equal', among: [at.anaId] } };
    assert.equal((await at.ana.call('PATCH', `/v1/recurring/${id}`, { expense: alone }, any)).status, 200);
    assert.deepEqual((await act(at.ana, id, 'resume')).body.problem, null);
    await wake(id);
    assert.deepEqual(await datesIn(at), [today()]);
  });

  it('paused and resumed, what passed meanwhile is passed over; caught up where that is asked for', async () => {
    const at = await world();
    const start = addDays(today(), -14);
    const weekly = { every: { n: 1, unit: 'week' }, start };
    const [plain, caught] = [(await make(at, weekly)).body.id, (await make(at, weekly)).body.id];
    for (const id of [plain, caught]) assert.equal((await act(at.ana, id, 'pause')).body.state, 'paused');
    assert.equal((await act(at.ana, plain, 'pause')).status, 200);
    assert.equal((await wake(plain)).recorded, 0);
    assert.equal((await act(at.ana, plain, 'resume')).body.nextOn, today());
    assert.equal((await act(at.ana, caught, 'resume', { catchUp: true })).body.nextOn, start);
    assert.deepEqual([(await wake(plain)).recorded, (await wake(caught)).recorded], [1, 3]);
  });

  it('skipped, the next slot or one of the preview, goes on behind it and counts', async () => {
    const at = await world();
    const { id } = (await make(at, { end: { count: 4 } })).body;
    assert.deepEqual(await previewOf(at.ana, id), ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30']);
    assert.equal((await act(at.ana, id, 'skip')).body.nextOn, '2027-02-28');
    assert.equal((await act(at.ana, id, 'skip', { date: '2027-03-31' })).body.nextOn, '2027-02-28');
    assert.deepEqual(await previewOf(at.ana, id), ['2027-02-28', '2027-04-30']);
    for (const date of ['2027-03-31', '2027-05-31', '2027-01-31'])
      assert.deepEqual(refusalOf(await act(at.ana, id, 'skip', { date })), [422, 'no_such_slot'], date);
    assert.equal((await act(at.ana, id, 'skip')).body.nextOn, '2027-04-30');
    assert.deepEqual([(await act(at.ana, id, 'skip')).body.state, await previewOf(at.ana, id)], ['ended', []]);
  });

  it('changed, with and without the current version; a new schedule begins behind what is recorded', async () => {
    const at = await world();
    const { id } = (await make(at, { start: today() })).body;
    await wake(id);
    const path = `/v1/recurring/${id}`;
    const version = (await at.ana.call('GET', path)).body.version as number;
    const change = { every: { n: 1, unit: 'day' } };
    assert.equal((await at.ana.call('PATCH', path, change)).status, 428);
    const changed = await at.ana.call('PATCH', path, change, { 'if-match': `"v${version}"` });
    assert.deepEqual([changed.status, changed.body.nextOn, changed.body.version], [200, addDays(today(), 1), version + 1]);
    assert.equal((await at.ana.call('PATCH', path, change, { 'if-match': `"v${version}"` })).status, 412);
    const ended = await at.ana.call('PATCH', path, { end: { date: today() } }, any);
    assert.deepEqual([ended.body.state, ended.body.nextOn], ['ended', null]);
    assert.deepEqual(refusalOf(await at.ana.call('PATCH', path, { end: null }, any)), [409, 'recurring_ended']);
  });

  it('told in advance, members are told once, on the day before', async () => {
    const at = await world();
    const { id } = (await make(at, { start: addDays(today(), 10), noticeDays: 3 })).body;
    const told = (): Promise<{ count: number }[]> =>
      api.deps.databases
        .expense!.pool.query(`select count(*)::int as count from expense.outbox where type = 'recurring.upcoming' and subject_id = $1`, [
          id,
        ])
        .then(({ rows }) => rows as { count: number }[]);
    const noticeAt = new Date(`${addDays(today(), 7)}T00:00:00Z`);
    assert.equal((await wake(id)).nextAtIso, noticeAt.toISOString());
    assert.equal((await wake(id, noticeAt)).nextAtIso, `${addDays(today(), 10)}T00:00:00.000Z`);
    await wake(id, noticeAt);
    assert.deepEqual(await told(), [{ count: 1 }]);
  });

  it('what could not be recorded, is refused with the field', async () => {
    const at = await world();
    const cases: readonly (readonly [object, number, string, string | undefined])[] = [
      [{ expense: { ...rent(at), total: { amount: '900.001', currency: 'EUR' } } }, 422, 'amount_precision', '/expense/total/amount'],
      [{ expense: { ...rent(at), split: { method: 'equal', among: [uuidv7()] } } }, 422, 'unknown_member', '/expense/split/among/0'],
      [{ expense: { ...rent(at), category: 'no.such' } }, 422, 'unknown_category', '/expense/category'],
      [{ expense: { ...rent(at), split: undefined } }, 400, 'invalid_request', '/expense/split'],
      [{ every: { n: 0, unit: 'day' } }, 400, 'invalid_request', '/every/n'],
      [{ every: { n: 367, unit: 'day' } }, 400, 'invalid_request', '/every/n'],
      [{ start: '2027-02-29' }, 400, 'invalid_request', '/start'],
      [{ start: addDays(today(), -START_BEFORE_MAX - 1) }, 422, 'invalid_schedule', '/start'],
      [{ end: { date: '2027-01-30' } }, 422, 'invalid_schedule', '/end/date'],
      [{ noticeDays: 31 }, 400, 'invalid_request', '/noticeDays'],
      [{ state: 'ended' }, 400, 'unknown_field', '/state'],
      [{ used: 3 }, 400, 'unknown_field', '/used'],
    ];
    for (const [fields, status, code, pointer] of cases) {
      const refused = await make(at, fields);
      assert.deepEqual([...refusalOf(refused), refused.body.errors?.[0]?.pointer], [status, code, pointer], JSON.stringify(fields));
    }
    assert.equal((await make(at, { start: addDays(today(), -START_BEFORE_MAX) })).status, 201);
    assert.equal((await at.ana.call('GET', `/v1/groups/${at.groupId}/recurring`)).body.data.length, 1);
  });

  it('in a locked period or a closed group, is refused', async () => {
    const at = await world();
    const { id } = (await make(at)).body;
    assert.equal((await at.ana.call('POST', `/v1/groups/${at.groupId}/lock`, { until: today() })).status, 200);
    assert.deepEqual(refusalOf(await make(at, { start: addDays(today(), -1) })), [409, 'period_locked']);
    const earlier = await at.ana.call('PATCH', `/v1/recurring/${id}`, { start: addDays(today(), -1) }, any);
    assert.deepEqual([...refusalOf(earlier), earlier.body.errors[0].pointer], [409, 'period_locked', '/start']);
    assert.equal((await at.ana.call('PATCH', `/v1/recurring/${id}`, { start: addDays(today(), 1) }, any)).status, 200);
    await at.ana.call('POST', `/v1/groups/${at.groupId}/archive`);
    assert.deepEqual(refusalOf(await make(at)), [409, 'archived']);
    assert.deepEqual(refusalOf(await act(at.ana, id, 'skip')), [409, 'archived']);
    assert.equal((await act(at.ana, id, 'pause')).status, 200);
    assert.equal((await at.ana.call('DELETE', `/v1/groups/${at.groupId}`, undefined, any)).status, 204);
    assert.deepEqual(refusalOf(await act(at.ana, id, 'pause')), [409, 'deleted']);
    assert.deepEqual(refusalOf(await at.ana.call('DELETE', `/v1/recurring/${id}`, undefined, any)), [409, 'deleted']);
    assert.equal((await at.ana.call('GET', `/v1/recurring/${id}`)).body.state, 'paused');
  });

  it('of somebody who was merged, shows who remains, under a new version, and takes back what it shows', async () => {
    const at = await world();
    const added = await at.ana.call('POST', `/v1/groups/${at.groupId}/members`, { displayName: 'Benny' });
    const bennyId = added.body.id as string;
    const made = await make(at, { expense: { ...rent(at), split: { method: 'equal', among: [at.anaId, bennyId] } } });
    const { id } = made.body;
    const merge = await at.ana.call('POST', `/v1/groups/${at.groupId}/members/${bennyId}/merge`, { intoMemberId: at.benId });
    assert.equal(merge.status, 200, JSON.stringify(merge.body));
    const read = await at.ana.call('GET', `/v1/recurring/${id}`, undefined, { 'if-none-match': made.headers.get('etag') ?? '' });
    assert.deepEqual([read.status, read.body?.expense?.split?.among], [200, [at.anaId, at.benId]]);
    const listed = await at.ana.call('GET', `/v1/groups/${at.groupId}/recurring`);
    assert.deepEqual(listed.body.data[0].expense.split.among, [at.anaId, at.benId]);
    const again = await at.ana.call('PATCH', `/v1/recurring/${id}`, { expense: read.body.expense }, any);
    assert.equal(again.status, 200, JSON.stringify(again.body));
  });

  it('in a group that moves to another zone, is due by its clock, under a new version, and wakes its process; other changes wake none', async () => {
    const at = await world({ timeZone: 'Etc/GMT+12' });
    const day = today('Pacific/Kiritimati');
    const { id, nextAt } = (await make(at, { start: day })).body;
    assert.ok(Date.parse(nextAt) > Date.now(), 'there the day has not begun');
    const wakes = (): number => api.events.filter(({ event, process }) => event.subjectId === id && process?.key === id).length;
    const change = (fields: object): Promise<TestAnswer> => at.ana.call('PATCH', `/v1/groups/${at.groupId}`, fields, any);
    await change({ name: 'Moved', timeZone: 'Etc/GMT+12' });
    assert.equal(wakes(), 1);
    assert.equal((await change({ timeZone: 'Pacific/Kiritimati' })).status, 200);
    const moved = (await at.ana.call('GET', `/v1/recurring/${id}`)).body;
    assert.deepEqual([moved.version, Date.parse(moved.nextAt) <= Date.now(), wakes()], [2, true, 2]);
    await wake(id);
    assert.deepEqual(await datesIn(at), [day]);
  });

  it('under one Idempotency-Key or id, is made once', async () => {
    const at = await world();
    const headers = { 'idempotency-key': uuidv7() };
    const [first, again] = [await make(at, {}, at.ana, headers), await make(at, {}, at.ana, headers)];
    assert.deepEqual([again.status, again.body], [201, first.body]);
    const id = uuidv7();
    const both = await Promise.all([make(at, { id }), make(at, { id })]);
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [201, 409],
    );
    assert.deepEqual(refusalOf(both.find(({ status }) => status === 409)!), [409, 'id_taken']);
  });

  it('of others: strangers see none, contributors change only their own', async () => {
    const at = await world();
    const stranger = await api.user('Stranger');
    const { id } = (await make(at)).body;
    const own = (await make(at, {}, at.ben)).body.id;
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['GET', '/preview', undefined],
      ['PATCH', '', { noticeDays: 1 }],
      ['DELETE', '', undefined],
      ['POST', '/pause', undefined],
      ['POST', '/resume', undefined],
      ['POST', '/skip', undefined],
    ] as const) {
      assert.deepEqual(refusalOf(await stranger.call(method, `/v1/recurring/${id}${path}`, body, any)), [404, 'not_found']);
      if (method !== 'GET')
        assert.deepEqual(refusalOf(await at.ben.call(method, `/v1/recurring/${id}${path}`, body, any)), [403, 'forbidden']);
    }
    assert.equal((await act(at.ben, own, 'skip')).status, 200);
    assert.equal((await at.ana.call('DELETE', `/v1/recurring/${own}`, undefined, any)).status, 204);
    assert.equal((await at.ana.call('GET', `/v1/recurring/${own}`)).body.state, 'ended');
    assert.deepEqual(refusalOf(await act(at.ana, own, 'resume')), [409, 'recurring_ended']);
  });

  it(`a group, has at most ${RULES_MAX} that have not ended`, async () => {
    const at = await world();
    const ids: string[] = [];
    for (let index = 0; index < RULES_MAX; index += 1) ids.push((await make(at)).body.id as string);
    assert.deepEqual(refusalOf(await make(at)), [409, 'recurring_limit_reached']);
    await at.ana.call('DELETE', `/v1/recurring/${ids[0]}`, undefined, any);
    assert.equal((await make(at)).status, 201);
  });
});
