// Goal: what people write into names reaches a mail as text and as nothing else.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asHtml, asText, subjectLine, type Letter } from './letter.ts';

const letter = (fields: Partial<Letter> = {}): Letter => ({
  to: 'ana@example.com',
  subject: 'Hello',
  greeting: 'Hello Ana,',
  paragraphs: ['One.'],
  deliveryIds: [],
  ...fields,
});

describe('letter', () => {
  it('any words, in any place, add no tag, attribute or entity of their own', () => {
    const plain = asHtml(letter({ subject: '', greeting: '', paragraphs: [''], items: [''], token: '', link: '' }));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (words) => {
        const html = asHtml(letter({ subject: words, greeting: words, paragraphs: [words], items: [words], token: words, link: words }));
        for (const sign of ['<', '>', '"', "'"]) assert.equal(count(html, sign), count(plain, sign));
        assert.doesNotMatch(html, /&(?!amp;|lt;|gt;|quot;|#39;)/);
      }),
    );
  });

  it('a name of several lines, in a subject, is one line of at most 150 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (words) => {
        const line = subjectLine(letter({ subject: `To ${words}` }));
        assert.doesNotMatch(line, /[\r\n]/);
        assert.ok(Array.from(line).length <= 150);
      }),
    );
  });

  it('token and link, stand on lines of their own in the text', () => {
    const lines = asText(letter({ token: 'abc.def', link: 'https://x.example/y', items: ['a', 'b'] })).split('\n');
    for (const line of ['Token: abc.def', 'https://x.example/y', '- a', '- b']) assert.ok(lines.includes(line), line);
  });
});

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}
