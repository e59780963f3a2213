import { isKnownCurrency } from './currency.ts';
import { ok, refuse, type Outcome } from './refusal.ts';

/** First days of a week that people use. */
export const WEEK_STARTS = ['monday', 'saturday', 'sunday'] as const;
/** How people are called: by the whole name, or by its first word. */
export const NAME_STYLES = ['full', 'first'] as const;
/** How amounts are written: `€12.34`, or `12.34 EUR`. */
export const AMOUNT_STYLES = ['symbol', 'code'] as const;
/** Ways to split that a new expense may start with. */
export const SPLIT_METHODS = ['equal', 'exact', 'percentage', 'shares', 'adjustment', 'weights', 'itemized'] as const;

/** What a person has chosen for the programs that they use; the product's own decisions never depend on the first four. */
export interface Preferences {
  readonly weekStart: (typeof WEEK_STARTS)[number];
  readonly nameStyle: (typeof NAME_STYLES)[number];
  readonly amountStyle: (typeof AMOUNT_STYLES)[number];
  /** The way to split that a form for a new expense starts with. */
  readonly splitMethod: (typeof SPLIT_METHODS)[number];
  /** The currency of new groups, and of a ledger with a friend; null: the account's own. */
  readonly groupCurrency: string | null;
  /** News about the product by mail. */
  readonly marketingMails: boolean;
}

/** What counts for who has chosen nothing. Mail that nobody asked for is off. */
export const PREFERENCES_DEFAULT: Preferences = {
  weekStart: 'monday',
  nameStyle: 'full',
  amountStyle: 'symbol',
  splitMethod: 'equal',
  groupCurrency: null,
  marketingMails: false,
};

/** Checks choices; refusal `unknown_currency`. */
export function checkPreferences<T extends Partial<{ readonly [K in keyof Preferences]: Preferences[K] | undefined }>>(
  chosen: T,
): Outcome<T> {
  const { groupCurrency } = chosen;
  if (groupCurrency == null || isKnownCurrency(groupCurrency)) return ok(chosen);
  return refuse('unknown_currency', 'This is not the code of a currency that can be spent.', '/groupCurrency');
}
