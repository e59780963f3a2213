import { isKnownCurrency } from '../currency.ts';
import { type CsvRecord, unguardText } from '../csv.ts';
import type { ExpenseInput } from '../expense.ts';
import { refusal } from '../refusal.ts';
import { categoryOf, type OwnCategories } from './category.ts';
import { oneLine } from './check.ts';
import { cellReader, headerCells, recordsOf } from './columns.ts';
import type { ImportContext, ImportFormat, Reading } from './file.ts';
import { billInput } from './ihatemoney.ts';
import { joinedNames } from './joined-names.ts';
import { amountOf, quoted, reading } from './reading.ts';

/** A part of the file: its header, and the rows up to the next header. */
interface Section {
  readonly header: readonly string[];
  readonly rows: readonly CsvRecord[];
}

/** First two columns of each section; blank lines stand between them, and are not relied upon. */
const SECTIONS = {
  members: ['name', 'weight'],
  bills: ['what', 'amount'],
  categories: ['categoryname', 'categoryid'],
  modes: ['paymentmodename', 'paymentmodeid'],
  currencies: ['currencyname', 'exchange_rate'],
} as const;
type SectionName = keyof typeof SECTIONS;

/** A bill of this name only declares members. */
const DECLARES_MEMBERS = 'deleteMeIfYouWant';
const REIMBURSEMENT_CATEGORY = '-11';

/** Categories that every project had before each had its own; a file need not list them. */
const BUILT_IN: Readonly<Record<string, string>> = {
  '-1': 'Grocery',
  '-2': 'Bar/Party',
  '-3': 'Rent',
  '-4': 'Bill',
  '-5': 'Excursion/Culture',
  '-6': 'Health',
  '-10': 'Shopping',
  '-12': 'Restaurant',
  '-13': 'Accommodation',
  '-14': 'Transport',
  '-15': 'Sport',
};

/** Cospend's CSV: sections for members, bills, categories, payment modes and currencies. */
export const cospendCsv: ImportFormat = {
  kind: 'csv',
  recognises(source) {
    const bills = sectionsOf(recordsOf(source)).bills?.header;
    return bills !== undefined && ['payer_name', 'owers', 'timestamp'].every((column) => bills.includes(column));
  },
  parse(source, context) {
    const sections = sectionsOf(recordsOf(source));
    const weights = new Map<string, string>();
    const names = new Map<string, string>();
    for (const [{ header, rows } = { header: [], rows: [] }, read] of [
      [sections.members, (cell: Cell) => weights.set(oneLine(unguardText(cell('name'))), cell('weight'))],
      [sections.categories, (cell: Cell) => names.set(cell('categoryid'), cell('categoryname'))],
    ] as const) {
      for (const row of rows) read(cellReader(header, row));
    }
    const people = new Set(weights.keys());
    const bills = (sections.bills?.rows ?? []).map((record) => ({
      row: record.row,
      cell: cellReader(sections.bills?.header ?? [], record),
    }));
    const file: File = {
      weights,
      categories: names,
      currency: mainCurrency(sections.currencies, context),
      people,
      split: joinedNames([...people, ...bills.map(({ cell }) => payerOf(cell)), ...(context.names ?? []).map(oneLine)]),
      own: context.categories,
      dayOf: context.dayOf,
    };
    const readings: Reading[] = [];
    let passedOver = 0;
    for (const { row, cell } of bills) {
      const found = reading(row, () => readBill(cell, file));
      if (found === null) passedOver += 1;
      else readings.push(found);
    }
    return { people: [...people], readings, passedOver, totals: null };
  },
};

type Cell = (column: string) => string;

interface File {
  readonly weights: Map<string, string>;
  readonly categories: ReadonlyMap<string, string>;
  readonly currency: string;
  readonly people: Set<string>;
  readonly split: (text: string) => string[];
  readonly own: OwnCategories | undefined;
  readonly dayOf: ImportContext['dayOf'];
}

function sectionsOf(records: readonly CsvRecord[]): Partial<Record<SectionName, Section>> {
  const found: Partial<Record<SectionName, Section>> = {};
  let open: CsvRecord[] | undefined;
  for (const record of records) {
    const header = headerCells(record);
    const name = (Object.keys(SECTIONS) as SectionName[]).find((one) => SECTIONS[one].every((column, index) => header[index] === column));
    if (name !== undefined && found[name] === undefined) {
      open = [];
      found[name] = { header, rows: open };
    } else open?.push(record);
  }
  return found;
}

/** All bills are in the project's currency, which is the one with the rate 1; its name is free, so it may be no code. */
function mainCurrency(section: Section | undefined, { groupCurrency }: ImportContext): string {
  const names = (section?.rows ?? []).flatMap((row) => {
    const cell = cellReader(section?.header ?? [], row);
    return /^1(\.0*)?$/.test(cell('exchange_rate')) ? [cell('currencyname').toUpperCase()] : [];
  });
  return names.find(isKnownCurrency) ?? groupCurrency;
}

function payerOf(cell: Cell): string {
  return oneLine(unguardText(cell('payer_name')));
}

/** @returns null for what is no bill: declarations of members, and bills in the bin. */
function readBill(cell: Cell, file: File): ExpenseInput | null {
  const payer = payerOf(cell);
  const owers = file.split(unguardText(cell('owers')));
  for (const name of [payer, ...owers]) if (name !== '') file.people.add(name);
  if (!file.weights.has(payer)) file.weights.set(payer, cell('payer_weight'));
  if (cell('what') === DECLARES_MEMBERS || cell('deleted') === '1') return null;
  const minor = amountOf(cell('amount'), file.currency);
  if (minor === 0n) return null;
  const id = cell('categoryid');
  const isReturn = id === REIMBURSEMENT_CATEGORY;
  const { category, tags } = isReturn ? { category: null, tags: [] } : categoryOf(file.categories.get(id) ?? BUILT_IN[id] ?? '', file.own);
  const about = {
    date: dateOf(cell, file),
    description: oneLine(unguardText(cell('what'))),
    category,
    tags,
    notes: commentOf(cell('comment')),
    rate: null,
  };
  return billInput({ about, currency: file.currency, minor, payer, owers, weights: file.weights, isReturn });
}

/** The moment counts before the day that was written beside it. */
function dateOf(cell: Cell, { dayOf }: File): string {
  const timestamp = cell('timestamp');
  if (timestamp === '') return cell('date').slice(0, 10);
  if (!/^-?\d{1,11}$/.test(timestamp)) throw refusal('date_malformed', `${quoted(timestamp)} is not a number of seconds.`);
  return dayOf(Number(timestamp));
}

function commentOf(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw refusal('notes_malformed', 'The comment is not encoded as a URL.');
  }
}
