import { PAYMENT_CATEGORY } from '../categories.ts';
import { type CsvRecord, unguardText } from '../csv.ts';
import type { ExpenseInput } from '../expense.ts';
import { formatAmount } from '../money.ts';
import { refusal } from '../refusal.ts';
import type { Split } from '../split.ts';
import { categoryOf, type OwnCategories } from './category.ts';
import { oneLine } from './check.ts';
import { cellReader, hasColumns, headerCells, recordsOf, repeated } from './columns.ts';
import { type ImportedRow, type ImportFormat, problem, type Reading } from './file.ts';
import { amountOf, nonZero, type Part, partsOf, paymentInput, quoted, reading, sumOf } from './reading.ts';

/** Columns of Spliit and of its Cloud fork; every other column is a participant. */
const COLUMNS: ReadonlySet<string> = new Set([
  'Date',
  'Description',
  'Category',
  'Currency',
  'Cost',
  'Original cost',
  'Original currency',
  'Conversion rate',
  'Conversion source',
  'Is Reimbursement',
  'Is Settlement',
  'Itemized',
  'Split mode',
]);

/**
 * Spliit CSV, of both forks. A participant's cell is their own share, above zero for whoever paid and below for others.
 * The shares are rounded one by one, so they may miss the cost by less than a unit each; the cost is what counts.
 */
export const spliitCsv: ImportFormat = {
  kind: 'csv',
  recognises(source) {
    return hasColumns(headerCells(recordsOf(source)[0]), ['Date', 'Description', 'Cost', 'Currency', 'Is Reimbursement', 'Split mode']);
  },
  parse(source, { categories }) {
    const [first, ...records] = recordsOf(source);
    const header = headerCells(first);
    const names = header.filter((cell) => !COLUMNS.has(cell) && cell !== '');
    const twice = repeated(header);
    const readings: Reading[] =
      twice === null ? [] : [problem(first?.row ?? 1, 'duplicate_name', `The header has the column ${quoted(twice)} twice.`)];
    let passedOver = 0;
    for (const record of records) {
      const found = reading(record.row, () => readRow(record, header, names, categories));
      if (found === null) passedOver += 1;
      else readings.push(found);
    }
    return { people: names, readings, passedOver, totals: null };
  },
};

function readRow(
  record: CsvRecord,
  header: readonly string[],
  names: readonly string[],
  own: OwnCategories | undefined,
): ExpenseInput | Pick<ImportedRow, 'input' | 'owed'> | null {
  if (record.cells.length !== header.length)
    throw refusal('cell_count', `The row has ${record.cells.length} cells, and the header has ${header.length} columns.`);
  const cell = cellReader(header, record);
  const currency = cell('Currency').toUpperCase();
  const cost = amountOf(cell('Cost'), currency);
  const cells = names.map((name) => ({ name, minor: cell(name) === '' ? 0n : amountOf(cell(name), currency) }));
  if (cost === 0n) return null;
  // Money that comes in has a cost below zero, and the signs of the shares turned round.
  const sign = cost < 0n ? -1n : 1n;
  const total = cost * sign;
  const shares = nonZero(cells).map(({ name, minor }) => ({ name, minor: minor * sign }));
  const payer = payerOf(shares, cells);
  const owed = shares.map(({ name, minor }) => ({ name, minor: minor < 0n ? -minor : minor }));
  if (owed.length === 0) throw refusal('no_shares', 'Nobody has a share of this row.');
  const { category, tags } = categoryOf(unguardText(cell('Category')), own);
  const about = {
    date: cell('Date'),
    description: oneLine(unguardText(cell('Description'))),
    category,
    tags,
    notes: originally(cell),
    rate: null,
  };
  const [only] = owed;
  const isReturn = cell('Is Reimbursement') === 'Yes' || cell('Is Settlement') === 'Yes';
  if (isReturn && sign > 0n && owed.length === 1 && only !== undefined && only.name !== payer) {
    return paymentInput({ ...about, tags: [] }, currency, payer, only.name, total);
  }
  const { split, exact } = splitOf(cell('Split mode'), owed, total, currency);
  const input: ExpenseInput = {
    ...about,
    category: isReturn ? PAYMENT_CATEGORY : category,
    kind: sign > 0n ? 'expense' : 'income',
    total: { amount: formatAmount(total, currency), currency },
    payers: [{ memberId: payer, amount: formatAmount(total, currency) }],
    split,
  };
  return exact ? { input, owed: partsOf(owed, currency) } : input;
}

/** Whoever has a share above zero. One who paid and shares nothing has the cell of everybody who has no part: found where that is one. */
function payerOf(shares: readonly Part[], cells: readonly Part[]): string {
  const [payer, ...others] = shares.filter(({ minor }) => minor > 0n);
  if (others.length > 0) throw refusal('payer_unknown', 'More than one participant has a share above zero.');
  if (payer !== undefined) return payer.name;
  const [absent, ...more] = cells.filter(({ minor }) => minor === 0n);
  if (absent === undefined || more.length > 0)
    throw refusal('payer_unknown', 'The file does not tell who paid: whoever paid has no share of it, and others have none either.');
  return absent.name;
}

/**
 * The rule of a split, and whether the cells are exactly what everybody owes. Cells count before the rule: somebody may
 * have written into them.
 */
function splitOf(mode: string, owed: readonly Part[], total: bigint, currency: string): { readonly split: Split; readonly exact: boolean } {
  const sum = sumOf(owed);
  const missed = sum > total ? sum - total : total - sum;
  const exact = missed === 0n;
  if (missed >= BigInt(owed.length) && !exact) throw refusal('row_not_balanced', 'The shares do not add up to the cost.');
  if (mode === 'Evenly' && isEven(owed, total)) return { split: { method: 'equal', among: owed.map(({ name }) => name) }, exact };
  if (exact) return { split: { method: 'exact', parts: partsOf(owed, currency) }, exact };
  if (mode === 'Evenly') throw refusal('row_not_balanced', 'The shares are not even, and do not add up to the cost.');
  return { split: { method: 'shares', parts: owed.map(({ name, minor }) => ({ memberId: name, shares: minor.toString() })) }, exact };
}

/** Whether each share is within a unit of an equal one, which is what rounding can make. */
function isEven(owed: readonly Part[], total: bigint): boolean {
  const count = BigInt(owed.length);
  return owed.every(({ minor }) => minor * count <= total + count && minor * count >= total - count);
}

/** What the row cost in the currency in which it was paid, in words: the shares are in the group's. */
function originally(cell: (column: string) => string): string {
  const [cost, currency, rate] = [cell('Original cost'), cell('Original currency'), cell('Conversion rate')];
  if (cost === '' || currency === '') return '';
  return `Originally ${cost} ${currency}${rate === '' ? '' : ` at ${rate}`}`;
}
