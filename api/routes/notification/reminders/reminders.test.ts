// Goal: who is owed something reminds who owes it, once, and nobody else touches it. Method: through HTTP alone.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, postDebt, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const weekly = { firstAfterDays: 3, everyDays: 7, max: 5, escalate: ['inApp', 'email'] };
const DAY_MS = 24 * 60 * 60 * 1000;

describe('reminders', function () {
  this.timeout(60_000);
  let api: TestApi;

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
  const world = async (): Promise<World> => {
    const [ana, ben] = await Promise.all([api.user('Ana'), api.user('Ben', { timeZone: 'Asia/Tokyo' })]);
    const group = await createGroup(ana);
    const benId = await join(ana, group.id, ben);
    await postDebt(api, group.id, group.myMemberId, benId);
    return { ana, ben, groupId: group.id, anaId: group.myMemberId, benId };
  };
  const remind = (who: TestUser, { groupId, benId }: World, fields: object = {}, headers = {}): Promise<TestAnswer> =>
    who.call('POST', `/v1/groups/${groupId}/reminders`, { memberId: benId, cadence: weekly, ...fields }, headers);

  it('made by who is owed, is active, planned by day in the debtor’s zone, and wakes its process', async () => {
    const at = await world();
    const made = await remind(at.ana, at);
    assert.equal(made.status, 201);
    const { id, state, sent, cadence, version, workflowId, nextAt } = made.body;
    assert.deepEqual([state, sent, cadence, version], ['active', 0, weekly, 1]);
    assert.equal(workflowId, `reminder/${at.groupId}/${at.benId}`);
    assert.deepEqual([made.headers.get('location'), made.headers.get('etag')], [`/v1/reminders/${id}`, '"v1"']);
    const aheadDays = (Date.parse(nextAt) - Date.now()) / DAY_MS;
    assert.ok(aheadDays > 2.9 && aheadDays < 3.5, nextAt);
    const hour = Number(new Date(nextAt).toLocaleString('en-GB', { hour: '2-digit', timeZone: 'Asia/Tokyo' }));
    assert.ok(hour >= 8 && hour < 22, String(hour));
    assert.deepEqual(api.events.find(({ event }) => event.subjectId === id)?.process, {
      process: 'reminderCadence',
      key: `${at.groupId}/${at.benId}`,
    });
    assert.deepEqual((await at.ben.call('GET', `/v1/reminders/${id}`)).body, made.body);
    assert.deepEqual((await at.ben.call('GET', `/v1/groups/${at.groupId}/reminders`)).body, { data: [made.body], nextCursor: null });
  });

  it('a second one for the same member, also at the same time, is 409', async () => {
    const at = await world();
    const both = await Promise.all([remind(at.ana, at), remind(at.ana, at)]);
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [201, 409],
    );
    assert.deepEqual(refusalOf(await remind(at.ana, at)), [409, 'reminder_exists']);
  });

  it('under one Idempotency-Key, is made once', async () => {
    const at = await world();
    const headers = { 'idempotency-key': uuidv7() };
    const [first, again] = [await remind(at.ana, at, {}, headers), await remind(at.ana, at, {}, headers)];
    assert.deepEqual([again.status, again.body], [201, first.body]);
  });

  it('of whom nothing is owed, who is not there, or has no account, is refused', async () => {
    const at = await world();
    const guest = await at.ana.call('POST', `/v1/groups/${at.groupId}/members`, { displayName: 'Guest' });
    await postDebt(api, at.groupId, at.anaId, guest.body.id);
    assert.deepEqual(refusalOf(await remind(at.ana, at, { memberId: at.anaId })), [409, 'no_debt']);
    assert.deepEqual(refusalOf(await remind(at.ana, at, { memberId: uuidv7() })), [422, 'unknown_member']);
    assert.deepEqual(refusalOf(await remind(at.ana, at, { memberId: guest.body.id })), [422, 'member_has_no_account']);
  });

  it('by a viewer, who is owed nothing, is 403; owed something, is made; by a stranger, is 404', async () => {
    const at = await world();
    const [cem, dora] = await Promise.all([api.user('Cem'), api.user('Dora')]);
    const cemId = await join(at.ana, at.groupId, cem, { role: 'viewer' });
    assert.deepEqual(refusalOf(await remind(cem, at)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await remind(dora, at)), [404, 'not_found']);
    await postDebt(api, at.groupId, cemId, at.benId);
    assert.equal((await remind(cem, at)).status, 201);
  });

  it('cadence, at and beyond its limits, is taken and refused', async () => {
    const refused = [
      { firstAfterDays: -1 },
      { firstAfterDays: 366 },
      { everyDays: 0 },
      { everyDays: 366 },
      { max: 0 },
      { max: 51 },
      { escalate: [] },
      { escalate: ['push'] },
      { escalate: ['sms'] },
      { firstAfterDays: 1.5 },
    ];
    const at = await world();
    for (const change of refused) {
      assert.deepEqual(
        refusalOf(await remind(at.ana, at, { cadence: { ...weekly, ...change } })),
        [400, 'invalid_request'],
        JSON.stringify(change),
      );
    }
    assert.deepEqual(refusalOf(await remind(at.ana, at, { cadence: { ...weekly, hurry: true } })), [400, 'unknown_field']);
    const widest = { firstAfterDays: 365, everyDays: 365, max: 50, escalate: ['inApp', 'email', 'inApp', 'email'] };
    assert.equal((await remind(at.ana, at, { cadence: widest })).status, 201);
  });

  it('changed, with and without the current version', async () => {
    const at = await world();
    const { id } = (await remind(at.ana, at)).body;
    const cadence = { ...weekly, everyDays: 2 };
    assert.equal((await at.ana.call('PATCH', `/v1/reminders/${id}`, { cadence })).status, 428);
    const changed = await at.ana.call('PATCH', `/v1/reminders/${id}`, { cadence }, { 'if-match': '"v1"' });
    assert.deepEqual([changed.status, changed.body.cadence.everyDays, changed.body.version], [200, 2, 2]);
    assert.equal((await at.ana.call('PATCH', `/v1/reminders/${id}`, { cadence }, { 'if-match': '"v1"' })).status, 412);
    assert.equal((await at.ana.call('GET', `/v1/reminders/${id}`, undefined, { 'if-none-match': '"v2"' })).status, 304);
  });

  it('paused, resumed, snoozed and stopped, tells its state, and once ended stays so', async () => {
    const at = await world();
    const { id } = (await remind(at.ana, at)).body;
    const act = (who: TestUser, verb: string, body?: unknown): Promise<TestAnswer> => who.call('POST', `/v1/reminders/${id}/${verb}`, body);
    const paused = await act(at.ana, 'pause');
    assert.deepEqual([paused.status, paused.body.state, paused.body.nextAt], [200, 'paused', null]);
    assert.equal((await act(at.ana, 'resume')).body.state, 'active');
    const until = new Date(Date.now() + 20 * DAY_MS).toISOString();
    const snoozed = await act(at.ben, 'snooze', { until });
    assert.deepEqual([snoozed.body.state, snoozed.body.snoozedUntil], ['snoozed', until]);
    assert.ok(Date.parse(snoozed.body.nextAt) >= Date.parse(until));
    assert.equal((await at.ana.call('DELETE', `/v1/reminders/${id}`, undefined, { 'if-match': '*' })).status, 204);
    assert.equal((await at.ana.call('GET', `/v1/reminders/${id}`)).body.state, 'stopped');
    assert.deepEqual(refusalOf(await act(at.ana, 'resume')), [409, 'reminder_ended']);
    assert.deepEqual(refusalOf(await at.ana.call('PATCH', `/v1/reminders/${id}`, { cadence: weekly }, { 'if-match': '*' })), [
      409,
      'reminder_ended',
    ]);
    assert.equal((await remind(at.ana, at)).status, 201);
  });

  it('snoozed, into the past or beyond 90 days, is refused', async () => {
    const at = await world();
    const { id } = (await remind(at.ana, at)).body;
    for (const until of [new Date(Date.now() - 1000), new Date(Date.now() + 90 * DAY_MS + 60_000)]) {
      assert.deepEqual(refusalOf(await at.ana.call('POST', `/v1/reminders/${id}/snooze`, { until: until.toISOString() })), [
        422,
        'snooze_out_of_range',
      ]);
    }
  });

  it('of others: strangers see none, members may look, the debtor only puts it off', async () => {
    const at = await world();
    const [viewer, stranger] = await Promise.all([api.user('Viewer'), api.user('Stranger')]);
    await join(at.ana, at.groupId, viewer, { role: 'viewer' });
    const debtor = await api.user('Debtor');
    const debtorId = await join(at.ana, at.groupId, debtor, { role: 'contributor' });
    await postDebt(api, at.groupId, at.anaId, debtorId);
    const { id } = (await remind(at.ana, at, { memberId: debtorId })).body;
    const any = { 'if-match': '*' };
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { cadence: weekly }],
      ['DELETE', '', undefined],
      ['POST', '/pause', undefined],
    ] as const) {
      assert.deepEqual(refusalOf(await stranger.call(method, `/v1/reminders/${id}${path}`, body, any)), [404, 'not_found']);
    }
    assert.equal((await viewer.call('GET', `/v1/reminders/${id}`)).status, 200);
    for (const who of [viewer, debtor]) {
      assert.deepEqual(refusalOf(await who.call('POST', `/v1/reminders/${id}/pause`)), [403, 'forbidden']);
      assert.deepEqual(refusalOf(await who.call('DELETE', `/v1/reminders/${id}`, undefined, any)), [403, 'forbidden']);
    }
    const until = new Date(Date.now() + DAY_MS).toISOString();
    assert.equal((await viewer.call('POST', `/v1/reminders/${id}/snooze`, { until })).status, 403);
    assert.equal((await debtor.call('POST', `/v1/reminders/${id}/snooze`, { until })).status, 200);
  });
});
