// Goal: a file is recorded whole or not at all, once, and its undo leaves nothing. Method: files through HTTP, the process's
// activities run by hand, balances and ledger compared; each refusal and limit of the API.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { READ_HERE_BYTES_MAX, READ_LIMITS } from '../../../../activities/expense/import-file/open-file.ts';
import { keyRows } from '../../../../db/commands/expense/import-keys.ts';
import { postNextRows } from '../../../../db/commands/expense/import-rows.ts';
import { RUNNING_IMPORTS_MAX } from '../../../../db/commands/expense/imports.ts';
import { transact } from '../../../../db/transact.ts';
import { readImport } from '../../../../domain/import/registry.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { activitiesOf, importText, runImport } from '../../../../test/support/imports.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { until } from '../../../../test/support/until.ts';

const HEAD = 'Date,Description,Category,Cost,Currency,Ana,Ben\n';
const FILE = `${HEAD}2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n2026-01-04,Back,Payment,4.00,EUR,-4.00,4.00\n\n2026-01-31,Total balance, , ,EUR,6.00,-6.00\n`;

/** So that some thousand rows make a large file. */
function longTitle(index: number): string {
  return `Bread ${index} `.padEnd(199, 'x');
}

/** Processes of this one that read a file. */
function readers(): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes('reader-process') && Number(line.trim().split(/\s+/)[1]) === process.pid)
    .map((line) => Number.parseInt(line, 10));
}

function fixture(file: string): Buffer {
  return readFileSync(new URL(`../../../../test/fixtures/imports/${file}`, import.meta.url));
}

