// Goal: every format of the contract, in each of its variants, is read to the cent, and what is wrong is named by its row.
// Method: one suite over fixtures written by hand, whose balances were worked out by hand; then files broken in one place each.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { netOf } from '../ledger.ts';
import { formatAmount } from '../money.ts';
import { unwrap } from '../refusal.ts';
import { draftImported } from './draft.ts';
import { type ImportContext, RECONSTRUCTED_TAG } from './file.ts';
import { type FileReading, type ImportFormatName, IMPORT_FORMATS, readImport } from './registry.ts';
import { isPayment } from './reading.ts';

const CONTEXT: ImportContext = { groupCurrency: 'EUR', dayOf: (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10) };

interface Fixture {
  readonly file: string;
  readonly format: ImportFormatName;
  readonly rows: number;
  readonly payments: number;
  readonly nets: Readonly<Record<string, readonly string[]>>;
  readonly check?: 'matches' | 'differs' | 'none';
  readonly passedOver?: number;
}

/** Nets are those of Ana, Ben and Cleo; ties go to the first of them. */
const FIXTURES: readonly Fixture[] = [
  {
    file: 'splitwise.csv',
    format: 'splitwise-csv',
    rows: 8,
    payments: 1,
    nets: { EUR: ['24.17', '59.17', '-83.34'], JPY: ['-1000', '2000', '-1000'] },
    check: 'matches',
  },
  { file: 'splitwise-friend.csv', format: 'splitwise-csv', rows: 1, payments: 0, nets: { EUR: ['12.00', '-12.00'] }, check: 'matches' },
  {
    file: 'splitwise-mixed-line-ends.csv',
    format: 'splitwise-csv',
    rows: 2,
    payments: 0,
    nets: { EUR: ['10.00', '-10.00'] },
    check: 'matches',
  },
  ...['de', 'es', 'fr', 'id', 'it', 'ja', 'nl', 'pl', 'pt', 'sv', 'th'].map((language): Fixture => ({
    file: `splitwise-${language}.csv`,
    format: 'splitwise-csv',
    rows: 2,
    payments: 1,
    nets: { EUR: ['250.00', '-250.00'] },
    check: 'matches',
  })),
  { file: 'spliit.csv', format: 'spliit-csv', rows: 5, payments: 0, nets: { EUR: ['52.66', '-19.33', '-33.33'] } },
  { file: 'spliit-cloud.csv', format: 'spliit-csv', rows: 3, payments: 1, nets: { EUR: ['30.00', '-30.00'] } },
  { file: 'spliit.json', format: 'spliit-json', rows: 6, payments: 1, nets: { EUR: ['615.12', '-285.12', '-330.00'] } },
  { file: 'spliit-old.json', format: 'spliit-json', rows: 1, payments: 0, nets: { EUR: ['5.00', '-5.00'] } },
  {
    file: 'ihatemoney.csv',
    format: 'ihatemoney-csv',
    rows: 4,
    payments: 1,
    nets: { EUR: ['1.67', '-2.17', '0.50'], USD: ['0.00', '-7.75', '7.75'] },
  },
  { file: 'ihatemoney-v6.csv', format: 'ihatemoney-csv', rows: 1, payments: 0, nets: { EUR: ['10.00', '-10.00'] } },
  { file: 'ihatemoney-v4.csv', format: 'ihatemoney-csv', rows: 1, payments: 0, nets: { EUR: ['10.00', '-10.00'] } },
  { file: 'ihatemoney.json', format: 'ihatemoney-json', rows: 2, payments: 1, nets: { EUR: ['5.05', '-5.05'] } },
  { file: 'cospend.csv', format: 'cospend-csv', rows: 3, payments: 1, nets: { EUR: ['6.43', '-5.36', '-1.07'] }, passedOver: 3 },
  { file: 'tricount.json', format: 'tricount-json', rows: 4, payments: 1, nets: { EUR: ['6.33', '17.33', '-23.66'] } },
  {
    file: 'sesterce.csv',
    format: 'sesterce-csv',
    rows: 4,
    payments: 1,
    nets: { EUR: ['11.17', '42.17', '-53.34'], JPY: ['-2000', '4000', '-2000'] },
  },
];

