// The demo's own file of Splitwise says at its end what its rows add up to, and an import is judged by it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { checkFlat, checkImports, type Import, totalsOf } from './importing.ts';
import { netOf, netsOf } from './oracle.ts';
import { readTable } from './sesterce.ts';

const FLAT = readFileSync(new URL('flat.csv', import.meta.url), 'utf8');
const FIRST: Import = {
  id: 'i',
  state: 'done',
  format: 'splitwise-csv',
  rows: 3,
  imported: 3,
  skipped: 0,
  problems: [],
  balanceCheck: 'matches',
  members: {},
  workflowId: 'import/i',
};
const AGAIN: Import = { ...FIRST, imported: 0, skipped: 3 };

describe('demo/importing', () => {
  it('the totals of our own file are the sums of its rows, each of which sums to zero', () => {
    const { rows, totals } = totalsOf(FLAT);
    const table = readTable(FLAT);
    const names = table.header.slice(5);
    const entries = table.rows.slice(0, -1).map(({ cells }) => cells.slice(5).map((cell) => BigInt(cell.replace('.', ''))));
    assert.ok(entries.every((nets) => nets.reduce((sum, net) => sum + net, 0n) === 0n));
    for (const [index, name] of names.entries()) {
      const sum = entries.reduce((total, nets) => total + (nets[index] ?? 0n), 0n);
      assert.equal(netOf(totals, name, 'EUR'), sum, name);
    }
    assert.deepEqual([rows, names], [entries.length, ['Anna', 'Ben', 'Priya']]);
  });

  it('a whole import, and nothing the second time, agree', () => assert.deepEqual(checkImports(FIRST, AGAIN, 3).problems, []));

  for (const [what, first, again, reason] of [
    ['a row that is missing', { ...FIRST, imported: 2, skipped: 1 }, AGAIN, /the import is "done, 2 imported, 1 skipped, matches"/],
    ['totals that differ', { ...FIRST, balanceCheck: 'differs' }, AGAIN, /differs/],
    ['a row that came twice', FIRST, { ...AGAIN, imported: 1, skipped: 2 }, /the same file again is "done, 1 imported/],
    [
      'a refused file',
      { ...FIRST, state: 'failed', imported: 0, problems: [{ row: 4, code: 'bad_amount', detail: 'no amount' }] },
      AGAIN,
      /failed.*\nline 4: no amount/s,
    ],
  ] as const) {
    it(`${what} is said`, () => assert.match(checkImports(first, again, 3).problems.join('\n'), reason));
  }

  it('balances of the flat that differ are said', () => {
    const eur = (minor: bigint) => netsOf([{ name: 'Anna', currency: 'EUR', minor }]);
    assert.deepEqual(checkFlat(eur(5n), eur(5n)).problems, []);
    assert.match(checkFlat(eur(5n), eur(6n)).problems.join(), /Anna has 0.05 EUR and should have 0.06 EUR/);
  });
});
