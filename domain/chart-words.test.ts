// Goal: charts say the same in every language, with figures as its readers write them. Method: over all phrases and languages.
import assert from 'node:assert/strict';
import { CATEGORY_LANGUAGES } from './category-names.ts';
import { CHART_PHRASES, chartWords } from './chart-words.ts';

describe('words of charts', () => {
  const english = chartWords('en');
  const values = ['⟨0⟩', '⟨1⟩', '⟨2⟩'];
  const filled = (text: string): string[] => [...text.matchAll(/⟨\d⟩/g)].map(([value]) => value).toSorted();

  it('every phrase, is there in every language, takes the same values and is no other one', () => {
    for (const language of CATEGORY_LANGUAGES) {
      const { say } = chartWords(language);
      for (const phrase of CHART_PHRASES) {
        const said = say(phrase, ...values);
        assert.ok(said.trim() !== '' && said === said.trim() && !/[{}]/.test(said), `${language} ${phrase}: ${said}`);
        assert.deepEqual(filled(said), filled(english.say(phrase, ...values)), `${language} ${phrase}`);
        if (language !== 'en' && phrase !== 'more') assert.notEqual(said, english.say(phrase, ...values), `${language} ${phrase}`);
      }
      const months = Array.from({ length: 12 }, (_, index) => chartWords(language).month(index));
      assert.ok(new Set(months).size === 12 && months.every((month) => month !== ''), months.join());
    }
  });

  it('what people wrote, is put in as it is', () => {
    assert.equal(english.say('wouldPay', '{1}', '$&', '{0}'), '{1} would pay $& to {0}');
  });

  it('figures and months, are written as in the language', () => {
    const written = (language: 'en' | 'de' | 'fr' | 'ja'): string[] => {
      const { decimal, monthOfYear } = chartWords(language);
      return [decimal('-1234567.89'), decimal('999'), decimal('0.120'), monthOfYear('2026-03')];
    };
    assert.deepEqual(written('en'), ['−1,234,567.89', '999', '0.120', 'Mar 2026']);
    assert.deepEqual(written('de'), ['−1.234.567,89', '999', '0,120', 'Mär 2026']);
    assert.deepEqual(written('fr'), ['−1\u202f234\u202f567,89', '999', '0,120', 'mars 2026']);
    assert.deepEqual(written('ja'), ['−1,234,567.89', '999', '0.120', '2026年3月']);
  });
});
