// Goal: an export that a process writes is the file of the inline export, with receipts where they were asked for, is the same wherever
// a worker was lost, belongs to who asked alone, and is gone when its time is over or a name in it has to go.
// Method: through HTTP, with the process's activities run by hand over real Postgres and a folder of files.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { type ExportActivities, exportActivities } from '../../../../activities/expense/export-activities.ts';
import { noticeEvents } from '../../../../db/commands/notification/notices.ts';
import { eraseStep } from '../../../../db/commands/expense/erasure.ts';
import { RESTARTS_MAX, writeNextRows } from '../../../../db/commands/expense/export-rows.ts';
import { packNext } from '../../../../db/commands/expense/export-zip.ts';
import { purgeGroup } from '../../../../db/commands/expense/group-purge.ts';
import { receiptKey } from '../../../../db/commands/expense/receipts.ts';
import { UNFINISHED_EXPENSE } from '../../../../db/queries/expense/unfinished.ts';
import { type FileStore, FilesUnavailable } from '../../../../db/files/store.ts';
import { transact, type Tx } from '../../../../db/transact.ts';
import { processOf } from '../../../../domain/events.ts';
import { EXPORT_FORMATS } from '../../../../domain/export/formats.ts';
import {
  EXPORT_BYTES_MAX,
  EXPORT_FILES_MAX,
  KEPT_EXPORTS_MAX,
  RUNNING_EXPORTS_MAX,
  RUNNING_EXPORTS_OF_PERSON_MAX,
} from '../../../../domain/export/group-export.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { formOf, ONE_PAGE, ONE_PIXEL } from '../../../../test/support/pictures.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { unzip } from '../../../../test/support/unzip.ts';

type Body = TestAnswer['body'];

