// Goal: whichever way a list is found, by walking or by an index, with a bound or without, it holds what fits, in order, once each.
// Method: a group with a history that makes every way necessary, against what plain SQL without any index gives; beside it a group whose
// id ends alike. Real Postgres.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { CURRENCIES, currencyDigits } from '../../../domain/currency.ts';
import { testDatabases, type TestDatabases } from '../../../test/support/servers.ts';
import { read } from '../../transact.ts';
import { foldWords, termQuery } from './expense-terms.ts';
import { type ExpenseFilter, type ExpenseScope, type ExpenseSort, listExpenses } from './expense-list.ts';
import type { Query } from './groups.ts';

const MANY = 15_000;
const SORTS: readonly ExpenseSort[] = ['date', '-date', 'createdAt', '-createdAt', 'amount', '-amount'];

describe('listExpenses', function () {
  this.timeout(120_000);
  let databases: TestDatabases;
  let query: Query;
  const groupId = uuidv7();
  // Not by time: two ids of one millisecond begin alike.
  const twinId = `${randomUUID().slice(0, -12)}${groupId.slice(-12)}`;
  const userId = uuidv7();
  const [common, rare] = [uuidv7(), uuidv7()];

  before(async () => {
    databases = await testDatabases();
    query = (text, values) => read(databases.expense, text, values);
    for (const id of [groupId, twinId]) {
      await query(
        `insert into expense."group" (id, name, currency, time_zone, policy, created_by) values ($1, 'x', 'EUR', 'UTC', '{}', $2)`,
        [id, userId],
      );
      await query(`insert into expense.member (id, group_id, user_id, display_name, role) values ($1, $2, $3, 'Ana', 'owner')`, [
        uuidv7(),
        id,
        userId,
      ]);
    }
    // `old` is what only the oldest have, 60 % of all, so that no look finds it from the newest on; `fondue` every 40th, `zebra` every 2000th.
    const insert = `insert into expense.expense
        (id, group_id, state, description, total_minor, currency, date, category, payers, split, shares, notes, tags, created_by, created_at)
      select gen_random_uuid(), $1, case when i % 500 = 7 then 'deleted' when i % 900 = 8 then 'pending' else 'posted' end,
        'Dinner' || case when i % 40 = 0 then ' Fondue' else '' end || case when i < $2 * 0.6 then ' old' else '' end || case when i % 2000 = 3 then ' zebra' else '' end,
        100 + (i * 7919) % 100000, case when i % 300 = 5 then 'JPY' else 'EUR' end, '2016-01-01'::date + (i * 3650 / $2),
        case when i % 700 = 1 then 'travel.lodging' when i % 700 = 2 then 'travel' else 'food' end, '[]', '{}',
        jsonb_build_array(jsonb_build_object('memberId', $3::text), jsonb_build_object('memberId', case when i % 600 = 4 then $4::text else $5::text end)),
        case when i % 3 = 0 then 'Crème brûlée' else '' end, case when i % 800 = 9 then '{Rare tag}'::text[] else '{}' end, $5::uuid,
        '2026-01-01'::timestamptz + (i || ' minutes')::interval
      from generate_series(0, $2::int - 1) as i`;
    await query(insert, [groupId, MANY, common, rare, userId]);
    await query(insert, [twinId, 50, common, rare, userId]);
  });
  after(() => databases.close());

  /** All ids that fit, in order, by a condition in plain SQL. */
  async function plain(scope: ExpenseScope, condition: string, sort: ExpenseSort): Promise<string[]> {
    const column = {
      date: 'date',
      createdAt: 'created_at',
      amount: `total_minor / (case currency when 'JPY' then 1 else 100 end)::numeric`,
    }[sort.replace('-', '') as 'date'];
    const direction = sort.startsWith('-') ? 'desc' : 'asc';
    const groups = 'groupId' in scope ? [scope.groupId] : [groupId, twinId];
    const rows = await query<{ id: string }>(
      `select id from expense.expense where group_id = any($1) and (${condition}) order by ${column} ${direction}, id ${direction}`,
      [groups],
    );
    return rows.map(({ id }) => id);
  }

  async function paged(scope: ExpenseScope, filter: ExpenseFilter, limit: number, pages: number): Promise<string[]> {
    const ids: string[] = [];
    let after: readonly string[] | null = null;
    for (let page = 0; page < pages; page += 1) {
      const rows = await listExpenses(query, scope, filter, { limit, after });
      ids.push(...rows.slice(0, limit).map(({ view }) => view.id));
      if (rows.length <= limit) break;
      after = rows[limit - 1]!.sortKey;
    }
    return ids;
  }

  const living = `state <> 'deleted'`;
  const cases: readonly (readonly [string, ExpenseFilter, string])[] = [
    ['nothing', {}, living],
    ['a word of all', { q: 'dinner' }, living],
    ['a common word', { q: 'FONDUE' }, `${living} and description like '%Fondue%'`],
    ['a rare word', { q: 'zebra' }, `${living} and description like '%zebra%'`],
    ['a word that only the oldest have', { q: 'old' }, `${living} and description like '%old%'`],
    ['a word that nothing has', { q: 'dinner nowhere' }, 'false'],
    ['two words', { q: 'zeb dinner creme' }, 'false'],
    ['two words, the last one begun', { q: 'dinner CREME zeb' }, `${living} and description like '%zebra%' and notes <> ''`],
    ['a rare member', { member: rare }, `${living} and shares @> '[{"memberId": "${rare}"}]'`],
    ['a common member', { member: common, q: 'fondue' }, `${living} and description like '%Fondue%'`],
    ['a rare currency', { currency: 'JPY' }, `${living} and currency = 'JPY'`],
    ['a main category', { category: 'travel', q: 'din' }, `${living} and category like 'travel%'`],
    ['a sub category', { category: 'travel.lodging' }, `${living} and category = 'travel.lodging'`],
    ['a tag', { tag: 'Rare tag', q: 'dinner' }, `${living} and 'Rare tag' = any(tags)`],
    ['a tag in other letters', { tag: 'rare tag' }, 'false'],
    ['some days', { from: '2018-03-01', to: '2018-03-20', q: 'dinner' }, `${living} and date between '2018-03-01' and '2018-03-20'`],
    ['many days', { from: '2019-01-01', q: 'old' }, `${living} and description like '%old%' and date >= '2019-01-01'`],
    ['large totals', { min: '998', q: 'dinner' }, `${living} and expense.units(total_minor, currency) >= 998`],
    [
      'totals between',
      { min: '10', max: '900.5', q: 'old' },
      `${living} and description like '%old%' and expense.units(total_minor, currency) between 10 and 900.5`,
    ],
    ['those pending', { state: 'pending', q: 'dinner' }, `state = 'pending'`],
    ['those deleted', { state: 'deleted' }, `state = 'deleted'`],
    ['those posted', { state: 'posted', q: 'zebra' }, `state = 'posted' and description like '%zebra%'`],
    [
      'all at once',
      {
        q: 'crem',
        member: common,
        currency: 'EUR',
        category: 'food',
        from: '2016-02-01',
        to: '2025-01-01',
        min: '5',
        max: '950',
        state: 'posted',
      },
      `state = 'posted' and notes <> '' and currency = 'EUR' and category = 'food' and date between '2016-02-01' and '2025-01-01' and total_minor between 500 and 95000`,
    ],
  ];
  for (const [name, filter, condition] of cases)
    it(`${name}, in every order, gives what plain SQL gives, over its pages`, async () => {
      for (const sort of SORTS)
        for (const scope of [{ groupId }, { userId }]) {
          const expected = await plain(scope, condition, sort);
          assert.deepEqual(await paged(scope, { ...filter, sort }, 40, 3), expected.slice(0, 120), `${sort} ${JSON.stringify(scope)}`);
        }
    });

  it('words, are found whatever their case, accents and script', async () => {
    const fold = async (text: string): Promise<string> => (await foldWords(query, [text]))[0]!.join(' ');
    for (const [said, words] of [
      ['Crème BRÛLÉE', 'creme brulee'],
      ['Straße, Übergröße', 'strasse ubergrosse'],
      ['ŁÓDŹ Smørrebrød Ærø', 'lodz smorrebrod aero'],
      ['Ωμέγας ΚΑΦΕΣ', 'ωμεγασ καφεσ'],
      ['ЁЛКА', 'елка'],
      ['Istanbul İSTANBUL ısı', 'istanbul istanbul isi'],
      ['寿司とラーメン', '寿 司 と ラ ー メ ン'],
      ['🍕pizza', '🍕 pizza'],
      ['don’t stop, it’s 24.50!', 'don t stop it s 24 50'],
      ['e\u0301te\u0301 été', 'ete ete'],
      ['שָׁלוֹם', 'שלום'],
      ['food.restaurants', 'food restaurants'],
      ['\' & | ! :* <-> \\ % _ ( ) " ; --', ''],
    ] as const)
      assert.equal(await fold(said), words, said);
  });

  it('any text, is a query that Postgres takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (said) => {
        fc.pre(said.isWellFormed() && !said.includes('\u0000'));
        const [words] = await foldWords(query, [said]);
        const terms = termQuery(groupId, { words: words!, fieldWords: [] });
        await query('select $1::tsquery', [terms]);
        await listExpenses(query, { groupId }, { q: said }, { limit: 1, after: null });
      }),
      { numRuns: 100 },
    );
  });

  it('any text of an expense, is kept, and found by each of its words', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 5_000 }), async (notes) => {
        fc.pre(notes.isWellFormed() && !notes.includes('\u0000'));
        const id = uuidv7();
        await query(
          `insert into expense.expense (id, group_id, state, description, total_minor, currency, date, payers, split, shares, notes, created_by)
           values ($1, $2, 'posted', 'x', 1, 'EUR', '2026-01-01', '[]', '{}', '[]', $3, $2)`,
          [id, uuidv7(), notes],
        );
        const [words] = await foldWords(query, [notes]);
        const [row] = await query<{ all: boolean }>('select search @@ $2::tsquery as all from expense.expense where id = $1', [
          id,
          termQuery((await groupOf(id))!, { words: words!.slice(0, 50), fieldWords: ['x'] }),
        ]);
        assert.equal(row?.all, true);
      }),
      { numRuns: 50 },
    );
  });

  async function groupOf(expenseId: string): Promise<string | undefined> {
    return (await query<{ group_id: string }>('select group_id from expense.expense where id = $1', [expenseId]))[0]?.group_id;
  }

  it('words longer than the index keeps, are found by their beginning', async () => {
    const id = uuidv7();
    const group = uuidv7();
    await query(
      `insert into expense.expense (id, group_id, state, description, total_minor, currency, date, payers, split, shares, notes, created_by)
       values ($1, $2, 'posted', 'x', 1, 'EUR', '2026-01-01', '[]', '{}', '[]', $3, $2)`,
      [id, group, `${'ä'.repeat(5_000)}`],
    );
    for (const length of [39, 40, 41, 200])
      assert.equal((await listExpenses(query, { groupId: group }, { q: 'Ä'.repeat(length) }, { limit: 1, after: null })).length, 1);
  });

  it('totals in units, agree with the table of currencies', async () => {
    const codes = CURRENCIES.map(({ code }) => code);
    const rows = await query<{ units: string }>(
      'select trim_scale(expense.units(123456, c.code)) as units from unnest($1::text[]) with ordinality as c (code, ord) order by c.ord',
      [codes],
    );
    for (const [index, code] of codes.entries()) assert.equal(Number(rows[index]!.units), 123_456 / 10 ** currencyDigits(code), code);
  });
});
