// Goal: forms are read as the SDK writes them, and nothing in a name can do harm. Method: cases and a round trip by property.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FormError, parameterName, parseForm } from './form.ts';

describe('form parser', () => {
  it('nested names and lists, are groups, lists with their numbers', () => {
    const parsed = parseForm('a=1&transfer_data[destination]=acct_1&expand[0]=x&expand[1]=y&tags[]=p&tags[]=q');
    assert.deepEqual(JSON.parse(JSON.stringify(parsed)), {
      a: '1',
      transfer_data: { destination: 'acct_1' },
      expand: { 0: 'x', 1: 'y' },
      tags: { 0: 'p', 1: 'q' },
    });
  });

  it('names that contradict or never end, are refused', () => {
    for (const bad of ['a=1&a[b]=2', 'a[b]=2&a=1', '[a]=1', 'a[b=1', 'a[1][2][3][4][5][6][7][8][9]=x'])
      assert.throws(() => parseForm(bad), FormError);
    assert.throws(() => parseForm(Array.from({ length: 2_001 }, (_, index) => `a${index}=1`).join('&')), FormError);
  });

  it('__proto__ as a name, stays a name', () => {
    parseForm('__proto__[polluted]=yes&constructor[prototype][polluted]=yes');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('any metadata, written and read, is the same', () => {
    const key = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !/[[\]]/.test(name) && name.isWellFormed());
    const value = fc.string({ maxLength: 50, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1, noNullPrototype: true }), (pairs) => {
        const body = Object.entries(pairs)
          .map(([name, text]) => `${encodeURIComponent(parameterName(['metadata', name]))}=${encodeURIComponent(text)}`)
          .join('&');
        assert.deepEqual({ ...(parseForm(body)['metadata'] as object) }, { ...pairs });
      }),
    );
  });
});
