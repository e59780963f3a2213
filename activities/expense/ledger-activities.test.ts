// Goal: a plan is reserved once and over whole postings; payments, releases and refunds leave nothing reserved behind.
// Method: the activities of the contract on a real Postgres, expenses through HTTP.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import type { ActivityDeps } from '../edge.ts';
import { ledgerActivities } from './ledger-activities.ts';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup, join } from '../../test/support/groups.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';

describe('settlements of the ledger', () => {
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  const pool = () => api.deps.databases.expense!.pool;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  });
  after(() => api.stop());

  async function groupOf(count: number): Promise<{ groupId: string; members: string[] }> {
    const group = await createGroup(ana);
    const members = [group.myMemberId as string, await join(ana, group.id, ben)];
    while (members.length < count) {
      const added = await ana.call('POST', `/v1/groups/${group.id}/members`, { displayName: `M${members.length}` });
      members.push(added.body.id as string);
    }
    return { groupId: group.id, members };
  }
  const expense = (payer: string, among: readonly string[], amount: string, currency = 'EUR'): Record<string, unknown> => ({
    description: 'Thing',
    date: '2026-11-20',
    total: { amount, currency },
    payers: [{ memberId: payer, amount }],
    split: { method: 'equal', among },
  });
  async function nets(groupId: string): Promise<Record<string, string>> {
    const { body } = await ana.call('GET', `/v1/groups/${groupId}/balances`);
    return Object.fromEntries(
      body.balances.map((row: { memberId: string; currency: string; net: string }) => [`${row.memberId}/${row.currency}`, row.net]),
    );
  }
  /** What the lines say and what the rows say, where they differ; and currencies that do not sum to zero. */
  async function faults(groupId: string): Promise<unknown[]> {
    const { rows } = await pool().query(
      `select l.account_id, l.currency, sum(l.paid - l.owed) as lines, max(b.net) as kept from expense.posting_line l
       left join expense.balance b using (group_id, account_id, currency) where l.group_id = $1 group by 1, 2 having sum(l.paid - l.owed) is distinct from max(b.net)
       union all select null, currency, sum(net), sum(reserved) from expense.balance where group_id = $1 group by currency having sum(net) <> 0 or sum(reserved) <> 0`,
      [groupId],
    );
    return rows;
  }

  const activities = () => ledgerActivities({ db: api.deps.databases.expense!, dispatcher: api.deps.dispatcher } as ActivityDeps);

  it('planned and reserved once, posted and released, zero again', async () => {
    const { groupId, members } = await groupOf(3);
    const [a, b, c] = members as [string, string, string];
    await ana.call('POST', `/v1/groups/${groupId}/expenses`, expense(a, [a, b, c], '30.00'));
    const request = { settlementId: uuidv7(), groupId, currencies: ['EUR', 'USD'], strategy: 'minimal' as const };
    const [one, two] = await Promise.all([activities().planSettlement(request), activities().planSettlement(request)]);
    assert.deepEqual(one, two);
    assert.equal(one.transfers.length, 2);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/plan`)).body.count, 0);
    assert.deepEqual(await faults(groupId), []);
    const again = await activities().planSettlement({ ...request, settlementId: uuidv7() });
    assert.deepEqual(again.transfers, []);
    const [first, second] = one.transfers;
    const payment = { paymentId: uuidv7(), transferId: first!.id, groupId, from: first!.from, to: first!.to, date: '2026-11-21' };
    const part = { ...payment, money: { amount: '4.00', currency: 'EUR' } };
    const posted = await Promise.all([activities().postTransfer(part), activities().postTransfer(part)]);
    assert.deepEqual(posted[0], posted[1]);
    assert.equal((await nets(groupId))[`${a}/EUR`], '16.00');
    const rest = { ...payment, paymentId: uuidv7(), money: { amount: '6.00', currency: 'EUR' } };
    await activities().postTransfer(rest);
    const reserved = async () =>
      (await pool().query('select transfer_id from expense.reservation where group_id = $1', [groupId])).rows.map(
        (row) => row.transfer_id as string,
      );
    assert.deepEqual(await reserved(), [second!.id]);
    await activities().releaseTransfers({ groupId, transferIds: [first!.id, second!.id, uuidv7()] });
    await activities().releaseTransfers({ groupId, transferIds: [second!.id] });
    assert.deepEqual(await reserved(), []);
    assert.deepEqual(await faults(groupId), []);
    const { body } = await ana.call('GET', `/v1/groups/${groupId}/balances`);
    assert.ok(body.balances.every((row: { reserved: string }) => row.reserved === '0.00'));
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/plan`)).body.count, 1);
    const refund = {
      refundId: uuidv7(),
      groupId,
      from: first!.from,
      to: first!.to,
      money: { amount: '1.50', currency: 'EUR' },
      date: '2026-11-22',
    };
    assert.deepEqual(await activities().postRefund(refund), await activities().postRefund(refund));
    assert.equal((await nets(groupId))[`${a}/EUR`], '11.50');
    assert.deepEqual(await faults(groupId), []);
  });

  it('planned while expenses are recorded, the plan is over whole postings', async () => {
    const { groupId, members } = await groupOf(4);
    const work = Array.from({ length: 30 }, (_, index) =>
      index % 10 === 9
        ? activities().planSettlement({ settlementId: uuidv7(), groupId, currencies: ['EUR'], strategy: 'minimal' })
        : ana.call('POST', `/v1/groups/${groupId}/expenses`, expense(members[index % 4]!, members, '3.33')),
    );
    await Promise.all(work);
    assert.deepEqual(await faults(groupId), []);
  });

  it('debt above the greatest payment, settled in several legs', async () => {
    const { groupId, members } = await groupOf(2);
    const [a, b] = members as [string, string];
    for (const total of ['10000000000000.00', '10000000000000.00', '5.00'])
      assert.equal((await ana.call('POST', `/v1/groups/${groupId}/expenses`, expense(a, [b], total))).status, 201);
    const request = { settlementId: uuidv7(), groupId, currencies: ['EUR'], strategy: 'minimal' as const };
    const { transfers } = await activities().planSettlement(request);
    assert.deepEqual(
      transfers.map(({ from, to, money }) => [from, to, money.amount]),
      [
        [b, a, '10000000000000.00'],
        [b, a, '10000000000000.00'],
        [b, a, '5.00'],
      ],
    );
    assert.deepEqual((await activities().planSettlement(request)).transfers, transfers);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/plan`)).body.count, 0);
    assert.deepEqual(await faults(groupId), []);
  });

  it('deleted group, refused; archived, its debts may still be settled', async () => {
    const { groupId, members } = await groupOf(2);
    await ana.call('POST', `/v1/groups/${groupId}/expenses`, expense(members[0]!, members, '2.00'));
    const request = { groupId, currencies: ['EUR'], strategy: 'minimal' as const };
    await ana.call('POST', `/v1/groups/${groupId}/archive`);
    assert.equal((await activities().planSettlement({ ...request, settlementId: uuidv7() })).transfers.length, 1);
    await pool().query(`update expense."group" set state = 'deleted' where id = $1`, [groupId]);
    await assert.rejects(activities().planSettlement({ ...request, settlementId: uuidv7() }), /deleted/);
  });
});
