import { PAYMENT_CATEGORY } from '../categories.ts';
import type { ExpenseInput } from '../expense.ts';
import { formatAmount } from '../money.ts';
import { refusal } from '../refusal.ts';
import { categoryOf, type OwnCategories } from './category.ts';
import { oneLine } from './check.ts';
import { repeated } from './columns.ts';
import { type ImportFormat, problem, type Reading } from './file.ts';
import { fieldOf, type JsonObject, listOf, objectOf } from './json.ts';
import { amountOf, nonZero, partsOf, paymentInput, quoted, reading, sumOf } from './reading.ts';

/** Tricount JSON: one registry with its memberships and entries. Amounts are below zero for money that was spent. */
export const tricountJson: ImportFormat = {
  kind: 'json',
  recognises: (source) => source.kind === 'json' && Array.isArray(registryOf(source.value)['all_registry_entry']),
  parse(source, { groupCurrency, categories }) {
    const registry = registryOf(source.kind === 'json' ? source.value : null);
    const people = listOf(registry['memberships']).map(nameOf);
    const readings: Reading[] = [];
    const twice = repeated(people);
    if (twice !== null) readings.push(problem(0, 'duplicate_name', `Two members are called ${quoted(twice)}.`));
    const known = new Set(people);
    let passedOver = 0;
    for (const [index, one] of listOf(registry['all_registry_entry']).entries()) {
      const entry = objectOf(objectOf(one)['RegistryEntry']);
      const found = reading(index + 1, () => readEntry(entry, known, fieldOf(registry, 'currency') || groupCurrency, categories));
      if (found === null) passedOver += 1;
      else readings.push(found);
    }
    return { people, readings, passedOver, totals: null };
  },
};

function registryOf(value: unknown): JsonObject {
  return objectOf(objectOf(listOf(objectOf(value)['Response'])[0])['Registry']);
}

/** The name of a membership, which stands in an object named after its type; with it or with the alias in it. */
function nameOf(membership: unknown): string {
  const outer = objectOf(membership);
  const inner = 'display_name' in outer || 'alias' in outer ? outer : objectOf(Object.values(outer)[0]);
  return oneLine(fieldOf(inner, 'display_name') || fieldOf(inner['alias'], 'display_name') || fieldOf(inner, 'name'));
}

/** @returns null for an entry that moves no money. */
function readEntry(entry: JsonObject, known: ReadonlySet<string>, fallback: string, own: OwnCategories | undefined): ExpenseInput | null {
  const currency = (fieldOf(entry['amount'], 'currency') || fallback).toUpperCase();
  const minor = valueOf(entry['amount'], currency);
  if (minor === 0n) return null;
  const total = minor < 0n ? -minor : minor;
  const member = (value: unknown): string => {
    const name = nameOf(value);
    if (!known.has(name)) throw refusal('unknown_member', `${quoted(name)} is not a member of the file.`);
    return name;
  };
  const payer = member(entry['membership_owned'] ?? entry['membership']);
  const shares = listOf(entry['allocations']).map((one) => {
    const allocation = objectOf(one);
    const share = valueOf(allocation['amount'], currency);
    return { name: member(allocation['membership']), minor: minor < 0n ? -share : share, ratio: fieldOf(allocation, 'share_ratio') };
  });
  const word = fieldOf(entry, 'category_custom') || fieldOf(entry, 'category').replaceAll('_', ' ').toLowerCase();
  const isBalance = fieldOf(entry, 'type_transaction') === 'BALANCE';
  const { category, tags } = isBalance ? { category: PAYMENT_CATEGORY, tags: [] } : categoryOf(word, own);
  const about = {
    date: fieldOf(entry, 'date').slice(0, 10),
    description: oneLine(fieldOf(entry, 'description')),
    category,
    tags,
    notes: notesOf(entry, currency),
    rate: null,
  };
  const [only, ...others] = nonZero(shares);
  if (isBalance && only !== undefined && others.length === 0 && only.name !== payer && only.minor === total) {
    return paymentInput(about, currency, payer, only.name, total);
  }
  const isIncome = fieldOf(entry, 'type_transaction') === 'INCOME' || (minor > 0n && !isBalance);
  return {
    ...about,
    kind: isIncome ? 'income' : 'expense',
    total: { amount: formatAmount(total, currency), currency },
    payers: [{ memberId: payer, amount: formatAmount(total, currency) }],
    split:
      sumOf(shares) === 0n && shares.some(({ ratio }) => ratio !== '')
        ? { method: 'shares', parts: shares.map(({ name, ratio }) => ({ memberId: name, shares: ratio === '' ? '0' : ratio })) }
        : { method: 'exact', parts: partsOf(nonZero(shares), currency) },
  };
}

function valueOf(amount: unknown, currency: string): bigint {
  const text = fieldOf(amount, 'value');
  return text === '' ? 0n : amountOf(text, currency);
}

/** What the entry was in the currency in which it was paid, in words: balances are in the registry's. */
function notesOf(entry: JsonObject, currency: string): string {
  const [local, paidIn, rate] = [
    fieldOf(entry['amount_local'], 'value'),
    fieldOf(entry['amount_local'], 'currency'),
    fieldOf(entry, 'exchange_rate'),
  ];
  if (local === '' || paidIn === '' || paidIn === currency) return '';
  return `Originally ${local.replace('-', '')} ${paidIn}${rate === '' ? '' : ` at ${rate}`}`;
}
