import { formatAmount } from '../domain/money.ts';
import type { Ask, Cast, Person } from './cast.ts';
import type { Progress } from './progress.ts';
import { confirmByHand, type Transfer } from './paying.ts';
import type { ExpenseRow, Ledger, LedgerRow, Part, PaymentRow } from './sesterce.ts';
import { inParallel } from './waiting.ts';

/** Rows under way at once. Their order does not matter: a ledger's sums are the same in any. */
const ROWS_AT_ONCE = 6;
const TITLE_MAX = 200;
/** Digits after the point that the API takes for a rate. */
const RATE_DIGITS = 12;

/** Sesterce's categories are free words; these have a counterpart of ours, and all are kept as tags. */
const CATEGORIES: Readonly<Record<string, string>> = {
  Accommodation: 'travel.lodging',
  Entertainment: 'entertainment',
  Gifts: 'gifts',
  Groceries: 'food.groceries',
  Health: 'health',
  Insurance: 'finance.insurance',
  Restaurants: 'food.restaurants',
  Sports: 'entertainment.sports',
  Subscriptions: 'entertainment.subscriptions',
  Transport: 'transport',
  Utilities: 'utilities',
};
const TAG_MAX = 40;

/** Writes every row of the ledger through the API: expenses, and payments that their receivers confirm. */
export async function record(ledger: Ledger, cast: Cast, ask: Ask, progress: Progress): Promise<void> {
  const payments = ledger.rows.filter(({ kind }) => kind === 'payment').length;
  progress.step(`Recording ${ledger.rows.length} rows: ${ledger.rows.length - payments} expenses and ${payments} payments`);
  const bar = progress.bar('rows', ledger.rows.length);
  await inParallel(ledger.rows, ROWS_AT_ONCE, async (row) => {
    await recordRow(row, cast, ask);
    bar.tick();
  });
  bar.done();
}

async function recordRow(row: LedgerRow, cast: Cast, ask: Ask): Promise<void> {
  try {
    await (row.kind === 'payment' ? recordPayment(row, cast, ask) : recordExpense(row, cast, ask));
  } catch (error) {
    throw new Error(`Line ${row.line} of the ledger (${row.title}): ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function recordExpense(row: ExpenseRow, cast: Cast, ask: Ask): Promise<void> {
  const payers = row.paid.map(({ name }) => cast.byName(name));
  await ask(recorderOf(payers, cast), 'POST', `/v1/groups/${cast.groupId}/expenses`, { body: expenseBody(row, cast) });
}

async function recordPayment(row: PaymentRow, cast: Cast, ask: Ask): Promise<void> {
  const [from, to] = [cast.byName(row.from), cast.byName(row.to)];
  const money = { amount: formatAmount(row.totalMinor, row.currency), currency: row.currency };
  const body = { from: from.memberId, to: to.memberId, money, date: row.date, method: 'manual' };
  const { body: transfer } = await ask<Transfer>(from, 'POST', `/v1/groups/${cast.groupId}/payments`, { body });
  await confirmByHand(transfer, to, ask);
}

/** Who types a row in: a payer with an account, or the owner. */
function recorderOf(payers: readonly Person[], cast: Cast): Person {
  return payers.find(({ account }) => account !== null) ?? cast.owner;
}

/** The request that records a row. */
export function expenseBody(row: ExpenseRow, cast: Cast): Record<string, unknown> {
  const amounts = (parts: readonly Part[]) =>
    parts.map(({ name, minor }) => ({ memberId: cast.byName(name).memberId, amount: formatAmount(minor, row.currency) }));
  const category = CATEGORIES[row.category];
  const perGroupCurrency = row.currency === cast.currency || row.exchangeRate === null ? null : inverse(row.exchangeRate);
  return {
    description: titleOf(row.title),
    total: { amount: formatAmount(row.totalMinor, row.currency), currency: row.currency },
    date: row.date,
    payers: amounts(row.paid),
    split: { method: 'exact', parts: amounts(row.owed) },
    ...(category === undefined ? {} : { category }),
    ...(row.category === '' ? {} : { tags: [row.category.slice(0, TAG_MAX).trim()] }),
    ...(perGroupCurrency === null ? {} : { rate: { perGroupCurrency, source: 'ledger' } }),
  };
}

/**
 * Turns a rate around: the file has units of the group's currency for one of the row's, the API takes units of the row's for one
 * of the group's.
 *
 * @returns a decimal text with at most 12 digits after the point, rounded half up; null where that is zero or beyond the API's range.
 */
export function inverse(rate: string): string | null {
  const [whole = '0', fraction = ''] = rate.split('.');
  const divisor = BigInt(whole + fraction);
  if (divisor === 0n) return null;
  const scaled = (2n * 10n ** BigInt(fraction.length + RATE_DIGITS) + divisor) / (2n * divisor);
  const digits = scaled.toString().padStart(RATE_DIGITS + 1, '0');
  const [left, right] = [digits.slice(0, -RATE_DIGITS), digits.slice(-RATE_DIGITS).replace(/0+$/, '')];
  if (scaled === 0n || left.length > 12) return null;
  return right === '' ? left : `${left}.${right}`;
}

function titleOf(title: string): string {
  return title.replace(/\s+/g, ' ').slice(0, TITLE_MAX).trim() || 'Untitled';
}
