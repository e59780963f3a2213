// Goal: who leaves a group neither takes money on its way with them nor leaves a payment that nobody can answer.
// Method: HTTP over real Postgres.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestApi, type TestUser } from '../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../test/support/servers.ts';

describe('members who leave while something is being paid', () => {
  let api: TestApi;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  /** Owner, payer, receiver; the payer says that they gave the receiver cash, outside any settlement. */
  async function claimed(): Promise<{ owner: TestUser; payer: TestUser; receiver: TestUser; groupId: string; transferId: string }> {
    const [owner, payer, receiver] = await Promise.all(['Ola', 'Pat', 'Rae'].map((name) => api.user(name)));
    const group = await createGroup(owner!);
    const from = await join(owner!, group.id, payer!, { role: 'contributor' });
    const to = await join(owner!, group.id, receiver!, { role: 'contributor' });
    const made = await post(payer!, `/v1/groups/${group.id}/payments`, {
      from,
      to,
      money: { amount: '5.00', currency: 'EUR' },
      method: 'manual',
    });
    assert.equal(made.status, 202, JSON.stringify(made.body));
    return { owner: owner!, payer: payer!, receiver: receiver!, groupId: group.id as string, transferId: made.body.id as string };
  }

  const post = (user: TestUser, path: string, body?: unknown): ReturnType<TestUser['call']> =>
    user.call('POST', path, body, { 'idempotency-key': uuidv7() });

  const setState = (transferId: string, state: string): Promise<unknown> =>
    api.deps.databases.payment!.pool.query('update payment.transfer set state = $2 where id = $1', [transferId, state]);

  for (const state of ['awaiting_confirmation', 'processing', 'unknown', 'quarantined']) {
    it(`leaving with a transfer that is ${state}, is refused to both sides`, async () => {
      const { payer, receiver, groupId, transferId } = await claimed();
      await setState(transferId, state);
      for (const user of [payer, receiver]) {
        assert.deepEqual(refusalOf(await post(user, `/v1/groups/${groupId}/leave`)), [409, 'member_has_balance']);
      }
    });
  }

  for (const state of ['disputed', 'failed', 'succeeded', 'cancelled']) {
    it(`leaving with a transfer that is ${state}, is possible`, async () => {
      const { receiver, groupId, transferId } = await claimed();
      await setState(transferId, state);
      assert.equal((await post(receiver, `/v1/groups/${groupId}/leave`)).status, 204);
    });
  }

  it('receiver who has left, is acted for by the owner and by nobody else', async () => {
    const { owner, payer, receiver, groupId, transferId } = await claimed();
    assert.equal((await receiver.call('POST', `/v1/transfers/${transferId}/dispute`, { reason: 'nothing came' })).status, 200);
    assert.equal((await post(receiver, `/v1/groups/${groupId}/leave`)).status, 204);
    const path = `/v1/transfers/${transferId}/confirm`;
    assert.deepEqual(refusalOf(await post(payer, path)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await post(receiver, path)), [404, 'not_found']);

    const confirmed = await post(owner, path);

    assert.deepEqual([confirmed.status, confirmed.body.state], [200, 'processing'], JSON.stringify(confirmed.body));
  });
});
