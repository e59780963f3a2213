import { isBusinessDate } from './business-date.ts';
import { CURRENCY_ROWS } from './currency-table.ts';
import { refusal } from './refusal.ts';

/** A currency that amounts can be recorded in. */
export interface Currency {
  /** ISO 4217 alphabetic code, such as `EUR`. */
  readonly code: string;
  /** ISO 4217 numeric code, three digits. A successor may share it: XCG took over ANG's 532. */
  readonly numeric: string;
  /** Digits after the decimal point: 0, 2, 3 or 4. */
  readonly digits: number;
  /** The name in ISO's list, in English. */
  readonly name: string;
  /** First day on which it was official, where that is after 2011. */
  readonly from?: string;
  /** First day on which it is no longer official, where it was withdrawn. */
  readonly until?: string;
}

/**
 * All currencies that amounts can be recorded in, by code: the active ones of ISO 4217 and those withdrawn since 2011.
 *
 * The runtime's own tables are not used, because they disagree with ISO on the digits of several live currencies.
 */
export const CURRENCIES: readonly Currency[] = CURRENCY_ROWS.map(([code, numeric, digits, name, validity]) => ({
  code,
  numeric,
  digits,
  name,
  ...validity,
}));

const CURRENCY_BY_CODE: ReadonlyMap<string, Currency> = new Map(CURRENCIES.map((currency) => [currency.code, currency]));

/**
 * Tells how many digits an amount of the currency has after the decimal point.
 *
 * @param code ISO 4217 alphabetic code, upper case.
 * @returns 0, 2, 3 or 4.
 * @throws RefusalError unknown_currency when no amount can be recorded in it.
 */
export function currencyDigits(code: string): number {
  const currency = CURRENCY_BY_CODE.get(code);
  if (currency === undefined) throw refusal('unknown_currency', 'This is not the code of a currency that can be spent.');
  return currency.digits;
}

/**
 * Tells whether amounts can be recorded in the currency, on whatever day.
 *
 * @param code ISO 4217 alphabetic code, upper case; withdrawn currencies are known too.
 * @returns false for metals, test codes and anything that is not in the table.
 */
export function isKnownCurrency(code: string): boolean {
  return CURRENCY_BY_CODE.has(code);
}

/**
 * Tells whether the currency is official on a business day.
 *
 * @param code ISO 4217 alphabetic code, upper case.
 * @param date business day, `YYYY-MM-DD`.
 * @returns false for an unknown code, a text that is no day, and days outside the currency's validity.
 */
export function isActiveOn(code: string, date: string): boolean {
  const currency = CURRENCY_BY_CODE.get(code);
  if (currency === undefined || !isBusinessDate(date)) return false;
  if (currency.from !== undefined && date < currency.from) return false;
  return currency.until === undefined || date < currency.until;
}
