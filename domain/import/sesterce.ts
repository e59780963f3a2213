import { isCategory } from '../categories.ts';
import { type CsvRecord, unguardText } from '../csv.ts';
import { divideRationals, rational } from '../decimal.ts';
import type { ExpenseInput } from '../expense.ts';
import type { FrozenRate } from '../expense-rate.ts';
import { formatRate, parseRate } from '../fx.ts';
import { refusal } from '../refusal.ts';
import { categoryOf, type OwnCategories, saysPayment } from './category.ts';
import { oneLine } from './check.ts';
import { cellReader, hasColumns, headerCells, recordsOf, repeated } from './columns.ts';
import { type ImportFormat, problem, type Reading } from './file.ts';
import { amountOf, exactInput, nonZero, type Part, paymentInput, quoted, reading, sumOf } from './reading.ts';

const PAID_BY = 'Paid by ';
const PAID_FOR = 'Paid for ';
const COLUMNS = ['Date', 'Title', 'Currency', 'Category', 'Exchange rate'];

/**
 * Sesterce CSV, the one exchange format that keeps several payers exactly. A row is a payment if its category is
 * `Payment` and one person paid what one other received.
 */
export const sesterceCsv: ImportFormat = {
  kind: 'csv',
  recognises(source) {
    const header = headerCells(recordsOf(source)[0]);
    return hasColumns(header, ['Date', 'Title', 'Currency']) && header.some((cell) => cell.startsWith(PAID_BY));
  },
  parse(source, { categories }) {
    const [first, ...records] = recordsOf(source);
    const header = headerCells(first);
    const names = header.filter((cell) => cell.startsWith(PAID_BY)).map((cell) => cell.slice(PAID_BY.length).trim());
    const readings: Reading[] = headerProblems(first?.row ?? 1, header, names);
    let passedOver = 0;
    for (const record of records) {
      const found = reading(record.row, () => readRow(record, header, names, categories));
      if (found === null) passedOver += 1;
      else readings.push(found);
    }
    return { people: names, readings, passedOver, totals: null };
  },
};

/** What is wrong with a header of `Paid by` and `Paid for` columns. */
function headerProblems(row: number, header: readonly string[], names: readonly string[]): Reading[] {
  const twice = repeated(header);
  if (twice !== null) return [problem(row, 'duplicate_name', `The header has the column ${quoted(twice)} twice.`)];
  const missing = COLUMNS.find((column) => column !== 'Exchange rate' && !header.includes(column));
  if (missing !== undefined) return [problem(row, 'missing_column', `The header has no column ${quoted(missing)}.`)];
  const lone = names.find((name) => !header.includes(PAID_FOR + name));
  if (lone !== undefined) return [problem(row, 'missing_column', `The header has no column ${quoted(PAID_FOR + lone)}.`)];
  const stranger = header.find((cell) => cell.startsWith(PAID_FOR) && !names.includes(cell.slice(PAID_FOR.length).trim()));
  return stranger === undefined
    ? []
    : [problem(row, 'missing_column', `The header has ${quoted(stranger)} and no column for what they paid.`)];
}

/** @returns null for a row that moves no money. */
function readRow(
  record: CsvRecord,
  header: readonly string[],
  names: readonly string[],
  own: OwnCategories | undefined,
): ExpenseInput | null {
  if (record.cells.length !== header.length)
    throw refusal('cell_count', `The row has ${record.cells.length} cells, and the header has ${header.length} columns.`);
  const cell = cellReader(header, record);
  const currency = cell('Currency').toUpperCase();
  const parts = (prefix: string): Part[] =>
    nonZero(names.map((name) => ({ name, minor: cell(prefix + name) === '' ? 0n : amountOf(cell(prefix + name), currency) })));
  const [paid, owed] = [parts(PAID_BY), parts(PAID_FOR)];
  if ([...paid, ...owed].some(({ minor }) => minor < 0n)) throw refusal('negative_amount', 'Nobody pays or owes less than nothing.');
  if (sumOf(paid) !== sumOf(owed)) throw refusal('row_not_balanced', 'What is paid and what it is paid for do not add up to the same.');
  if (paid.length === 0) return null;
  const word = unguardText(cell('Category'));
  const { category, tags } = saysPayment(word) && !isCategory(word) ? { category: null, tags: [] } : categoryOf(word, own);
  const about = {
    date: cell('Date'),
    description: oneLine(unguardText(cell('Title'))),
    category,
    tags,
    notes: '',
    rate: typedRate(cell('Exchange rate')),
  };
  const [from, to] = [paid[0] as Part, owed[0] as Part];
  if (saysPayment(word) && paid.length === 1 && owed.length === 1 && from.name !== to.name) {
    return paymentInput(about, currency, from.name, to.name, from.minor);
  }
  return exactInput(about, currency, paid, owed);
}

/** The rate of a file, units of the group's currency for one of the row's, the way round that we keep it; null for an empty cell. */
export function typedRate(text: string): FrozenRate | null {
  if (text === '') return null;
  const rate = parseRate(text);
  const perGroupCurrency = rate === null ? null : formatRate(divideRationals(rational(1n), rate));
  if (perGroupCurrency === null) throw refusal('rate_malformed', `${quoted(text)} is not an exchange rate above zero.`);
  return { perGroupCurrency, source: 'imported' };
}
