// Goal: figures that follow the definitions. Method: small sets counted by hand, and the definition itself as a property.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { median, percentile, rounded } from './statistics.ts';

describe('percentile', () => {
  it('of one value, any share: that value', () => {
    assert.equal(percentile([7], 0.01), 7);
    assert.equal(percentile([7], 1), 7);
  });

  it('of 100 values in any order: the rank is the share', () => {
    const values = Array.from({ length: 100 }, (_, index) => (index * 37) % 100);
    assert.equal(percentile(values, 0.5), 49);
    assert.equal(percentile(values, 0.99), 98);
    assert.equal(percentile(values, 1), 99);
  });

  it('without values or with a share outside of 0 to 1: refused', () => {
    assert.throws(() => percentile([], 0.5), RangeError);
    for (const share of [0, 1.01, Number.NaN]) assert.throws(() => percentile([1], share), RangeError);
  });

  it('any values: at least the share is not above it, and less than the share is below it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), fc.integer({ min: 1, max: 1000 }), (values, perMille) => {
        const found = percentile(values, perMille / 1000);
        const notAbove = values.filter((value) => value <= found).length;
        const below = values.filter((value) => value < found).length;
        assert.ok(notAbove * 1000 >= perMille * values.length);
        assert.ok(below * 1000 < perMille * values.length);
      }),
    );
  });
});

describe('median', () => {
  it('odd count: the middle; even count: the mean of the two in the middle', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([9, 1, 5, 6]), 5.5);
  });

  it('without values: refused', () => {
    assert.throws(() => median([]), RangeError);
  });
});

describe('rounded', () => {
  it('keeps so many digits', () => {
    assert.equal(rounded(0.123456, 3), 0.123);
    assert.equal(rounded(12.005), 12.01);
  });
});
