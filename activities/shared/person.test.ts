// Goal: what services do for exports and erasures goes on where it was after a lost worker, may be done twice, and leaves what belongs to
// others. Method: the commands over real Postgres, step by step, as the activities run them.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { eraseStep, countExpenseTraces } from '../../db/commands/expense/erasure.ts';
import { countNotificationTraces, eraseRecipient } from '../../db/commands/notification/erasure.ts';
import { countPaymentTraces, erasePayer } from '../../db/commands/payment/erasure.ts';
import { requestErasure, requestExport } from '../../db/commands/user/data-requests.ts';
import { beginErasure, countUserTraces, eraseUser } from '../../db/commands/user/erasure.ts';
import { discardExportParts, EXPORT_BEGINNING, EXPORT_PAGE_ROWS, type ExportCursor, writeExportPage } from '../../db/export-parts.ts';
import { NOTIFICATION_EXPORT } from '../../db/queries/notification/export-files.ts';
import { findUnfinished } from '../../db/queries/unfinished.ts';
import { read, transact, type Tx } from '../../db/transact.ts';
import { startApi, type TestApi, type TestUser } from '../../test/support/api.ts';
import { createGroup, join, postDebt } from '../../test/support/groups.ts';
import { testDatabaseUrl } from '../../test/support/servers.ts';
import { assembleExport } from '../user/assemble-export.ts';
import type { Dispatcher } from '../../workflows/dispatch.ts';

type Service = 'user' | 'expense' | 'payment' | 'notification';

