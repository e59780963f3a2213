/**
 * The product's own categories in two levels: a main category, and subs written `main.sub`. Keys are stored with
 * expenses and never change or go; their names are in `category-names.ts`.
 */
export const CATEGORIES = {
  general: ['other'],
  food: ['groceries', 'restaurants', 'cafes', 'drinks', 'delivery', 'snacks', 'other'],
  home: ['rent', 'mortgage', 'furniture', 'electronics', 'supplies', 'maintenance', 'garden', 'services', 'other'],
  utilities: ['electricity', 'heating', 'water', 'internet', 'phone', 'television', 'waste', 'cleaning', 'other'],
  transport: ['public', 'train', 'taxi', 'car', 'fuel', 'parking', 'tolls', 'bicycle', 'other'],
  travel: ['flights', 'lodging', 'activities', 'rental', 'other'],
  entertainment: ['movies', 'music', 'games', 'sports', 'events', 'books', 'subscriptions', 'other'],
  shopping: ['clothing', 'beauty', 'hobbies', 'other'],
  health: ['medical', 'pharmacy', 'fitness', 'other'],
  family: ['childcare', 'pets', 'care', 'other'],
  education: ['tuition', 'courses', 'supplies', 'other'],
  gifts: ['presents', 'donations', 'celebrations', 'other'],
  finance: ['insurance', 'taxes', 'fees', 'loans', 'other'],
  income: ['salary', 'refund', 'interest', 'sale', 'other'],
  payment: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Key of a main category of the product. */
export type MainCategory = keyof typeof CATEGORIES;

/** Key of any category of the product. */
export type CategoryKey = { [Main in MainCategory]: Main | `${Main}.${(typeof CATEGORIES)[Main][number]}` }[MainCategory];

/** Category of expenses that record a payment between two members, as imports do; statistics leave it out. */
export const PAYMENT_CATEGORY = 'payment' satisfies MainCategory;

/** Most categories of a group's own, archived ones too: bounds the context that every recorded expense is checked against. */
export const GROUP_CATEGORIES_MAX = 200;

/** Most characters of the name of one. */
export const CATEGORY_NAME_MAX = 60;

/** What a key looks like; whether it is one says {@link isCategory}. */
export const CATEGORY_PATTERN = /^[a-z][a-z0-9_]{0,29}(\.[a-z0-9_]{1,29})?$/;

/** Keys of the main categories, in the order of the product. */
export const MAIN_CATEGORIES = Object.keys(CATEGORIES) as readonly MainCategory[];

/** Keys of the categories below a main one, in order. */
export function subcategoriesOf(main: MainCategory): readonly CategoryKey[] {
  return CATEGORIES[main].map((sub) => `${main}.${sub}` as CategoryKey);
}

const KNOWN: ReadonlySet<string> = new Set(MAIN_CATEGORIES.flatMap((main) => [main, ...subcategoriesOf(main)]));

/** Whether a key is one of the product's categories. */
export function isCategory(key: string): key is CategoryKey {
  return KNOWN.has(key);
}

/**
 * Whether an expense may take a category.
 *
 * @param own keys of the group's own categories that are in use.
 */
export function takesCategory(key: string | null | undefined, own: ReadonlySet<string>): boolean {
  return key === null || key === undefined || KNOWN.has(key) || own.has(key);
}
