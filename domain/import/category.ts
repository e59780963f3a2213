import { CATEGORY_PATTERN, isCategory, MAIN_CATEGORIES, PAYMENT_CATEGORY, subcategoriesOf } from '../categories.ts';
import { CATEGORY_LANGUAGES, categoryName } from '../category-names.ts';
import { PEER_WORDS } from './category-words.ts';

// The word `Payment` as Splitwise writes it in the languages that it speaks.
const PAYMENT_WORDS: ReadonlySet<string> = new Set([
  'payment',
  'zahlung',
  'pago',
  'paiement',
  'pagamento',
  'betaling',
  'płatność',
  'pembayaran',
  '支払い',
  'betalning',
  'การชำระเงิน',
]);

/** Whether a category of a file says that the row is a payment. */
export function saysPayment(text: string): boolean {
  return PAYMENT_WORDS.has(text.trim().toLowerCase());
}

/** Names of our own categories in every language, in lower case; a name that stands for two means the first. */
const NAMES: ReadonlyMap<string, string> = new Map(
  MAIN_CATEGORIES.filter((main) => main !== PAYMENT_CATEGORY)
    .flatMap((main) => [main, ...subcategoriesOf(main)])
    .flatMap((key) => CATEGORY_LANGUAGES.map((language) => [categoryName(key, language).toLowerCase(), key] as const))
    .toReversed(),
);

/** Keys of a group's own categories by their names, in lower case. */
export type OwnCategories = Readonly<Record<string, string>>;

/** A name as names are compared. */
export function foldedName(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

/**
 * The category that a word of a file means, with the word itself as a tag where it means none: one of the group's own by its
 * name, else one of the product.
 *
 * @param text such as `Dining out`, `Food and drink - Groceries`, `Food and drink/Groceries` or a key of the product.
 * @param own see {@link ImportContext.categories}.
 */
export function categoryOf(text: string, own: OwnCategories = {}): { readonly category: string | null; readonly tags: readonly string[] } {
  const word = text.trim();
  if (word === '') return { category: null, tags: [] };
  if (isCategory(word)) return { category: word, tags: [] };
  const kept = word.length <= 40 ? [word] : [];
  const { category, isWhole } = meaningOf(foldedName(word), own);
  if (category !== undefined) return { category, tags: isWhole ? [] : kept };
  // A key of a group's own: whether this group has it is looked at where the group is known.
  if (CATEGORY_PATTERN.test(word) && word.includes('.')) return { category: word, tags: [] };
  return { category: null, tags: kept };
}

/** What a word means as a whole, else by its last part, which is below the first; else what the first part means, which is not all. */
function meaningOf(word: string, own: OwnCategories): { readonly category: string | undefined; readonly isWhole: boolean } {
  const one = (part: string): string | undefined =>
    (Object.hasOwn(own, part) ? own[part] : undefined) ?? PEER_WORDS.get(part) ?? NAMES.get(part);
  const whole = one(word);
  if (whole !== undefined) return { category: whole, isWhole: true };
  const parts = word.split(/ [-–] |:|\//).map((part) => part.trim());
  const [main, sub] = [one(parts[0] ?? ''), one(parts.at(-1) ?? '')];
  // `Other` is one of what stands before it.
  const other = main === undefined ? undefined : `${main.split('.')[0]}.other`;
  if (parts.length > 1 && sub === 'general.other' && other !== undefined && isCategory(other)) return { category: other, isWhole: true };
  return { category: sub ?? main, isWhole: sub !== undefined };
}
