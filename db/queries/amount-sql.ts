import { CURRENCIES } from '../../domain/currency.ts';

/** SQL that gives the digits of a currency: the table of `domain/currency.ts` as a constant, so that no value is sent for it. */
function digitsSql(currency: string): string {
  const unusual = [...new Set(CURRENCIES.map(({ digits }) => digits))].filter((digits) => digits !== 2);
  const cases = unusual.map((digits) => {
    const codes = CURRENCIES.filter((known) => known.digits === digits).map(({ code }) => `'${code}'`);
    return `when ${currency} in (${codes.join(', ')}) then ${digits}`;
  });
  return `(case ${cases.join(' ')} else 2 end)`;
}

/**
 * SQL that writes minor units as a decimal text with all digits of the currency, as `formatAmount` does.
 *
 * @param minor SQL of a bigint or numeric.
 * @param currency SQL of the code.
 */
export function amountSql(minor: string, currency: string): string {
  const digits = digitsSql(currency);
  return `round((${minor})::numeric / power(10::numeric, ${digits}), ${digits})::text`;
}

/** SQL that writes minor units and currency as a `Money` object of the wire. */
export function moneySql(minor: string, currency: string): string {
  return `jsonb_build_object('amount', ${amountSql(minor, currency)}, 'currency', ${currency})`;
}
