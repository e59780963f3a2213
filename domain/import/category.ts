import { PAYMENT_CATEGORY } from './file.ts';

/** What a key of a category looks like. */
const KEY = /^[a-z][a-z0-9_]{0,29}(\.[a-z0-9_]{1,29})?$/;

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

/**
 * The category of the product that a word of a file means, with the word itself as a tag where it means none.
 *
 * @param text such as `Dining out`, `Food and drink - Groceries`, `Food and drink/Groceries` or a key of the product.
 */
export function categoryOf(text: string): { readonly category: string | null; readonly tags: readonly string[] } {
  const word = text.trim();
  if (word === '') return { category: null, tags: [] };
  if (KEY.test(word) && word !== PAYMENT_CATEGORY && (word.includes('.') || !Object.hasOwn(WORDS, word))) {
    return { category: word, tags: [] };
  }
  const lower = word.toLowerCase();
  const sub = lower.split(/ [-–] /).at(-1) ?? '';
  for (const candidate of [lower, sub]) if (Object.hasOwn(WORDS, candidate)) return { category: WORDS[candidate] as string, tags: [] };
  return { category: null, tags: word.length <= 40 ? [word] : [] };
}
