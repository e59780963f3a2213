// Goal: two members become one and, if an operator undoes it, two again: nobody else's balance ever moves, the ledger only grows,
// and whatever is on its way meanwhile ends with the right person. Method: HTTP on a real Postgres, sums asked of the ledger itself.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { stepRule } from '../../../../db/commands/expense/recurring-step.ts';
import { postRefund, postTransfer } from '../../../../db/commands/expense/transfers.ts';
import { auditEvents } from '../../../../db/commands/user/audit-events.ts';
import { transact } from '../../../../db/transact.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { publishedOf } from '../../../../test/support/published.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };
const EUR = (amount: string): { amount: string; currency: string } => ({ amount, currency: 'EUR' });

describe('merge of members', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let support: TestUser;
  let groupId: string;
  /** Ben has an account; Bo and Guest have none. */
  let [anaId, benId, boId, guestId] = ['', '', '', ''];

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    support = await api.user('Support', { platformRole: 'support' });
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    const group = await createGroup(ana);
    [groupId, anaId] = [group.id, group.myMemberId];
    benId = await join(ana, groupId, ben, { role: 'contributor' });
    [boId, guestId] = [await addMember('Bo'), await addMember('Guest')];
  });

  const call = (who: TestUser, method: string, path: string, body?: unknown, headers = {}): Promise<TestAnswer> =>
    who.call(method, `/v1/groups/${groupId}${path}`, body, headers);
  const addMember = async (displayName: string, fields = {}): Promise<string> =>
    (await call(ana, 'POST', '/members', { displayName, ...fields })).body.id as string;
  const merge = (from: string, into: string, who = ana, headers = {}): Promise<TestAnswer> =>
    call(who, 'POST', `/members/${from}/merge`, { intoMemberId: into }, headers);
  const record = async (amount: string, payer: string, among: string[], fields = {}, who = ana): Promise<TestAnswer> =>
    call(who, 'POST', '/expenses', {
      description: 'Dinner',
      total: EUR(amount),
      date: '2026-11-20',
      payers: [{ memberId: payer, amount }],
      split: { method: 'equal', among },
      ...fields,
    });
  const read = async (id: string): Promise<TestAnswer['body']> => (await ana.call('GET', `/v1/expenses/${id}`)).body;
  const member = async (id: string): Promise<TestAnswer['body']> => (await call(ana, 'GET', `/members/${id}`)).body;
  const rows = async (text: string, values: unknown[] = [groupId]): Promise<Record<string, unknown>[]> =>
    (await api.deps.databases.expense!.pool.query<Record<string, unknown>>(text, values)).rows;

  /** Balances as the API shows them, held against the sums of the ledger. */
  async function nets(): Promise<Record<string, string>> {
    const wrong = await rows(
      `select 1 from expense.balance b left join (
         select account_id, currency, sum(paid - owed) as net from expense.posting_line where group_id = $1 group by 1, 2) l using (account_id, currency)
       where b.group_id = $1 and b.net <> coalesce(l.net, 0)`,
    );
    assert.deepEqual(wrong, [], 'the balance rows are the sums of the ledger');
    const { body } = await call(ana, 'GET', '/balances');
    return Object.fromEntries(body.balances.map((row: { memberId: string; net: string }) => [row.memberId, row.net]));
  }

  async function mergeId(): Promise<string> {
    const list = await support.call('GET', `/v1/operations/merges?groupId=${groupId}`);
    return list.body.data[0].id as string;
  }
  const undo = (id: string, who = support): Promise<TestAnswer> =>
    who.call('POST', `/v1/operations/merges/${id}/undo`, { reason: 'They are two' });

  it('a member without an account, both with history, goes into one who has one', async () => {
    const both = (await record('10.00', boId, [boId, benId, anaId])).body.id as string;
    const alone = (await record('6.00', anaId, [boId, guestId])).body.id as string;
    const before = await nets();
    const lines = await rows('select * from expense.posting_line where group_id = $1 order by posting_id, account_id');
    const version = (await call(ana, 'GET', '')).body.version as number;
    const merged = await merge(boId, benId);
    assert.deepEqual([merged.status, merged.body.id, merged.body.role, merged.body.userId], [200, benId, 'contributor', ben.userId]);
    const after = await nets();
    const cents = (id: string): number => Math.round(Number(before[id] ?? '0') * 100);
    assert.equal(Math.round(Number(after[benId]) * 100), cents(boId) + cents(benId));
    assert.deepEqual([after[anaId], after[guestId], after[boId]], [before[anaId], before[guestId], undefined]);
    const still = await rows('select * from expense.posting_line where group_id = $1 order by posting_id, account_id');
    const keys = new Set(still.map((row) => JSON.stringify(row)));
    assert.ok(lines.every((row) => keys.has(JSON.stringify(row))) && still.length > lines.length, 'the ledger only grows');
    const shown = await read(both);
    assert.deepEqual(shown.payers, [{ memberId: benId, amount: '10.00' }]);
    assert.equal(shown.split.method, 'shares');
    assert.deepEqual([shown.version, (await read(alone)).split], [2, { method: 'equal', among: [benId, guestId] }]);
    const history = (await ana.call('GET', `/v1/expenses/${both}/history`)).body.data;
    assert.deepEqual(
      history.map((one: { change: string; by: string }) => [one.change, one.by]),
      [
        ['created', anaId],
        ['merged', anaId],
      ],
    );
    const gone = await member(boId);
    assert.deepEqual([gone.state, gone.mergedInto, gone.userId], ['left', benId, null]);
    assert.equal((await call(ana, 'GET', '')).body.version, version + 1);
    const told = api.events.find(({ event }) => event.type === 'member.merged' && event.subjectId === boId);
    assert.deepEqual(told?.event.data, { intoMemberId: benId, userId: null });
    assert.deepEqual(refusalOf(await record('1.00', boId, [anaId])), [422, 'member_not_active']);
    assert.deepEqual(refusalOf(await call(ana, 'POST', '/invitations', { memberId: boId })), [409, 'member_merged']);
  });

  it('an account goes into a member without one, keeps its role and what it made', async () => {
    const own = (await record('8.00', benId, [benId, boId], {}, ben)).body.id as string;
    const merged = await merge(benId, boId);
    assert.deepEqual(
      [merged.status, merged.body.userId, merged.body.role, merged.body.displayName],
      [200, ben.userId, 'contributor', 'Bo'],
    );
    assert.equal((await call(ben, 'GET', '')).body.myMemberId, boId);
    assert.deepEqual([(await read(own)).createdBy, (await read(own)).shares], [boId, [{ memberId: boId, paid: '8.00', owed: '8.00' }]]);
    assert.equal((await ben.call('PATCH', `/v1/expenses/${own}`, { notes: 'mine' }, ANY)).status, 200, 'still the own one');
    assert.deepEqual(await nets(), {});
  });

  it('what is deleted follows, and is restored for who remains; presets of the policy name who remains once', async () => {
    const gone = (await record('4.00', boId, [boId, guestId])).body.id as string;
    await ana.call('DELETE', `/v1/expenses/${gone}`, undefined, ANY);
    const policy = { defaultSplit: { method: 'equal', among: [anaId, boId, benId] } };
    await call(ana, 'PATCH', '', { policy }, ANY);
    await merge(boId, benId);
    assert.equal((await ana.call('POST', `/v1/expenses/${gone}/restore`)).body.state, 'posted');
    assert.deepEqual(await nets(), { [benId]: '2.00', [guestId]: '-2.00' });
    assert.deepEqual((await call(ana, 'GET', '')).body.policy.defaultSplit.among, [anaId, benId]);
  });

  it('payments, refunds and adjustments follow; one that is posted later finds who remains', async () => {
    const database = api.deps.databases.expense!;
    const payment = (
      from: string,
      to: string,
    ): { paymentId: string; transferId: string; groupId: string; from: string; to: string } & Record<string, unknown> => ({
      paymentId: uuidv7(),
      transferId: uuidv7(),
      groupId,
      from,
      to,
      money: EUR('3.00'),
      date: '2026-11-21',
    });
    const send = (one: ReturnType<typeof payment>): Promise<unknown> => transact(database, (tx) => postTransfer(tx, one as never));
    const [earlier, mutual, later] = [payment(boId, anaId), payment(boId, benId), payment(guestId, boId)];
    await send(earlier);
    await send(mutual);
    const entries = [
      { memberId: boId, money: EUR('5.00') },
      { memberId: guestId, money: EUR('-5.00') },
    ];
    await call(ana, 'POST', '/adjustments', { entries, reason: 'Found' }, { 'idempotency-key': uuidv7() });
    assert.deepEqual(await nets(), { [boId]: '11.00', [anaId]: '-3.00', [benId]: '-3.00', [guestId]: '-5.00' });
    assert.equal((await merge(boId, benId)).status, 200);
    assert.deepEqual(await nets(), { [benId]: '8.00', [anaId]: '-3.00', [guestId]: '-5.00' });
    assert.equal((await call(ana, 'GET', '/adjustments')).body.data[0].entries[0].memberId, benId);
    await send(later);
    await send(payment(benId, boId));
    await send(earlier);
    await transact(database, (tx) => postRefund(tx, { ...earlier, refundId: uuidv7() } as never));
    assert.deepEqual(await nets(), { [benId]: '2.00', [guestId]: '-2.00' });
    const undone = await undo(await mergeId());
    assert.deepEqual([undone.status, undone.body.restored, undone.body.kept], [200, 3, []]);
    assert.equal((await call(ana, 'GET', '/adjustments')).body.data[0].entries[0].memberId, boId);
    assert.equal((await nets())[boId], '11.00', 'what was there before the merge');
  });

  it('whoever asks the ledger otherwise, agrees: past days, other currencies, plans and explanations', async () => {
    const rate = { perGroupCurrency: '3', source: 'typed' };
    await record('10.00', boId, [boId, benId, anaId], { date: '2026-09-01' });
    await record('6.00', anaId, [boId, guestId], { date: '2026-10-01', total: { amount: '6.00', currency: 'USD' }, rate });
    await transact(api.deps.databases.expense!, (tx) =>
      postTransfer(tx, {
        paymentId: uuidv7(),
        transferId: uuidv7(),
        groupId,
        from: benId,
        to: boId,
        money: EUR('2.00'),
        date: '2026-10-02',
      }),
    );
    const sheet = async (at: string): Promise<Map<string, number>> => {
      const { status, body } = await call(ana, 'GET', `/balances?at=${at}`);
      assert.equal(status, 200, JSON.stringify(body));
      const rows = [...body.balances, ...body.inGroupCurrency] as { memberId: string; currency?: string; net: string }[];
      return new Map(
        rows.map((row, index) => [
          `${row.memberId}/${index < body.balances.length ? row.currency : 'group'}`,
          Math.round(Number(row.net) * 100),
        ]),
      );
    };
    const days = ['2026-09-15', '2026-10-01', '2026-10-02'];
    const before = await Promise.all(days.map(sheet));
    assert.equal((await merge(boId, benId)).status, 200);
    for (const [index, day] of days.entries()) {
      const after = await sheet(day);
      const keys = new Set([...before[index]!.keys(), ...after.keys()].map((key) => key.replace(boId, benId)));
      for (const key of keys) {
        const was = (before[index]!.get(key) ?? 0) + (key.startsWith(benId) ? (before[index]!.get(key.replace(benId, boId)) ?? 0) : 0);
        assert.equal(after.get(key) ?? 0, was, `${day} ${key}`);
      }
    }
    const { transfers } = (await call(ana, 'GET', '/plan')).body as {
      transfers: { from: string; to: string; money: { amount: string } }[];
    };
    assert.ok(transfers.every(({ from, to }) => from !== boId && to !== boId));
    for (const { from, to, money } of transfers)
      assert.equal((await call(ana, 'GET', `/balances/explain?from=${from}&to=${to}`)).body.amount, money.amount);
    for (const path of ['/activity', '/stats', '/export?format=json']) assert.equal((await call(ana, 'GET', path)).status, 200, path);
  });

  it('undone by an operator, everything is as before but what was changed since, which is told', async () => {
    const [kept, changed] = [
      (await record('10.00', boId, [boId, benId, anaId])).body.id as string,
      (await record('6.00', anaId, [boId, guestId])).body.id as string,
    ];
    const deleted = (await record('2.00', anaId, [boId])).body.id as string;
    await ana.call('DELETE', `/v1/expenses/${deleted}`, undefined, ANY);
    const [content, before] = [await read(kept), await nets()];
    await merge(boId, benId);
    await ana.call(
      'PATCH',
      `/v1/expenses/${changed}`,
      {
        split: {
          method: 'exact',
          parts: [
            { memberId: benId, amount: '3.00' },
            { memberId: guestId, amount: '3.00' },
          ],
        },
      },
      ANY,
    );
    await ana.call('PATCH', `/v1/expenses/${kept}`, { description: 'Supper' }, ANY);
    const id = await mergeId();
    for (const who of [ana, ben]) assert.deepEqual(refusalOf(await undo(id, who)), [404, 'not_found']);
    const [one, two] = await Promise.all([undo(id), undo(id)]);
    const undone = one.status === 200 ? one : two;
    assert.deepEqual(
      [one.status, two.status].toSorted((x, y) => x - y),
      [200, 409],
    );
    assert.deepEqual([undone.body.restored, undone.body.kept], [2, [{ kind: 'expense', id: changed }]]);
    assert.deepEqual([undone.body.undoneBy, undone.body.undoReason], [support.userId, 'They are two']);
    assert.deepEqual(refusalOf(await undo(id)), [409, 'merge_undone']);
    const again = await read(kept);
    assert.deepEqual([again.payers, again.split, again.shares, again.version], [content.payers, content.split, content.shares, 4]);
    assert.equal(again.description, 'Supper');
    const after = await nets();
    const cents = (of: Record<string, string>, member: string): number => Math.round(Number(of[member] ?? '0') * 100);
    assert.equal(cents(after, boId), cents(before, boId) + 300, 'the changed one stays with Ben');
    assert.equal(cents(after, benId), cents(before, benId) - 300);
    assert.deepEqual([after[anaId], after[guestId]], [before[anaId], before[guestId]]);
    const bo = await member(boId);
    assert.deepEqual([bo.state, bo.mergedInto, bo.role], ['active', undefined, 'editor']);
    const acts = await api.deps.databases.user!.pool.query<{ operation: string }>(
      `select data ->> 'operation' as operation from "user".audit_event where actor_id = $1 and action = 'platform.acted'`,
      [support.userId],
    );
    assert.ok(acts.rows.some(({ operation }) => operation === 'undoMerge'));
    const [event] = publishedOf(api.events.filter(({ event: { type, groupId: at } }) => type === 'member.unmerged' && at === groupId));
    for (const _ of ['once', 'twice']) await transact(api.deps.databases.user!, (tx) => auditEvents(tx, [event!]));
    const log = await support.call('GET', `/v1/audit?action=merge.undone&actor=${support.userId}`);
    const noted = log.body.data.filter((one: { data: { mergeId: string } }) => one.data.mergeId === id);
    assert.deepEqual(
      noted.map((one: { data: object }) => one.data),
      [{ groupId, memberId: boId, intoMemberId: benId, userId: null, mergeId: id }],
    );
    assert.equal((await merge(boId, benId)).status, 200, 'and may be merged again');
  });

  it('undone, the default split and presets say again what they said, but for those that were changed since', async () => {
    const parts = (shares: Record<string, string>): object => ({
      method: 'shares',
      parts: Object.entries(shares).map(([memberId, count]) => ({ memberId, shares: count })),
    });
    const [split, other] = [parts({ [anaId]: '1', [boId]: '2', [benId]: '3' }), { method: 'equal', among: [anaId, boId, benId] }];
    const preset = async (name: string, of: object): Promise<string> => (await call(ana, 'POST', '/presets', { name, split: of })).body.id;
    const said = async (): Promise<Record<string, object>> => {
      const { data } = (await call(ana, 'GET', '/presets')).body as { data: { name: string; split: object }[] };
      return Object.fromEntries(data.map((one) => [one.name, one.split]));
    };
    const defaultSplit = async (): Promise<object> => (await call(ana, 'GET', '')).body.policy.defaultSplit;
    await call(ana, 'PATCH', '', { policy: { defaultSplit: split } }, ANY);
    await preset('Thirds', other);
    const gone = await preset('Gone', other);
    await preset('Without', { method: 'equal', among: [anaId, guestId] });
    const before = await said();
    await merge(boId, benId);
    assert.deepEqual(await defaultSplit(), parts({ [anaId]: '1', [benId]: '5' }));
    await call(ana, 'DELETE', `/presets/${gone}`);
    assert.equal((await undo(await mergeId())).status, 200);
    assert.deepEqual(await defaultSplit(), split);
    const { Gone: _, ...kept } = before;
    assert.deepEqual(await said(), kept);
    const { data } = (await call(ana, 'GET', '/activity?subject=policy')).body;
    assert.equal(data[0].changes[0].field, 'defaultSplit');

    await merge(guestId, boId);
    await call(ana, 'PATCH', '', { policy: { defaultSplit: other } }, ANY);
    assert.equal((await undo(await mergeId())).status, 200);
    assert.deepEqual(await defaultSplit(), other);
    assert.deepEqual(await said(), kept);
  });

  it('undone, an account goes back with what it made since, and with the role that it has by then', async () => {
    await merge(benId, boId);
    const made = (await record('8.00', boId, [boId], {}, ben)).body.id as string;
    await call(ana, 'PATCH', `/members/${boId}`, { role: 'admin' }, ANY);
    assert.equal((await undo(await mergeId())).status, 200);
    assert.deepEqual(
      [(await member(benId)).userId, (await member(benId)).role, (await member(benId)).state],
      [ben.userId, 'admin', 'active'],
    );
    assert.deepEqual([(await member(boId)).userId, (await member(boId)).role], [null, 'editor']);
    assert.equal((await call(ben, 'GET', '')).body.myMemberId, benId);
    assert.equal((await read(made)).createdBy, benId);
  });

  it('a recurring expense, names who remains from the next slot on, and both again once it is undone', async () => {
    const start = new Date(Date.now() - 40 * 86_400_000).toISOString().slice(0, 10);
    const rule = await call(ben, 'POST', '/recurring', {
      expense: {
        description: 'Rent',
        total: EUR('9.00'),
        payers: [{ memberId: boId, amount: '9.00' }],
        split: { method: 'equal', among: [boId, benId, guestId] },
      },
      every: { n: 2, unit: 'week' },
      start,
    });
    assert.equal(rule.status, 201, JSON.stringify(rule.body));
    const slot = async (): Promise<TestAnswer['body']> => {
      const { value } = await transact(api.deps.databases.expense!, (tx) => stepRule(tx, rule.body.id, new Date(), () => 0n));
      assert.equal(value.recorded, true);
      return (await call(ana, 'GET', '/expenses?limit=1')).body.data[0];
    };
    assert.deepEqual((await slot()).split.among, [boId, benId, guestId]);
    await merge(boId, benId);
    const merged = await slot();
    assert.deepEqual([merged.payers[0].memberId, merged.split.among], [benId, [benId, guestId]], 'one person, one share');
    await undo(await mergeId());
    assert.deepEqual((await slot()).split.among, [boId, benId, guestId]);
  });

  it('a chain of merges is undone from its end', async () => {
    await record('9.00', anaId, [boId, guestId, benId]);
    const before = await nets();
    await merge(boId, guestId);
    const first = await mergeId();
    await merge(guestId, benId);
    assert.deepEqual(refusalOf(await undo(first)), [409, 'member_left']);
    assert.deepEqual([(await undo(await mergeId())).status, (await undo(first)).status], [200, 200]);
    assert.deepEqual(await nets(), before);
  });

  it('two accounts, the same member, who has left, nobody, and the owner’s account by another, are refused', async () => {
    const cara = await api.user('Cara');
    const caraId = await join(ana, groupId, cara, { role: 'admin' });
    assert.deepEqual(refusalOf(await merge(caraId, benId)), [409, 'both_have_accounts']);
    assert.deepEqual(refusalOf(await merge(boId, boId)), [422, 'same_member']);
    assert.deepEqual(refusalOf(await merge(boId, uuidv7())), [422, 'unknown_member']);
    assert.deepEqual(refusalOf(await merge(anaId, boId, cara)), [403, 'forbidden']);
    await call(ana, 'DELETE', `/members/${guestId}`, undefined, ANY);
    assert.deepEqual(refusalOf(await merge(guestId, boId)), [409, 'member_left']);
    assert.deepEqual(refusalOf(await merge(boId, guestId)), [409, 'member_left']);
    assert.deepEqual(refusalOf(await merge(boId, anaId, ben)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await merge(boId, anaId, await api.user('Eve'))), [404, 'not_found']);
    assert.equal((await call(ana, 'POST', `/members/${boId}/merge`, { intoMemberId: 'x' })).status, 400);
    const moved = await merge(anaId, boId);
    assert.deepEqual([moved.status, moved.body.role, moved.body.userId], [200, 'owner', ana.userId]);
  });

  it('while money moves, an expense waits, or the period is locked, is refused', async () => {
    await record('6.00', anaId, [boId, guestId], { date: '2026-10-01' });
    await call(ana, 'POST', '/lock', { until: '2026-11-01' });
    assert.deepEqual(refusalOf(await merge(boId, benId)), [409, 'period_locked']);
    await call(ana, 'POST', '/lock', { until: null });
    const pay = await call(
      ana,
      'POST',
      '/payments',
      { from: boId, to: anaId, money: EUR('1.00'), method: 'manual' },
      { 'idempotency-key': uuidv7() },
    );
    const { pool } = api.deps.databases.payment!;
    await pool.query(`update payment.transfer set state = 'awaiting_confirmation' where id = $1`, [pay.body.id]);
    assert.deepEqual(refusalOf(await merge(boId, benId)), [409, 'payment_in_progress']);
    await pool.query(`update payment.transfer set state = 'failed' where id = $1`, [pay.body.id]);
    await rows(
      `insert into expense.reservation (transfer_id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor)
       values ($2, $2, $1, $3, $4, 'EUR', 100)`,
      [groupId, uuidv7(), boId, anaId],
    );
    assert.deepEqual(refusalOf(await merge(boId, benId)), [409, 'settlement_in_progress']);
    await rows('delete from expense.reservation where group_id = $1');
    await call(ana, 'PATCH', '', { policy: { approval: { mode: 'all' } } }, ANY);
    const waiting = (await record('4.00', anaId, [boId, benId])).body.id as string;
    assert.deepEqual(refusalOf(await merge(boId, guestId)), [409, 'approval_in_progress']);
    await ana.call('POST', `/v1/expenses/${waiting}/withdraw`);
    assert.equal((await merge(boId, guestId)).status, 200);
    assert.equal((await read(waiting)).state, 'withdrawn');
  });

  it('who waits to vote, votes on under the other place', async () => {
    await call(ana, 'PATCH', '', { policy: { approval: { mode: 'quorum', quorum: 1 } } }, ANY);
    const waiting = (await record('4.00', anaId, [anaId, guestId])).body.id as string;
    await merge(benId, boId);
    assert.deepEqual(
      (await read(waiting)).approvals.map((one: { memberId: string }) => one.memberId),
      [boId],
    );
    assert.equal((await ben.call('POST', `/v1/expenses/${waiting}/approve`)).body.state, 'posted');
  });

  it('a place promised to an address, goes to the account that owns it, verified', async () => {
    const mara = await api.user('Mara', { verified: false });
    const [promised, other] = [await addMember('Mara', { email: mara.email }), await addMember('Max', { email: 'max@example.com' })];
    const maraId = await join(ana, groupId, mara);
    assert.deepEqual(refusalOf(await merge(maraId, other)), [409, 'invited_by_another_address']);
    assert.deepEqual(refusalOf(await merge(maraId, promised)), [403, 'email_not_verified']);
    assert.deepEqual(refusalOf(await merge(promised, maraId)), [403, 'email_not_verified']);
    await api.deps.databases.user!.pool.query('update "user".account set email_verified_at = now() where id = $1', [mara.userId]);
    assert.equal((await merge(maraId, promised)).body.userId, mara.userId);
    const open = await rows('select 1 from expense.invitation where group_id = $1 and revoked_at is null and member_id = $2', [
      groupId,
      promised,
    ]);
    assert.deepEqual(open, [], 'the way to the place is closed');
  });

  it('a place that is still free, is led to by the invitations of both', async () => {
    const invitation = (await call(ana, 'POST', '/invitations', { memberId: boId })).body;
    await merge(boId, guestId);
    const cara = await api.user('Cara');
    const accepted = await cara.call('POST', `/v1/invitations/${invitation.token}/accept`);
    assert.deepEqual([accepted.status, accepted.body.myMemberId], [200, guestId]);
  });

  it('while others record, and twice at once, ends with one merge and nothing lost; with a key the answer comes again', async () => {
    const recording = Array.from({ length: 20 }, () => record('3.00', anaId, [anaId, boId, benId]));
    const key = { 'idempotency-key': uuidv7() };
    const merging = [merge(boId, benId, ana, key), merge(boId, guestId)];
    const answers = await Promise.all(recording);
    const merges = await Promise.all(merging);
    assert.equal(merges.filter(({ status }) => status === 200).length, 1, JSON.stringify(merges.map((one) => one.body)));
    const written = answers.filter(({ status }) => status === 201).length;
    for (const answer of answers.filter(({ status }) => status !== 201)) assert.deepEqual(refusalOf(answer), [422, 'member_not_active']);
    const after = await nets();
    assert.equal(Number(after[anaId] ?? 0), 2 * written);
    assert.equal(after[boId], undefined);
    const again = await merge(boId, merges[0]!.status === 200 ? benId : guestId, ana, key);
    if (merges[0]!.status === 200) assert.deepEqual([again.headers.get('idempotent-replayed'), again.body], ['true', merges[0]!.body]);
    else assert.deepEqual(refusalOf(again), [409, 'member_left']);
  });
});
