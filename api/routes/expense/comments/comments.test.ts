// Goal: members talk about an expense, name each other, and are told of it once; what was taken away is gone.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { noticeEvents } from '../../../../db/commands/notification/notices.ts';
import { read, transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { publishedOf } from '../../../../test/support/published.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('comments', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let cem: TestUser;
  let groupId: string;
  let [anaId, benId, cemId] = ['', '', ''];
  let expenseId: string;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben, cem] = [await api.user('Ana'), await api.user('Ben'), await api.user('Cem')];
    const group = await createGroup(ana);
    [groupId, anaId] = [group.id, group.myMemberId];
    [benId, cemId] = [await join(ana, groupId, ben, { role: 'contributor' }), await join(ana, groupId, cem, { role: 'contributor' })];
    const made = await ana.call('POST', `/v1/groups/${groupId}/expenses`, {
      description: 'Dinner',
      date: '2026-11-20',
      total: { amount: '10.00', currency: 'EUR' },
      payers: [{ memberId: anaId, amount: '10.00' }],
      split: { method: 'equal', among: [anaId, benId] },
    });
    expenseId = made.body.id;
  });

  const path = (): string => `/v1/expenses/${expenseId}/comments`;
  const say = (who: TestUser, body: object): Promise<TestAnswer> => who.call('POST', path(), body);
  /** Hands what a call committed to whoever tells people. @returns who was told what, such as `ben mentioned`. */
  async function toldOf(work: () => Promise<TestAnswer>): Promise<Set<string>> {
    const before = api.events.length;
    const answer = await work();
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    const db = api.deps.databases.notification!;
    const mine = api.events.slice(before).filter(({ event }) => event.groupId === groupId);
    await transact(db, (tx) => noticeEvents(tx, publishedOf(mine)));
    const rows = await read<{ user_id: string; type: string; data: object }>(
      db,
      'select user_id, type, data from notification.notification where event_id = any($1::uuid[])',
      [mine.map(({ id }) => id)],
    );
    for (const { data } of rows) assert.deepEqual(Object.keys(data), ['commentId']);
    const people = new Map(Object.entries({ ana, ben, cem }).map(([name, { userId }]) => [userId, name]));
    return new Set(rows.map((row) => `${people.get(row.user_id)} ${row.type.replace('expense.', '')}`));
  }

  it('a comment, with members named by list and in its text, is shown with each once', async () => {
    const text = `Really, @[${cemId}]?\nAnd you @[${benId}] @[${benId}]`;
    const made = await say(ana, { text, mentions: [benId] });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, createdAt, ...rest } = made.body;
    assert.deepEqual(rest, { expenseId, groupId, authorMemberId: anaId, text, mentions: [benId, cemId], editedAt: null });
    assert.deepEqual((await ben.call('GET', path())).body, { data: [{ id, createdAt, ...rest }], nextCursor: null });
    const events = api.events.filter(({ event }) => event.subjectId === expenseId && event.type === 'expense.commented');
    assert.deepEqual(
      events.map(({ event }) => event.data),
      [{ commentId: id, memberIds: [benId, cemId] }],
    );
  });

  it('a comment, tells whom it names that they are named, and the others of the expense that there is one', async () => {
    assert.deepEqual(await toldOf(() => say(ana, { text: 'Hello' })), new Set(['ben commented']));
    assert.deepEqual(await toldOf(() => say(cem, { text: 'Hello', mentions: [benId] })), new Set(['ben mentioned', 'ana commented']));
    // Who has written about it is told from then on, though without a share.
    assert.deepEqual(await toldOf(() => say(ben, { text: 'Hello' })), new Set(['ana commented', 'cem commented']));
  });

  it('a change, by its author, replaces it and tells only whom it names anew', async () => {
    const { body } = await say(ana, { text: 'One', mentions: [benId] });
    const at = `/v1/comments/${body.id}`;
    const changed = await ana.call('PATCH', at, { text: 'Two', mentions: [benId] });
    assert.deepEqual([changed.status, changed.body.text, changed.body.editedAt !== null], [200, 'Two', true]);
    assert.deepEqual(await toldOf(() => ana.call('PATCH', at, { text: 'Two', mentions: [cemId, benId] })), new Set(['cem mentioned']));
    assert.deepEqual(await toldOf(() => ana.call('PATCH', at, { text: 'Two', mentions: [benId, cemId] })), new Set());
    assert.deepEqual(refusalOf(await ben.call('PATCH', at, { text: 'Mine' })), [403, 'forbidden']);
  });

  it('one taken away, by its author or an admin and nobody else, is gone with its text', async () => {
    const [one, two] = [(await say(ben, { text: 'Secret' })).body.id as string, (await say(ben, { text: 'Other' })).body.id as string];
    assert.deepEqual(refusalOf(await cem.call('DELETE', `/v1/comments/${one}`)), [403, 'forbidden']);
    assert.equal((await ana.call('DELETE', `/v1/comments/${one}`)).status, 204);
    assert.equal((await ben.call('DELETE', `/v1/comments/${two}`)).status, 204);
    assert.deepEqual((await ana.call('GET', path())).body.data, []);
    for (const method of ['DELETE', 'PATCH'])
      assert.deepEqual(refusalOf(await ben.call(method, `/v1/comments/${one}`, method === 'PATCH' ? { text: 'x' } : undefined)), [
        404,
        'not_found',
      ]);
    const { rows } = await api.deps.databases.expense!.pool.query<{ text: string }>(
      'select text from expense.comment where expense_id = $1',
      [expenseId],
    );
    assert.deepEqual(rows, [{ text: '' }, { text: '' }]);
  });

  it('a comment, that does not do, is refused at its place', async () => {
    const gone = await api.user('Gone');
    const goneId = await join(ana, groupId, gone);
    await gone.call('POST', `/v1/groups/${groupId}/leave`);
    const { body: first } = await say(ana, { text: 'First' });
    for (const [body, status, code, pointer] of [
      [{}, 400, 'invalid_request', '/text'],
      [{ text: ' \n ' }, 400, 'invalid_request', '/text'],
      [{ text: 'x'.repeat(2001) }, 400, 'invalid_request', '/text'],
      [{ text: 'a\u0000' }, 400, 'invalid_request', '/text'],
      [{ text: 'x', mentions: ['ben'] }, 400, 'invalid_request', '/mentions/0'],
      [{ text: 'x', mentions: [benId, uuidv7()] }, 422, 'unknown_member', '/mentions/1'],
      [{ text: `@[${uuidv7()}]` }, 422, 'unknown_member', '/text'],
      [{ text: 'x', mentions: [goneId] }, 422, 'member_not_active', '/mentions/0'],
      [{ text: 'x', id: first.id }, 409, 'id_taken', '/id'],
    ] as const) {
      const refused = await say(ana, body);
      assert.deepEqual(
        [...refusalOf(refused), refused.body.errors[0]?.pointer],
        [status, code, pointer],
        JSON.stringify(body).slice(0, 80),
      );
    }
    assert.equal((await say(ana, { text: 'x'.repeat(2000) })).status, 201);
  });

  it('the list, in pages, gives each once and the oldest first, while more are written', async () => {
    for (let n = 0; n < 5; n++) await say(ana, { text: `Number ${n}` });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await ana.call('GET', `${path()}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.data.map((one: { text: string }) => one.text));
      cursor = body.nextCursor as string | null;
      if (seen.length < 5) await say(ben, { text: 'Later' });
    }
    assert.deepEqual(
      seen.slice(0, 5),
      [0, 1, 2, 3, 4].map((n) => `Number ${n}`),
    );
    assert.deepEqual(new Set(seen.slice(5)), new Set(['Later']));
  });

  it('the thousandth is the last, also of two at once; a repeated request writes one', async () => {
    await api.deps.databases.expense!.pool.query(
      `insert into expense.comment (id, expense_id, group_id, author_member_id, text) select gen_random_uuid(), $1, $2, $3, 'x' from generate_series(1, 998)`,
      [expenseId, groupId, anaId],
    );
    const key = { 'idempotency-key': uuidv7() };
    const once = [await ana.call('POST', path(), { text: 'Once' }, key), await ana.call('POST', path(), { text: 'Once' }, key)];
    assert.deepEqual(once[0]!.body, once[1]!.body);
    const both = await Promise.all([say(ana, { text: 'Last' }), say(ben, { text: 'Last' })]);
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((one, other) => one - other),
      [201, 409],
    );
    assert.deepEqual(refusalOf(await say(ana, { text: 'More' })), [409, 'comment_limit_reached']);
  });

  it('strangers, viewers, deleted expenses and archived groups take none', async () => {
    const { body: first } = await say(ana, { text: 'First' });
    const [eve, vera] = [await api.user('Eve'), await api.user('Vera')];
    await join(ana, groupId, vera, { role: 'viewer' });
    for (const [method, at, body] of [
      ['GET', path(), undefined],
      ['POST', path(), { text: 'x' }],
      ['PATCH', `/v1/comments/${first.id}`, { text: 'x' }],
      ['DELETE', `/v1/comments/${first.id}`, undefined],
    ] as const)
      assert.deepEqual(refusalOf(await eve.call(method, at, body)), [404, 'not_found']);
    assert.equal((await vera.call('GET', path())).body.data.length, 1);
    assert.deepEqual(refusalOf(await say(vera, { text: 'x' })), [403, 'forbidden']);
    await ana.call('DELETE', `/v1/expenses/${expenseId}`, undefined, { 'if-match': '*' });
    assert.deepEqual(refusalOf(await say(ana, { text: 'x' })), [409, 'deleted']);
    await ana.call('POST', `/v1/expenses/${expenseId}/restore`);
    await ana.call('POST', `/v1/groups/${groupId}/archive`);
    assert.deepEqual(refusalOf(await say(ana, { text: 'x' })), [409, 'archived']);
    assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/comments/${first.id}`, { text: 'x' })), [409, 'archived']);
    assert.deepEqual(refusalOf(await ana.call('DELETE', `/v1/comments/${first.id}`)), [409, 'archived']);
    assert.equal((await ana.call('GET', path())).status, 200);
  });
});
