// Goal: a file written in batches is the file written at once, to the byte, wherever the batches end. Method: random rows cut anywhere,
// with the memory going through JSON between any two batches, as it does through Postgres.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NOTHING_WRITTEN, type WriterMemory, writeBatch } from './batches.ts';
import { EXPORT_FORMATS, type ExportedGroup, type ExportedRow, type ExportFormatName, EXPORTS } from './formats.ts';

const GROUP: ExportedGroup = {
  name: 'Trip\nto Porto',
  currency: 'EUR',
  timeZone: 'Europe/Lisbon',
  viewerId: 'b',
  categories: new Map([['food.boat', 'Boat, =1']]),
  accounts: new Map([
    ['c', { label: 'Zoë', weight: '1' }],
    ['a', { label: '=Ana', weight: '2' }],
    ['b', { label: 'Ben', weight: '1' }],
  ]),
};

const row: fc.Arbitrary<ExportedRow> = fc
  .record({
    type: fc.constantFrom('expense' as const, 'income' as const, 'payment' as const),
    day: fc.integer({ min: 1, max: 28 }),
    currency: fc.constantFrom('EUR', 'USD', 'JPY'),
    units: fc.integer({ min: 1, max: 9_999 }),
    payer: fc.constantFrom('a', 'b', 'c'),
    category: fc.constantFrom('food.restaurants', 'food.boat', null),
    debtor: fc.constantFrom('a', 'b', 'c'),
    notes: fc.constantFrom('', 'two\nlines', '=1'),
  })
  .map(({ type, day, currency, units, payer, category, debtor, notes }) => {
    const [amount, none] = currency === 'JPY' ? [`${units}`, '0'] : [`${units}.50`, '0.00'];
    return {
      type,
      content: {
        kind: type === 'income' ? 'income' : 'expense',
        description: `Tea, ${units}`,
        total: { amount, currency },
        date: `2026-11-${String(day).padStart(2, '0')}`,
        category,
        payers: [{ memberId: payer, amount }],
        split: { method: 'exact', parts: [{ memberId: debtor, amount }] },
        shares:
          payer === debtor
            ? [{ memberId: payer, paid: amount, owed: amount }]
            : [
                { memberId: payer, paid: amount, owed: none },
                { memberId: debtor, paid: none, owed: amount },
              ],
        notes,
        tags: ['x'],
        rate: null,
      },
    };
  });

function atOnce(format: ExportFormatName, rows: readonly ExportedRow[]): string {
  const writer = EXPORTS[format].open();
  return [writer.begin(GROUP), ...rows.map((one, index) => writer.row(one, index)), writer.end()].join('');
}

function inBatches(format: ExportFormatName, rows: readonly ExportedRow[], sizes: readonly number[]): string {
  const sections: string[] = [];
  let memory: WriterMemory = NOTHING_WRITTEN;
  let [start, turn] = [0, 0];
  for (let isLast = false; !isLast; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    isLast = start + size > rows.length;
    const batch = writeBatch(format, GROUP, memory, rows.slice(start, start + size), isLast);
    for (const { section, text } of batch.texts) sections[section] = (sections[section] ?? '') + text;
    memory = JSON.parse(JSON.stringify(batch.memory)) as WriterMemory;
    start += size;
  }
  return sections.join('');
}

describe('writeBatch', () => {
  for (const format of EXPORT_FORMATS)
    it(`${format}, in batches of any size, is what is written at once`, () => {
      const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(fc.array(row, { maxLength: 25 }), sizes, (rows, cuts) => {
          assert.equal(inBatches(format, rows, cuts), atOnce(format, rows));
        }),
      );
    });
});
