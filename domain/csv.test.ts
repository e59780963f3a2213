// Goal: CSV is cut and written without losing a character, and no cell runs as a formula. Method: cases, and random tables there and back.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { guardText, readCsv, unguardText, writeCsvRecord } from './csv.ts';

const cellsOf = (text: string): (readonly string[])[] => readCsv(text).records.map(({ cells }) => cells);

describe('CSV', () => {
  it('line ends of every kind, also mixed and within quotes, are cut where they stand', () => {
    const { records } = readCsv('a,b\r\n"c\r\nd",e\n\n,,\nf,g\rh,"i ""j"""');
    assert.deepEqual(records, [
      { row: 1, cells: ['a', 'b'] },
      { row: 2, cells: ['c\r\nd', 'e'] },
      { row: 6, cells: ['f', 'g'] },
      { row: 7, cells: ['h', 'i "j"'] },
    ]);
  });

  it('quote that never closes, or text after one that did, names the row and keeps what came before', () => {
    for (const [text, row] of [
      ['a,b\n"c,d\ne', 2],
      ['a\nb,"c"d\n', 2],
    ] as const) {
      const { records, fault } = readCsv(text);
      assert.equal(fault?.row, row);
      assert.equal(records.length, 1);
    }
  });

  it('empty cells at the end of a line and of the file, are cells', () => {
    assert.deepEqual(cellsOf('a,,\nb,,'), [
      ['a', '', ''],
      ['b', '', ''],
    ]);
  });

  it('records at the limit, the rest is not read', () => {
    assert.equal(readCsv('a\nb\nc\n', ',', 2).records.length, 2);
  });

  it('any table, written and cut, is the same', () => {
    const cell = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('"', ',', '\r\n', '\n', ' x ', "'=1"));
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }).filter((row) => row.some((one) => one.trim() !== '')));
    fc.assert(fc.property(table, (rows) => assert.deepEqual(cellsOf(rows.map(writeCsvRecord).join('')), rows)));
  });

  it('formula, loses its meaning, and the text comes back whatever it was', () => {
    for (const text of ['=1+1', '+1', '-1', '@x', '\tx', '\rx', "'=1", '＝1']) assert.ok(guardText(text).startsWith("'"), text);
    for (const text of ['plain', "'quoted'", '', "'"]) assert.equal(guardText(text), text);
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `'=${rest}`),
      fc.string().map((rest) => `''@${rest}`),
    );
    fc.assert(fc.property(text, (one) => unguardText(guardText(one)) === one));
  });
});