describe('exports by a process', function () {
  this.timeout(120_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  let activities: ExportActivities;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
    activities = activitiesWith(api.deps.files);
  });
  after(() => api.stop());

  const activitiesWith = (store: FileStore): ExportActivities => {
    const { databases, dispatcher, env } = api.deps;
    const counts = { woken: 0, failed: 0, skipped: 0, inFlight: 0 };
    return exportActivities({ db: databases.expense!, env, dispatcher: { counts, close: async () => undefined, ...dispatcher } }, store);
  };

  const rows = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await api.deps.databases.expense!.pool.query<Row>(text, values)).rows;
  const run = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    const { value, events } = await transact(api.deps.databases.expense!, work);
    api.events.push(...events);
    return value;
  };
  const partsOf = async (exportId: string): Promise<number> =>
    (await rows<{ n: number }>('select count(*)::int as n from expense.group_export_part where export_id = $1', [exportId]))[0]!.n;

  /** A group of Ana's with Ben in it, and so many expenses. */
  async function newGroup(expenses = 3): Promise<{ groupId: string; members: readonly string[]; expenseIds: readonly string[] }> {
    const group = await createGroup(ana, { name: 'Porto' });
    const groupId = group.id as string;
    const members = [group.myMemberId as string, await join(ana, groupId, ben, { role: 'viewer' })];
    return { groupId, members, expenseIds: await insertExpenses(groupId, members, expenses, '-1 hour') };
  }
  /** Expenses of several days and currencies, as rows: through the API they would take longer than all else here. */
  async function insertExpenses(groupId: string, members: readonly string[], count: number, age: string): Promise<string[]> {
    const made = await rows<{ id: string }>(
      `insert into expense.expense (id, group_id, kind, state, description, total_minor, currency, date, category, payers, split, shares, notes, tags, created_by, posting_id, created_at)
       select gen_random_uuid(), $1, 'expense', 'posted', 'Tea ' || n, 100 + n, c, date '2026-01-01' + (n % 30), 'food',
         jsonb_build_array(jsonb_build_object('memberId', $2::text, 'amount', a)), jsonb_build_object('method', 'exact', 'parts', jsonb_build_array(jsonb_build_object('memberId', $3::text, 'amount', a))),
         jsonb_build_array(jsonb_build_object('memberId', $2::text, 'paid', a, 'owed', '0.00'), jsonb_build_object('memberId', $3::text, 'paid', '0.00', 'owed', a)),
         '', '{}', $2::uuid, gen_random_uuid(), clock_timestamp() + $5::interval
       from generate_series(1, $4::int) n, lateral (select to_char((100 + n) / 100.0, 'FM990.00') as a, case when n % 3 = 0 then 'USD' else 'EUR' end as c) x
       returning id`,
      [groupId, ...members, count, age],
    );
    return made.map(({ id }) => id);
  }
  async function addReceipt(expenseId: string, bytes = ONE_PIXEL): Promise<string> {
    const made = await ana.call('POST', `/v1/expenses/${expenseId}/receipts`, formOf(bytes));
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body.id as string;
  }
  async function asked(groupId: string, fields: object = {}, user = ana): Promise<Body> {
    const answer = await user.call('POST', `/v1/groups/${groupId}/exports`, fields);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    assert.equal(answer.headers.get('location'), `/v1/exports/${answer.body.id}`);
    return answer.body;
  }
  /** Takes an export as far as its process would, until there is something to wait for. */
  async function carryOut(exportId: string): Promise<string> {
    for (;;) {
      const { next, state } = await activities.readExportStep({ exportId });
      if (next === 'write') await activities.writeExportRows({ exportId });
      else if (next === 'pack') await activities.packExportFiles({ exportId });
      else if (next === 'seal') await activities.sealExport({ exportId });
      else {
        await activities.discardExportParts({ exportId });
        return state;
      }
    }
  }
  async function done(groupId: string, fields: object = {}, user = ana): Promise<Body> {
    const { id } = await asked(groupId, fields, user);
    assert.equal(await carryOut(id as string), 'done');
    return seen(id as string, user);
  }
  const seen = async (exportId: string, user = ana): Promise<Body> => (await user.call('GET', `/v1/exports/${exportId}`)).body;
  async function fileOf(path: string, user = ana): Promise<{ bytes: Buffer; headers: Headers }> {
    const answer = await fetch(`${api.url}${path}`, { headers: { authorization: `Bearer ${user.token}` } });
    assert.equal(answer.status, 200, path);
    return { bytes: Buffer.from(await answer.arrayBuffer()), headers: answer.headers };
  }
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const eventsOf = (exportId: string): string[] =>
    api.events.flatMap(({ event }) =>
      event.subjectId === exportId ? [`${event.type} ${'state' in event.data ? event.data.state : ''}`.trim()] : [],
    );

  it('each format, is the file of the inline export to the byte, with its size and sum', async () => {
    const { groupId } = await newGroup(1_100);
    for (const format of EXPORT_FORMATS) {
      const view = await done(groupId, { format });
      const inline = await fileOf(`/v1/groups/${groupId}/export?format=${format}`);
      const file = await fileOf(`/v1/exports/${view.id}/file`);
      assert.ok(file.bytes.equals(inline.bytes), format);
      for (const header of ['content-type', 'content-disposition'])
        assert.equal(file.headers.get(header), inline.headers.get(header), header);
      assert.equal(file.headers.get('content-length'), String(inline.bytes.length));
      const { state, rows: all, writtenRows, files, bytes, sha256: sum, failureCode } = view;
      assert.deepEqual([state, all, writtenRows, files, failureCode], ['done', 1_100, 1_100, 0, null]);
      assert.deepEqual([bytes, sum], [inline.bytes.length, sha256(inline.bytes)]);
      assert.equal(Date.parse(view.expiresAt as string) - Date.parse(view.endedAt as string), 7 * 86_400_000);
      assert.equal(view.workflowId, `export/${view.id}`);
    }
  });

  it('an empty group, each format, is the file of the inline export', async () => {
    const { groupId } = await newGroup(0);
    for (const format of EXPORT_FORMATS) {
      const view = await done(groupId, { format });
      const inline = await fileOf(`/v1/groups/${groupId}/export?format=${format}`);
      assert.ok((await fileOf(`/v1/exports/${view.id}/file`)).bytes.equals(inline.bytes), format);
      const packed = await done(groupId, { format, receipts: true });
      const zip = await unzip((await fileOf(`/v1/exports/${packed.id}/file`)).bytes);
      assert.equal(zip.size, 2);
      assert.ok([...zip.values()][0]!.equals(inline.bytes), format);
    }
  });

  it('with receipts, is a ZIP of the file, each receipt and a manifest that names what is missing', async () => {
    const { groupId, members, expenseIds } = await newGroup();
    const receipts = [await addReceipt(expenseIds[0]!), await addReceipt(expenseIds[1]!, ONE_PAGE), await addReceipt(expenseIds[1]!)];
    const gone = receipts[2]!;
    // Larger than a part, and nothing that can be deflated.
    const large = randomBytes(2_500_000);
    receipts.push(uuidv7());
    await api.deps.files.put(receiptKey(receipts[3]!), large, 'image/jpeg');
    await rows(
      `insert into expense.receipt (id, expense_id, group_id, uploaded_by, content_type, bytes, sha256) values ($1, $2, $3, $4, 'image/jpeg', $5, 'x')`,
      [receipts[3], expenseIds[0], groupId, members[0], large.length],
    );
    await api.deps.files.remove(receiptKey(gone));
    const view = await done(groupId, { format: 'csv', receipts: true });
    const file = await fileOf(`/v1/exports/${view.id}/file`);
    assert.deepEqual([file.headers.get('content-type'), view.files], ['application/zip', 3]);
    assert.equal(file.headers.get('content-disposition'), `attachment; filename="${groupId}.zip"`);
    assert.deepEqual([view.bytes, view.sha256], [file.bytes.length, sha256(file.bytes)]);
    const zip = await unzip(file.bytes);
    const inline = await fileOf(`/v1/groups/${groupId}/export?format=csv`);
    assert.ok(zip.get(`${groupId}.csv`)!.equals(inline.bytes));
    const manifest = JSON.parse(zip.get('manifest.json')!.toString('utf8')) as Body;
    const { format, version, data, rows: all, receipts: packed, groupId: of } = manifest;
    assert.deepEqual([format, version, data, all, packed, of], ['safesplitx-group-export', 1, 'csv', 3, 3, groupId]);
    const listed = manifest.files as Body[];
    assert.deepEqual(
      listed.map(({ name }) => name as string).toSorted(),
      [
        ...[...zip.keys()].filter((name) => name !== 'manifest.json'),
        listed.find(({ missing }) => missing === true)!.name as string,
      ].toSorted(),
    );
    for (const { name, bytes, sha256: sum, missing } of listed)
      if (missing !== true)
        assert.deepEqual([bytes, sum], [zip.get(name as string)!.length, sha256(zip.get(name as string)!)], String(name));
    const byId = new Map(listed.filter(({ receiptId }) => receiptId !== undefined).map((one) => [one.receiptId as string, one]));
    assert.deepEqual([...byId.keys()].toSorted(), receipts.toSorted());
    assert.deepEqual([byId.get(gone)!.missing, byId.get(gone)!.sha256], [true, undefined]);
    assert.ok(zip.get(byId.get(receipts[3]!)!.name as string)!.equals(large));
    assert.equal((byId.get(receipts[1]!)!.expense as Body).id, expenseIds[1]);
    assert.match(String(byId.get(receipts[1]!)!.name), /^receipts\/2026-01-\d\d-[0-9a-f-]+\.pdf$/);
    assert.ok((await partsOf(view.id as string)) >= 1);
    assert.deepEqual(
      await rows(`select distinct kind from expense.group_export_part where export_id = $1`, [view.id]),
      [{ kind: 'zip' }],
      'what it was made from is gone',
    );
  });

  for (const format of ['splitwise-csv', 'qif', 'json'] as const)
    it(`${format}, a worker is lost after every step, the ZIP is that of one that never was, to the byte`, async () => {
      const { groupId, members, expenseIds } = await newGroup(1_003);
      for (const expenseId of expenseIds.slice(0, 3)) await addReceipt(expenseId);
      const whole = await done(groupId, { format, receipts: true });
      const { id } = await asked(groupId, { format, receipts: true });
      const exportId = id as string;
      await rows(`update expense.group_export set until = (select until from expense.group_export where id = $1) where id = $2`, [
        whole.id,
        exportId,
      ]);
      // What is recorded after the opening is not in it, however long it takes.
      await insertExpenses(groupId, members, 1, '1 second');
      const lost = new Error('the worker was killed');
      const killed = (work: (tx: Tx) => Promise<unknown>): Promise<void> =>
        assert.rejects(
          run(async (tx) => {
            await work(tx);
            throw lost;
          }),
          lost,
        );
      // Each step is done once without its commit, and once more by whoever comes next.
      for (let isWriting = true; isWriting; isWriting = (await activities.readExportStep({ exportId })).next === 'write') {
        await killed((tx) => writeNextRows(tx, exportId));
        await run((tx) => writeNextRows(tx, exportId));
      }
      for (let step = 0; step < 3; step += 1) {
        await killed((tx) => packNext(tx, exportId));
        await run((tx) => packNext(tx, exportId));
      }
      // Two who both believe that it is theirs.
      await Promise.all([activities.packExportFiles({ exportId }), activities.packExportFiles({ exportId })]);
      assert.equal(await carryOut(exportId), 'done');
      assert.equal((await seen(exportId)).sha256, whole.sha256);
      assert.ok((await fileOf(`/v1/exports/${exportId}/file`)).bytes.equals((await fileOf(`/v1/exports/${whole.id}/file`)).bytes));
    });

  it('store of receipts is away, it waits and goes on where it was', async () => {
    const { groupId, expenseIds } = await newGroup();
    const [first, second] = [await addReceipt(expenseIds[0]!), await addReceipt(expenseIds[1]!)];
    const whole = await done(groupId, { receipts: true });
    const exportId = (await asked(groupId, { receipts: true })).id as string;
    await rows(`update expense.group_export set until = (select until from expense.group_export where id = $1) where id = $2`, [
      whole.id,
      exportId,
    ]);
    await activities.writeExportRows({ exportId });
    const away = new FilesUnavailable('read', new Error('refused'));
    const broken: FileStore = {
      ...api.deps.files,
      get: (key) => (key === receiptKey(second) ? Promise.reject(away) : api.deps.files.get(key)),
    };
    await assert.rejects(activitiesWith(broken).packExportFiles({ exportId }), away);
    const { state, files } = await seen(exportId);
    assert.deepEqual([state, files], ['running', first < second ? 1 : 0]);
    assert.equal(await carryOut(exportId), 'done');
    assert.equal((await seen(exportId)).sha256, whole.sha256);
  });

  it('members who join or are renamed while it is written, change nothing in it', async () => {
    const { groupId } = await newGroup(600);
    const { id } = await asked(groupId, { format: 'csv' });
    const before = await fileOf(`/v1/groups/${groupId}/export?format=csv`);
    await run((tx) => writeNextRows(tx, id as string));
    const joined = await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Cleo' });
    assert.equal(joined.status, 201);
    assert.equal(await carryOut(id as string), 'done');
    assert.ok((await fileOf(`/v1/exports/${id}/file`)).bytes.equals(before.bytes));
  });

  it('an expense that gets another day while it is written, is in it once; where that does not end, it fails', async () => {
    const { groupId, members } = await newGroup(600);
    const recorded = await ana.call('POST', `/v1/groups/${groupId}/expenses`, {
      description: 'Wanderer',
      date: '2025-12-01',
      total: { amount: '1.00', currency: 'EUR' },
      payers: [{ memberId: members[0], amount: '1.00' }],
      split: { method: 'equal', among: members },
    });
    const moveTo = async (date: string): Promise<void> => {
      const { status } = await ana.call('PATCH', `/v1/expenses/${recorded.body.id}`, { date }, { 'if-match': '*' });
      assert.equal(status, 200);
    };
    const { id } = await asked(groupId, { format: 'csv' });
    await run((tx) => writeNextRows(tx, id as string));
    await moveTo('2026-06-01');
    assert.equal(await carryOut(id as string), 'done');
    const file = (await fileOf(`/v1/exports/${id}/file`)).bytes;
    assert.equal(file.toString().match(/Wanderer/g)?.length, 1);
    assert.ok(file.equals((await fileOf(`/v1/groups/${groupId}/export?format=csv`)).bytes));

    const { id: endless } = await asked(groupId, { format: 'csv' });
    for (let begun = 0; begun <= RESTARTS_MAX; begun += 1) {
      assert.equal((await run((tx) => writeNextRows(tx, endless as string))).outcome, 'more', `beginning ${begun}`);
      await moveTo(begun % 2 === 0 ? '2025-12-01' : '2026-06-01');
      await run((tx) => writeNextRows(tx, endless as string));
    }
    assert.equal(await carryOut(endless as string), 'failed');
    assert.deepEqual([(await seen(endless as string)).failureCode, await partsOf(endless as string)], ['group_changed', 0]);
  });

  it('who asked, and nobody else, sees it, while they are in the group', async () => {
    const { groupId } = await newGroup();
    const eve = await api.user('Eve');
    const { id } = await done(groupId, {}, ben);
    for (const path of [`/v1/exports/${id}`, `/v1/exports/${id}/file`])
      for (const other of [ana, eve]) assert.deepEqual(refusalOf(await other.call('GET', path)), [404, 'not_found']);
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/exports/${id}/cancel`)), [404, 'not_found']);
    assert.deepEqual(refusalOf(await eve.call('POST', `/v1/groups/${groupId}/exports`, {})), [404, 'not_found']);
    assert.deepEqual(refusalOf(await ben.call('GET', `/v1/exports/${uuidv7()}`)), [404, 'not_found']);
    assert.equal((await fileOf(`/v1/exports/${id}/file`, ben)).headers.get('content-type'), 'application/json; charset=utf-8');
  });

  it('who leaves the group, loses those that run and the files that are there', async () => {
    const { groupId } = await newGroup();
    const cleo = await api.user('Cleo');
    await join(ana, groupId, cleo);
    const [file, running, others] = [await done(groupId, {}, cleo), await asked(groupId, {}, cleo), await done(groupId)];
    await activities.writeExportRows({ exportId: running.id as string });
    assert.equal((await cleo.call('POST', `/v1/groups/${groupId}/leave`)).status, 204);
    for (const { id } of [file, running]) {
      assert.equal((await cleo.call('GET', `/v1/exports/${id}/file`)).status, 404);
      await carryOut(id as string);
      assert.equal(await partsOf(id as string), 0);
    }
    assert.deepEqual(eventsOf(file.id as string).slice(-1), ['export.changed expired']);
    assert.deepEqual(eventsOf(running.id as string), ['export.requested', 'export.changed cancelled']);
    assert.equal((await ana.call('GET', `/v1/exports/${others.id}/file`)).status, 200);
  });

  it('body, what is wrong with it, is told by its field; an id or a key used twice, is known', async () => {
    const { groupId } = await newGroup();
    const post = (body: unknown, headers = {}): Promise<TestAnswer> => ana.call('POST', `/v1/groups/${groupId}/exports`, body, headers);
    for (const [body, pointer] of [
      [{ format: 'xlsx' }, '/format'],
      [{ receipts: 'yes' }, '/receipts'],
      [{ id: 'x' }, '/id'],
    ] as const) {
      const answer = await post(body);
      assert.deepEqual([answer.status, answer.body.errors[0]?.pointer], [400, pointer]);
    }
    const [id, key] = [uuidv7(), { 'idempotency-key': uuidv7() }];
    const first = await post({ id }, key);
    assert.deepEqual(
      [first.status, first.body.id, first.body.format, first.body.receipts, first.body.state],
      [202, id, 'json', false, 'running'],
    );
    const again = await post({ id }, key);
    assert.deepEqual([again.body.id, again.headers.get('idempotent-replayed')], [id, 'true']);
    assert.deepEqual(refusalOf(await post({ id })), [409, 'id_taken']);
  });

  it('exports that run, at the limit and beyond, also at once; of others and of other groups they do not count', async () => {
    const [{ groupId }, other] = [await newGroup(), await newGroup()];
    const answers = await Promise.all(
      Array.from({ length: RUNNING_EXPORTS_MAX + 2 }, () => ana.call('POST', `/v1/groups/${groupId}/exports`, {})),
    );
    const [opened, refused] = [answers.filter(({ status }) => status === 202), answers.filter(({ status }) => status !== 202)];
    assert.deepEqual([opened.length, refused.length], [RUNNING_EXPORTS_MAX, 2]);
    for (const answer of refused) assert.deepEqual(refusalOf(answer), [409, 'export_limit_reached']);
    await asked(groupId, {}, ben);
    await asked(other.groupId);
    assert.equal((await ana.call('POST', `/v1/exports/${opened[0]!.body.id}/cancel`)).status, 202);
    await asked(groupId);
  });

  it('exports that run in several groups, at the limit of a person and one more, also at once', async () => {
    const cleo = await api.user('Cleo');
    const groups = await Promise.all(Array.from({ length: 4 }, () => createGroup(cleo)));
    const answers = await Promise.all(
      groups.flatMap(({ id }) => Array.from({ length: RUNNING_EXPORTS_MAX }, () => cleo.call('POST', `/v1/groups/${id}/exports`, {}))),
    );
    const refused = answers.filter(({ status }) => status !== 202);
    assert.equal(answers.length - refused.length, RUNNING_EXPORTS_OF_PERSON_MAX);
    for (const answer of refused) assert.deepEqual(refusalOf(answer), [409, 'export_limit_reached']);
  });

  it('no file before it is done, and none after it was taken back, which is done once', async () => {
    const { groupId } = await newGroup();
    const { id } = await asked(groupId);
    const exportId = id as string;
    assert.deepEqual(refusalOf(await ana.call('GET', `/v1/exports/${id}/file`)), [409, 'export_not_ready']);
    await run((tx) => writeNextRows(tx, exportId));
    const [one, other] = await Promise.all([1, 2].map(() => ana.call('POST', `/v1/exports/${id}/cancel`)));
    assert.equal(one!.status + other!.status, 202 + 409);
    assert.deepEqual(refusalOf([one!, other!].find(({ status }) => status === 409)!), [409, 'wrong_state']);
    assert.equal((await seen(exportId)).state, 'cancelled');
    assert.deepEqual((await activities.sealExport({ exportId })).state, 'cancelled');
    assert.equal((await activities.writeExportRows({ exportId })).outcome, 'stopped');
    assert.equal((await activities.packExportFiles({ exportId })).outcome, 'stopped');
    const file = await done(groupId);
    assert.equal((await ana.call('POST', `/v1/exports/${file.id}/cancel`)).body.state, 'cancelled');
    assert.deepEqual(refusalOf(await ana.call('GET', `/v1/exports/${file.id}/file`)), [409, 'export_not_ready']);
    assert.equal(await carryOut(file.id as string), 'cancelled');
    assert.equal(await partsOf(file.id as string), 0);
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/exports/${file.id}/cancel`)), [409, 'wrong_state']);
    const woken = api.events.filter(({ event }) => event.subjectId === file.id).map(({ event }) => processOf(event)?.process ?? null);
    assert.deepEqual(woken, ['exportData', null, 'exportData'], 'asked for, ended, taken back');
  });

  it('file whose time is over, is gone, and one whose time is not is not', async () => {
    const { groupId } = await newGroup();
    const { id } = await done(groupId);
    const exportId = id as string;
    assert.equal((await activities.expireGroupExport({ exportId })).state, 'done');
    await rows(`update expense.group_export set expires_at = now() where id = $1`, [id]);
    assert.equal((await activities.expireGroupExport({ exportId })).state, 'expired');
    assert.equal(await carryOut(exportId), 'expired');
    const { state, bytes, sha256: sum, expiresAt } = await seen(exportId);
    assert.deepEqual([state, bytes, sum, expiresAt, await partsOf(exportId)], ['expired', null, null, null, 0]);
  });

  it('sweep, finds what runs, waits or is to be deleted, and nothing that has ended', async () => {
    const { groupId } = await newGroup();
    const unfinished = async (exportId: string): Promise<boolean> =>
      (await rows<{ key: string }>(UNFINISHED_EXPENSE, [new Date(Date.now() + 1_000)])).some(({ key }) => key === exportId);
    const { id } = await asked(groupId);
    const exportId = id as string;
    assert.ok(await unfinished(exportId));
    await carryOut(exportId);
    assert.ok(await unfinished(exportId));
    await ana.call('POST', `/v1/exports/${id}/cancel`);
    assert.ok(await unfinished(exportId));
    await carryOut(exportId);
    assert.equal(await unfinished(exportId), false);
  });

  it('files of one person, one more than are kept or more than two gigabytes, the oldest go', async () => {
    const [cleo, group] = [await api.user('Cleo'), await newGroup(1)];
    await join(ana, group.groupId, cleo);
    const first = await done(group.groupId, {}, cleo);
    const kept = [];
    for (let n = 1; n < KEPT_EXPORTS_MAX; n += 1) kept.push(await done(group.groupId, {}, cleo));
    assert.equal((await seen(first.id as string, cleo)).state, 'done');
    const last = await done(group.groupId, {}, cleo);
    assert.equal((await seen(first.id as string, cleo)).state, 'expired');
    assert.equal((await seen(kept[0]!.id as string, cleo)).state, 'done');
    await rows('update expense.group_export set bytes = $2 where id = $1', [last.id, EXPORT_BYTES_MAX - (last.bytes as number)]);
    const full = await done(group.groupId, {}, cleo);
    const states = await Promise.all([last, ...kept].map(async ({ id }) => (await seen(id as string, cleo)).state));
    assert.deepEqual(states, ['done', ...kept.map(() => 'expired')]);
    assert.equal((await seen(full.id as string, cleo)).state, 'done');
    assert.equal((await seen(await done(group.groupId).then(({ id }) => id as string))).state, 'done', 'of others none');
  });

  it('more bytes or receipts than there may be, it fails by its code and who asked is told', async () => {
    const { groupId, expenseIds } = await newGroup(501);
    await addReceipt(expenseIds[0]!);
    const filled = async (step: 'write' | 'pack', column: string, value: number): Promise<Body> => {
      const { id } = await asked(groupId, { receipts: true });
      await run((tx) => writeNextRows(tx, id as string));
      if (step === 'pack') await activities.writeExportRows({ exportId: id as string });
      await rows(`update expense.group_export set ${column} = $2 where id = $1`, [id, value]);
      await carryOut(id as string);
      return seen(id as string);
    };
    const atLimit = await filled('pack', 'files', EXPORT_FILES_MAX - 1);
    assert.deepEqual([atLimit.state, atLimit.files], ['done', EXPORT_FILES_MAX]);
    for (const view of [
      await filled('write', 'stored_bytes', EXPORT_BYTES_MAX),
      await filled('pack', 'stored_bytes', EXPORT_BYTES_MAX),
      await filled('pack', 'files', EXPORT_FILES_MAX),
    ]) {
      assert.deepEqual([view.state, view.failureCode, await partsOf(view.id as string)], ['failed', 'export_too_large', 0]);
      assert.deepEqual(eventsOf(view.id as string).slice(-1), ['export.ended failed']);
    }
  });

  it('who asked, is told in the inbox when it has ended, and by mail when the file is there', async () => {
    const { groupId } = await newGroup();
    const { id } = await done(groupId, {}, ben);
    const failed = await asked(groupId, {}, ben);
    await activities.stopExport({ exportId: failed.id as string, reasonCode: 'precision' });
    const ids = [id, failed.id];
    const ended = api.events.filter(({ event }) => event.type === 'export.ended' && ids.includes(event.subjectId));
    assert.deepEqual(
      ended.map(({ event }) => event.data),
      [
        { state: 'done', userId: ben.userId },
        { state: 'failed', userId: ben.userId },
      ],
    );
    const { notification } = api.deps.databases;
    await transact(notification!, (tx) =>
      noticeEvents(
        tx,
        ended.map(({ id: eventId, event }) => ({ ...event, id: eventId, occurredAt: new Date(), position: '1' }) as never),
      ),
    );
    const told = async (table: string, columns: string, who: TestUser, key: string): Promise<unknown[]> =>
      (
        await notification!.pool.query(
          `select ${columns} from notification.${table} where ${key} = $1 and subject_id = any($2) order by data ->> 'state'`,
          [who.userId, ids],
        )
      ).rows;
    assert.deepEqual(await told('notification', 'type, subject_id, data', ben, 'user_id'), [
      { type: 'export.ended', subject_id: id, data: { state: 'done' } },
      { type: 'export.ended', subject_id: failed.id, data: { state: 'failed' } },
    ]);
    assert.deepEqual(await told('delivery', 'template, subject_id', ben, 'recipient_id'), [
      { template: 'group-export-ready', subject_id: id },
    ]);
    assert.deepEqual(await told('notification', 'type', ana, 'user_id'), []);
  });

  it('a member is erased, files with their name go, whoever asked for them; their own rows too', async () => {
    const { groupId } = await newGroup(600);
    const cleo = await api.user('Cleopatra');
    await join(ana, groupId, cleo);
    const [file, own] = [await done(groupId, { format: 'csv' }), await done(groupId, { format: 'csv' }, cleo)];
    const running = await asked(groupId, { format: 'csv' });
    await run((tx) => writeNextRows(tx, running.id as string));
    const named = `select count(*)::int as n from expense.group_export e left join expense.group_export_part p on p.export_id = e.id
      where e.group_id = $1 and (strpos(encode(p.content, 'escape'), 'Cleopatra') > 0 or strpos(e.source::text, 'Cleopatra') > 0)`;
    assert.ok((await rows<{ n: number }>(named, [groupId]))[0]!.n >= 3);
    while ((await run((tx) => eraseStep(tx, cleo.userId))) > 0);
    assert.deepEqual(await rows(named, [groupId]), [{ n: 0 }]);
    assert.deepEqual(await rows('select 1 from expense.group_export where id = $1', [own.id]), []);
    assert.equal((await seen(file.id as string)).state, 'expired');
    const { state, failureCode } = await seen(running.id as string);
    assert.deepEqual([state, failureCode], ['failed', 'member_erased']);
    assert.deepEqual(eventsOf(running.id as string).slice(-2), ['export.changed failed', 'export.ended failed']);
    const after = await done(groupId, { format: 'csv' });
    assert.ok(!(await fileOf(`/v1/exports/${after.id}/file`)).bytes.includes('Cleopatra'));
  });

  it('deleted group, can be exported until it is purged, which takes its exports', async () => {
    const { groupId } = await newGroup();
    assert.equal((await ana.call('DELETE', `/v1/groups/${groupId}`, undefined, { 'if-match': '*' })).status, 204);
    const { id } = await done(groupId);
    assert.equal((await ana.call('GET', `/v1/exports/${id}/file`)).status, 200);
    await rows(`update expense."group" set deleted_at = now() - interval '31 days' where id = $1`, [groupId]);
    assert.equal(await run((tx) => purgeGroup(tx, groupId)), true);
    assert.deepEqual(await rows('select 1 from expense.group_export where group_id = $1', [groupId]), []);
    assert.equal(await partsOf(id as string), 0);
    assert.equal((await ana.call('GET', `/v1/exports/${id}`)).status, 404);
  });
});
