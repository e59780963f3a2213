// Goal: a dispute is seen by all, moves nothing, is raised by whom it concerns and ended by who raised it or an admin.
import assert from 'node:assert/strict';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };

describe('disputes', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let cara: TestUser;
  let groupId: string;
  let [anaId, benId, caraId] = ['', '', ''];
  let expenseId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben, cara] = [await api.user('Ana'), await api.user('Ben'), await api.user('Cara')];
    const group = await createGroup(ana);
    [groupId, anaId] = [group.id, group.myMemberId];
    benId = await join(ana, groupId, ben, { role: 'viewer' });
    caraId = await join(ana, groupId, cara, { role: 'contributor' });
    expenseId = (await record()).body.id as string;
  });

  const record = (): Promise<TestAnswer> =>
    ana.call('POST', `/v1/groups/${groupId}/expenses`, {
      description: 'Dinner',
      total: { amount: '10.00', currency: 'EUR' },
      date: '2026-11-20',
      payers: [{ memberId: anaId, amount: '10.00' }],
      split: { method: 'equal', among: [anaId, benId] },
    });
  const dispute = (who: TestUser, reason = 'I was not there', id = expenseId, headers = {}): Promise<TestAnswer> =>
    who.call('POST', `/v1/expenses/${id}/dispute`, { reason }, headers);
  const resolve = (who: TestUser): Promise<TestAnswer> => who.call('POST', `/v1/expenses/${expenseId}/resolve`);
  const read = (): Promise<TestAnswer> => ana.call('GET', `/v1/expenses/${expenseId}`);
  const balances = async (): Promise<unknown> => (await ana.call('GET', `/v1/groups/${groupId}/balances`)).body.balances;

  it('raised by a sharer, shows with its reason, changes the tag and no balance, and is ended by the sharer', async () => {
    const [before, owed] = [await read(), await balances()];
    const disputed = await dispute(ben);
    const { by, reason } = disputed.body.dispute;
    assert.deepEqual([disputed.status, disputed.body.disputed, by, reason], [200, true, benId, 'I was not there']);
    assert.equal(disputed.body.version, before.body.version);
    assert.notEqual(disputed.headers.get('etag'), before.headers.get('etag'));
    const stale = await ana.call('PATCH', `/v1/expenses/${expenseId}`, { notes: 'x' }, { 'if-match': before.headers.get('etag')! });
    assert.deepEqual(refusalOf(stale), [412, 'version_mismatch']);
    assert.deepEqual(await balances(), owed);
    assert.deepEqual(refusalOf(await dispute(ana)), [409, 'already_disputed']);
    const resolved = await resolve(ben);
    assert.deepEqual([resolved.status, resolved.body.disputed, 'dispute' in resolved.body], [200, false, false]);
    assert.deepEqual(refusalOf(await resolve(ben)), [409, 'not_disputed']);
    assert.equal((await dispute(ben, 'Still not')).body.dispute.reason, 'Still not');
    const told = api.events.filter(({ event }) => event.subjectId === expenseId && event.type.startsWith('expense.dispute'));
    assert.deepEqual(
      told.map(({ event }) => [event.type, event.data]),
      ['expense.disputed', 'expense.dispute_resolved', 'expense.disputed'].map((type) => [type, { version: 1, memberId: benId }]),
    );
    assert.ok(!JSON.stringify(told).includes('not there'), 'the reason is in no event');
  });

  it('stays through an edit, and is found again after a restore', async () => {
    await dispute(ben);
    assert.equal((await ana.call('PATCH', `/v1/expenses/${expenseId}`, { description: 'Lunch' }, ANY)).body.disputed, true);
    await ana.call('DELETE', `/v1/expenses/${expenseId}`, undefined, ANY);
    assert.equal((await ana.call('POST', `/v1/expenses/${expenseId}/restore`)).body.dispute.by, benId);
  });

  it('who has no part in it below editor, may neither raise nor end one; an admin ends that of another', async () => {
    assert.deepEqual(refusalOf(await dispute(cara)), [403, 'forbidden']);
    await dispute(ben);
    assert.deepEqual(refusalOf(await resolve(cara)), [403, 'forbidden']);
    await ana.call('PATCH', `/v1/groups/${groupId}/members/${caraId}`, { role: 'editor' }, ANY);
    assert.deepEqual(refusalOf(await resolve(cara)), [403, 'forbidden']);
    assert.equal((await resolve(ana)).status, 200);
    assert.equal((await dispute(cara)).status, 200, 'an editor may raise one');
  });

  it('reasons that are none, strangers, what is not posted and closed groups, are refused', async () => {
    for (const reason of ['', ' x', 'x'.repeat(501), 'a\u0000b', '\ud800', 'two\nlines'])
      assert.equal((await dispute(ben, reason)).status, 400, JSON.stringify(reason.slice(0, 10)));
    assert.deepEqual(refusalOf(await dispute(await api.user('Eve'))), [404, 'not_found']);
    await ana.call('DELETE', `/v1/expenses/${expenseId}`, undefined, ANY);
    assert.deepEqual(refusalOf(await dispute(ben)), [409, 'deleted']);
    await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all' } } }, ANY);
    assert.deepEqual(refusalOf(await dispute(ben, 'x', (await record()).body.id)), [409, 'expense_not_posted']);
    await ana.call('POST', `/v1/groups/${groupId}/archive`);
    assert.deepEqual(refusalOf(await dispute(ben)), [409, 'archived']);
  });

  it('two at once, raise one; with a key, the first answer comes again', async () => {
    const both = await Promise.all([dispute(ben), dispute(ana)]);
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 409],
    );
    await resolve(ana);
    const key = { 'idempotency-key': `dispute-${expenseId}` };
    const first = await dispute(ben, 'Twice', expenseId, key);
    const again = await dispute(ben, 'Twice', expenseId, key);
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed'), again.body], [200, 'true', first.body]);
    assert.deepEqual(refusalOf(await dispute(ben, 'Other', expenseId, key)), [422, 'idempotency_key_reused']);
  });
});
