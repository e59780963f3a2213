// The ledger's format: what each cell becomes, and that a malformed file is refused with the line that is wrong.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { LedgerError, parseLedger } from './sesterce.ts';

const HEADER = 'Date,Title,Paid by Ana,Paid by Ben,Paid by Cleo,Paid for Ana,Paid for Ben,Paid for Cleo,Currency,Category,Exchange rate';

const ledger = (...rows: string[]) => parseLedger([HEADER, ...rows, ''].join('\n'));
const refusal = (text: string): string => {
  try {
    parseLedger(text);
  } catch (error) {
    assert.ok(error instanceof LedgerError, String(error));
    return error.message;
  }
  return assert.fail('the file was accepted');
};
const rowRefusal = (row: string): string => refusal(`${HEADER}\n2026-01-01,Fine,1,0,0,1,0,0,EUR,,\n${row}\n`);

describe('demo/sesterce', () => {
  it('several payers and exact shares are kept to the cent, and zero cells are left out', () => {
    const { people, rows } = ledger('2026-05-01,"Dinner, with tip",60.10,0.00,39.9,33.34,66.66,,EUR,Restaurants,1');
    assert.deepEqual(people, ['Ana', 'Ben', 'Cleo']);
    assert.deepEqual(rows, [
      {
        kind: 'expense',
        line: 2,
        date: '2026-05-01',
        title: 'Dinner, with tip',
        currency: 'EUR',
        category: 'Restaurants',
        totalMinor: 10_000n,
        paid: [
          { name: 'Ana', minor: 6010n },
          { name: 'Cleo', minor: 3990n },
        ],
        owed: [
          { name: 'Ana', minor: 3334n },
          { name: 'Ben', minor: 6666n },
        ],
        exchangeRate: '1',
      },
    ]);
  });

  it('a row is a payment by its category, one payer and one other receiver', () => {
    const { rows } = ledger(
      '2026-05-01,Back,12,0,0,0,12,0,EUR,Payment,',
      '2026-05-01,Other word,12,0,0,0,12,0,EUR,Payments,',
      '2026-05-01,To oneself,12,0,0,12,0,0,EUR,Payment,',
      '2026-05-01,Two payers,6,6,0,0,0,12,EUR,Payment,',
      '2026-05-01,Two receivers,12,0,0,0,6,6,EUR,Payment,',
    );
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      ['payment', 'expense', 'expense', 'expense', 'expense'],
    );
    assert.deepEqual([rows[0]?.kind === 'payment' && [rows[0].from, rows[0].to, rows[0].totalMinor]], [['Ana', 'Ben', 1200n]]);
  });

  it('amounts have the digits of their currency, and zeros beyond them are harmless', () => {
    const { rows, currencies } = ledger(
      '2026-05-01,Yen,1200.00,0,0,0,1200,0,JPY,,0.006',
      '2026-05-02,Dinar,0,1.25,0,0,0,1.250,KWD,,3.05',
      '2026-05-03,Yen,7,0,0,0,7,0,JPY,,',
    );
    assert.deepEqual(
      rows.map(({ totalMinor }) => totalMinor),
      [1200n, 1250n, 7n],
    );
    assert.deepEqual(currencies, ['JPY', 'KWD']);
  });

  it('a byte order mark, CRLF, empty lines, line breaks in a cell and another order of columns are taken', () => {
    const header = 'Currency,Date,Paid for B,Paid by B,Paid by A,Paid for A,Category,Exchange rate,Title';
    const { rows, people } = parseLedger(
      `\uFEFF${header}\r\n\r\nEUR,2026-01-02,0.01,,0.01,,,,"two\r\nlines"\r\n,,,,,,,,\r\nEUR,2026-01-03,1,1,,,,,x\r\n`,
    );
    assert.deepEqual(people, ['B', 'A']);
    assert.deepEqual(
      rows.map(({ line, totalMinor }) => [line, totalMinor]),
      [
        [3, 1n],
        [6, 100n],
      ],
    );
  });

  for (const [what, row, reason] of [
    ['an amount with a comma', '2026-05-01,x,"1,50",0,0,1.5,0,0,EUR,,', /Line 3, "Paid by Ana": "1,50" is not an amount/],
    ['a negative amount', '2026-05-01,x,-1,0,0,-1,0,0,EUR,,', /Line 3, "Paid by Ana": "-1" is not an amount/],
    [
      'too many digits',
      '2026-05-01,x,1.005,0,0,1.005,0,0,EUR,,',
      /Line 3, "Paid by Ana": "1.005" has more digits than EUR has, which is 2/,
    ],
    ['yen with cents', '2026-05-01,x,1.5,0,0,1.5,0,0,JPY,,', /more digits than JPY has, which is 0/],
    ['shares that do not add up', '2026-05-01,x,1,0,0,0.99,0,0,EUR,,', /Line 3: .*do not add up/],
    ['no money at all', '2026-05-01,x,0,0,0,0,0,0,EUR,,', /Line 3 moves no money/],
    ['a day that is none', '2026-02-30,x,1,0,0,1,0,0,EUR,,', /Line 3: "2026-02-30" is not a day/],
    ['a day of another form', '01.05.2026,x,1,0,0,1,0,0,EUR,,', /Line 3: .* YYYY-MM-DD/],
    ['an unknown currency', '2026-05-01,x,1,0,0,1,0,0,EURO,,', /Line 3: "EURO" is not the code of a currency/],
    ['a rate of zero', '2026-05-01,x,1,0,0,1,0,0,EUR,,0.0', /Line 3: "0.0" is not an exchange rate/],
    ['a cell too few', '2026-05-01,x,1,0,0,1,0,0,EUR,', /Line 3 has 10 cells, and the header has 11/],
    ['a quote that is not closed', '2026-05-01,"x,1,0,0,1,0,0,EUR,,', /is not valid CSV/],
  ] as const) {
    it(`${what} is refused with its line`, () => assert.match(rowRefusal(row), reason));
  }

  for (const [what, text, reason] of [
    ['an empty file', '', /file is empty/],
    ['a header alone', HEADER, /no rows/],
    ['a foreign header', 'Date,Description,Cost,Currency\n', /no column "Title"/],
    ['a person who only pays', `${HEADER.replace(',Paid for Cleo', '')}\n`, /"Paid by Cleo" and no "Paid for Cleo"/],
    ['a person who only receives', `${HEADER.replace(',Paid by Cleo', '')}\n`, /"Paid for Cleo" and no "Paid by Cleo"/],
    ['a person twice', `${HEADER},Paid by Ana\n`, /"Paid by Ana" twice/],
    ['a column of no meaning', `${HEADER},Notes\n`, /unknown column "Notes"/],
    ['a single person', 'Date,Title,Paid by A,Paid for A,Currency,Category,Exchange rate\n', /at least two people/],
  ] as const) {
    it(`${what} is refused`, () => assert.match(refusal(text), reason));
  }

  it('our own ledger has at least 150 rows, 7 people, 3 currencies with EUR first, several payers and payments', () => {
    const own = parseLedger(readFileSync(new URL('ledger.csv', import.meta.url), 'utf8'));
    assert.ok(own.rows.length >= 150);
    assert.equal(own.people.length, 7);
    assert.deepEqual(own.currencies, ['EUR', 'JPY', 'CHF']);
    assert.ok(own.rows.filter((row) => row.kind === 'expense' && row.paid.length > 1).length >= 10);
    assert.ok(own.rows.filter((row) => row.kind === 'payment').length >= 10);
  });
});
