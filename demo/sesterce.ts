import { CsvError, parse } from 'csv-parse/sync';
import { isBusinessDate } from '../domain/business-date.ts';
import { currencyDigits, isKnownCurrency } from '../domain/currency.ts';

/** One person's part of a row, in minor units of the row's currency, above zero. */
export interface Part {
  readonly name: string;
  readonly minor: bigint;
}

interface RowBase {
  /** Line of the file on which the row begins, counted from 1. */
  readonly line: number;
  readonly date: string;
  readonly title: string;
  readonly currency: string;
  readonly category: string;
  readonly totalMinor: bigint;
}

/** A row in which money was spent for people. */
export interface ExpenseRow extends RowBase {
  readonly kind: 'expense';
  readonly paid: readonly Part[];
  readonly owed: readonly Part[];
  /** Units of the group's currency for one unit of the row's, as written; null where the cell is empty. */
  readonly exchangeRate: string | null;
}

/** A row in which one person gave money to another. */
export interface PaymentRow extends RowBase {
  readonly kind: 'payment';
  readonly from: string;
  readonly to: string;
}

export type LedgerRow = ExpenseRow | PaymentRow;

/** A ledger as its file gives it. */
export interface Ledger {
  /** In the order of the columns. */
  readonly people: readonly string[];
  readonly rows: readonly LedgerRow[];
  /** Every currency of the file, the most frequent first. */
  readonly currencies: readonly string[];
}

/** The file is not a ledger in Sesterce's format; the message names the line. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

/** A raw table: the header's cells, and each row with the line on which it begins. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
}

const PAID_BY = 'Paid by ';
const PAID_FOR = 'Paid for ';
const FIXED_COLUMNS = ['Date', 'Title', 'Currency', 'Category', 'Exchange rate'] as const;
const PAYMENT_CATEGORY = 'Payment';

/**
 * Reads a ledger in Sesterce's CSV format.
 *
 * A row is a payment if its category is `Payment` and one person paid what one other received; every other row is an
 * expense with exact shares. Cells that are empty or zero are left out.
 *
 * @throws LedgerError naming the line and what is wrong with it.
 */
export function parseLedger(text: string): Ledger {
  const table = readTable(text);
  const columns = readHeader(table.header);
  const rows = table.rows.map(({ line, cells }) => readRow(line, cells, columns));
  if (rows.length === 0) throw new LedgerError('The file has a header and no rows.');
  const counts = Map.groupBy(rows, (row) => row.currency);
  const currencies = [...counts].sort(([, a], [, b]) => b.length - a.length).map(([currency]) => currency);
  return { people: columns.people, rows, currencies };
}

/**
 * Cuts CSV into cells; a byte order mark and empty lines are passed over.
 *
 * @throws LedgerError where quotes do not match, or a row has more or fewer cells than the header.
 */
export function readTable(text: string): Table {
  // csv-parse counts a CRLF within quotes as two lines.
  const [header, ...rows] = cut(text.replaceAll('\r\n', '\n'));
  if (header === undefined) throw new LedgerError('The file is empty.');
  for (const { line, cells } of rows) {
    if (cells.length !== header.cells.length)
      throw new LedgerError(`Line ${line} has ${cells.length} cells, and the header has ${header.cells.length}.`);
  }
  return { header: header.cells, rows };
}

