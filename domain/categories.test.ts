// Goal: keys are well formed, unique and named in every language. Method: over the whole table.
import assert from 'node:assert/strict';
import { CATEGORY_PATTERN, isCategory, MAIN_CATEGORIES, subcategoriesOf, takesCategory } from './categories.ts';
import { CATEGORY_LANGUAGES, categoryLanguage, categoryName } from './category-names.ts';

describe('categories', () => {
  const keys = MAIN_CATEGORIES.flatMap((main) => [main, ...subcategoriesOf(main)]);

  it('every key, well formed, is known once', () => {
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) assert.ok(CATEGORY_PATTERN.test(key) && isCategory(key), key);
  });

  it('every name, within its main category and language, is there and differs', () => {
    for (const language of CATEGORY_LANGUAGES)
      for (const siblings of [MAIN_CATEGORIES, ...MAIN_CATEGORIES.map(subcategoriesOf)]) {
        const names = siblings.map((key) => categoryName(key, language));
        assert.ok(names.every((name) => name.trim() === name && name.length > 0));
        assert.equal(new Set(names).size, names.length, `${language}: ${names.join(', ')}`);
      }
  });

  it('an expense, with a key of nobody, is refused it; with the group’s own, takes it', () => {
    for (const key of [null, undefined, 'food', 'food.restaurants', 'ski.passes'])
      assert.ok(takesCategory(key, new Set(['ski.passes'])), String(key));
    for (const key of ['ski', 'food.ski', 'toString', '__proto__', 'food.', '']) assert.ok(!takesCategory(key, new Set()), key);
  });

  it('the language, of tags by preference, is the first that is here', () => {
    assert.equal(categoryLanguage(['sv', 'pt-BR', 'de']), 'pt');
    assert.equal(categoryLanguage([' DE-at']), 'de');
    assert.equal(categoryLanguage(['*', 'x']), null);
  });
});
