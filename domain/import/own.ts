import { isBusinessDate } from '../business-date.ts';
import { CATEGORY_NAME_MAX, CATEGORY_PATTERN, isCategory, PAYMENT_CATEGORY } from '../categories.ts';
import { type CsvRecord, unguardText } from '../csv.ts';
import { CATEGORY_NAME, CSV_COLUMNS, JSON_FORMAT, OWED_BY, PAID_BY } from '../export/formats.ts';
import type { ExpenseInput } from '../expense.ts';
import type { FrozenRate } from '../expense-rate.ts';
import { formatAmount } from '../money.ts';
import { refusal } from '../refusal.ts';
import type { Split } from '../split.ts';
import { isName, oneLine } from './check.ts';
import { cellReader, hasColumns, headerCells, recordsOf, repeated } from './columns.ts';
import { type ImportedRow, type ImportFormat, problem, type Reading } from './file.ts';
import { fieldOf, type JsonObject, listOf, objectOf, textOf } from './json.ts';
import { amountOf, nonZero, partsOf, quoted, reading, sumOf } from './reading.ts';

/** Our own CSV: who paid and who owes is exact, texts are whole; the rule of a split is not in it. */
export const ownCsv: ImportFormat = {
  kind: 'csv',
  recognises: (source) => hasColumns(headerCells(recordsOf(source)[0]), CSV_COLUMNS),
  parse(source, { groupCurrency }) {
    const [first, ...records] = recordsOf(source);
    const header = headerCells(first);
    const names = header.filter((cell) => cell.startsWith(PAID_BY)).map((cell) => cell.slice(PAID_BY.length).trim());
    const categories = categoriesOf(records.flatMap((record) => namedIn(cellReader(header, record))));
    const readings: Reading[] = [];
    const twice = repeated(header);
    if (twice !== null) readings.push(problem(first?.row ?? 1, 'duplicate_name', `The header has the column ${quoted(twice)} twice.`));
    let passedOver = 0;
    for (const record of records) {
      const found = reading(record.row, () => readRow(record, header, names, groupCurrency));
      if (found === null) passedOver += 1;
      else readings.push(found);
    }
    return { people: names, categories, readings, passedOver, totals: null };
  },
};

/** The categories that a row names: its own, and above it the main one. */
function namedIn(cell: (column: string) => string): [key: string, name: string][] {
  const key = unguardText(cell('Category'));
  const names = unguardText(cell(CATEGORY_NAME)).split('\n');
  const own: [string, string] = [key, names.at(-1) ?? ''];
  return names.length > 1 ? [[key.split('.')[0] ?? '', names[0] ?? ''], own] : [own];
}

/** What a file says of a group's own categories; one without a name is none that a group could take. */
function categoriesOf(pairs: readonly (readonly string[])[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key = '', text = ''] of pairs) {
    const name = oneLine(text);
    if (!CATEGORY_PATTERN.test(key) || isCategory(key) || found.has(key)) continue;
    if (isName(name) && name.length <= CATEGORY_NAME_MAX) found.set(key, name);
  }
  return found;
}

function readRow(record: CsvRecord, header: readonly string[], names: readonly string[], groupCurrency: string): ExpenseInput | null {
  if (record.cells.length !== header.length)
    throw refusal('cell_count', `The row has ${record.cells.length} cells, and the header has ${header.length} columns.`);
  const cell = cellReader(header, record);
  // Notes keep the blanks at their ends, so they are not read by the trimming reader.
  const whole = (column: string): string => unguardText(record.cells[header.indexOf(column)] ?? '');
  const currency = cell('Currency').toUpperCase();
  const total = amountOf(cell('Amount'), currency);
  const parts = (prefix: string): ReturnType<typeof nonZero> =>
    nonZero(names.map((name) => ({ name, minor: cell(prefix + name) === '' ? 0n : amountOf(cell(prefix + name), currency) })));
  const [paid, owed] = [parts(PAID_BY), parts(OWED_BY)];
  if (sumOf(paid) !== total || sumOf(owed) !== total)
    throw refusal('row_not_balanced', 'What is paid, what is owed and the amount are not the same.');
  if (total === 0n) return null;
  const type = cell('Type');
  return {
    kind: kindOf(type),
    description: whole('Description').trim(),
    date: cell('Date'),
    category: type === 'payment' ? PAYMENT_CATEGORY : unguardText(cell('Category')) || null,
    total: { amount: formatAmount(total, currency), currency },
    payers: partsOf(paid, currency),
    split: { method: 'exact', parts: partsOf(owed, currency) },
    notes: whole('Notes'),
    tags: whole('Tags')
      .split('\n')
      .filter((tag) => tag !== ''),
    rate: rateOf(cell('Rate'), unguardText(cell('Rate source')), cell('Rate date'), cell('Rate total'), groupCurrency),
  };
}

/** A frozen rate as it was; the total counts in the group's currency, which is that of the file. */
function rateOf(perGroupCurrency: string, source: string, date: string, total: string, groupCurrency: string): FrozenRate | null {
  if (perGroupCurrency === '') return null;
  return {
    perGroupCurrency,
    source: source === '' ? 'imported' : source,
    ...(isBusinessDate(date) ? { date } : {}),
    ...(total === '' ? {} : { total: { amount: formatAmount(amountOf(total, groupCurrency), groupCurrency), currency: groupCurrency } }),
  };
}