function cut(text: string): { line: number; cells: string[] }[] {
  try {
    let line = 1;
    // `info.lines` is the line on which a record ends; the next begins on the one after it.
    const records = parse(text, { bom: true, info: true, relaxColumnCount: true, trim: true }) as unknown as {
      info: { lines: number };
      record: string[];
    }[];
    return records.flatMap(({ info, record }) => {
      const begins = line;
      line = info.lines + 1;
      return record.every((cell) => cell === '') ? [] : [{ line: begins, cells: record }];
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new LedgerError(`Line ${Number(error['lines'])} is not valid CSV: ${error.message}`);
  }
}

interface Columns {
  readonly people: readonly string[];
  readonly at: (column: string) => number;
}

function readHeader(header: readonly string[]): Columns {
  const twice = header.find((column, index) => header.indexOf(column) !== index);
  if (twice !== undefined) throw new LedgerError(`The header has the column "${twice}" twice.`);
  for (const column of FIXED_COLUMNS) {
    if (!header.includes(column)) throw new LedgerError(`The header has no column "${column}"; is this a file of Sesterce?`);
  }
  const people = header.filter((column) => column.startsWith(PAID_BY)).map((column) => column.slice(PAID_BY.length));
  for (const column of header) requireKnown(column, people);
  for (const name of people) {
    if (!header.includes(PAID_FOR + name)) throw new LedgerError(`The header has "${PAID_BY}${name}" and no "${PAID_FOR}${name}".`);
  }
  if (people.length < 2) throw new LedgerError('The file needs at least two people: columns "Paid by ..." and "Paid for ...".');
  return { people, at: (column) => header.indexOf(column) };
}

function requireKnown(column: string, people: readonly string[]): void {
  if ((FIXED_COLUMNS as readonly string[]).includes(column) || column.startsWith(PAID_BY)) return;
  if (!column.startsWith(PAID_FOR)) throw new LedgerError(`The header has an unknown column "${column}".`);
  const name = column.slice(PAID_FOR.length);
  if (!people.includes(name)) throw new LedgerError(`The header has "${column}" and no "${PAID_BY}${name}".`);
}

function readRow(line: number, cells: readonly string[], columns: Columns): LedgerRow {
  const cell = (column: string): string => cells[columns.at(column)] ?? '';
  const currency = cell('Currency');
  const date = cell('Date');
  if (!isKnownCurrency(currency)) throw new LedgerError(`Line ${line}: "${currency}" is not the code of a currency.`);
  if (!isBusinessDate(date)) throw new LedgerError(`Line ${line}: "${date}" is not a day written as YYYY-MM-DD.`);
  const parts = (prefix: string): Part[] =>
    columns.people
      .map((name) => ({ name, minor: readAmount(line, prefix + name, cell(prefix + name), currency) }))
      .filter(({ minor }) => minor !== 0n);
  const [paid, owed] = [parts(PAID_BY), parts(PAID_FOR)];
  const [totalMinor, owedMinor] = [sum(paid), sum(owed)];
  if (totalMinor !== owedMinor) throw new LedgerError(`Line ${line}: what is paid and what it is paid for do not add up to the same.`);
  if (totalMinor === 0n) throw new LedgerError(`Line ${line} moves no money.`);
  const base = { line, date, title: cell('Title'), currency, category: cell('Category'), totalMinor };
  const [from, to] = [paid[0]?.name, owed[0]?.name];
  const isPayment = base.category === PAYMENT_CATEGORY && paid.length === 1 && owed.length === 1 && from !== to;
  if (isPayment && from !== undefined && to !== undefined) return { ...base, kind: 'payment', from, to };
  return { ...base, kind: 'expense', paid, owed, exchangeRate: readRate(line, cell('Exchange rate')) };
}

/** Zeros beyond the currency's digits are harmless: some programs write "1200.00" for yen. */
function readAmount(line: number, column: string, text: string, currency: string): bigint {
  if (text === '') return 0n;
  const match = /^(\d{1,15})(?:\.(\d*?)0*)?$/.exec(text);
  if (match === null) throw new LedgerError(`Line ${line}, "${column}": "${text}" is not an amount such as 12.34.`);
  const [, whole = '', fraction = ''] = match;
  const digits = currencyDigits(currency);
  if (fraction.length > digits)
    throw new LedgerError(`Line ${line}, "${column}": "${text}" has more digits than ${currency} has, which is ${digits}.`);
  return BigInt(whole + fraction.padEnd(digits, '0'));
}

function readRate(line: number, text: string): string | null {
  if (text === '') return null;
  if (!/^\d{1,12}(\.\d{1,18})?$/.test(text) || !/[1-9]/.test(text))
    throw new LedgerError(`Line ${line}: "${text}" is not an exchange rate above zero.`);
  return text;
}

function sum(parts: readonly Part[]): bigint {
  return parts.reduce((total, { minor }) => total + minor, 0n);
}
