// Goal: everybody reads and marks their own inbox and no other. Method: through HTTP; lines are made by the real consumer.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { noticeEvents } from '../../../../db/commands/notification/notices.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { publishedOf } from '../../../../test/support/published.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('inbox', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  /** Ben has a line for each of Ana's expenses. */
  const told = async (count: number): Promise<{ ana: TestUser; ben: TestUser; groupId: string }> => {
    const [ana, ben] = await Promise.all([api.user('Ana'), api.user('Ben')]);
    const group = await createGroup(ana);
    const benId = await join(ana, group.id, ben);
    const before = api.events.length;
    for (let n = 1; n <= count; n++) {
      const answer = await ana.call('POST', `/v1/groups/${group.id}/expenses`, {
        description: `Dinner ${n}`,
        total: { amount: `${n}.00`, currency: 'EUR' },
        date: '2026-11-20',
        payers: [{ memberId: group.myMemberId, amount: `${n}.00` }],
        split: { method: 'equal', among: [benId] },
      });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
    }
    await transact(api.deps.databases.notification!, (tx) => noticeEvents(tx, publishedOf(api.events.slice(before))));
    return { ana, ben, groupId: group.id };
  };
  const list = (
    who: TestUser,
    query = '',
  ): Promise<{ status: number; body: { data: { id: string; data: { owed: string } }[]; nextCursor: string | null } }> =>
    who.call('GET', `/v1/notifications${query}`);

  it('a line, says what happened without any words of people', async () => {
    const { ben, groupId } = await told(1);
    const { status, body } = await list(ben);
    const [{ id, createdAt, subjectId, ...line }] = body.data as unknown as [Record<string, unknown>];
    assert.equal(status, 200);
    assert.ok(typeof id === 'string' && typeof subjectId === 'string' && typeof createdAt === 'string');
    assert.deepEqual(line, {
      type: 'expense.posted',
      groupId,
      data: { version: 1, total: { amount: '1.00', currency: 'EUR' }, paid: '0.00', owed: '1.00' },
      readAt: null,
    });
  });

  it('pages, while lines are marked and added, give each line once', async () => {
    const { ben } = await told(5);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await list(ben, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor;
      await ben.call('POST', `/v1/notifications/${seen.at(-1)}/read`);
    }
    assert.deepEqual([seen.length, new Set(seen).size], [5, 5]);
    const { body } = await list(ben, '?limit=2');
    assert.deepEqual(refusalOf(await ben.call('GET', `/v1/notifications?unread=true&cursor=${body.nextCursor}`)), [400, 'invalid_cursor']);
  });

  it('read, one by one and all at once, is told apart from unread', async () => {
    const { ben } = await told(3);
    const [first] = (await list(ben)).body.data;
    const read = await ben.call('POST', `/v1/notifications/${first!.id}/read`);
    const again = await ben.call('POST', `/v1/notifications/${first!.id}/read`);
    assert.deepEqual([read.status, again.body], [200, read.body]);
    assert.deepEqual([(await list(ben, '?unread=true')).body.data.length, (await list(ben, '?unread=false')).body.data.length], [2, 1]);
    assert.deepEqual((await ben.call('POST', '/v1/notifications/read-all')).body, { marked: 2 });
    assert.deepEqual((await ben.call('POST', '/v1/notifications/read-all')).body, { marked: 0 });
    assert.deepEqual((await list(ben, '?unread=true')).body.data, []);
  });

  it('other people’s lines, cannot be seen nor marked', async () => {
    const { ana, ben } = await told(1);
    const [line] = (await list(ben)).body.data;
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/notifications/${line!.id}/read`)), [404, 'not_found']);
    assert.deepEqual(refusalOf(await ben.call('POST', `/v1/notifications/${uuidv7()}/read`)), [404, 'not_found']);
    assert.deepEqual((await list(ana)).body.data, []);
    assert.deepEqual((await ana.call('POST', '/v1/notifications/read-all')).body, { marked: 0 });
    assert.equal((await api.call('GET', '/v1/notifications')).status, 401);
    assert.deepEqual(refusalOf(await ben.call('GET', '/v1/notifications?unread=maybe')), [400, 'invalid_request']);
  });
});
