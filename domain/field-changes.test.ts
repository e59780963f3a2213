import assert from 'node:assert/strict';
import { canonical, fieldChanges } from './field-changes.ts';

describe('field changes', () => {
  it('two states, with keys in another order, differ only where values do', () => {
    assert.deepEqual(
      fieldChanges({ a: 1, b: { x: 1, y: [1, 2] }, c: 'same' }, { c: 'same', b: { y: [1, 2], x: 1 }, a: 2 }).map(({ field }) => field),
      ['a'],
    );
  });

  it('a field, that comes or goes, is told against null', () => {
    assert.deepEqual(fieldChanges({ gone: 1 }, { come: 2 }), [
      { field: 'gone', from: 1, to: null },
      { field: 'come', from: null, to: 2 },
    ]);
    assert.deepEqual(fieldChanges(null, { a: 1, b: null }), [{ field: 'a', from: null, to: 1 }]);
    assert.deepEqual(fieldChanges({ a: 1 }, null), [{ field: 'a', from: 1, to: null }]);
  });

  it('the order of a list, unlike that of keys, counts', () => {
    assert.notEqual(canonical([1, 2]), canonical([2, 1]));
    assert.equal(canonical({ a: 1, b: [{ c: 1, d: 2 }] }), canonical({ b: [{ d: 2, c: 1 }], a: 1 }));
  });
});