describe('person activities', function () {
  this.timeout(60_000);
  let api: TestApi;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  const db = (service: Service): NonNullable<TestApi['deps']['databases'][Service]> => api.deps.databases[service]!;
  const run = async <T>(service: Service, work: (tx: Tx) => Promise<T>): Promise<T> => (await transact(db(service), work)).value;
  const rows = <Row extends object>(service: Service, text: string, values: unknown[]): Promise<Row[]> =>
    read<Row>(db(service), text, values);
  const query =
    (service: Service): Tx['query'] =>
    (text, values) =>
      read(db(service), text, values);

  /** Passes the point of no return. */
  async function begun({ userId }: TestUser): Promise<string> {
    const requestId = await run('user', (tx) => requestErasure(tx, userId, 0));
    assert.equal((await run('user', (tx) => beginErasure(tx, requestId))).state, 'running');
    return requestId;
  }
  async function eraseAll({ userId }: TestUser): Promise<number> {
    let steps = 0;
    while ((await run('expense', (tx) => eraseStep(tx, userId))) > 0) steps += 1;
    return steps;
  }

  describe('erasure', () => {
    it('begins once: the account is a pseudonym, and a second time changes nothing', async () => {
      const ana = await api.user('Ana');
      const requestId = await begun(ana);
      const [account] = await rows<Record<string, unknown>>(
        'user',
        `select email, display_name, state, version from "user".account where id = $1`,
        [ana.userId],
      );
      assert.deepEqual(account, { email: `${ana.userId}@erased.invalid`, display_name: 'Former member', state: 'erased', version: 2 });
      assert.deepEqual(await run('user', (tx) => beginErasure(tx, requestId)), { state: 'running', failureCode: null });
      assert.deepEqual(await run('user', (tx) => beginErasure(tx, uuidv7())), { state: 'not_found', failureCode: null });
    });

    it('does not begin before its time, nor once money is on its way', async () => {
      const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
      const later = await run('user', (tx) => requestErasure(tx, ana.userId, 5));
      assert.equal((await run('user', (tx) => beginErasure(tx, later))).state, 'pending');
      const group = await createGroup(ben);
      const memberId = await join(ben, group.id as string, await api.user('Somebody'));
      const paid = await ben.call(
        'POST',
        `/v1/groups/${group.id}/payments`,
        { from: group.myMemberId, to: memberId, money: { amount: '5.00', currency: 'EUR' }, method: 'manual' },
        { 'idempotency-key': uuidv7() },
      );
      const requestId = await run('user', (tx) => requestErasure(tx, ben.userId, 0));
      await rows('payment', `update payment.transfer set state = 'unknown' where id = $1`, [paid.body.id]);
      assert.deepEqual(await run('user', (tx) => beginErasure(tx, requestId)), { state: 'failed', failureCode: 'payments_in_flight' });
      assert.equal((await ben.call('GET', '/v1/me')).status, 200, 'nothing happened to the account');
      await rows('payment', `update payment.transfer set state = 'cancelled' where id = $1`, [paid.body.id]);
      await begun(ben);
    });

    it('a worker lost after any step, the next one goes on, and the end is the same', async () => {
      const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
      for (let n = 0; n < 3; n++) {
        const group = await createGroup(ben);
        const memberId = await join(ben, group.id as string, ana);
        await postDebt(api, group.id as string, group.myMemberId as string, memberId, 100 * n);
      }
      await begun(ana);
      await run('expense', (tx) => eraseStep(tx, ana.userId));
      // The worker is gone here. What it had not committed never was; what it had is not done again.
      const left = await countExpenseTraces(query('expense'), ana.userId);
      assert.ok(left >= 2, `${left} traces`);
      await eraseAll(ana);
      assert.equal(await countExpenseTraces(query('expense'), ana.userId), 0);
      assert.equal(await eraseAll(ana), 0, 'again, there is nothing to do');
      const members = await rows<{ state: string }>(
        'expense',
        `select state from expense.member where display_name = 'Former member 1' and group_id in (select group_id from expense.member where user_id = $1) order by state`,
        [ben.userId],
      );
      assert.deepEqual(
        members.map(({ state }) => state),
        ['active', 'active', 'left'],
        'who owes nothing has left',
      );
    });

    it('a group of the person, goes to the highest role, then to whoever was there first', async () => {
      const [ana, editor, firstAdmin, secondAdmin] = await Promise.all(['Ana', 'Edi', 'Ada', 'Ali'].map((name) => api.user(name)));
      const group = await createGroup(ana!);
      const id = group.id as string;
      await join(ana!, id, editor!, { role: 'editor' });
      await join(ana!, id, firstAdmin!, { role: 'admin' });
      await join(ana!, id, secondAdmin!, { role: 'admin' });
      await begun(ana!);
      await eraseAll(ana!);
      const { body } = await editor!.call('GET', `/v1/groups/${id}`);
      const roles = Object.fromEntries(
        (body.members as { userId: string; role: string; state: string }[]).map((one) => [one.userId, [one.role, one.state]]),
      );
      assert.deepEqual(roles[firstAdmin!.userId], ['owner', 'active']);
      assert.deepEqual(roles[secondAdmin!.userId], ['admin', 'active']);
      assert.equal((body.members as unknown[]).length, 4, 'the place stays, for what it shared');
    });

    it('answers kept for others, are still theirs and name nobody', async () => {
      const [ana, ben] = [await api.user('Ana Original'), await api.user('Ben')];
      const group = await createGroup(ben);
      const path = `/v1/groups/${group.id}`;
      await join(ben, group.id as string, ana);
      const headers = { 'idempotency-key': uuidv7(), 'if-match': '*' };
      const first = await ben.call('PATCH', path, { name: 'Once' }, headers);
      assert.ok(JSON.stringify(first.body).includes('Ana Original'));
      await begun(ana);
      await eraseAll(ana);
      const again = await ben.call('PATCH', path, { name: 'Once' }, headers);
      assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [200, 'true'], 'it is not done a second time');
      assert.ok(!JSON.stringify(again.body).includes('Ana Original') && JSON.stringify(again.body).includes('Former member 1'));
    });

    it('an invitation to the address from after the beginning, is for whoever has the address then', async () => {
      const [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
      const group = await createGroup(ben);
      const invited = async (): Promise<string> =>
        (await ben.call('POST', `/v1/groups/${group.id}/invitations`, { email: ana.email })).body.id as string;
      const before = await invited();
      await begun(ana);
      const after = await invited();
      await eraseAll(ana);
      const left = await rows<{ id: string }>('expense', 'select id from expense.invitation where id = any($1)', [[before, after]]);
      assert.deepEqual(left, [{ id: after }]);
    });

    it('an export under way, ends, and the erasure waits until what the services gave is gone', async () => {
      const ana = await api.user('Ana');
      const exported = await run('user', (tx) => requestExport(tx, ana.userId));
      await run('notification', (tx) =>
        writeExportPage(tx, NOTIFICATION_EXPORT, { requestId: exported, userId: ana.userId }, EXPORT_BEGINNING),
      );
      await begun(ana);
      const { events } = await transact(db('user'), (tx) => eraseUser(tx, ana.userId));
      assert.deepEqual(
        events.map(({ process }) => process),
        [{ process: 'exportAccount', key: exported }],
      );
      assert.equal(await countUserTraces(query('user'), ana.userId), 1);
      await discardExportParts(db('notification'), exported);
      assert.equal(await countUserTraces(query('user'), ana.userId), 0);
      const dispatcher = { dispatch: () => undefined } as unknown as Dispatcher;
      assert.equal((await assembleExport({ db: db('user'), dispatcher }, exported)).state, 'cancelled');
    });

    it('what comes in late, is found and goes in the next round', async () => {
      const ana = await api.user('Ana');
      await begun(ana);
      const counted = async (): Promise<number[]> => [
        await countUserTraces(query('user'), ana.userId),
        await countPaymentTraces(query('payment'), ana.userId),
        await countNotificationTraces(query('notification'), ana.userId),
      ];
      const erase = async (): Promise<void> => {
        await run('user', (tx) => eraseUser(tx, ana.userId));
        await run('payment', (tx) => erasePayer(tx, ana.userId));
        await run('notification', (tx) => eraseRecipient(tx, ana.userId));
      };
      await erase();
      assert.deepEqual(await counted(), [0, 0, 0]);
      await rows('user', `update "user".account set display_name = 'Ana again' where id = $1`, [ana.userId]);
      await rows('user', `insert into "user".session (id, account_id, expires_at) values ($1, $2, now() + interval '1 day')`, [
        uuidv7(),
        ana.userId,
      ]);
      await rows('payment', `insert into payment.payout_account (user_id, gateway, account_ref) values ($1, 'stripe', $2)`, [
        ana.userId,
        uuidv7(),
      ]);
      await rows(
        'notification',
        `insert into notification.notification (id, user_id, type, subject_id, event_id) values ($1, $2, 'group.idle', $1, $1)`,
        [uuidv7(), ana.userId],
      );
      assert.deepEqual(await counted(), [2, 1, 1]);
      await erase();
      assert.deepEqual(await counted(), [0, 0, 0]);
    });
  });

  describe('export', () => {
    it('more than a page, a worker lost in between: every row once, in one file', async () => {
      const ana = await api.user('Ana');
      const notices = EXPORT_PAGE_ROWS * 2 + 1;
      await rows(
        'notification',
        `insert into notification.notification (id, user_id, type, subject_id, event_id)
         select gen_random_uuid(), $1, 'group.idle', gen_random_uuid(), gen_random_uuid() from generate_series(1, $2)`,
        [ana.userId, notices],
      );
      const requestId = await run('user', (tx) => requestExport(tx, ana.userId));
      const person = { requestId, userId: ana.userId };
      const page = (cursor: ExportCursor): Promise<ExportCursor | null> =>
        run('notification', (tx) => writeExportPage(tx, NOTIFICATION_EXPORT, person, cursor));
      const second = await page(EXPORT_BEGINNING);
      assert.deepEqual([second?.file, second?.seq], [0, 1]);
      await page(second!);
      // The worker is gone before it told of the second page: the next one writes it again.
      for (let cursor = second; cursor !== null;) cursor = await page(cursor);
      const dispatcher = { dispatch: () => undefined } as unknown as Dispatcher;
      const made = await assembleExport({ db: db('user'), dispatcher }, requestId);
      assert.equal(made.state, 'done');
      assert.deepEqual(await assembleExport({ db: db('user'), dispatcher }, requestId), { state: 'done', files: 0, bytes: 0 }, 'once');
      const [part] = await rows<{ rows: number; parts: number }>(
        'notification',
        `select sum(rows)::int as rows, count(*)::int as parts from notification.export_part where request_id = $1 and file = 'inbox.json'`,
        [requestId],
      );
      assert.deepEqual(part, { rows: notices, parts: 3 });
    });

    it('a second one of an account, lets the first one’s time be over', async () => {
      const ana = await api.user('Ana');
      const dispatcher = { dispatch: () => undefined } as unknown as Dispatcher;
      const ids: string[] = [];
      for (let n = 0; n < 2; n++) {
        const requestId = await run('user', (tx) => requestExport(tx, ana.userId));
        await assembleExport({ db: db('user'), dispatcher }, requestId);
        ids.push(requestId);
      }
      const left = await rows<{ id: string; due: boolean }>(
        'user',
        'select id, expires_at <= now() as due from "user".data_request where account_id = $1 order by id',
        [ana.userId],
      );
      assert.deepEqual(left, [
        { id: ids[0], due: true },
        { id: ids[1], due: false },
      ]);
    });
  });

  it('the sweep, finds requests that go on and archives that will expire, and none that ended', async () => {
    const [ana, ben, cem] = [await api.user('Ana'), await api.user('Ben'), await api.user('Cem')];
    const running = await run('user', (tx) => requestExport(tx, ana.userId));
    const pending = await run('user', (tx) => requestErasure(tx, ben.userId, 60));
    const ended = await run('user', (tx) => requestExport(tx, cem.userId));
    await rows('user', `update "user".data_request set state = 'cancelled', ended_at = now() where id = $1`, [ended]);
    const found = await findUnfinished(query('user'), 'user', { after: null, limit: 200, olderThanSeconds: -1 });
    const of = (id: string): string | undefined => found.find(({ key }) => key === id)?.process;
    assert.deepEqual([of(running), of(pending), of(ended)], ['exportAccount', 'eraseAccount', undefined]);
    const young = await findUnfinished(query('user'), 'user', { after: null, limit: 200, olderThanSeconds: 60 });
    assert.equal(young.length, 0);
  });
});
