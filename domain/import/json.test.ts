// Goal: JSON that is made to cost more than it is worth is refused before it is parsed, and nothing else is. Method: texts at the limits.
import assert from 'node:assert/strict';
import { parseJsonTexts } from './json.ts';

describe('JSON of files', () => {
  it('numbers, stay the texts that they are', () => {
    assert.deepEqual(parseJsonTexts('{"a":[1.10,-0,1e400]}'), { a: ['1.10', '-0', '1e400'] });
  });

  it('nesting, at the limit and one above, is read and refused', () => {
    assert.ok(parseJsonTexts(`${'['.repeat(50)}${']'.repeat(50)}`));
    assert.throws(() => parseJsonTexts(`${'['.repeat(51)}${']'.repeat(51)}`), SyntaxError);
    assert.throws(() => parseJsonTexts('['.repeat(5_000_000)), SyntaxError);
  });

  it('values, at the limit and one above, are read and refused', () => {
    // The list itself counts, and each comma.
    const list = (commas: number): string => `[${'1,'.repeat(commas)}1]`;
    assert.equal((parseJsonTexts(list(2_999_999)) as unknown[]).length, 3_000_000);
    assert.throws(() => parseJsonTexts(list(3_000_000)), SyntaxError);
  });

  it('brackets and commas within texts, count for nothing', () => {
    const text = `${'['.repeat(60)}\\"${'{'.repeat(60)}\\\\`;
    assert.deepEqual(parseJsonTexts(`["${text}",["x"]]`), [JSON.parse(`"${text}"`), ['x']]);
    assert.throws(() => parseJsonTexts('["[[[['), SyntaxError);
  });
});
