/** What a letter says; its words are plain text, whatever people have put into names and descriptions. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  /** Things listed below the paragraphs, one a line. */
  readonly items?: readonly string[];
  /** Shown on a line of its own, and in the header `X-SafeSplitX-Token` for programs. */
  readonly token?: string;
  /** Where the reader goes on. */
  readonly link?: string;
  /** The deliveries that it speaks of; the others of the same look have become pointless. */
  readonly deliveryIds: readonly string[];
}

/** Longest subject; a name of a group may have 200 characters. */
const SUBJECT_MAX = 150;
const FOOTER = 'SafeSplitX sends this because of something that happened in a group of yours.';

/** A letter as plain text, for readers without HTML. */
export function asText(letter: Letter): string {
  return [
    letter.greeting,
    ...letter.paragraphs,
    ...(letter.items === undefined ? [] : [letter.items.map((item) => `- ${item}`).join('\n')]),
    ...(letter.token === undefined ? [] : [`Token: ${letter.token}`]),
    ...(letter.link === undefined ? [] : [letter.link]),
    `-- \n${FOOTER}`,
  ].join('\n\n');
}

/** A letter as HTML without anything from outside: no image, no script, no style sheet. */
export function asHtml(letter: Letter): string {
  const body = [
    `<p>${escape(letter.greeting)}</p>`,
    ...letter.paragraphs.map((paragraph) => `<p>${escape(paragraph)}</p>`),
    ...(letter.items === undefined ? [] : [`<ul>${letter.items.map((item) => `<li>${escape(item)}</li>`).join('')}</ul>`]),
    ...(letter.token === undefined ? [] : [`<p>Token: <code>${escape(letter.token)}</code></p>`]),
    ...(letter.link === undefined ? [] : [`<p><a href="${escape(letter.link)}">${escape(letter.link)}</a></p>`]),
    `<hr><p><small>${escape(FOOTER)}</small></p>`,
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(letter.subject)}</title></head><body style="font-family:sans-serif">${body.join('')}</body></html>`;
}

/** The subject on one line, however long a name in it is. */
export function subjectLine(letter: Letter): string {
  const line = letter.subject.replaceAll(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length <= SUBJECT_MAX ? line : `${characters.slice(0, SUBJECT_MAX - 1).join('')}…`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
