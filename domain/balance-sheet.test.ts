// Goal: balances in one currency are exact, sum to zero and hide nothing. Method: a small case by hand, then any postings at any rates.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inGroupCurrency, inOneCurrency, type SheetRow } from './balance-sheet.ts';
import { rational } from './decimal.ts';

const row = (accountId: string, currency: string, net: bigint, priced = 0n, converted = 0n): SheetRow => ({
  accountId,
  currency,
  net,
  priced,
  converted,
});

describe('balances in one currency', () => {
  const rows = [
    row('ana', 'EUR', 500n),
    row('ben', 'EUR', -500n),
    row('ana', 'USD', -1_100n, -1_000n, -900n),
    row('ben', 'USD', 1_100n, 1_000n, 900n),
    row('ana', 'AED', 70n),
    row('ben', 'AED', -70n),
  ];

  it('at frozen rates, what has none is listed in its own', () => {
    assert.deepEqual(inGroupCurrency(rows, 'EUR'), {
      balances: [
        { accountId: 'ana', minor: -400n },
        { accountId: 'ben', minor: 400n },
      ],
      withoutRate: [
        { accountId: 'ana', currency: 'USD', minor: -100n },
        { accountId: 'ben', currency: 'USD', minor: 100n },
        { accountId: 'ana', currency: 'AED', minor: 70n },
        { accountId: 'ben', currency: 'AED', minor: -70n },
      ],
    });
  });

  it('at the rates of a day, whole currencies are converted', () => {
    // A dollar for a euro, and nothing known of the dirham.
    const { balances, withoutRate } = inOneCurrency(rows, 'USD', new Map([['EUR', rational(1n)]]));
    assert.deepEqual(balances, [
      { accountId: 'ana', minor: -600n },
      { accountId: 'ben', minor: 600n },
    ]);
    assert.deepEqual(
      withoutRate.map(({ currency }) => currency),
      ['AED', 'AED'],
    );
  });

  it('whatever is converted, sums to zero and is within a unit for each currency', () => {
    const currencies = ['EUR', 'USD', 'JPY'] as const;
    const nets = fc.array(fc.array(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 8,
    });
    const ratio = fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 6n }), fc.bigInt({ min: 1n, max: 10n ** 6n }));
    fc.assert(
      fc.property(nets, ratio, ratio, (members, usd, jpy) => {
        const sums = currencies.map((_, at) => members.reduce((sum, own) => sum + own[at]!, 0n));
        const all = [...members, sums.map((sum) => -sum)];
        const sheet = all.flatMap((own, index) => currencies.map((currency, at) => row(`m${index}`, currency, own[at]!)));
        const ratios = new Map([
          ['USD', rational(usd[0], usd[1])],
          ['JPY', rational(jpy[0], jpy[1])],
        ]);
        const { balances, withoutRate } = inOneCurrency(sheet, 'EUR', ratios);
        assert.equal(
          balances.reduce((sum, { minor }) => sum + minor, 0n),
          0n,
        );
        assert.deepEqual(withoutRate, []);
        for (const [index, own] of all.entries()) {
          const got = balances.find(({ accountId }) => accountId === `m${index}`)?.minor ?? 0n;
          const exact = (own[0]! * usd[1] * jpy[1] + own[1]! * usd[0] * jpy[1] + own[2]! * jpy[0] * usd[1]) as bigint;
          const off = got * usd[1] * jpy[1] - exact;
          assert.ok(off < 2n * usd[1] * jpy[1] && -off < 2n * usd[1] * jpy[1]);
        }
      }),
    );
  });
});
