// Goal: reminders come once, and the time-out does what the policy says and no more. Method: pending expenses made
// through HTTP, their due time moved in Postgres, the activities called twice and at once.
import assert from 'node:assert/strict';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup, join } from '../../test/support/groups.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import type { ActivityDeps } from '../edge.ts';
import { approvalActivities } from './approval-activities.ts';

describe('activities of approvals', () => {
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  });
  after(() => api.stop());

  const activities = () => approvalActivities({ db: api.deps.databases.expense!, dispatcher: api.deps.dispatcher } as ActivityDeps);
  const pool = () => api.deps.databases.expense!.pool;

  async function pending(policy: Record<string, unknown> = {}): Promise<{ id: string; groupId: string; members: string[] }> {
    const group = await createGroup(ana, { policy: { approval: { mode: 'all', timeoutHours: 10, ...policy } } });
    const members = [group.myMemberId as string, await join(ana, group.id, ben)];
    const total = { amount: '10.00', currency: 'EUR' };
    const payers = [{ memberId: members[0], amount: '10.00' }];
    const split = { method: 'equal', among: members };
    const answer = await ana.call('POST', `/v1/groups/${group.id}/expenses`, {
      description: 'Tea',
      date: '2026-11-20',
      total,
      payers,
      split,
    });
    assert.equal(answer.status, 202);
    return { id: answer.body.id, groupId: group.id, members };
  }
  const stateOf = async (id: string): Promise<string> => (await ana.call('GET', `/v1/expenses/${id}`)).body.state as string;
  const makeDue = (id: string): Promise<unknown> =>
    pool().query(`update expense.approval_round set due_at = now() - interval '1 second' where expense_id = $1`, [id]);
  const emitted = (id: string, type: string): unknown[] =>
    api.events.filter((stored) => stored.event.subjectId === id && stored.event.type === type).map((stored) => stored.event.data);

  it('a round, read with its dates and votes; ended once it is decided', async () => {
    const { id, groupId } = await pending();
    const read = await activities().readApproval({ expenseId: id });
    assert.deepEqual(
      [read.state, read.version, read.groupId, read.voters, read.voted, read.onTimeout],
      ['waiting', 1, groupId, 1, 0, 'reject'],
    );
    const hours = (Date.parse(read.dueAtIso) - Date.parse(read.remindAtIso!)) / 3_600_000;
    assert.equal(hours, 5);
    await ben.call('POST', `/v1/expenses/${id}/approve`);
    assert.equal((await activities().readApproval({ expenseId: id })).state, 'ended');
  });

  it('those who have not voted, reminded once', async () => {
    const { id, members } = await pending();
    const all = await Promise.all([1, 2, 3].map(() => activities().remindVoters({ expenseId: id, version: 1 })));
    assert.deepEqual(
      all.map((one) => one.reminded).toSorted((x, y) => x - y),
      [0, 0, 1],
    );
    assert.deepEqual(emitted(id, 'expense.vote_reminder'), [{ version: 1, memberIds: [members[1]] }]);
    assert.equal((await activities().readApproval({ expenseId: id })).remindAtIso, null);
  });

  it('not due, nothing happens; due, expired once; an operator need not wait', async () => {
    const { id } = await pending();
    const expire = (force = false) => activities().expireApproval({ expenseId: id, version: 1, force });
    assert.deepEqual(await expire(), { outcome: 'waiting' });
    await makeDue(id);
    const both = await Promise.all([expire(), expire()]);
    assert.deepEqual(both, [{ outcome: 'expired' }, { outcome: 'expired' }]);
    assert.equal(await stateOf(id), 'expired');
    assert.equal(emitted(id, 'expense.expired').length, 1);
    const other = await pending();
    assert.deepEqual(await activities().expireApproval({ expenseId: other.id, version: 1, force: true }), { outcome: 'expired' });
  });

  it('silence is consent, posted; but not with somebody who has left, nor in an archived group', async () => {
    const { id, groupId } = await pending({ onTimeout: 'approve' });
    await makeDue(id);
    assert.deepEqual(await activities().expireApproval({ expenseId: id, version: 1, force: false }), { outcome: 'approved' });
    assert.equal(await stateOf(id), 'posted');
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/balances`)).body.balances.length, 2);
    const left = await pending({ onTimeout: 'approve' });
    assert.equal((await ben.call('POST', `/v1/groups/${left.groupId}/leave`)).status < 300, true);
    // It names them, so it was rejected when they left.
    assert.deepEqual(await activities().expireApproval({ expenseId: left.id, version: 1, force: true }), { outcome: 'rejected' });
    const archived = await pending({ onTimeout: 'approve' });
    assert.equal((await ana.call('POST', `/v1/groups/${archived.groupId}/archive`)).status, 200);
    assert.deepEqual(await activities().expireApproval({ expenseId: archived.id, version: 1, force: true }), { outcome: 'expired' });
  });

  it('a version that was edited meanwhile, its time-out does nothing', async () => {
    const { id } = await pending();
    await ana.call('PATCH', `/v1/expenses/${id}`, { notes: 'x' }, { 'if-match': '*' });
    assert.deepEqual(await activities().expireApproval({ expenseId: id, version: 1, force: true }), { outcome: 'voided' });
    assert.equal(await stateOf(id), 'pending');
    assert.equal((await activities().readApproval({ expenseId: id })).version, 2);
  });
});
