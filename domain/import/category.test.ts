// Goal: a word of a file means the category that it means to people. Method: every name of ours, and words that others write.
import assert from 'node:assert/strict';
import { MAIN_CATEGORIES, subcategoriesOf } from '../categories.ts';
import { CATEGORY_LANGUAGES, categoryName } from '../category-names.ts';
import { categoryOf } from './category.ts';

/** French shops for food where English studies; the shops are met more often. */
const ELSEWHERE = new Set(['en education.courses']);
const MAINS = MAIN_CATEGORIES.filter((main) => main !== 'payment');

describe('categories of files', () => {
  for (const language of CATEGORY_LANGUAGES) {
    it(`names of ours, ${language}, mean what they name, and Other what is other of the main before it`, () => {
      const keys = MAINS.flatMap((main) => [main, ...subcategoriesOf(main)]);
      const named = keys.filter((key) => !key.endsWith('.other') && !ELSEWHERE.has(`${language} ${key}`));
      assert.deepEqual(
        named.map((key) => categoryOf(categoryName(key, language)).category),
        named,
      );
      for (const main of MAINS) {
        const other = `${categoryName(main, language)} - ${categoryName(`${main}.other`, language)}`;
        assert.deepEqual(categoryOf(other), { category: `${main}.other`, tags: [] });
      }
    });
  }

  for (const [word, category, ...tags] of [
    ['Essen gehen', 'food.restaurants'],
    ['Essen & Trinken - Essen gehen', 'food.restaurants'],
    ['Grocery', 'food.groceries'],
    ['Bar/Party', 'food.drinks'],
    ['Excursion/Culture', 'travel.activities'],
    ['Food and drink - Other', 'food.other'],
    ['Life - Other', 'general.other'],
    ['TV/Phone/Internet', 'utilities.internet'],
    ['Gas/fuel', 'transport.fuel'],
    ['Comer fuera', 'food.restaurants'],
    ['外食', 'food.restaurants'],
    ['food/groceries', 'food.groceries'],
    ['food.groceries', 'food.groceries'],
    ['Home - Foo', 'home', 'Home - Foo'],
    ['Foo', null, 'Foo'],
    ['transport.boat', 'transport.boat'],
    ['payment', 'payment'],
    ['', null],
  ] as const) {
    it(`"${word}", means ${category ?? 'none'}`, () => assert.deepEqual(categoryOf(word), { category, tags }));
  }

  it('name of a category of the group, means that one before any of ours', () => {
    assert.deepEqual(categoryOf(' TAXI ', { taxi: 'transport.cab' }), { category: 'transport.cab', tags: [] });
    assert.deepEqual(categoryOf('__proto__', {}), { category: null, tags: ['__proto__'] });
  });
});
