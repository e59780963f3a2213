// Goal: an import finds what its group has already: members and categories. Method: files through HTTP, the process's activities
// run by hand, the group read afterwards.
import assert from 'node:assert/strict';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup } from '../../../../test/support/groups.ts';
import { importText } from '../../../../test/support/imports.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('imports into a group that knows', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let groupId: string;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  beforeEach(async () => {
    groupId = (await createGroup(ana)).id as string;
  });
  after(() => api.stop());

  it('list, shows the newest first in pages, with the id to undo and without the names of the file', async () => {
    const file = 'Date,Description,Category,Cost,Currency,Ana,Cleo\n2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n';
    const ids: string[] = [];
    for (const content of [file, 'a,b\n1,2\n', file]) ids.unshift((await importText(api, ana, groupId, content)).id as string);
    const list = async (query: string): Promise<TestAnswer['body']> =>
      (await ana.call('GET', `/v1/groups/${groupId}/imports?${query}`)).body;
    const all = (await list('')).data as TestAnswer['body'][];
    assert.deepEqual(
      all.map(({ id, state, imported, problemCount }) => [id, state, imported, problemCount]),
      [
        [ids[0], 'done', 0, 0],
        [ids[1], 'failed', 0, 1],
        [ids[2], 'done', 1, 0],
      ],
    );
    assert.equal(JSON.stringify(all).includes('Cleo'), false);
    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    assert.deepEqual(
      [first.data, second.data].map((page) => (page as { id: string }[]).map(({ id }) => id)),
      [ids.slice(0, 2), ids.slice(2)],
    );
    assert.equal(second.nextCursor ?? null, null);
    const eve = await api.user('Eve');
    assert.equal((await eve.call('GET', `/v1/groups/${groupId}/imports`)).status, 404);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/imports?cursor=x`)).status, 400);
  });

  it('member whose name has a comma, is found in names joined by commas', async () => {
    const { body } = await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Roe, Cy' });
    const bills = 'date,what,payer_name,amount,payer_weight,owers\n2026-06-01,x,Ana,30.00,1,"Ana, Roe, Cy"\n';
    const done = await importText(api, ana, groupId, bills);
    assert.deepEqual([done.state, done.members['Roe, Cy'], Object.keys(done.members).length], ['done', body.id, 2]);
  });
});
