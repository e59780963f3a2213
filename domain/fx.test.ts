// Goal: rates are exact where they can be, rounded as stated where not, and conversions keep their zero sum. Method: known figures of the
// ECB, and properties over random amounts.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareRationals, rational } from './decimal.ts';
import { convertNets, crossRate, formatRate, minorRatio, parseRate, rateDay } from './fx.ts';

describe('fx', () => {
  it('rate, of the euro, is the published figure as it stands', () => {
    assert.equal(crossRate('1', '1.1172'), '1.1172');
    assert.equal(crossRate('1', '136'), '136');
    assert.equal(crossRate('1', '20275.17'), '20275.17');
  });

  it('cross rate, goes through the euro and has twelve significant digits, a half to even', () => {
    // 0.8338 / 1.1172 = 0.746330110991765127…
    assert.equal(crossRate('1.1172', '0.8338'), '0.746330110992');
    // 1.1172 / 20275.17 = 0.0000551018807734189…
    assert.equal(crossRate('20275.17', '1.1172'), '0.0000551018807734');
    assert.equal(crossRate('20275.17', '175.68'), '0.00866478554804');
    assert.equal(formatRate(rational(1_000_000_000_005n, 10n ** 12n)), '1');
    assert.equal(formatRate(rational(1_000_000_000_015n, 10n ** 12n)), '1.00000000002');
  });

  it('cross rate, there and back, is one within the digits kept', () => {
    const perEuro = fc.bigInt({ min: 1n, max: 10n ** 10n }).map((digits) => formatRate(rational(digits, 10n ** 5n))!);
    fc.assert(
      fc.property(perEuro, perEuro, (base, quote) => {
        const there = parseRate(crossRate(base, quote)!)!;
        const back = parseRate(crossRate(quote, base)!)!;
        const product = rational(there.num * back.num, there.den * back.den);
        const off = product.num > product.den ? product.num - product.den : product.den - product.num;
        assert.ok(compareRationals(rational(off, product.den), rational(2n, 10n ** 6n)) < 0, `${base} ${quote}`);
      }),
    );
  });

  it('rate, that is zero, negative, malformed or out of range, is none', () => {
    for (const text of ['0', '0.000', '-1', '1e3', '', '1.', '.5', ' 1', 'NaN', '1234567890123', `0.${'0'.repeat(18)}1`])
      assert.equal(parseRate(text), null, text);
    assert.equal(formatRate(rational(1n, 10n ** 19n)), null);
    assert.equal(formatRate(rational(10n ** 12n)), null);
  });

  it('day, still to come, takes the rates of today', () => {
    assert.equal(rateDay('2026-11-20', '2026-11-28'), '2026-11-20');
    assert.equal(rateDay('2027-01-01', '2026-11-28'), '2026-11-28');
  });

  it('ratio of minor units, heeds the digits of both currencies', () => {
    // 100 yen for a euro: one yen is one cent.
    assert.deepEqual(minorRatio(rational(100n), 'JPY', 'EUR'), rational(1n));
    // 0.4 dinar (three digits) for a euro: 400 fils are 100 cents.
    assert.deepEqual(minorRatio(rational(2n, 5n), 'KWD', 'EUR'), rational(1n, 4n));
  });

  it('nets, converted, sum to zero and are off by less than one unit each', () => {
    const nets = fc.array(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), { minLength: 1, maxLength: 30 });
    const rate = fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 9n }), fc.bigInt({ min: 1n, max: 10n ** 9n }));
    fc.assert(
      fc.property(nets, rate, (amounts, [num, den]) => {
        const rest = -amounts.reduce((sum, minor) => sum + minor, 0n);
        const all = [...amounts, rest].map((minor, index) => ({ accountId: `account ${index}`, minor }));
        const converted = convertNets(all, rational(num, den));
        assert.equal(
          converted.reduce((sum, { minor }) => sum + minor, 0n),
          0n,
        );
        for (const [index, { minor }] of converted.entries()) {
          const difference = minor * den - all[index]!.minor * num;
          assert.ok(difference < den && -difference < den);
        }
      }),
    );
  });

  it('odd units, go to the largest fractions, equal ones by id', () => {
    const nets = [
      { accountId: 'c', minor: 200n },
      { accountId: 'b', minor: -100n },
      { accountId: 'a', minor: -100n },
    ];
    // At 1/3: 66.67, -33.33, -33.33; rounded down 66, -34, -34, and two units are missing.
    assert.deepEqual(
      convertNets(nets, rational(1n, 3n)).map(({ minor }) => minor),
      [66n, -33n, -33n],
    );
    // At 1/8: 25, -12.5, -12.5: one unit is missing.
    assert.deepEqual(
      convertNets(nets, rational(1n, 8n)).map(({ minor }) => minor),
      [25n, -13n, -12n],
    );
  });
});
