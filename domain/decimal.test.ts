import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addRationals,
  compareRationals,
  divideRationals,
  floorDivide,
  greatestCommonDivisor,
  multiplyRationals,
  parseDecimal,
  rational,
  roundHalfEven,
} from './decimal.ts';
import { unwrap } from './refusal.ts';

const fraction = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 12n }));

describe('decimal', () => {
  it('reads plain decimals exactly', () => {
    assert.deepEqual(unwrap(parseDecimal('33.34')), { num: 1667n, den: 50n });
    assert.deepEqual(unwrap(parseDecimal('0.000001')), { num: 1n, den: 1_000_000n });
    assert.deepEqual(unwrap(parseDecimal('0')), { num: 0n, den: 1n });
    assert.deepEqual(unwrap(parseDecimal('-1.50', { allowNegative: true })), { num: -3n, den: 2n });
  });

  it('refuses other forms, with the place', () => {
    for (const text of [
      '',
      '.',
      '1.',
      '.5',
      '+1',
      '-1',
      '1e3',
      '0x10',
      '007',
      '00',
      '1,5',
      ' 1',
      '1 ',
      '1\n',
      'NaN',
      'Infinity',
      '١',
      '1_000',
    ]) {
      const outcome = parseDecimal(text, { pointer: '/split/parts/0/shares' });
      assert.ok(!outcome.ok, text);
      assert.equal(outcome.refusal.code, 'decimal_malformed');
      assert.equal(outcome.refusal.pointer, '/split/parts/0/shares');
    }
  });

  it('limits the digits at n - 1, n, n + 1', () => {
    const isRead = (text: string): boolean => parseDecimal(text).ok;
    assert.deepEqual(['1.12345', '1.123456', '1.1234567', '1.1000000'].map(isRead), [true, true, false, false]);
    assert.deepEqual(['9'.repeat(11), '9'.repeat(12), '9'.repeat(13)].map(isRead), [true, true, false]);
  });

  it('keeps the laws of fractions', () => {
    fc.assert(
      fc.property(fraction, fraction, ([a, b], [c, d]) => {
        const [left, right] = [rational(a, b), rational(c, d)];
        assert.equal(greatestCommonDivisor(left.num, left.den), 1n);
        assert.equal(compareRationals(addRationals(left, right), rational(a * d + c * b, b * d)), 0);
        assert.equal(compareRationals(left, right), -compareRationals(right, left) + 0);
        if (c !== 0n) assert.deepEqual(multiplyRationals(divideRationals(left, right), right), left);
      }),
    );
  });

  it('rounds down and to the nearest, halves to even', () => {
    fc.assert(
      fc.property(fraction, ([num, den]) => {
        const floor = floorDivide(num, den);
        assert.ok(floor * den <= num && num < (floor + 1n) * den);
        const distance = 2n * (roundHalfEven(rational(num, den)) * den - num);
        assert.ok(distance <= den && -distance <= den);
      }),
    );
    const halves = [-5n, -3n, -1n, 1n, 3n, 5n].map((num) => roundHalfEven(rational(num, 2n)));
    assert.deepEqual(halves, [-2n, -2n, 0n, 0n, 2n, 2n]);
  });

  it('has no fraction over zero', () => {
    assert.throws(() => rational(1n, 0n), RangeError);
    assert.throws(() => divideRationals(rational(1n), rational(0n)), RangeError);
    assert.deepEqual(rational(1n, -2n), { num: -1n, den: 2n });
  });
});
