// Goal: what may be used once is used once, and nothing secret is stored. Method: the adapter itself over real Postgres, two uses at one moment.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestDatabases, testDatabases } from '../../test/support/servers.ts';
import { adapterFor } from './adapter.ts';

describe('adapter of the authorization server', () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await testDatabases();
  });
  after(() => databases.close());

  const adapter = (model: string): ReturnType<ReturnType<typeof adapterFor>> =>
    adapterFor({
      database: databases.user,
      publicUrl: 'https://api.example.com',
      presented: new Map(),
      usedTwice: () => new Error('used twice'),
    })(model);

  for (const model of ['AuthorizationCode', 'RefreshToken'])
    it(`${model}, taken many times at one moment, is given once`, async () => {
      const [rows, id] = [adapter(model), randomUUID()];
      await rows.upsert(id, { kind: model, jti: id, grantId: randomUUID() }, 60);
      const taken = await Promise.allSettled(Array.from({ length: 6 }, () => rows.consume(id)));
      assert.equal(taken.filter(({ status }) => status === 'fulfilled').length, 1);
      const found = await rows.find(id);
      assert.ok(found?.consumed !== undefined);
    });

  it('a row whose time is over, is not found, and goes with a later write', async () => {
    const [rows, id] = [adapter('Interaction'), randomUUID()];
    await rows.upsert(id, { kind: 'Interaction', jti: id }, -1);
    assert.equal(await rows.find(id), undefined);
    await rows.upsert(randomUUID(), { kind: 'Interaction' }, 60);
    const { rows: left } = await databases.user.pool.query('select 1 from "user".oauth_artifact where expires_at < now()');
    assert.equal(left.length, 0);
  });

  it('a page in progress, is stored without its id, the way back to it, and the cookie of the browser', async () => {
    const [rows, id, cookie] = [adapter('Interaction'), randomUUID(), randomUUID()];
    const returnTo = `https://api.example.com/oauth/authorize/${id}`;
    await rows.upsert(id, { kind: 'Interaction', jti: id, returnTo, session: { accountId: randomUUID(), uid: 'u', cookie } }, 60);
    const { rows: all } = await databases.user.pool.query<{ row: string }>('select o::text as row from "user".oauth_artifact o');
    for (const { row } of all) for (const hidden of [id, cookie]) assert.ok(!row.includes(hidden));
    const found = await rows.find(id);
    assert.deepEqual([found?.jti, found?.['returnTo']], [id, returnTo]);
  });
});
