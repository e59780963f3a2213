// Goal: who has left with nothing open owes and is owed nothing afterwards, whatever becomes of expenses that name them.
import assert from 'node:assert/strict';
import { expireRound } from '../../../../db/commands/expense/approvals.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };
const LEFT = [409, 'member_left'];

describe('expenses of who has left', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let cara: TestUser;
  let groupId: string;
  let anaId: string;
  let benId: string;
  let caraId: string;
  /** 30.00, shared by all; Ben has given his 10.00 back. */
  let dinner: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben, cara] = [await api.user('Ana'), await api.user('Ben'), await api.user('Cara')];
  });
  after(() => api.stop());
  beforeEach(async () => {
    const group = await createGroup(ana);
    [groupId, anaId] = [group.id, group.myMemberId];
    benId = await join(ana, groupId, ben, { role: 'editor' });
    caraId = await join(ana, groupId, cara, { role: 'editor' });
    dinner = await record(anaId, '30.00', { method: 'equal', among: [anaId, benId, caraId] });
    await record(benId, '10.00', { method: 'equal', among: [anaId] });
  });

  async function record(payer: string, amount: string, split: object): Promise<string> {
    const answer = await ana.call('POST', `/v1/groups/${groupId}/expenses`, {
      description: 'Dinner',
      date: '2026-11-20',
      total: { amount, currency: 'EUR' },
      payers: [{ memberId: payer, amount }],
      split,
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.id;
  }
  const leave = async (): Promise<void> => {
    const answer = await ana.call('DELETE', `/v1/groups/${groupId}/members/${benId}`, undefined, ANY);
    assert.equal(answer.status, 204, JSON.stringify(answer.body));
  };
  const remove = (id: string): Promise<TestAnswer> => ana.call('DELETE', `/v1/expenses/${id}`, undefined, ANY);
  const edit = (change: object): Promise<TestAnswer> => ana.call('PATCH', `/v1/expenses/${dinner}`, change, ANY);
  const ask = async (approval: object): Promise<TestAnswer> => {
    await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval } }, ANY);
    return edit({ split: { method: 'equal', among: [anaId, caraId] } });
  };
  const balances = async (): Promise<unknown> => (await ana.call('GET', `/v1/groups/${groupId}/balances`)).body.balances;

  it('deleted, moved or without them, is refused and changes nothing until they are back; new words are not', async () => {
    const there = await createGroup(ana);
    await leave();
    const before = await balances();
    assert.deepEqual(refusalOf(await remove(dinner)), LEFT);
    assert.deepEqual(refusalOf(await edit({ split: { method: 'equal', among: [anaId, caraId] } })), LEFT);
    const guests = await Promise.all(
      ['Ben', 'Cara'].map((displayName) => ana.call('POST', `/v1/groups/${there.id}/members`, { displayName })),
    );
    const memberMap = { [benId]: guests[0]!.body.id, [caraId]: guests[1]!.body.id };
    const move = (): Promise<TestAnswer> => ana.call('POST', `/v1/expenses/${dinner}/move`, { groupId: there.id, memberMap });
    assert.deepEqual(refusalOf(await move()), LEFT);
    assert.equal((await edit({ description: 'Lunch' })).status, 200);
    assert.deepEqual(await balances(), before);
    await join(ana, groupId, ben);
    assert.equal((await move()).status, 200);
  });

  it('in which they have nothing, is deleted and restored as any other, unless somebody would be asked', async () => {
    const parts = [
      { memberId: anaId, amount: '4.00' },
      { memberId: benId, amount: '0.00' },
    ];
    const id = await record(caraId, '4.00', { method: 'exact', parts });
    await leave();
    const restore = (): Promise<TestAnswer> => ana.call('POST', `/v1/expenses/${id}/restore`);
    const before = await balances();
    assert.equal((await remove(id)).status, 204);
    assert.equal((await restore()).body.state, 'posted');
    assert.deepEqual(await balances(), before);
    await remove(id);
    await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all' } } }, ANY);
    assert.deepEqual(refusalOf(await restore()), LEFT);
  });

  it('deleted before they leave, is not restored against them', async () => {
    const id = await record(anaId, '4.00', { method: 'equal', among: [benId] });
    assert.equal((await remove(id)).status, 204);
    await leave();
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/expenses/${id}/restore`)), LEFT);
  });

  it('an edit that waits and would take them out, is rejected when they leave', async () => {
    assert.equal((await ask({ mode: 'all' })).status, 202);
    await leave();
    const { body } = await ana.call('GET', `/v1/expenses/${dinner}`);
    assert.deepEqual([body.state, body.pendingVersion], ['posted', undefined]);
    assert.deepEqual(refusalOf(await cara.call('POST', `/v1/expenses/${dinner}/approve`)), [409, 'expense_not_pending']);
  });

  it('an edit that waits from before, is not agreed to, by nobody and not by silence; it is rejected', async () => {
    const { pool } = api.deps.databases.expense!;
    const gone = async (state: string): Promise<void> => {
      await pool.query(`update expense.member set state = $2, left_at = case when $2 = 'left' then now() end where id = $1`, [
        benId,
        state,
      ]);
      await pool.query('update expense."group" set version = version + 1 where id = $1', [groupId]);
    };
    assert.equal((await ask({ mode: 'all', onTimeout: 'approve' })).status, 202);
    await gone('left');
    const before = await balances();
    assert.deepEqual(refusalOf(await cara.call('POST', `/v1/expenses/${dinner}/approve`)), LEFT);
    assert.equal((await cara.call('POST', `/v1/expenses/${dinner}/reject`)).status, 200);
    await gone('active');
    const { pendingVersion: version } = (await ask({ mode: 'all', onTimeout: 'approve' })).body;
    await gone('left');
    const { value } = await transact(api.deps.databases.expense!, (tx) =>
      expireRound(tx, { expenseId: dinner, groupId, version, force: true }),
    );
    assert.equal(value, 'expired');
    assert.deepEqual(await balances(), before);
  });
});
