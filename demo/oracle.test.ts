// The oracle: sums of columns against worked examples, against random ledgers written as files, and that differences are named.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { formatAmount } from '../domain/money.ts';
import { differences, entriesOf, netOf, netsOf, netsOfFile, paymentEffect, plus, unbalanced } from './oracle.ts';
import { parseLedger } from './sesterce.ts';

const NAMES = ['A', 'B C', 'Paid by'];
const HEADER = `Date,Title,${NAMES.map((name) => `Paid by ${name}`).join(',')},${NAMES.map((name) => `Paid for ${name}`).join(',')},Currency,Category,Exchange rate`;

describe('demo/oracle', () => {
  it('a file adds up to what each person paid less what was paid for them, by currency', () => {
    const nets = netsOfFile(
      `${HEADER}\n2026-01-01,x,10.00,0,0,3.33,3.33,3.34,EUR,,1\n2026-01-02,x,0,500,,500,0,0,JPY,Payment,\n2026-01-02,x,0,0,0.125,0.125,0,0,KWD,,\n`,
    );
    assert.deepEqual(
      ['EUR', 'JPY', 'KWD'].map((currency) => NAMES.map((name) => netOf(nets, name, currency))),
      [
        [667n, -333n, -334n],
        [-500n, 500n, 0n],
        [-125n, 0n, 125n],
      ],
    );
  });

  it('property: rows in any order, and read as the ledger reads them, give the same nets, which sum to zero', () => {
    const minor = fc.bigInt({ min: 0n, max: 99_999n });
    const row = fc.record({ currency: fc.constantFrom('EUR', 'JPY', 'KWD'), paid: fc.tuple(minor, minor, minor), cut: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), ([...rows]) => {
        const lines = rows.map(({ currency, paid, cut }) => {
          const total = paid.reduce((sum, part) => sum + part, 1n);
          const first = (total * BigInt(cut)) / 100n;
          const cells = [paid[0] + 1n, paid[1], paid[2], first, 0n, total - first];
          return `2026-01-01,x,${cells.map((cell) => formatAmount(cell, currency)).join(',')},${currency},,`;
        });
        const text = [HEADER, ...lines].join('\n');
        const nets = netsOfFile(text);
        assert.deepEqual(unbalanced(nets), []);
        assert.deepEqual(differences('reversed', netsOfFile([HEADER, ...lines.toReversed()].join('\n')), nets), []);
        const parsed = parseLedger(text).rows.flatMap((ledgerRow) => {
          if (ledgerRow.kind === 'payment') return paymentEffect({ ...ledgerRow, minor: ledgerRow.totalMinor });
          const { currency, paid, owed } = ledgerRow;
          return [
            ...paid.map((part) => ({ ...part, currency })),
            ...owed.map(({ name, minor: part }) => ({ name, currency, minor: -part })),
          ];
        });
        assert.deepEqual(differences('parsed', netsOf(parsed), nets), []);
      }),
    );
  });

  it('a payment moves its amount from receiver to payer, and nothing else', () => {
    const nets = plus(
      netsOf([{ name: 'A', currency: 'EUR', minor: -5n }]),
      paymentEffect({ from: 'A', to: 'B C', currency: 'EUR', minor: 5n }),
    );
    assert.deepEqual(
      entriesOf(nets).map(({ name, minor: value }) => [name, value]),
      [
        ['A', 0n],
        ['B C', -5n],
      ],
    );
  });

  it('differences are named with person and both amounts, and a zero that is missing is none', () => {
    const nets = (minor: bigint) => netsOf([{ name: 'A', currency: 'EUR', minor }]);
    assert.deepEqual(differences('the books', nets(0n), netsOf([])), []);
    assert.deepEqual(differences('the books', nets(101n), nets(100n)), ['the books: A has 1.01 EUR and should have 1.00 EUR']);
    assert.deepEqual(unbalanced(nets(1n)), ['EUR']);
  });

  it('our own ledger sums to zero in each currency', () => {
    const nets = netsOfFile(readFileSync(new URL('ledger.csv', import.meta.url), 'utf8'));
    assert.equal(nets.size, 21);
    assert.deepEqual(unbalanced(nets), []);
  });
});
