// Goal: every change of a group, its policy, its members and its expenses shows once, with who, when and field by field,
// and pages stay as they are while more happens.
import assert from 'node:assert/strict';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { pairInGroup, refusalOf } from '../../../../test/support/groups.ts';
import { oneOfEach } from '../../../../test/support/one-of-each.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };

interface Item {
  readonly id: string;
  readonly type: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly expenseId: string | null;
  readonly title: string | null;
  readonly outcome: string | null;
  readonly money: unknown;
  readonly by: string | null;
  readonly at: string;
  readonly changes: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[];
}

describe('activity', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let groupId: string;
  let anaId: string;
  let benId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    ({ ana, ben, groupId, anaId, benId } = await pairInGroup(api));
  });

  async function feed(query = '', who = ana): Promise<Item[]> {
    const answer = await who.call('GET', `/v1/groups/${groupId}/activity?limit=100&${query}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data as Item[];
  }
  const newest = async (): Promise<Item> => (await feed())[0]!;
  const ask = async (who: TestUser, method: string, path: string, body?: unknown): Promise<{ id: string }> => {
    const answer = await who.call(method, path, body, ANY);
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as { id: string };
  };
  const expense = (description: string): object => ({
    description,
    date: '2026-11-20',
    total: { amount: '10.00', currency: 'EUR' },
    payers: [{ memberId: anaId, amount: '10.00' }],
    split: { method: 'equal', among: [anaId, benId] },
  });
  const changed = ({ changes }: Item): string[] => changes.map(({ field, from, to }) => `${field}: ${String(from)} > ${String(to)}`);

  it('a new group and who joins it, from the beginning, are told', async () => {
    const items = (await feed()).toReversed();
    assert.deepEqual(
      new Set(items.map(({ type, by }) => `${type} ${by === anaId ? 'ana' : 'ben'}`)),
      new Set(['group.created ana', 'member.joined ana', 'invitation.created ana', 'invitation.accepted ben', 'member.joined ben']),
    );
    const created = items.find(({ type }) => type === 'group.created')!;
    assert.deepEqual(changed(created), ['name: null > Trip', 'currency: null > EUR', 'timeZone: null > UTC', 'state: null > active']);
    const joined = items.find(({ type, by }) => type === 'member.joined' && by === benId)!;
    assert.ok(changed(joined).includes(`userId: null > ${ben.userId}`) && changed(joined).includes('role: null > admin'));
  });

  it('a change of the group, of its policy or of both, is told field by field; none is told as none', async () => {
    const group = `/v1/groups/${groupId}`;
    await ask(ben, 'PATCH', group, { name: 'Trip', policy: {} });
    assert.equal((await newest()).type, 'member.joined');
    await ask(ben, 'PATCH', group, { name: 'Journey', policy: { approval: { mode: 'quorum', quorum: 2 }, settlementDay: 5 } });
    const both = (await feed()).slice(0, 2);
    assert.deepEqual(
      new Map(both.map((item) => [item.type, [item.by, item.subject.kind, ...changed(item)]])),
      new Map([
        ['group.updated', [benId, 'group', 'name: Trip > Journey']],
        ['policy.changed', [benId, 'policy', 'settlementDay: null > 5', 'approval.mode: null > quorum', 'approval.quorum: null > 2']],
      ]),
    );
    await ask(ana, 'PATCH', group, { policy: { approval: { mode: 'quorum', quorum: 1 } } });
    assert.deepEqual(changed(await newest()), ['settlementDay: 5 > null', 'approval.quorum: 2 > 1']);
    for (const [method, path, type, change] of [
      ['POST', '/archive', 'group.archived', 'state: active > archived'],
      ['POST', '/unarchive', 'group.unarchived', 'state: archived > active'],
      ['DELETE', '', 'group.deleted', 'state: active > deleted'],
      ['POST', '/restore', 'group.restored', 'state: deleted > active'],
    ] as const) {
      await ask(ana, method, group + path);
      const last = await newest();
      assert.deepEqual([last.type, last.by, ...changed(last)], [type, anaId, change]);
    }
  });

  it('members, added, changed, handed the group and gone, are told with what changed', async () => {
    const members = `/v1/groups/${groupId}/members`;
    const guest = await ask(ben, 'POST', members, { displayName: 'Guest', weight: '1.5' });
    const added = await newest();
    assert.deepEqual([added.type, added.by, added.subject], ['member.added', benId, { kind: 'member', id: guest.id }]);
    assert.ok(changed(added).includes('displayName: null > Guest') && changed(added).includes('weight: null > 1.5'));
    await ask(ben, 'PATCH', `${members}/${guest.id}`, { displayName: 'Gus', weight: '2', role: 'viewer' });
    assert.deepEqual(changed(await newest()), ['displayName: Guest > Gus', 'role: editor > viewer', 'weight: 1.5 > 2']);
    await ask(ben, 'PATCH', `${members}/${guest.id}`, { displayName: 'Gus' });
    assert.equal((await feed('subject=member')).filter(({ type }) => type === 'member.changed').length, 1);
    await ask(ana, 'PATCH', `/v1/groups/${groupId}`, { policy: { defaultSplit: { method: 'equal', among: [anaId, guest.id] } } });
    await ask(ana, 'DELETE', `${members}/${guest.id}`);
    const gone = (await feed()).slice(0, 2);
    assert.deepEqual(new Set(gone.map(({ type }) => type)), new Set(['member.left', 'policy.changed']));
    await ask(ana, 'POST', `/v1/groups/${groupId}/owner`, { memberId: benId });
    const handed = (await feed()).slice(0, 2);
    assert.deepEqual(new Set(handed.flatMap(changed)), new Set(['role: owner > admin', 'role: admin > owner']));
    await ask(ana, 'POST', `/v1/groups/${groupId}/leave`);
    const left = (await feed('', ben))[0]!;
    assert.deepEqual([left.type, left.by, ...changed(left)], ['member.left', anaId, 'state: active > left']);
  });

  it('an expense, recorded, edited, deleted and restored, is told each time with what changed from what stood', async () => {
    const made = await ask(ana, 'POST', `/v1/groups/${groupId}/expenses`, expense('Dinner'));
    const path = `/v1/expenses/${made.id}`;
    const created = await newest();
    assert.deepEqual(
      [created.type, created.by, created.title, created.money, created.expenseId, created.changes],
      ['expense.created', anaId, 'Dinner', { amount: '10.00', currency: 'EUR' }, made.id, []],
    );
    await ask(ben, 'PATCH', path, { description: 'Supper', notes: 'late' });
    const edited = await newest();
    assert.deepEqual(
      [edited.type, edited.by, ...changed(edited)],
      ['expense.edited', benId, 'description: Dinner > Supper', 'notes:  > late'],
    );
    await ask(ben, 'DELETE', path);
    await ask(ana, 'POST', `${path}/restore`);
    assert.deepEqual(
      (await feed('subject=expense')).map(({ type, changes }) => [type, changes.length]),
      [
        ['expense.restored', 0],
        ['expense.deleted', 0],
        ['expense.edited', 2],
        ['expense.created', 0],
      ],
    );
  });

  it('an edit that is rejected, then another, changes what stood and not what was proposed', async () => {
    await ask(ana, 'PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all' } } });
    const { id } = await ask(ana, 'POST', `/v1/groups/${groupId}/expenses`, expense('Dinner'));
    await ask(ben, 'POST', `/v1/expenses/${id}/approve`);
    await ask(ana, 'PATCH', `/v1/expenses/${id}`, { description: 'Lunch' });
    await ask(ben, 'POST', `/v1/expenses/${id}/reject`);
    await ask(ana, 'PATCH', `/v1/expenses/${id}`, { description: 'Supper' });
    assert.deepEqual(
      (await feed('subject=expense')).map((item) => [item.type, item.outcome, item.by, ...changed(item)]),
      [
        ['expense.edited', 'waiting', anaId, 'description: Dinner > Supper'],
        ['expense.rejected', 'rejected', benId],
        ['expense.edited', 'rejected', anaId, 'description: Dinner > Lunch'],
        ['expense.approved', 'approved', benId],
        ['expense.created', 'approved', anaId],
      ],
    );
  });

  it('pages, while more happens, give what was there once each and in order', async () => {
    for (let n = 0; n < 7; n++) await ask(ana, 'POST', `/v1/groups/${groupId}/expenses`, expense(`Number ${n}`));
    const before = await feed();
    const seen: Item[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { status, body } = await ana.call('GET', `/v1/groups/${groupId}/activity?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      assert.equal(status, 200);
      assert.ok(body.data.length <= 2);
      seen.push(...(body.data as Item[]));
      cursor = body.nextCursor;
      await ask(ben, 'POST', `/v1/groups/${groupId}/expenses`, expense('Meanwhile'));
      await ask(ben, 'PATCH', `/v1/groups/${groupId}`, { name: `At ${seen.length}` });
    }
    assert.deepEqual(seen, before);
    const of = (await ana.call('GET', `/v1/groups/${groupId}/activity?limit=1&subject=expense`)).body.nextCursor as string;
    assert.deepEqual(refusalOf(await ana.call('GET', `/v1/groups/${groupId}/activity?cursor=${of}`)), [400, 'invalid_cursor']);
    assert.deepEqual(refusalOf(await ana.call('GET', `/v1/groups/${groupId}/activity?subject=weather`)), [400, 'invalid_request']);
  });

  it('settlements, payments, refunds and adjustments, of the payment service too, are told', async () => {
    const world = await oneOfEach(api, await api.user('Owner'), await api.user('Debtor'));
    const { body } = await world.owner.call('GET', `/v1/groups/${world.params['groupId']}/activity?limit=100`);
    const by = new Map((body.data as Item[]).map((item) => [item.type, item]));
    assert.equal(by.get('settlement.opened')?.by, world.memberIds.owner);
    assert.equal(by.get('payment.succeeded')?.by, world.memberIds.debtor);
    assert.deepEqual(by.get('payment.succeeded')?.money, { amount: '5.00', currency: 'EUR' });
    assert.equal(by.get('refund.requested')?.by, world.memberIds.debtor);
    assert.equal(by.get('category.created')?.by, world.memberIds.owner);
  });

  it('members read it whatever the state; strangers find nothing', async () => {
    await ask(ana, 'DELETE', `/v1/groups/${groupId}`);
    assert.equal((await feed('', ben))[0]!.type, 'group.deleted');
    const eve = await api.user('Eve');
    assert.deepEqual(refusalOf(await eve.call('GET', `/v1/groups/${groupId}/activity`)), [404, 'not_found']);
  });

  it('the log itself, from the service, is appended to and only its texts can be taken out', async () => {
    const client = await api.deps.databases.expense!.pool.connect();
    try {
      for (const statement of [
        'delete from expense.change where group_id = $1',
        `update expense.change set at = now() where group_id = $1`,
        `update expense.change set actor_member_id = null where group_id = $1`,
      ])
        await assert.rejects(client.query(statement, [groupId]), { code: '42501' }, statement);
    } finally {
      client.release();
    }
  });
});
