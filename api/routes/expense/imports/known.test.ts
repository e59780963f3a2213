// Goal: an import finds what its group has already: members and categories. Method: files through HTTP, the process's activities
// run by hand, the group read afterwards.
import assert from 'node:assert/strict';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
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

  it('member whose name has a comma, is found in names joined by commas', async () => {
    const { body } = await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Roe, Cy' });
    const bills = 'date,what,payer_name,amount,payer_weight,owers\n2026-06-01,x,Ana,30.00,1,"Ana, Roe, Cy"\n';
    const done = await importText(api, ana, groupId, bills);
    assert.deepEqual([done.state, done.members['Roe, Cy'], Object.keys(done.members).length], ['done', body.id, 2]);
  });
});
