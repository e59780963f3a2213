// Goal: an import finds what its group has already: members and categories. Method: files through HTTP, the process's activities
// run by hand, the group read afterwards.
import assert from 'node:assert/strict';
import { GROUP_CATEGORIES_MAX } from '../../../../domain/categories.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup } from '../../../../test/support/groups.ts';
import { importText } from '../../../../test/support/imports.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { importSummary, importView } from './schema.ts';

describe('imports into a group that knows', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let groupId: string;
  before(async () => {
    api = await startApi(await testDatabaseUrl());
    ana = await api.user('Ana');
  });
  beforeEach(async () => {
    groupId = (await createGroup(ana)).id as string;
  });
  after(() => api.stop());

  it('list, shows the newest first in pages, with the id to undo and without the names of the file', async () => {
    const file = 'Date,Description,Category,Cost,Currency,Ana,Cleo\n2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n';
    const ids: string[] = [];
    for (const content of [file, 'a,b\n1,2\n', file]) ids.unshift((await importText(api, ana, groupId, content)).id as string);
    const list = async (query: string): Promise<TestAnswer['body']> =>
      (await ana.call('GET', `/v1/groups/${groupId}/imports?${query}`)).body;
    const all = (await list('')).data as TestAnswer['body'][];
    assert.deepEqual(
      all.map(({ id, state, imported, problemCount }) => [id, state, imported, problemCount]),
      [
        [ids[0], 'done', 0, 0],
        [ids[1], 'failed', 0, 1],
        [ids[2], 'done', 1, 0],
      ],
    );
    assert.equal(JSON.stringify(all).includes('Cleo'), false);
    for (const one of all) importSummary.parse(one);
    importView.parse((await ana.call('GET', `/v1/imports/${ids[0]}`)).body);
    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    assert.deepEqual(
      [first.data, second.data].map((page) => (page as { id: string }[]).map(({ id }) => id)),
      [ids.slice(0, 2), ids.slice(2)],
    );
    assert.equal(second.nextCursor ?? null, null);
    const eve = await api.user('Eve');
    assert.equal((await eve.call('GET', `/v1/groups/${groupId}/imports`)).status, 404);
    assert.equal((await ana.call('GET', `/v1/groups/${groupId}/imports?cursor=x`)).status, 400);
  });

  /** Makes a category; its key is `parent.key`. */
  const category = async (name: string, key: string, parent?: string): Promise<string> => {
    const made = await ana.call('POST', `/v1/groups/${groupId}/categories`, { name, key, ...(parent === undefined ? {} : { parent }) });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body.id as string;
  };
  const categoriesOf = async (group: string): Promise<string[]> => {
    const { data } = (await ana.call('GET', `/v1/groups/${group}/categories?limit=100`)).body;
    return (data as { key: string; name: string }[]).map(({ key, name }) => `${key} ${name}`);
  };
  const rowsOf = async (group: string): Promise<(string | null)[][]> => {
    const { data } = (await ana.call('GET', `/v1/groups/${group}/expenses`)).body;
    return (data as { description: string; category: string | null; tags: string[] }[])
      .map(({ description, category: key, tags }) => [description, key, ...tags])
      .toSorted(([one = ''], [other = '']) => (String(one) < String(other) ? -1 : 1));
  };
  const exported = async (group: string, format: string): Promise<string> => {
    const answer = await fetch(`${api.url}/v1/groups/${group}/export?format=${format}`, {
      headers: { authorization: `Bearer ${ana.token}` },
    });
    return answer.text();
  };
  const FLEET =
    'Date,Title,Paid by Ana,Paid for Ana,Currency,Category,Exchange rate\n2026-01-01,a,1.00,1.00,EUR,"=Boat, fast",\n2026-01-02,b,1.00,1.00,EUR,fleet.oars,\n2026-01-03,c,1.00,1.00,EUR,Payment,\n';

  for (const format of ['csv', 'json']) {
    it(`${format}, takes a group's own categories to another group, also archived ones, and is the same file there`, async () => {
      await category('=Boat, fast', 'boat', 'transport');
      await category('Fleet', 'fleet');
      const oars = await category('Oars', 'oars', 'fleet');
      await importText(api, ana, groupId, FLEET);
      await ana.call('PATCH', `/v1/groups/${groupId}/categories/${oars}`, { archived: true }, { 'if-match': '*' });
      const file = await exported(groupId, format);
      const other = (await createGroup(ana)).id as string;
      const told = await importText(api, ana, other, file, { format, dryRun: true });
      const keys = ['fleet', 'fleet.oars', 'transport.boat'];
      assert.deepEqual([told.newCategories.toSorted(), await categoriesOf(other)], [keys, []]);
      const done = await importText(api, ana, other, file, { format });
      assert.deepEqual([done.state, done.newCategories.toSorted()], ['done', keys]);
      assert.deepEqual(await rowsOf(other), await rowsOf(groupId));
      assert.deepEqual(await categoriesOf(other), ['fleet Fleet', 'fleet.oars Oars', 'transport.boat =Boat, fast']);
      assert.equal(await exported(other, format), file);
      assert.deepEqual((await importText(api, ana, other, file, { format })).newCategories, [], 'again');
      assert.equal((await ana.call('POST', `/v1/imports/${done.id}/undo`)).status, 202);
    });
  }

  it('our CSV of before there were names, keeps a category that the group has not as a word', async () => {
    await category('Boat', 'boat', 'transport');
    await importText(api, ana, groupId, FLEET.replace('=Boat, fast', 'Boat'));
    const file = (await exported(groupId, 'csv')).replace('Category name', 'Something else');
    const other = (await createGroup(ana)).id as string;
    await importText(api, ana, other, file);
    assert.deepEqual((await rowsOf(other))[0], ['a', null, 'transport.boat']);
  });

  it('formats of others, have the names of own categories, which mean them again', async () => {
    await category('=Boat, fast', 'boat', 'transport');
    await category('Taxi', 'cab', 'transport');
    await category('Payment', 'fee', 'finance');
    const rows = `${FLEET}2026-01-04,d,1.00,1.00,EUR,taxi,\n2026-01-05,e,1.00,1.00,EUR,finance.fee,\n`;
    await importText(api, ana, groupId, rows);
    const before = await rowsOf(groupId);
    assert.deepEqual(before.slice(0, 2).concat(before.slice(3)), [
      ['a', 'transport.boat'],
      ['b', null, 'fleet.oars'],
      ['d', 'transport.cab'],
      ['e', 'finance.fee'],
    ]);
    for (const format of ['sesterce-csv', 'splitwise-csv']) {
      const file = await exported(groupId, format);
      assert.ok(file.includes(`"'=Boat, fast"`) && file.includes('Taxi') && file.includes('finance.fee'), file);
    }
  });

  for (const format of ['csv', 'json', 'sesterce-csv', 'splitwise-csv']) {
    it(`${format}, money given back to several, is no spending in another group either`, async () => {
      const bill =
        'date,what,bill_type,payer_name,amount,currency,payer_weight,owers\n2026-06-03,back,Reimbursement,Ana,3.00,EUR,1.0,"Ben, Cleo"\n';
      await importText(api, ana, groupId, bill);
      assert.deepEqual(await rowsOf(groupId), [['back', 'payment']]);
      const other = (await createGroup(ana)).id as string;
      await importText(api, ana, other, await exported(groupId, format), { format });
      assert.deepEqual((await rowsOf(other))[0]?.slice(0, 2), ['back', 'payment']);
    });
  }

  it('categories of a file, at the limit and one more, are added or refuse it, in a dry run too', async () => {
    await api.deps.databases.expense!.pool.query(
      `insert into expense.category (id, group_id, key, name, created_by, created_at)
       select gen_random_uuid(), $1, 'k' || n, 'K', $1, now() from generate_series(1, ${GROUP_CATEGORIES_MAX - 1}) n`,
      [groupId],
    );
    const file = (keys: readonly string[]): string =>
      JSON.stringify({
        format: 'safesplitx',
        version: 1,
        group: { currency: 'EUR' },
        members: [{ name: 'Ana', weight: '1' }],
        categories: keys.map((key) => ({ key, name: 'New' })),
        rows: [
          {
            type: 'expense',
            kind: 'expense',
            date: '2026-01-01',
            description: 'x',
            total: { amount: '1.00', currency: 'EUR' },
            category: keys[0],
            payers: [{ member: 'Ana', amount: '1.00' }],
            split: { method: 'equal', among: ['Ana'] },
          },
        ],
      });
    for (const dryRun of [true, false]) {
      const failed = await importText(api, ana, groupId, file(['home.one', 'home.two']), { dryRun });
      assert.deepEqual([failed.state, failed.problems.map(({ code }: { code: string }) => code)], ['failed', ['category_limit_reached']]);
    }
    const done = await importText(api, ana, groupId, file(['home.one']));
    assert.deepEqual([done.state, done.newCategories, await rowsOf(groupId)], ['done', ['home.one'], [['x', 'home.one']]]);
  });

  it('member whose name has a comma, is found in names joined by commas', async () => {
    const { body } = await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Roe, Cy' });
    const bills = 'date,what,payer_name,amount,payer_weight,owers\n2026-06-01,x,Ana,30.00,1,"Ana, Roe, Cy"\n';
    const done = await importText(api, ana, groupId, bills);
    assert.deepEqual([done.state, done.members['Roe, Cy'], Object.keys(done.members).length], ['done', body.id, 2]);
  });
});
