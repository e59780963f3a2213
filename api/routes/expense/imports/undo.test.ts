// Goal: the undo of an import is the act of whoever asked for it, ends whoever is gone by then, and touches nobody who has left.
// Method: files through HTTP, the process's activities run by hand, the group's activity and the outbox read afterwards.
import assert from 'node:assert/strict';
import { eraseStep } from '../../../../db/commands/expense/erasure.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { activitiesOf, importText, runImport } from '../../../../test/support/imports.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const HEAD = 'Date,Description,Category,Cost,Currency,Ana,Cleo\n';
const FILE = `${HEAD}2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n`;

describe('undo of an import', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let groupId: string;
  let own: string;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  beforeEach(async () => {
    const group = await createGroup(ana);
    [groupId, own] = [group.id as string, group.myMemberId as string];
  });
  after(() => api.stop());

  const erase = async ({ userId }: TestUser): Promise<void> => {
    while ((await transact(api.deps.databases.expense!, (tx) => eraseStep(tx, userId))).value > 0);
  };
  const undo = async (importId: string): Promise<TestAnswer['body']> => {
    const asked = await ana.call('POST', `/v1/imports/${importId}/undo`);
    assert.equal(asked.status, 202, JSON.stringify(asked.body));
    await runImport(api, importId);
    return (await ana.call('GET', `/v1/imports/${importId}`)).body;
  };
  const activity = async (type: string): Promise<TestAnswer['body'][]> => {
    const { data } = (await ana.call('GET', `/v1/groups/${groupId}/activity?limit=100`)).body;
    return (data as { type: string }[]).filter((entry) => entry.type === type);
  };
  const actorsOf = async (subjectId: string): Promise<Record<string, string | null>> => {
    const { rows } = await api.deps.databases.expense!.pool.query<{ type: string; actor: string | null }>(
      'select type, actor_id as actor from expense.outbox where subject_id = $1 order by id',
      [subjectId],
    );
    return Object.fromEntries(rows.map(({ type, actor }) => [type, actor]));
  };

  it('asked for by another member, is their act in history, activity and events', async () => {
    const ben = await api.user('Ben');
    const benId = await join(ana, groupId, ben, { role: 'admin' });
    const done = await importText(api, ben, groupId, FILE);
    assert.equal((await undo(done.id)).state, 'undone');
    assert.deepEqual(
      [(await activity('expense.deleted')).map(({ by }) => by), (await activity('member.left')).map(({ by }) => by)],
      [[own], [own]],
    );
    assert.equal((await actorsOf(done.id))['import.ended'], ana.userId);
    for (const [type, by] of [
      ['import.undone', own],
      ['import.done', benId],
    ]) {
      assert.deepEqual(
        (await activity(type!)).map(({ subject, by: whose }) => [subject, whose]),
        [[{ kind: 'import', id: done.id }, by]],
      );
    }
    assert.equal((await actorsOf(done.members.Cleo))['member.left'], ana.userId);
  });

  it('importer erased since, ends all the same', async () => {
    const ben = await api.user('Ben');
    await join(ana, groupId, ben, { role: 'admin' });
    const done = await importText(api, ben, groupId, FILE);
    await erase(ben);
    assert.equal((await undo(done.id)).state, 'undone');
    assert.equal((await activity('expense.deleted')).length, 1);
  });

  it('whoever asked erased before it ends, carries nobody in its events', async () => {
    const ben = await api.user('Ben');
    await join(ana, groupId, ben, { role: 'admin' });
    const done = await importText(api, ana, groupId, FILE);
    assert.equal((await ben.call('POST', `/v1/imports/${done.id}/undo`)).status, 202);
    // An erasure waits for imports that run; this is one that had looked just before.
    await api.deps.databases.expense!.pool.query('update expense.member set user_id = null where group_id = $1 and user_id = $2', [
      groupId,
      ben.userId,
    ]);
    await runImport(api, done.id);
    assert.equal((await ana.call('GET', `/v1/imports/${done.id}`)).body.state, 'undone');
    assert.equal((await actorsOf(done.id))['import.ended'], null);
  });

  it('file imported again, brings back whom the undo took out, and nobody else of their name', async () => {
    const ghost = (await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Dan' })).body.id as string;
    await leave(ghost);
    const both = FILE.replaceAll('Cleo', 'Cleo,Dan').replace('5.00,-5.00', '5.00,-3.00,-2.00');
    const done = await importText(api, ana, groupId, both);
    assert.notEqual(done.members.Dan, ghost, 'one who was not added by an import');
    await undo(done.id);
    const again = await importText(api, ana, groupId, both);
    assert.deepEqual([again.imported, again.members], [1, done.members]);
    assert.equal(((await ana.call('GET', `/v1/groups/${groupId}`)).body.members as unknown[]).length, 4, 'also who left');
    await undo(again.id);
    const members = (await ana.call('GET', `/v1/groups/${groupId}`)).body.members as { state: string }[];
    assert.equal(members.filter(({ state }) => state === 'active').length, 1);
  });

  it('by an operator, is nobody’s act', async () => {
    const done = await importText(api, ana, groupId, `${HEAD}${'2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n'.repeat(3)}`);
    await api.deps.databases.expense!.pool.query(
      `update expense.import set state = 'running', phase = 'undoing', ended_at = null where id = $1`,
      [done.id],
    );
    await activitiesOf(api).undoImport({ importId: done.id, reasonCode: null });
    assert.deepEqual(
      [(await activity('expense.deleted')).map(({ by }) => by), (await activity('member.left')).map(({ by }) => by)],
      [[null, null, null], [null]],
    );
  });

  const leave = async (member: string): Promise<void> => {
    const answer = await ana.call('DELETE', `/v1/groups/${groupId}/members/${member}`, undefined, { 'if-match': '*' });
    assert.equal(answer.status, 204, JSON.stringify(answer.body));
  };
  const netsOf = async (): Promise<string[]> => {
    const { balances } = (await ana.call('GET', `/v1/groups/${groupId}/balances`)).body;
    return (balances as { net: string }[]).map(({ net }) => net).toSorted();
  };

  it('member who left since, would owe again: refused', async () => {
    const done = await importText(api, ana, groupId, FILE);
    const back = `${HEAD}2026-01-05,Back,Payment,5.00,EUR,-5.00,5.00\n`;
    const second = await importText(api, ana, groupId, back);
    await leave(done.members.Cleo);
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/imports/${done.id}/undo`)), [409, 'member_left']);
    assert.equal((await ana.call('GET', `/v1/imports/${done.id}`)).body.state, 'done');
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/imports/${second.id}/undo`)), [409, 'member_left']);
    assert.deepEqual(await netsOf(), []);
  });

  it('member who leaves while it is undone, keeps what names them, which is listed and not imported again', async () => {
    const rows =
      'Date,Description,Category,Cost,Currency,Ana,Cleo,Dan\n2026-01-03,Bread,General,10.00,EUR,5.00,-5.00,0.00\n2026-01-04,Back,Payment,5.00,EUR,-5.00,5.00,0.00\n2026-01-05,Tea,General,6.00,EUR,3.00,0.00,-3.00\n';
    const done = await importText(api, ana, groupId, rows);
    assert.equal((await ana.call('POST', `/v1/imports/${done.id}/undo`)).status, 202);
    await leave(done.members.Cleo);
    await runImport(api, done.id);
    const undone = (await ana.call('GET', `/v1/imports/${done.id}`)).body;
    assert.deepEqual([undone.state, undone.problems.map(({ code }: { code: string }) => code)], ['undone', ['member_left', 'member_left']]);
    assert.deepEqual(await netsOf(), []);
    const { data } = (await ana.call('GET', `/v1/groups/${groupId}/expenses`)).body;
    assert.deepEqual((data as { description: string }[]).map(({ description }) => description).toSorted(), ['Back', 'Bread']);
    const again = await importText(api, ana, groupId, rows);
    assert.deepEqual([again.state, again.imported, again.skipped], ['done', 1, 2]);
  });

  it('importer gone while the file is read, the import fails and writes nothing', async () => {
    const ben = await api.user('Ben');
    const member = await join(ana, groupId, ben, { role: 'admin' });
    const opened = await ben.call('POST', `/v1/groups/${groupId}/imports`, { format: 'auto', content: FILE });
    await leave(member);
    await runImport(api, opened.body.id);
    const failed = (await ana.call('GET', `/v1/imports/${opened.body.id}`)).body;
    assert.deepEqual([failed.state, failed.problems[0]?.code], ['failed', 'importer_left']);
    assert.deepEqual(await activity('expense.created'), []);
  });
});
