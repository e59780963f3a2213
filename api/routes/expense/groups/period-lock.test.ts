// Goal: nothing dated in a locked period changes, by whatever way, until the owner opens it again; and nobody else can.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { expireRound } from '../../../../db/commands/expense/approvals.ts';
import { LOCK_AHEAD_MAX } from '../../../../db/commands/expense/period-lock.ts';
import { postRefund, postTransfer } from '../../../../db/commands/expense/transfers.ts';
import { transact } from '../../../../db/transact.ts';
import { addDays } from '../../../../domain/recurrence.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { join, pairInGroup, refusalOf } from '../../../../test/support/groups.ts';
import { importText, runImport } from '../../../../test/support/imports.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const ANY = { 'if-match': '*' };
const UNTIL = '2026-11-01';
const today = new Date().toISOString().slice(0, 10);
const LOCKED = [409, 'period_locked'];

describe('period lock', function () {
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

  const lock = (until: string | null, who = ana): Promise<TestAnswer> => who.call('POST', `/v1/groups/${groupId}/lock`, { until });
  const dinner = (date: string, fields: Record<string, unknown> = {}): Record<string, unknown> => ({
    description: 'Dinner',
    total: { amount: '10.00', currency: 'EUR' },
    date,
    payers: [{ memberId: anaId, amount: '10.00' }],
    split: { method: 'equal', among: [anaId, benId] },
    ...fields,
  });
  const record = (date: string, who = ana): Promise<TestAnswer> => who.call('POST', `/v1/groups/${groupId}/expenses`, dinner(date));
  const act = (id: string, verb: string, who = ana): Promise<TestAnswer> => who.call('POST', `/v1/expenses/${id}/${verb}`);
  const edit = (id: string, change: object): Promise<TestAnswer> => ana.call('PATCH', `/v1/expenses/${id}`, change, ANY);
  const askAll = (policy: object): Promise<TestAnswer> =>
    ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all', ...policy } } }, ANY);
  const balances = async (): Promise<unknown> => (await ana.call('GET', `/v1/groups/${groupId}/balances`)).body.balances;

  it('is not locked under an import that is being undone', async () => {
    const file = 'Date,Description,Category,Cost,Currency,Ana,Cleo\n2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n';
    const { id } = await importText(api, ana, groupId, file);
    assert.equal((await ana.call('POST', `/v1/imports/${id}/undo`)).status, 202);
    assert.deepEqual(refusalOf(await lock(UNTIL)), [409, 'import_in_progress']);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}`)).body.lockedUntil, null);
    await runImport(api, id as string);
    assert.equal((await lock(UNTIL)).status, 200);
  });

  it('locked by an admin, moved on by an admin, is opened again by the owner alone', async () => {
    const before = (await ana.call('GET', `/v1/groups/${groupId}`)).body;
    assert.equal(before.lockedUntil, null);
    const locked = await lock(UNTIL, ben);
    assert.deepEqual([locked.status, locked.body.lockedUntil, locked.body.version], [200, UNTIL, before.version + 1]);
    assert.equal((await lock(UNTIL, ben)).body.version, before.version + 1, 'saying it again changes nothing');
    assert.equal((await lock('2026-11-02', ben)).status, 200);
    assert.deepEqual(refusalOf(await lock(UNTIL, ben)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await lock(null, ben)), [403, 'forbidden']);
    assert.equal((await lock(UNTIL)).body.lockedUntil, UNTIL);
    assert.equal((await lock(null)).body.lockedUntil, null);
    const told = api.events
      .filter(({ event }) => event.type === 'group.locked' && event.groupId === groupId)
      .map(({ event }) => event.data);
    const { data } = (await ana.call('GET', `/v1/groups/${groupId}/activity`)).body;
    const locks = data.filter((one: { type: string }) => one.type === 'group.locked');
    assert.deepEqual(locks.at(-1).changes, [{ field: 'lockedUntil', from: null, to: UNTIL }]);
    assert.deepEqual(told, [{ until: UNTIL }, { until: '2026-11-02' }, { until: UNTIL }, { until: null }]);
  });

  it('by members below admin, strangers, in closed groups and with days that are none, is refused', async () => {
    const cara = await api.user('Cara');
    await join(ana, groupId, cara, { role: 'editor' });
    assert.deepEqual(refusalOf(await lock(UNTIL, cara)), [403, 'forbidden']);
    assert.deepEqual(refusalOf(await lock(UNTIL, await api.user('Eve'))), [404, 'not_found']);
    for (const until of ['2026-02-30', '01.11.2026', '', 20261101])
      assert.deepEqual(refusalOf(await ana.call('POST', `/v1/groups/${groupId}/lock`, { until })), [400, 'invalid_request'], String(until));
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/groups/${groupId}/lock`, {})), [400, 'invalid_request']);
    const tooFar = await lock(addDays(today, LOCK_AHEAD_MAX + 1));
    assert.deepEqual([...refusalOf(tooFar), tooFar.body.errors[0].pointer], [422, 'invalid_date', '/until']);
    assert.deepEqual(refusalOf(await lock('9999-12-31')), [422, 'invalid_date']);
    assert.equal((await lock(addDays(today, LOCK_AHEAD_MAX - 1))).status, 200);
    await ana.call('POST', `/v1/groups/${groupId}/archive`);
    assert.deepEqual(refusalOf(await lock(UNTIL)), [409, 'archived']);
  });

  it('recording, on the day before, refuses with the field, alone and in bulk; on the day itself it is open', async () => {
    await record('2026-10-31');
    await lock(UNTIL);
    const refused = await record('2026-10-31');
    assert.deepEqual(refusalOf(refused), LOCKED);
    assert.equal(refused.body.errors[0].pointer, '/date');
    for (const date of [UNTIL, '2026-11-02']) assert.equal((await record(date)).status, 201, date);
    const bulk = await ana.call('POST', `/v1/groups/${groupId}/expenses/bulk`, { expenses: [dinner(UNTIL), dinner('2026-10-31')] });
    assert.deepEqual([...refusalOf(bulk), bulk.body.errors[0].pointer], [...LOCKED, '/expenses/1/date']);
    const list = await ana.call('GET', `/v1/groups/${groupId}/expenses`);
    assert.equal(list.body.data.length, 3);
  });

  it('what lies in the period is not edited, deleted or restored, and nothing is moved into it', async () => {
    const [old, gone, current] = [await record('2026-10-31'), await record('2026-10-30'), await record('2026-11-05')].map(
      (answer) => answer.body.id as string,
    ) as [string, string, string];
    await ana.call('DELETE', `/v1/expenses/${gone}`, undefined, ANY);
    await lock(UNTIL);
    const before = await balances();
    assert.deepEqual(refusalOf(await edit(old, { description: 'Lunch' })), LOCKED);
    assert.deepEqual(refusalOf(await edit(old, { date: '2026-11-03' })), LOCKED);
    assert.deepEqual(refusalOf(await ana.call('DELETE', `/v1/expenses/${old}`, undefined, ANY)), LOCKED);
    assert.deepEqual(refusalOf(await act(gone, 'restore')), LOCKED);
    const moved = await edit(current, { date: '2026-10-31' });
    assert.deepEqual([...refusalOf(moved), moved.body.errors[0].pointer], [...LOCKED, '/date']);
    assert.deepEqual(await balances(), before);
    assert.equal((await edit(current, { date: UNTIL })).status, 200);
    await lock(null);
    assert.equal((await edit(old, { description: 'Lunch' })).status, 200);
    assert.equal((await act(gone, 'restore')).status, 200);
  });

  it('what waits for approval in it is not approved, but may be rejected and withdrawn', async () => {
    await askAll({});
    const ids = await Promise.all(['2026-10-29', '2026-10-30', '2026-10-31'].map(async (date) => (await record(date)).body.id as string));
    const [voted, rejected, withdrawn] = ids as [string, string, string];
    await lock(UNTIL);
    assert.deepEqual(refusalOf(await act(voted, 'approve', ben)), LOCKED);
    assert.equal((await act(rejected, 'reject', ben)).body.state, 'rejected');
    assert.equal((await act(withdrawn, 'withdraw')).body.state, 'withdrawn');
    await lock(null);
    assert.equal((await act(voted, 'approve', ben)).body.state, 'posted');
  });

  it('an edit that waits is not approved when what it replaces, or what it would be, lies in it', async () => {
    const [out, into] = [(await record('2026-10-31')).body.id as string, (await record('2026-11-10')).body.id as string];
    await askAll({});
    assert.equal((await edit(out, { date: '2026-11-09' })).status, 202);
    assert.equal((await edit(into, { date: '2026-10-31' })).status, 202);
    await lock(UNTIL);
    for (const id of [out, into]) assert.deepEqual(refusalOf(await act(id, 'approve', ben)), LOCKED);
  });

  it('a time-out that would approve what lies in it lets it expire', async () => {
    await askAll({ onTimeout: 'approve' });
    const id = (await record('2026-10-31')).body.id as string;
    await lock(UNTIL);
    const { value } = await transact(api.deps.databases.expense!, (tx) =>
      expireRound(tx, { expenseId: id, groupId, version: 1, force: true }),
    );
    assert.equal(value, 'expired');
    assert.equal((await ana.call('GET', `/v1/expenses/${id}`)).body.state, 'expired');
  });

  it('adjustments of today and payments dated in it are refused as well', async () => {
    const headers = (): Record<string, string> => ({ 'idempotency-key': uuidv7() });
    const pay = (date?: string): Promise<TestAnswer> =>
      ana.call(
        'POST',
        `/v1/groups/${groupId}/payments`,
        { from: benId, to: anaId, money: { amount: '1.00', currency: 'EUR' }, method: 'manual', ...(date === undefined ? {} : { date }) },
        headers(),
      );
    await lock(UNTIL);
    const refused = await pay('2026-10-31');
    assert.deepEqual([...refusalOf(refused), refused.body.errors[0].pointer], [...LOCKED, '/date']);
    assert.equal((await pay(UNTIL)).status, 202);
    assert.equal((await lock(addDays(today, 1))).status, 200);
    const entries = [anaId, benId].map((memberId, index) => ({
      memberId,
      money: { amount: index === 0 ? '1.00' : '-1.00', currency: 'EUR' },
    }));
    const adjusted = await ana.call('POST', `/v1/groups/${groupId}/adjustments`, { entries, reason: 'Found a coin' }, headers());
    assert.deepEqual(refusalOf(adjusted), LOCKED);
    assert.deepEqual(refusalOf(await pay()), LOCKED);
    assert.deepEqual(refusalOf(await record(today)), LOCKED);
  });

  it('a payment and a refund that are done after it was locked, leave its balances as they were and count from the first open day', async () => {
    await record('2026-10-20');
    const payment = { groupId, from: benId, to: anaId, money: { amount: '4.00', currency: 'EUR' }, date: '2026-10-10' };
    const at = async (day: string): Promise<unknown> => (await ana.call('GET', `/v1/groups/${groupId}/balances?at=${day}`)).body.balances;
    const owed = (net: string): object[] =>
      [
        { memberId: anaId, currency: 'EUR', net, reserved: '0.00' },
        { memberId: benId, currency: 'EUR', net: `-${net}`, reserved: '0.00' },
      ].toSorted((one, other) => one.memberId.localeCompare(other.memberId));
    const send = (one: Parameters<typeof postTransfer>[1]): Promise<unknown> =>
      transact(api.deps.databases.expense!, (tx) => postTransfer(tx, one));
    await lock(UNTIL);
    const before = [await at('2026-10-15'), await at('2026-10-31')];
    const paymentId = uuidv7();
    await send({ ...payment, paymentId, transferId: uuidv7() });
    assert.deepEqual([await at('2026-10-15'), await at('2026-10-31')], before);
    assert.deepEqual(await at(UNTIL), owed('1.00'));
    await transact(api.deps.databases.expense!, (tx) => postRefund(tx, { ...payment, refundId: uuidv7() }));
    assert.deepEqual([await at('2026-10-15'), await at('2026-10-31')], before);
    assert.deepEqual(await at(UNTIL), owed('5.00'));
    await send({ ...payment, date: UNTIL, paymentId: uuidv7(), transferId: uuidv7() });
    assert.deepEqual([await at('2026-10-31'), await at(UNTIL)], [before[1], owed('1.00')]);
    const told = (await ana.call('GET', `/v1/groups/${groupId}/balances/explain?from=${benId}&to=${anaId}&currency=EUR`)).body;
    const item = told.items.find(({ id }: { id: string }) => id === paymentId);
    assert.deepEqual([item.kind, item.date], ['payment', UNTIL]);
  });

  it('locked while an expense is on its way from an older look at the group, refuses it', async () => {
    await record('2026-10-31');
    const client = await api.deps.databases.expense!.pool.connect();
    try {
      await client.query('begin');
      // As whoever changes a group takes it; a mere update would let recorders pass.
      await client.query('select 1 from expense."group" where id = $1 for update', [groupId]);
      await client.query('update expense."group" set locked_until = $2, version = version + 1 where id = $1', [groupId, UNTIL]);
      const recording = record('2026-10-31');
      await client.query('select pg_sleep(0.05)');
      await client.query('commit');
      assert.deepEqual(refusalOf(await recording), LOCKED);
    } finally {
      client.release();
    }
  });
});
