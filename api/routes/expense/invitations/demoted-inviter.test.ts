// Goal: nobody keeps the power to make admins in a link that was made before it was taken from them. Method: HTTP.
import assert from 'node:assert/strict';
import { startApi, type TestApi } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('invitation of an admin who is one no more', () => {
  let api: TestApi;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  it('role above the inviter now, is refused; one that the inviter has, is given', async () => {
    const [owner, admin, first, second] = await Promise.all(['Ola', 'Ada', 'Fin', 'Sol'].map((name) => api.user(name)));
    const group = await createGroup(owner!);
    const adminId = await join(owner!, group.id, admin!, { role: 'admin' });
    const invite = async (role: string): Promise<string> => {
      const made = await admin!.call('POST', `/v1/groups/${group.id}/invitations`, { role, maxUses: 5 });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      return `/v1/invitations/${made.body.token}/accept`;
    };
    const [asAdmin, asContributor] = [await invite('admin'), await invite('contributor')];
    const demoted = await owner!.call('PATCH', `/v1/groups/${group.id}/members/${adminId}`, { role: 'contributor' }, { 'if-match': '*' });
    assert.equal(demoted.status, 200, JSON.stringify(demoted.body));

    assert.deepEqual(refusalOf(await first!.call('POST', asAdmin)), [409, 'invitation_revoked']);
    assert.equal((await second!.call('POST', asContributor)).body.myRole, 'contributor');
  });
});
