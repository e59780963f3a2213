import { CATEGORY_PATTERN, isCategory, MAIN_CATEGORIES, PAYMENT_CATEGORY, subcategoriesOf } from '../categories.ts';
import { CATEGORY_LANGUAGES, categoryName } from '../category-names.ts';

/** Words of other programs, in lower case, and the category that they mean. Main groups stand beside the subs that they contain. */
const WORDS: Readonly<Record<string, string>> = {
  general: 'general',
  uncategorized: 'general.other',
  other: 'general.other',
  'food and drink': 'food',
  groceries: 'food.groceries',
  'dining out': 'food.restaurants',
  restaurant: 'food.restaurants',
  restaurants: 'food.restaurants',
  bar: 'food.drinks',
  liquor: 'food.drinks',
  food: 'food',
  home: 'home',
  rent: 'home.rent',
  mortgage: 'home.mortgage',
  furniture: 'home.furniture',
  electronics: 'home.electronics',
  'household supplies': 'home.supplies',
  maintenance: 'home.maintenance',
  services: 'home.services',
  pets: 'family.pets',
  utilities: 'utilities',
  electricity: 'utilities.electricity',
  'heat/gas': 'utilities.heating',
  water: 'utilities.water',
  'tv/phone/internet': 'utilities.internet',
  trash: 'utilities.waste',
  cleaning: 'utilities.cleaning',
  transportation: 'transport',
  transport: 'transport',
  'bus/train': 'transport.public',
  taxi: 'transport.taxi',
  car: 'transport.car',
  'gas/fuel': 'transport.fuel',
  parking: 'transport.parking',
  bicycle: 'transport.bicycle',
  plane: 'travel.flights',
  hotel: 'travel.lodging',
  accommodation: 'travel.lodging',
  travel: 'travel',
  entertainment: 'entertainment',
  games: 'entertainment.games',
  movies: 'entertainment.movies',
  music: 'entertainment.music',
  sports: 'entertainment.sports',
  leisure: 'entertainment',
  shopping: 'shopping',
  clothing: 'shopping.clothing',
  gifts: 'gifts',
  donation: 'gifts.donations',
  charity: 'gifts.donations',
  insurance: 'finance.insurance',
  taxes: 'finance.taxes',
  health: 'health',
  'medical expenses': 'health.medical',
  childcare: 'family.childcare',
  education: 'education',
  bills: 'utilities',
};

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
  if (isCategory(word) && word !== PAYMENT_CATEGORY) return { category: word, tags: [] };
  const lower = foldedName(word);
  const sub = lower.split(/ [-–] /).at(-1) ?? '';
  for (const candidate of [lower, sub]) {
    const mine = Object.hasOwn(own, candidate) ? own[candidate] : undefined;
    if (mine !== undefined) return { category: mine, tags: [] };
    const category = (Object.hasOwn(WORDS, candidate) ? WORDS[candidate] : undefined) ?? NAMES.get(candidate);
    if (category !== undefined) return { category, tags: [] };
  }
  // A key of a group's own: whether this group has it is looked at where the group is known.
  if (CATEGORY_PATTERN.test(word) && word.includes('.')) return { category: word, tags: [] };
  return { category: null, tags: word.length <= 40 ? [word] : [] };
}