function fixture(file: string): string {
  return readFileSync(new URL(`../../test/fixtures/imports/${file}`, import.meta.url), 'utf8').replace(/^\uFEFF/, '');
}

function read(text: string, format: ImportFormatName | 'auto' = 'auto'): FileReading {
  return readImport(text, format, CONTEXT);
}

function readFine(text: string, format: ImportFormatName | 'auto' = 'auto'): Extract<FileReading, { ok: true }> {
  const found = read(text, format);
  assert.ok(found.ok, JSON.stringify(found));
  return found;
}

function problemsOf(text: string, format: ImportFormatName | 'auto' = 'auto'): string[] {
  const found = read(text, format);
  return (found.ok ? found.file.problems : found.problems).map(({ row, code }) => `${row} ${code}`);
}

function netsOf({ file }: Extract<FileReading, { ok: true }>): Record<string, string[]> {
  const members = new Map(file.people.map((name) => [name, { active: true, weight: '1' }]));
  const nets: Record<string, Record<string, bigint>> = {};
  for (const row of file.rows) {
    for (const line of unwrap(draftImported(row, members, 0n)).lines) {
      const sums = (nets[line.currency] ??= {});
      sums[line.accountId] = (sums[line.accountId] ?? 0n) + netOf(line);
    }
  }
  return Object.fromEntries(
    Object.entries(nets).map(([currency, sums]) => [currency, file.people.map((name) => formatAmount(sums[name] ?? 0n, currency))]),
  );
}

