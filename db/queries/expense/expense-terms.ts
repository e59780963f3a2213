import type { Query } from './groups.ts';

/** Longest word of the index in long texts; see migration 0043. A longer one is looked for by its beginning. */
const WORD_MAX = 40;
/** How much of a group's id its terms begin with; see migration 0043. */
const GROUP_MARK = 12;

/** What is looked for in the index of terms: all of it, in whatever field. */
export interface ExpenseTerms {
  /** Folded as the index has them, none of them empty; the last one may go on. */
  readonly words: readonly string[];
  /** Words of the category and the tag asked for. Every expense that fits has them, and others may. */
  readonly fieldWords: readonly string[];
  readonly member?: string | undefined;
  readonly currency?: string | undefined;
}

/** Folds texts as the index of terms does: without case and accents, cut into words. */
export async function foldWords(query: Query, texts: readonly string[]): Promise<string[][]> {
  const rows = await query<{ words: string }>(
    'select expense.spaced(expense.words(t.said)) as words from unnest($1::text[]) with ordinality as t (said, ord) order by t.ord',
    [texts],
  );
  return rows.map(({ words }) => words.split(' ').filter((word) => word !== ''));
}

/**
 * Writes a `tsquery` for the index of terms of one group, or null where nothing is looked for by terms.
 *
 * Words hold letters, digits and signs alone, so nothing in them can end a quoted word.
 */
export function termQuery(groupId: string, { words, fieldWords, member, currency }: ExpenseTerms): string | null {
  const mark = groupId.slice(-GROUP_MARK);
  const parts = [
    ...words.map((word, index) => prefixed(mark, word, index === words.length - 1)),
    ...fieldWords.map((word) => prefixed(mark, word, false)),
    ...(member === undefined ? [] : [`'~${member}'`]),
    ...(currency === undefined ? [] : [`'${mark}~${currency}'`]),
  ];
  return parts.length === 0 ? null : [...new Set(parts)].join(' & ');
}

function prefixed(mark: string, word: string, mayGoOn: boolean): string {
  const letters = Array.from(word);
  const cut = letters.length > WORD_MAX;
  return `'${mark}${cut ? letters.slice(0, WORD_MAX).join('') : word}'${mayGoOn || cut ? ':*' : ''}`;
}
