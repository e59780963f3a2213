import { PAYMENT_CATEGORY } from '../categories.ts';
import { isKnownCurrency } from '../currency.ts';
import type { ExpenseInput } from '../expense.ts';
import { formatAmount } from '../money.ts';
import { refusal } from '../refusal.ts';
import type { Split } from '../split.ts';
import { categoryOf, type OwnCategories } from './category.ts';
import { oneLine } from './check.ts';
import { repeated } from './columns.ts';
import { type ImportFormat, problem, type Reading } from './file.ts';
import { fieldOf, type JsonObject, listOf, objectOf } from './json.ts';
import { paymentInput, quoted, reading } from './reading.ts';

/** Spliit JSON. Amounts are minor units; the group's currency counts, as everything in Spliit is kept in it. */
export const spliitJson: ImportFormat = {
  kind: 'json',
  recognises(source) {
    if (source.kind !== 'json') return false;
    const file = objectOf(source.value);
    return Array.isArray(file['expenses']) && Array.isArray(file['participants']);
  },
  parse(source, { groupCurrency, categories }) {
    const file = objectOf(source.kind === 'json' ? source.value : null);
    const code = fieldOf(file, 'currencyCode').toUpperCase();
    // Files of before there were codes carry a symbol alone.
    const currency = code === '' ? groupCurrency : code;
    const participants = listOf(file['participants']).map((one) => ({ id: fieldOf(one, 'id'), name: oneLine(fieldOf(one, 'name')) }));
    const names = new Map(participants.map(({ id, name }) => [id, name]));
    const people = participants.map(({ name }) => name);
    const readings: Reading[] = [];
    const twice = repeated(people);
    if (twice !== null) readings.push(problem(0, 'duplicate_name', `Two participants are called ${quoted(twice)}.`));
    let passedOver = 0;
    for (const [index, expense] of listOf(file['expenses']).entries()) {
      const found = reading(index + 1, () => readExpense(objectOf(expense), currency, names, categories));
      if (found === null) passedOver += 1;
      else readings.push(found);
    }
    return { people, readings, passedOver, totals: null };
  },
};

function readExpense(
  expense: JsonObject,
  currency: string,
  names: ReadonlyMap<string, string>,
  own: OwnCategories | undefined,
): ExpenseInput | null {
  if (!isKnownCurrency(currency)) throw refusal('unknown_currency', `${quoted(currency)} is not the code of a currency that can be spent.`);
  const minor = integerOf(fieldOf(expense, 'amount'), 'amount');
  if (minor === 0n) return null;
  const total = minor < 0n ? -minor : minor;
  const payer = nameOf(fieldOf(expense, 'paidById') || fieldOf(expense['paidBy'], 'id'), names);
  const shares = listOf(expense['paidFor']).map((one) => ({
    name: nameOf(fieldOf(one, 'participantId') || fieldOf(objectOf(one)['participant'], 'id'), names),
    shares: fieldOf(one, 'shares'),
  }));
  const category = expense['category'];
  const { category: key, tags } = categoryOf(typeof category === 'string' ? category : fieldOf(category, 'name'), own);
  const isReturn = expense['isReimbursement'] === true;
  const about = {
    date: fieldOf(expense, 'expenseDate').slice(0, 10),
    description: oneLine(fieldOf(expense, 'title')),
    category: isReturn ? PAYMENT_CATEGORY : key,
    tags,
    notes: notesOf(expense),
    rate: null,
  };
  const [only] = shares;
  if (isReturn && minor > 0n && shares.length === 1 && only !== undefined && only.name !== payer) {
    return paymentInput({ ...about, tags: [] }, currency, payer, only.name, total);
  }
  return {
    ...about,
    kind: minor > 0n ? 'expense' : 'income',
    total: { amount: formatAmount(total, currency), currency },
    payers: [{ memberId: payer, amount: formatAmount(total, currency) }],
    split: splitOf(fieldOf(expense, 'splitMode'), shares, currency),
  };
}

function nameOf(id: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(id);
  if (name === undefined) throw refusal('unknown_member', `${quoted(id)} is not the id of a participant of the file.`);
  return name;
}

function integerOf(text: string, field: string): bigint {
  if (!/^-?\d{1,18}$/.test(text)) throw refusal('amount_malformed', `${quoted(text)} is not a whole number of minor units (${field}).`);
  return BigInt(text);
}

function splitOf(mode: string, shares: readonly { name: string; shares: string }[], currency: string): Split {
  const hundredths = (text: string): string => formatAmount(integerOf(text, 'shares'), 'EUR');
  switch (mode === '' ? 'EVENLY' : mode) {
    case 'EVENLY':
      return { method: 'equal', among: shares.map(({ name }) => name) };
    case 'BY_SHARES':
      return { method: 'shares', parts: shares.map((one) => ({ memberId: one.name, shares: hundredths(one.shares) })) };
    case 'BY_PERCENTAGE':
      return { method: 'percentage', parts: shares.map((one) => ({ memberId: one.name, percent: hundredths(one.shares) })) };
    case 'BY_AMOUNT':
      return {
        method: 'exact',
        parts: shares.map((one) => {
          const minor = integerOf(one.shares, 'shares');
          return { memberId: one.name, amount: formatAmount(minor < 0n ? -minor : minor, currency) };
        }),
      };
    default:
      throw refusal('unknown_split', `${quoted(mode)} is not a way to split that is known.`);
  }
}

function notesOf(expense: JsonObject): string {
  const [amount, currency, rate] = [
    fieldOf(expense, 'originalAmount'),
    fieldOf(expense, 'originalCurrency'),
    fieldOf(expense, 'conversionRate'),
  ];
  const notes = fieldOf(expense, 'notes');
  if (!/^-?\d{1,18}$/.test(amount) || !isKnownCurrency(currency)) return notes;
  const original = `Originally ${formatAmount(BigInt(amount), currency)} ${currency}${rate === '' ? '' : ` at ${rate}`}`;
  return notes === '' ? original : `${notes}\n${original}`;
}