function kindOf(type: string): 'expense' | 'income' {
  if (type === 'income') return 'income';
  if (type === 'expense' || type === 'payment') return 'expense';
  throw refusal('unknown_type', `${quoted(type)} is not expense, income or payment.`);
}

/** Our own JSON: everything that the ledger and its expenses hold, the rules of splits too. */
export const ownJson: ImportFormat = {
  kind: 'json',
  recognises: (source) => source.kind === 'json' && fieldOf(source.value, 'format') === JSON_FORMAT,
  parse(source, { groupCurrency }) {
    const file = objectOf(source.kind === 'json' ? source.value : null);
    const members = listOf(file['members']).map((one) => ({ name: fieldOf(one, 'name'), weight: fieldOf(one, 'weight') || '1' }));
    const people = members.map(({ name }) => name);
    // Rates are to the currency of the group that was written; in another one they mean nothing.
    const hasRates = fieldOf(file['group'], 'currency') === groupCurrency;
    const readings: Reading[] = [];
    const twice = repeated(people);
    if (twice !== null) readings.push(problem(0, 'duplicate_name', `Two members are called ${quoted(twice)}.`));
    for (const [index, row] of listOf(file['rows']).entries()) {
      const object = objectOf(row);
      const found = reading(index + 1, () => readEntry(object, hasRates ? groupCurrency : null));
      if (found === null) continue;
      readings.push('input' in found ? withOwed(found, object) : found);
    }
    const categories = categoriesOf(listOf(file['categories']).map((one) => [fieldOf(one, 'key'), fieldOf(one, 'name')]));
    return {
      people,
      weights: new Map(members.map(({ name, weight }) => [name, weight])),
      categories,
      readings,
      passedOver: 0,
      totals: null,
    };
  },
};

function readEntry(row: JsonObject, groupCurrency: string | null): ExpenseInput {
  const total = objectOf(row['total']);
  const rate = objectOf(row['rate']);
  const category = textOf(row['category']);
  return {
    kind: fieldOf(row, 'kind') === 'income' ? 'income' : 'expense',
    description: fieldOf(row, 'description'),
    date: fieldOf(row, 'date'),
    category: category === '' ? null : category,
    total: { amount: fieldOf(total, 'amount'), currency: fieldOf(total, 'currency') },
    payers: listOf(row['payers']).map((one) => ({ memberId: fieldOf(one, 'member'), amount: fieldOf(one, 'amount') })),
    split: readSplit(objectOf(row['split'])),
    notes: fieldOf(row, 'notes'),
    tags: listOf(row['tags']).map(textOf),
    rate:
      groupCurrency === null
        ? null
        : rateOf(
            fieldOf(rate, 'perGroupCurrency'),
            fieldOf(rate, 'source'),
            fieldOf(rate, 'date'),
            fieldOf(rate['total'], 'amount'),
            groupCurrency,
          ),
  };
}

/** The result of the split, which counts where the rule would give the odd units to others. */
function withOwed(row: ImportedRow, object: JsonObject): ImportedRow {
  const owed = listOf(object['shares']).map((one) => ({ memberId: fieldOf(one, 'member'), amount: fieldOf(one, 'owed') }));
  return owed.length === 0 ? row : { ...row, owed };
}

function readSplit(split: JsonObject): Split {
  const among = (from: JsonObject): string[] => listOf(from['among']).map(textOf);
  const parts = <Name extends string>(from: JsonObject, name: Name): ({ memberId: string } & Record<Name, string>)[] =>
    listOf(from['parts']).map(
      (one) => ({ memberId: fieldOf(one, 'member'), [name]: fieldOf(one, name) }) as { memberId: string } & Record<Name, string>,
    );
  const method = fieldOf(split, 'method');
  switch (method) {
    case 'equal':
    case 'weights':
      return { method, among: among(split) };
    case 'exact':
      return { method, parts: parts(split, 'amount') };
    case 'percentage':
      return { method, parts: parts(split, 'percent') };
    case 'shares':
      return { method, parts: parts(split, 'shares') };
    case 'adjustment':
      return { method, among: among(split), parts: parts(split, 'amount') };
    case 'itemized':
      return {
        method,
        items: listOf(split['items']).map((one) => {
          const item = objectOf(one);
          return {
            name: fieldOf(item, 'name'),
            amount: fieldOf(item, 'amount'),
            ...(fieldOf(item, 'quantity') === '' ? {} : { quantity: fieldOf(item, 'quantity') }),
            ...(Array.isArray(item['among']) ? { among: among(item) } : { parts: parts(item, 'shares') }),
          };
        }),
        ...Object.fromEntries(
          ['tax', 'tip', 'discount'].flatMap((name) => (fieldOf(split, name) === '' ? [] : [[name, fieldOf(split, name)]])),
        ),
      };
    default:
      throw refusal('unknown_split', `${quoted(method)} is not a way to split.`);
  }
}