describe('formats of imports', () => {
  for (const { file, format, rows, payments, nets, check = 'none', passedOver = 0 } of FIXTURES) {
    it(`${file}, found out by itself, gives its balances to the cent`, () => {
      const found = readFine(fixture(file));
      assert.equal(found.format, format);
      assert.deepEqual(found.file.problems, []);
      assert.equal(found.file.rows.length, rows);
      assert.equal(found.file.passedOver, passedOver);
      assert.deepEqual(netsOf(found), nets);
      assert.equal(found.file.balanceCheck, check);
      assert.equal(found.file.rows.filter(({ input }) => isPayment(input)).length, payments);
    });

    it(`${file}, by the name of its format, with a line end of another kind, is the same`, () => {
      const text = fixture(file);
      const other = format.endsWith('json') ? text : text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n');
      assert.deepEqual(netsOf(readFine(other, format)), nets);
    });
  }

  it('every format but our own has a fixture', () => {
    const covered = new Set<string>(FIXTURES.map(({ format }) => format));
    assert.deepEqual(
      IMPORT_FORMATS.filter((name) => !covered.has(name)),
      ['csv', 'json'],
    );
  });

  it('Splitwise, the payer is reconstructed and marked, the nets are exact', () => {
    const rows = readFine(fixture('splitwise.csv')).file.rows.map(({ input }) => input);
    assert.deepEqual(rows[1]?.payers, [{ memberId: 'Ben', amount: '100.00' }]);
    assert.deepEqual(rows[2]?.payers, [
      { memberId: 'Ana', amount: '42.50' },
      { memberId: 'Ben', amount: '7.50' },
    ]);
    assert.ok(rows[1]?.tags?.includes(RECONSTRUCTED_TAG));
    assert.deepEqual(rows[6]?.tags, [], 'who made a payment is known');
  });

  it('Splitwise, an expense that bears the name of the footer, is an expense', () => {
    const file = `Date,Description,Category,Cost,Currency,Ana,Ben
2026-01-01,Total balance,General,10.00,EUR,5.00,-5.00
2026-01-02,Bread,General,4.00,EUR,-2.00,2.00

2026-01-31,Total balance, , ,EUR,3.00,-3.00
`;
    const reading = readFine(file);
    assert.deepEqual(
      reading.file.rows.map(({ input }) => input.description),
      ['Total balance', 'Bread'],
    );
    assert.equal(reading.file.balanceCheck, 'matches');
  });

  it('categories, known words are keys of ours and unknown ones become tags', () => {
    const rows = readFine(fixture('splitwise.csv')).file.rows.map(({ input }) => input.category);
    assert.deepEqual(rows.slice(0, 3), ['food.groceries', 'food.restaurants', 'food.groceries']);
    const german = readFine(fixture('splitwise-de.csv')).file.rows[0]?.input;
    assert.deepEqual([german?.category, german?.tags], [null, ['Xyz', RECONSTRUCTED_TAG]]);
  });

  it('Cospend, categories of every project, mean ours without being listed', () => {
    const file = fixture('cospend.csv').replace(',n,1,0,,1,n,0,"with', ',n,1,0,,-12,n,0,"with');
    assert.equal(readFine(file).file.rows[0]?.input.category, 'food.restaurants');
  });

  it('texts, a guard against formulas is taken off, comments and other currencies are kept', () => {
    const spliit = readFine(fixture('spliit.csv')).file.rows.map(({ input }) => input);
    assert.equal(spliit[2]?.description, "=cmd|' /C calc'!A0");
    assert.equal(spliit[1]?.notes, 'Originally 100.00 USD at 0.9');
    const cospend = readFine(fixture('cospend.csv')).file.rows.map(({ input }) => input);
    assert.equal(cospend[0]?.notes, 'with cheese & more');
    assert.equal(cospend[1]?.date, '2026-07-02', 'the timestamp wins');
  });

  it('Spliit CSV, the odd cent is whose the file says, and cells that are not even count before the word', () => {
    const head = 'Date,Description,Category,Currency,Cost,Is Reimbursement,Split mode,Ana,Ben,Cleo\n';
    const row = (cells: string): string => `2026-01-01,x,General,EUR,10.00,No,Evenly,${cells}\n`;
    const even = readFine(head + row('3.34,-3.33,-3.33').repeat(6) + row('3.33,-3.33,-3.34').repeat(6));
    assert.deepEqual(netsOf(even), { EUR: ['79.98', '-39.96', '-40.02'] });
    assert.deepEqual(even.file.rows[0]?.input.split, { method: 'equal', among: ['Ana', 'Ben', 'Cleo'] });
    const uneven = readFine(head + row('7.00,-3.00,0.00'));
    assert.deepEqual(uneven.file.problems, []);
    assert.deepEqual(netsOf(uneven), { EUR: ['3.00', '-3.00', '0.00'] });
    assert.deepEqual(problemsOf(head + row('7.00,-3.01,0.00')), ['2 row_not_balanced']);
    assert.deepEqual(netsOf(readFine(head + row('3.33,-3.33,-3.33'))), { EUR: ['6.66', '-3.33', '-3.33'] }, 'a rounded row');
  });

  it('money given back to several at once, is no spending', () => {
    const bill =
      'date,what,bill_type,payer_name,amount,currency,payer_weight,owers\n2026-06-03,back,Reimbursement,Cleo,3.00,EUR,1.0,"Ana, Ben"\n';
    const file = fixture('cospend.csv').replace(
      '"Returned",12.5,2026-07-03,1783080000,"Ben",2,1,"Ana"',
      '"back",12.5,2026-07-03,1783080000,"Ben",2,1,"Ana,Cleo"',
    );
    for (const text of [bill, file]) {
      const row = readFine(text).file.rows.find(({ input }) => input.description === 'back');
      assert.equal(row?.input.category, 'payment');
    }
  });

  describe('names joined by commas', () => {
    const bills = (...rows: string[]): string =>
      `date,what,payer_name,amount,payer_weight,owers\n${rows.map((row) => `2026-06-01,x,${row}\n`).join('')}`;
    const sharers = (text: string, names: readonly string[] = []): string[][] => {
      const found = readImport(text, 'auto', { ...CONTEXT, names });
      assert.ok(found.ok);
      return found.file.rows.map(({ input }) => ('among' in input.split ? [...input.split.among] : []));
    };

    it('name with a comma, of a payer or known otherwise, is one name', () => {
      const text = bills('"Smith, Ann",30.00,1,"Smith, Ann, Bo"', 'Bo,10.00,1,"Bo, Smith,Ann"', 'Bo,4.00,1,"Roe, Cy"');
      assert.deepEqual(sharers(text).slice(0, 2), [
        ['Smith, Ann', 'Bo'],
        ['Bo', 'Smith, Ann'],
      ]);
      assert.deepEqual(sharers(text, ['Roe, Cy'])[2], ['Roe, Cy']);
      assert.deepEqual(sharers(bills('"a, b, c",9.00,1,"a, b, c, a, b"', '"a, b",9.00,1,"a, b"')), [['a, b, c', 'a, b'], ['a, b']]);
    });

    it('cell that can be read in two ways, is a problem of its row', () => {
      const text = bills('"Smith, Ann",30.00,1,"Smith, Ann, Bo"', 'Smith,1.00,1,Bo', 'Ann,1.00,1,Bo');
      assert.deepEqual(problemsOf(text), ['2 ambiguous_name']);
      assert.deepEqual(problemsOf(bills('"a, b",9.00,1,"a, b, c"', '"b, c",9.00,1,"b, c"')), ['2 ambiguous_name']);
    });

    it('Cospend, knows the names of its members', () => {
      const text = fixture('cospend.csv')
        .replaceAll('"Ana"', '"Roe, Ana"')
        .replace('"Ana,Ben"', '"Roe, Ana,Ben"')
        .replace('"Ana,Ben,Cleo"', '"Roe, Ana,Ben,Cleo"');
      assert.deepEqual(readFine(text).file.people, ['Roe, Ana', 'Ben', 'Cleo']);
    });
  });

  it('a rate of the file, is kept the way round that ours are', () => {
    assert.deepEqual(readFine(fixture('sesterce.csv')).file.rows[1]?.input.rate, {
      perGroupCurrency: '163.93442623',
      source: 'imported',
    });
  });

  it('a rate that contradicts both amounts, is told with its row; one that agrees is kept', () => {
    const head =
      'Date,Type,Description,Category,Amount,Currency,Rate,Rate source,Rate date,Rate total,Notes,Tags,Paid by Ana,Paid by Ben,Owed by Ana,Owed by Ben';
    const row = (rate: string, total: string, currency = 'USD'): string =>
      `2026-10-01,expense,Dinner,,100.00,${currency},${rate},typed,,${total},,,100.00,,50.00,50.00`;
    const rows = [
      row('1.25', '80.00'),
      row('1.21', '80.00'),
      row('1.17', '85.46'),
      row('1.25', '0.00'),
      row('9', '80.00', 'EUR'),
      row('1.25', ''),
    ];
    assert.deepEqual(problemsOf([head, ...rows].join('\n')), ['3 rate_contradicts_total', '5 rate_not_positive']);
  });

  it('bad rows, each is named with its reason, and good ones are found beside them', () => {
    const text = fixture('splitwise-bad-rows.csv');
    assert.deepEqual(problemsOf(text), [
      '4 row_not_balanced',
      '5 date_malformed',
      '6 date_out_of_range',
      '7 unknown_currency',
      '8 amount_precision',
      '9 amount_malformed',
      '10 description_missing',
      '11 too_few_cells',
      '12 cost_below_shares',
    ]);
    const found = readFine(text);
    assert.deepEqual(
      found.file.rows.map(({ row }) => row),
      [3, 13],
    );
    assert.equal(found.file.rows[1]?.input.description, '=SUM(A1:A9)', 'a formula is text like any other here');
  });

  const splitwise = (row: string, head = 'Date,Description,Category,Cost,Currency,Ana,Ben'): string => `${head}\n${row}\n`;
  for (const [what, text, expected] of [
    ['semicolons', fixture('splitwise-friend.csv').replaceAll(',', ';'), ['1 wrong_separator']],
    ['tabs', fixture('sesterce.csv').replaceAll(',', '\t'), ['1 wrong_separator']],
    [
      'semicolons and quotes',
      `"${fixture('splitwise-friend.csv').split('\n')[1]?.trim().replaceAll(',', '";"')}"\n"a";"b"\n`,
      ['1 wrong_separator'],
    ],
    ['nothing known', 'a,b,c\n1,2,3\n', ['0 unknown_format']],
    ['JSON of nobody', '{"a": 1}', ['0 unknown_format']],
    ['broken JSON', '{"a": ', ['0 malformed_json']],
    ['JSON of a million levels', '['.repeat(1_000_000), ['0 malformed_json']],
    ['JSON of a million levels that end', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`, ['0 malformed_json']],
    ['JSON of a thousand levels', `${'['.repeat(1_000)}${']'.repeat(1_000)}`, ['0 malformed_json']],
    ['empty', '  \n\n', ['0 empty_file']],
    ['a header alone', 'Date,Description,Category,Cost,Currency,Ana,Ben\n', ['0 empty_file']],
    ['a quote that never closes', splitwise('2026-01-01,"Open,General,1.00,EUR,1.00,-1.00'), ['2 malformed_csv']],
    [
      'two members of one name',
      splitwise('2026-01-01,x,General,2.00,EUR,1.00,-1.00', 'Date,Description,Category,Cost,Currency,Ana,Ana'),
      ['1 duplicate_name'],
    ],
    [
      'a name that is no name',
      splitwise('2026-01-01,x,General,2.00,EUR,1.00,-1.00', `Date,Description,Category,Cost,Currency,Ana,${'B'.repeat(121)}`),
      ['0 invalid_name', '2 unknown_member'],
    ],
    ['an overlong description', splitwise(`2026-01-01,${'x'.repeat(201)},General,2.00,EUR,1.00,-1.00`), ['2 description_too_long']],
    ['a control character', splitwise('2026-01-01,x\u0000y,General,2.00,EUR,1.00,-1.00'), ['2 description_malformed']],
    ['half of a surrogate pair', splitwise('2026-01-01,x\ud800y,General,2.00,EUR,1.00,-1.00'), ['2 description_malformed']],
    ['a payment of nothing', splitwise('2026-01-01,x,Payment,0.00,EUR,0.00,0.00\n2026-01-01,y,General,2.00,EUR,1.00,-1.00'), []],
    ['an amount above the largest', splitwise('2026-01-01,x,General,10000000000000.01,EUR,0.01,-0.01'), ['2 amount_out_of_range']],
    ['an exponent', splitwise('2026-01-01,x,General,1e3,EUR,1.00,-1.00'), ['2 amount_malformed']],
    ['a date before the calendar', splitwise('0000-01-01,x,General,2.00,EUR,1.00,-1.00'), ['2 date_malformed']],
  ] as const) {
    it(`file, ${what}, is told with its row`, () => assert.deepEqual(problemsOf(text), expected));
  }

  it('file, rows at the limit and one above, is read and refused', () => {
    const row = '2026-01-01,x,General,2.00,EUR,1.00,-1.00\n';
    const head = 'Date,Description,Category,Cost,Currency,Ana,Ben\n';
    assert.equal(readFine(head + row.repeat(100_000)).file.rows.length, 100_000);
    assert.deepEqual(problemsOf(head + row.repeat(100_001)), ['0 too_many_rows']);
  }).timeout(60_000);

  it('JSON numbers, keep the digits that stand there', () => {
    const text = fixture('ihatemoney.json').replace('20.10', '9007199254740.93');
    assert.deepEqual(readFine(text).file.rows[0]?.input.total, { amount: '9007199254740.93', currency: 'EUR' });
  });
});
