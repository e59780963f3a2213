import assert from 'node:assert/strict';
import { CURRENCIES, currencyDigits, isActiveOn, isKnownCurrency } from './currency.ts';
import { RefusalError } from './refusal.ts';

// Goal: the table says what ISO 4217 says. Method: the exceptions to two digits are written out here by hand, and the
// counts and forms are checked over the whole table.

const DIGITS_OTHER_THAN_TWO = new Map([
  [0, 'BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
]);

describe('currency table', () => {
  it('gives the digits of ISO for every currency', () => {
    const expected = new Map(
      [...DIGITS_OTHER_THAN_TWO].flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, digits] as const)),
    );
    for (const { code, digits } of CURRENCIES) assert.equal(digits, expected.get(code) ?? 2, code);
    for (const code of expected.keys()) assert.equal(isKnownCurrency(code), true, code);
    for (const code of ['HUF', 'IDR', 'MGA', 'MRU', 'TWD', 'AFN']) assert.equal(currencyDigits(code), 2, code);
  });

  it('has the 165 spendable currencies of 2026, and no code twice', () => {
    const active = CURRENCIES.filter(({ code }) => isActiveOn(code, '2026-11-20'));
    assert.equal(active.length, 165);
    assert.equal(new Set(CURRENCIES.map(({ code }) => code)).size, CURRENCIES.length);
    assert.equal(new Set(active.map(({ numeric }) => numeric)).size, active.length);
  });

  it('keeps to the form of codes, numbers and days, in order', () => {
    for (const { code, numeric, name } of CURRENCIES) {
      assert.match(code, /^[A-Z]{3}$/);
      assert.match(numeric, /^[0-9]{3}$/);
      assert.notEqual(name, '');
    }
    const codes = CURRENCIES.map(({ code }) => code);
    assert.deepEqual(codes, codes.toSorted());
    const bounds = CURRENCIES.flatMap(({ from, until }) => [from ?? '2000-01-01', until ?? '2000-01-01']);
    for (const day of bounds) assert.equal(isActiveOn('EUR', day), true, day);
  });

  it('refuses what cannot be spent, what is unknown, and other spellings', () => {
    const wrong = [
      'XAU',
      'XAG',
      'XPT',
      'XPD',
      'XXX',
      'XTS',
      'XDR',
      'XSU',
      'XUA',
      'XBA',
      'QQQ',
      'eur',
      'EUR ',
      '',
      '978',
      'toString',
      '__proto__',
    ];
    for (const code of wrong) {
      assert.equal(isKnownCurrency(code), false, code);
      assert.equal(isActiveOn(code, '2026-11-20'), false, code);
      assert.throws(
        () => currencyDigits(code),
        (error) => error instanceof RefusalError && error.refusal.code === 'unknown_currency',
      );
    }
  });

  it('knows the first and the last day of currencies that came or went', () => {
    const lastDays = { HRK: '2022-12-31', BGN: '2025-12-31', ANG: '2025-06-30', SLL: '2023-12-31', ZWL: '2024-08-31' };
    const dayAfter = { HRK: '2023-01-01', BGN: '2026-01-01', ANG: '2025-07-01', SLL: '2024-01-01', ZWL: '2024-09-01' };
    for (const [code, day] of Object.entries(lastDays)) assert.equal(isActiveOn(code, day), true, code);
    for (const [code, day] of Object.entries(dayAfter)) assert.equal(isActiveOn(code, day), false, code);
    const firstDays = { XCG: '2025-03-31', SLE: '2022-04-01', VED: '2021-10-01', ZWG: '2024-06-25' };
    const dayBefore = { XCG: '2025-03-30', SLE: '2022-03-31', VED: '2021-09-30', ZWG: '2024-06-24' };
    for (const [code, day] of Object.entries(firstDays)) assert.equal(isActiveOn(code, day), true, code);
    for (const [code, day] of Object.entries(dayBefore)) assert.equal(isActiveOn(code, day), false, code);
  });

  it('takes a text that is no day as not active', () => {
    assert.equal(isActiveOn('EUR', '2026-02-30'), false);
  });
});