describe('imports', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  after(() => api.stop());

  const newGroup = async (fields: Record<string, unknown> = {}): Promise<string> => (await createGroup(ana, fields)).id as string;
  const run = (groupId: string, content: string, fields: object = {}): Promise<TestAnswer['body']> =>
    importText(api, ana, groupId, content, fields);
  const expensesOf = async (groupId: string, query = ''): Promise<TestAnswer['body'][]> =>
    (await ana.call('GET', `/v1/groups/${groupId}/expenses?limit=100${query}`)).body.data as TestAnswer['body'][];
  async function balancesOf(groupId: string): Promise<Record<string, string>> {
    const group = (await ana.call('GET', `/v1/groups/${groupId}`)).body;
    const names = new Map((group.members as { id: string; displayName: string }[]).map(({ id, displayName }) => [id, displayName]));
    const { balances } = (await ana.call('GET', `/v1/groups/${groupId}/balances`)).body;
    return Object.fromEntries(
      (balances as { memberId: string; currency: string; net: string }[]).map(({ memberId, currency, net }) => [
        `${names.get(memberId)} ${currency}`,
        net,
      ]),
    );
  }
  async function ledgerAgrees(groupId: string): Promise<void> {
    const { rows } = await api.deps.databases.expense!.pool.query(
      `select coalesce(b.account_id, l.account_id) as off from expense.balance b full join
         (select account_id, currency, sum(paid - owed) as net from expense.posting_line where group_id = $1 group by 1, 2) l
         on l.account_id = b.account_id and l.currency = b.currency
       where coalesce(b.group_id, $1) = $1 and coalesce(b.net, 0) <> coalesce(l.net, 0)`,
      [groupId],
    );
    assert.deepEqual(rows, []);
  }
  const form = async (
    groupId: string,
    parts: Record<string, string | Blob>,
    user = ana,
  ): Promise<{ status: number; body: TestAnswer['body'] }> => {
    const data = new FormData();
    for (const [name, part] of Object.entries(parts)) {
      if (typeof part === 'string') data.append(name, part);
      else data.append(name, part, 'file.csv');
    }
    const answer = await fetch(`${api.url}/v1/groups/${groupId}/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${user.token}` },
      body: data,
    });
    return { status: answer.status, body: await answer.json() };
  };

  it('file, its members are added and its rows posted without being asked about, equal ones all', async () => {
    const groupId = await newGroup({ policy: { approval: { mode: 'all' } } });
    const done = await run(groupId, FILE);
    assert.deepEqual(
      [done.state, done.format, done.rows, done.imported, done.skipped, done.problems, done.balanceCheck, done.workflowId],
      ['done', 'splitwise-csv', 3, 3, 0, [], 'matches', `import/${done.id}`],
    );
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '6.00', 'Ben EUR': '-6.00' });
    const expenses = await expensesOf(groupId);
    assert.deepEqual(expenses.map(({ description, state }) => `${description} ${state}`).toSorted(), [
      'Back posted',
      'Bread posted',
      'Bread posted',
    ]);
    assert.equal(expenses.find(({ description }) => description === 'Back')?.category, 'payment');
    assert.equal(Object.keys(done.members).length, 2, 'the owner is called as the file calls her');
    await ledgerAgrees(groupId);
  });

  it('same file again, and a longer one, imports only what is new; nobody is added twice, however they are called by now', async () => {
    const groupId = await newGroup();
    const first = await run(groupId, FILE);
    await ana.call('PATCH', `/v1/groups/${groupId}/members/${first.members.Ben}`, { displayName: 'Benjamin' }, { 'if-match': '*' });
    const again = await run(groupId, FILE);
    assert.deepEqual([again.state, again.imported, again.skipped], ['done', 0, 3]);
    const longer = await run(groupId, FILE.replace('2026-01-04', '2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n2026-01-04'));
    assert.deepEqual([longer.imported, longer.skipped, longer.balanceCheck], [1, 3, 'differs']);
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '11.00', 'Benjamin EUR': '-11.00' });
  });

  it('same file twice at once, is recorded once', async () => {
    const groupId = await newGroup();
    await Promise.all([run(groupId, FILE), run(groupId, FILE)]);
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '6.00', 'Ben EUR': '-6.00' });
    assert.equal(((await ana.call('GET', `/v1/groups/${groupId}`)).body.members as unknown[]).length, 2);
  });

  it('undo, reverses all, takes out members whom nobody needs, and lets the file come again', async () => {
    const groupId = await newGroup();
    const done = await run(groupId, FILE);
    const [edited] = (await expensesOf(groupId)) as { id: string }[];
    await ana.call('PATCH', `/v1/expenses/${edited!.id}`, { notes: 'seen' }, { 'if-match': '*' });
    const asked = await ana.call('POST', `/v1/imports/${done.id}/undo`);
    assert.deepEqual([asked.status, asked.body.state, asked.body.phase], [202, 'running', 'undoing']);
    assert.equal((await ana.call('POST', `/v1/imports/${done.id}/undo`)).status, 202, 'asked twice');
    await runImport(api, done.id);
    assert.equal((await ana.call('GET', `/v1/imports/${done.id}`)).body.state, 'undone');
    assert.deepEqual(await balancesOf(groupId), {});
    assert.equal((await expensesOf(groupId)).length, 0);
    assert.equal((await expensesOf(groupId, '&state=deleted')).length, 3);
    const members = (await ana.call('GET', `/v1/groups/${groupId}`)).body.members as { displayName: string; state: string }[];
    assert.deepEqual(
      members.filter(({ state }) => state === 'active').map(({ displayName }) => displayName),
      ['Ana'],
    );
    const history = (await ana.call('GET', `/v1/expenses/${edited!.id}/history`)).body.data as { change: string }[];
    assert.deepEqual(
      history.map(({ change }) => change),
      ['created', 'edited', 'deleted'],
    );
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/imports/${done.id}/undo`)), [409, 'wrong_state']);
    await ledgerAgrees(groupId);
    assert.equal((await run(groupId, FILE)).imported, 3);
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '6.00', 'Ben EUR': '-6.00' });
  });

  it('bad rows, refuse the file whole with every problem; skipped where the caller says so', async () => {
    const groupId = await newGroup();
    const text = fixture('splitwise-bad-rows.csv').toString();
    const failed = await run(groupId, text);
    assert.deepEqual([failed.state, failed.imported, failed.problems.length, failed.problemCount], ['failed', 0, 9, 9]);
    assert.equal((await expensesOf(groupId)).length, 0);
    assert.equal(((await ana.call('GET', `/v1/groups/${groupId}`)).body.members as unknown[]).length, 1, 'nobody was added');
    const skipped = await run(groupId, text, { skipBadRows: true });
    assert.deepEqual([skipped.state, skipped.rows, skipped.imported, skipped.skipped, skipped.problems.length], ['done', 11, 2, 9, 9]);
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/imports/${failed.id}/undo`)), [409, 'wrong_state']);
  });

  it('dry run, tells what would be and writes nothing', async () => {
    const groupId = await newGroup();
    const told = await run(groupId, FILE, { dryRun: true });
    assert.deepEqual([told.state, told.dryRun, told.rows, told.imported, told.balanceCheck], ['done', true, 3, 3, 'matches']);
    assert.equal((await expensesOf(groupId)).length, 0);
    assert.equal(((await ana.call('GET', `/v1/groups/${groupId}`)).body.members as unknown[]).length, 1);
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/imports/${told.id}/undo`)), [409, 'wrong_state']);
  });

  it('member map, names whom a name means, also two names for one', async () => {
    const group = await createGroup(ana);
    const groupId = group.id as string;
    const cleo = (await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Cleo' })).body.id as string;
    await run(groupId, FILE, { memberMap: { Ben: cleo } });
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '6.00', 'Cleo EUR': '-6.00' });
    const both = await newGroup();
    const own = (await ana.call('GET', `/v1/groups/${both}`)).body.myMemberId as string;
    const done = await run(both, FILE, { memberMap: { Ana: own, Ben: own } });
    assert.equal(done.state, 'done', JSON.stringify(done));
    assert.deepEqual(await balancesOf(both), {});
  });

  it('two members of one name, the caller has to say who is meant', async () => {
    const groupId = await newGroup();
    for (const displayName of ['Ben', 'ben']) await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName });
    const failed = await run(groupId, FILE, { skipBadRows: true });
    assert.deepEqual([failed.state, failed.problems[0]?.code], ['failed', 'ambiguous_member']);
  });

  it('names that mean something to programs, are names like others', async () => {
    const groupId = await newGroup();
    const names = ['__proto__', 'constructor', 'toString', "'; drop table expense.member; --", '<b>Ben</b>', '🏔'];
    const head = `Date,Title,${names.flatMap((name) => [`Paid by ${name}`, `Paid for ${name}`]).join(',')},Currency,Category,Exchange rate`;
    const row = `2026-01-03,Tea,${names.map((_, index) => (index === 0 ? '6.00,1.00' : ',1.00')).join(',')},EUR,,`;
    const done = await run(groupId, `${head}\n${row}\n`);
    assert.deepEqual([done.state, done.imported, Object.keys(done.members).length], ['done', 1, 6], JSON.stringify(done));
    assert.equal((await balancesOf(groupId))['__proto__ EUR'], '5.00');
    assert.equal((await run(groupId, `${head}\n${row}\n`)).skipped, 1);
  });

  it('locked period, its rows are problems, and an import in it cannot be undone', async () => {
    const groupId = await newGroup();
    const done = await run(groupId, FILE);
    await ana.call('POST', `/v1/groups/${groupId}/lock`, { until: '2026-01-04' });
    assert.deepEqual(refusalOf(await ana.call('POST', `/v1/imports/${done.id}/undo`))[1], 'period_locked');
    const more = FILE.replaceAll('Bread', 'Cheese');
    assert.deepEqual(
      (await run(groupId, more)).problems.map(({ row, code }: { row: number; code: string }) => [row, code]),
      [
        [2, 'period_locked'],
        [3, 'period_locked'],
      ],
    );
    const skipped = await run(groupId, more, { skipBadRows: true });
    assert.deepEqual([skipped.state, skipped.imported], ['done', 0], JSON.stringify(skipped));
  });

  it('group archived between two batches, what was recorded is reversed', async () => {
    const groupId = await newGroup();
    const rows = Array.from({ length: 700 }, (_, index) => `2026-01-03,Row ${index},General,10.00,EUR,5.00,-5.00`).join('\n');
    const opened = await ana.call('POST', `/v1/groups/${groupId}/imports`, { format: 'auto', content: `${HEAD}${rows}\n` });
    const importId = opened.body.id as string;
    const activities = activitiesOf(api);
    await activities.prepareImport({ importId });
    // The first batch by hand, then the group closes.
    const reading = readImport(`${HEAD}${rows}\n`, 'auto', { groupCurrency: 'EUR', dayOf: () => '' });
    assert.ok(reading.ok);
    const keyed = keyRows(reading.file.rows);
    const batch = { from: 0, rows: keyed.slice(0, 500), total: keyed.length };
    const { value } = await transact(api.deps.databases.expense!, (tx) => postNextRows(tx, importId, groupId, batch, () => 0n));
    assert.deepEqual(value, { outcome: 'more', nextRow: 500 });
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '2500.00', 'Ben EUR': '-2500.00' });
    assert.equal((await ana.call('POST', `/v1/groups/${groupId}/archive`)).status, 200);
    await assert.rejects(activities.postImportRows({ importId }), /archived/);
    await activities.undoImport({ importId, reasonCode: 'archived' });
    const failed = (await ana.call('GET', `/v1/imports/${importId}`)).body;
    assert.deepEqual([failed.state, failed.imported, failed.problems.at(-1)?.code], ['failed', 0, 'archived']);
    assert.deepEqual(await balancesOf(groupId), {});
    await ledgerAgrees(groupId);
  });

  it('worker lost after a batch was committed, the next one goes on after it', async () => {
    const groupId = await newGroup();
    const rows = Array.from({ length: 1_201 }, () => '2026-01-03,Row,General,10.00,EUR,5.00,-5.00').join('\n');
    const opened = await ana.call('POST', `/v1/groups/${groupId}/imports`, { format: 'splitwise-csv', content: `${HEAD}${rows}\n` });
    const importId = opened.body.id as string;
    const activities = activitiesOf(api);
    await activities.prepareImport({ importId });
    // Two workers that both believe they have the activity.
    await Promise.all([
      activities.postImportRows({ importId }),
      activities.postImportRows({ importId }),
      activities.prepareImport({ importId }),
    ]);
    await runImport(api, importId);
    const done = (await ana.call('GET', `/v1/imports/${importId}`)).body;
    assert.deepEqual([done.state, done.imported, done.skipped], ['done', 1_201, 0]);
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '6005.00', 'Ben EUR': '-6005.00' });
    await ledgerAgrees(groupId);
  });

  it('large file, is read in a process of its own, its rows come in batches and its own sums are found right', async () => {
    const groupId = await newGroup();
    const rows = Array.from({ length: 1_401 }, (_, index) => `2026-01-03,${longTitle(index)},General,10.00,EUR,5.00,-5.00`).join('\n');
    const file = `${HEAD}${rows}\n\n2026-01-31,Total balance, , ,EUR,7005.00,-7005.00\n`;
    assert.ok(file.length > READ_HERE_BYTES_MAX);
    const done = await run(groupId, file);
    assert.deepEqual([done.state, done.rows, done.imported, done.balanceCheck], ['done', 1_401, 1_401, 'matches'], JSON.stringify(done));
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '7005.00', 'Ben EUR': '-7005.00' });
    await ledgerAgrees(groupId);
    const again = await run(groupId, file);
    assert.deepEqual([again.imported, again.skipped], [0, 1_401]);
  });

  it('file that takes more than it may, is a problem of the file and writes nothing, also when that is found while it posts', async () => {
    const groupId = await newGroup();
    const rows = Array.from({ length: 1_401 }, (_, index) => `2026-01-03,${longTitle(index)},General,10.00,EUR,5.00,-5.00`).join('\n');
    const open = async (): Promise<string> =>
      (await ana.call('POST', `/v1/groups/${groupId}/imports`, { format: 'auto', content: `${HEAD}${rows}\n` })).body.id as string;
    const noTime = { ...READ_LIMITS, readMs: 1 };
    const refused = await open();
    await runImport(api, refused, noTime);
    const failed = (await ana.call('GET', `/v1/imports/${refused}`)).body;
    assert.deepEqual(
      [failed.state, failed.imported, failed.problems],
      ['failed', 0, [{ ...failed.problems[0], row: 0, code: 'file_too_large' }]],
    );
    const posting = await open();
    await activitiesOf(api).prepareImport({ importId: posting });
    await assert.rejects(activitiesOf(api, noTime).postImportRows({ importId: posting }), /file_too_large/);
    assert.deepEqual(await balancesOf(groupId), {});
    await runImport(api, posting);
    assert.equal((await ana.call('GET', `/v1/imports/${posting}`)).body.imported, 1_401);
  });

  it('reader that is killed while rows are posted, fails the attempt, and the next one goes on after what is recorded', async () => {
    const groupId = await newGroup();
    const rows = Array.from({ length: 3_000 }, (_, index) => `2026-01-03,${longTitle(index)},General,10.00,EUR,5.00,-5.00`).join('\n');
    const opened = await ana.call('POST', `/v1/groups/${groupId}/imports`, { format: 'auto', content: `${HEAD}${rows}\n` });
    const importId = opened.body.id as string;
    await activitiesOf(api).prepareImport({ importId });
    const nextRow = async (): Promise<number> => {
      const { pool } = api.deps.databases.expense!;
      return (await pool.query<{ next_row: number }>('select next_row from expense.import where id = $1', [importId])).rows[0]!.next_row;
    };
    const posting = activitiesOf(api).postImportRows({ importId });
    await until('a batch is recorded', async () => (await nextRow()) > 0);
    for (const pid of readers()) process.kill(pid, 'SIGKILL');
    await assert.rejects(posting, /ended with SIGKILL/);
    const reached = await nextRow();
    assert.ok(reached > 0 && reached < 3_000, String(reached));
    assert.equal((await ana.call('GET', `/v1/imports/${importId}`)).body.imported, reached);
    await runImport(api, importId);
    const done = (await ana.call('GET', `/v1/imports/${importId}`)).body;
    assert.deepEqual([done.state, done.imported, done.skipped], ['done', 3_000, 0]);
    assert.deepEqual(await balancesOf(groupId), { 'Ana EUR': '15000.00', 'Ben EUR': '-15000.00' });
    await ledgerAgrees(groupId);
  });

  it('undo while it runs, stops it and reverses', async () => {
    const groupId = await newGroup();
    const opened = await ana.call('POST', `/v1/groups/${groupId}/imports`, { format: 'auto', content: FILE });
    await activitiesOf(api).prepareImport({ importId: opened.body.id });
    assert.equal((await ana.call('POST', `/v1/imports/${opened.body.id}/undo`)).body.state, 'running');
    assert.deepEqual(await activitiesOf(api).postImportRows({ importId: opened.body.id }), { outcome: 'stopped', posted: 0, rows: 3 });
    await runImport(api, opened.body.id);
    assert.equal((await ana.call('GET', `/v1/imports/${opened.body.id}`)).body.state, 'undone');
    assert.deepEqual(await balancesOf(groupId), {});
  });

  it('form, carries the bytes as they are', async () => {
    const groupId = await newGroup();
    const opened = await form(groupId, {
      file: new Blob([fixture('spliit.csv')]),
      format: 'spliit-csv',
      memberMap: '{}',
      skipBadRows: 'false',
    });
    assert.equal(opened.status, 202, JSON.stringify(opened.body));
    await runImport(api, opened.body.id as string);
    assert.equal((await ana.call('GET', `/v1/imports/${opened.body.id}`)).body.imported, 5);
  });

  for (const [what, bytes, code, row] of [
    ['Latin-1', Buffer.from(`${HEAD}2026-01-03,Caf\u00e9,General,10.00,EUR,5.00,-5.00\n`, 'latin1'), 'wrong_encoding', 2],
    ['UTF-16', Buffer.from(`\ufeff${HEAD}`, 'utf16le'), 'wrong_encoding', 0],
    ['NUL', Buffer.from(`${HEAD}2026-01-03,a\u0000b,General,10.00,EUR,5.00,-5.00\n`), 'invalid_text', 2],
  ] as const) {
    it(`form, ${what}, is a problem with its row and writes nothing`, async () => {
      const groupId = await newGroup();
      const opened = await form(groupId, { file: new Blob([bytes]) });
      await runImport(api, opened.body.id as string);
      const failed = (await ana.call('GET', `/v1/imports/${opened.body.id}`)).body;
      assert.deepEqual([failed.state, failed.problems[0]?.code, failed.problems[0]?.row], ['failed', code, row]);
      assert.equal((await expensesOf(groupId)).length, 0);
    });
  }

  for (const [what, bytes] of [
    ['a spreadsheet', Buffer.from('PK\u0003\u0004rest')],
    ['a gzip archive', Buffer.from([0x1f, 0x8b, 8, 0])],
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a])],
  ] as const) {
    it(`form, ${what}, is refused at once`, async () => {
      const opened = await form(await newGroup(), { file: new Blob([bytes]) });
      assert.deepEqual([opened.status, opened.body.code, opened.body.errors[0]?.pointer], [422, 'not_text', '/file']);
    });
  }

  it('form, what is wrong with it, is told by its part', async () => {
    const groupId = await newGroup();
    const file = new Blob([FILE]);
    for (const [parts, pointer, code] of [
      [{ format: 'auto' }, '/file', 'invalid_request'],
      [{ file: new Blob([]) }, '/file', 'invalid_request'],
      [{ file, surprise: '1' }, '/surprise', 'unknown_field'],
      [{ file, dryRun: 'yes' }, '/dryRun', 'invalid_request'],
      [{ file, memberMap: '{' }, '/memberMap', 'invalid_request'],
      [{ file, format: 'excel' }, '/format', 'invalid_request'],
      [{ file, other: file }, '/other', 'unknown_field'],
    ] as const) {
      const { status, body } = await form(groupId, parts);
      assert.deepEqual([status, body.code, body.errors[0]?.pointer], [400, code, pointer]);
    }
    const broken = await fetch(`${api.url}/v1/groups/${groupId}/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ana.token}`, 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
    });
    assert.equal(broken.status, 400);
  });

  it('body, what is wrong with it, is told by its field', async () => {
    const groupId = await newGroup();
    const post = (body: unknown): Promise<TestAnswer> => ana.call('POST', `/v1/groups/${groupId}/imports`, body);
    assert.deepEqual((await post({ format: 'auto' })).body.errors[0]?.pointer, '/content');
    assert.deepEqual((await post({ format: 'x', content: '' })).body.errors[0]?.pointer, '/format');
    const stranger = await post({ content: FILE, memberMap: { Ben: uuidv7() } });
    assert.deepEqual([...refusalOf(stranger), stranger.body.errors[0]?.pointer], [422, 'unknown_member', '/memberMap/Ben']);
    const id = uuidv7();
    assert.equal((await post({ id, content: FILE })).status, 202);
    assert.deepEqual(refusalOf(await post({ id, content: FILE })), [409, 'id_taken']);
  });

  it('bytes at the limit and one above, are taken and refused', async () => {
    const groupId = await newGroup();
    const limit = 20 * 1_048_576;
    const frame = JSON.stringify({ content: '' }).length;
    assert.equal((await ana.call('POST', `/v1/groups/${groupId}/imports`, { content: 'x'.repeat(limit - frame) })).status, 202);
    assert.equal((await ana.call('POST', `/v1/groups/${groupId}/imports`, { content: 'x'.repeat(limit - frame + 1) })).status, 413);
  });

  it('imports that run, at the limit and one more, also at once', async () => {
    const groupId = await newGroup();
    const answers = await Promise.all(
      Array.from({ length: RUNNING_IMPORTS_MAX + 2 }, () => ana.call('POST', `/v1/groups/${groupId}/imports`, { content: FILE })),
    );
    assert.equal(answers.filter(({ status }) => status === 202).length, RUNNING_IMPORTS_MAX);
    assert.deepEqual(refusalOf(answers.find(({ status }) => status !== 202)!), [409, 'import_limit_reached']);
  });

  it('an Idempotency-Key, gives the first answer again', async () => {
    const groupId = await newGroup();
    const key = { 'idempotency-key': uuidv7() };
    const [one, other] = [
      await ana.call('POST', `/v1/groups/${groupId}/imports`, { content: FILE }, key),
      await ana.call('POST', `/v1/groups/${groupId}/imports`, { content: FILE }, key),
    ];
    assert.equal(one.body.id, other.body.id);
    assert.equal(other.headers.get('idempotent-replayed'), 'true');
  });

  it('strangers and weaker roles, see nothing or may not', async () => {
    const groupId = await newGroup();
    const [eve, vera] = [await api.user('Eve'), await api.user('Vera')];
    await join(ana, groupId, vera, { role: 'editor' });
    const done = await run(groupId, FILE);
    assert.equal((await eve.call('GET', `/v1/imports/${done.id}`)).status, 404);
    assert.equal((await eve.call('POST', `/v1/groups/${groupId}/imports`, { content: FILE })).status, 404);
    assert.equal((await vera.call('GET', `/v1/imports/${done.id}`)).status, 200);
    assert.equal((await vera.call('POST', `/v1/imports/${done.id}/undo`)).status, 403);
    assert.equal((await form(groupId, { file: new Blob([FILE]) }, vera)).status, 403);
  });
});
