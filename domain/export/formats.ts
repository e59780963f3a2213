import { guardText, writeCsvRecord } from '../csv.ts';
import { divideRationals, rational } from '../decimal.ts';
import type { ExpenseContent } from '../expense.ts';
import type { FrozenRate } from '../expense-rate.ts';
import { formatRate, parseRate } from '../fx.ts';
import { formatAmount, parseAmount } from '../money.ts';
import { saysPayment } from '../import/category.ts';
import { assertNever, unwrap } from '../refusal.ts';
import type { Split } from '../split.ts';

/** Formats that a group is written in. */
export const EXPORT_FORMATS = ['csv', 'splitwise-csv', 'sesterce-csv', 'json', 'qif'] as const;
export type ExportFormatName = (typeof EXPORT_FORMATS)[number];

/** Column of our own CSV that names the category where it is one of the group's own, and its main one; files of before have none. */
export const CATEGORY_NAME = 'Category name';
/** Columns of our own CSV before those of members and besides {@link CATEGORY_NAME}. */
export const CSV_COLUMNS = [
  'Date',
  'Type',
  'Description',
  'Category',
  'Amount',
  'Currency',
  'Rate',
  'Rate source',
  'Rate date',
  'Rate total',
  'Notes',
  'Tags',
];
export const PAID_BY = 'Paid by ';
export const OWED_BY = 'Owed by ';
const PAID_FOR = 'Paid for ';
/** What our own JSON says that it is. */
export const JSON_FORMAT = 'safesplitx';

/** A group as an export begins with it. */
export interface ExportedGroup {
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  /** Everybody with a column, by id, each under a label of their own. */
  readonly accounts: ReadonlyMap<string, { readonly label: string; readonly weight: string }>;
  /** Names of the group's own categories by their keys. */
  readonly categories: ReadonlyMap<string, string>;
  /** Whose book it is, for formats that hold one person's. */
  readonly viewerId: string;
}

/** A row of an export: an expense that stands, or what the ledger holds besides. */
export interface ExportedRow {
  readonly type: 'expense' | 'income' | 'payment';
  /** Ids of accounts stand in payers, split and shares. */
  readonly content: ExpenseContent;
}

/** A writer of one format: text for the beginning, for each row, and for the end. */
export interface ExportWriter {
  begin(group: ExportedGroup): string;
  row(row: ExportedRow, index: number): string;
  end(): string;
}

/** How a format is served. */
export interface ExportFormat {
  readonly contentType: string;
  readonly extension: string;
  /** Makes a writer, which knows the group from its beginning on. */
  open(): ExportWriter;
}

const BOM = '\uFEFF';

/** Every format of an export; a new one is one entry. */
export const EXPORTS: Readonly<Record<ExportFormatName, ExportFormat>> = {
  csv: { contentType: 'text/csv; charset=utf-8', extension: 'csv', open: () => columnWriter(ownBegin, ownRow) },
  'sesterce-csv': { contentType: 'text/csv; charset=utf-8', extension: 'csv', open: () => columnWriter(sesterceBegin, sesterceRow) },
  'splitwise-csv': { contentType: 'text/csv; charset=utf-8', extension: 'csv', open: () => splitwiseWriter() },
  json: { contentType: 'application/json; charset=utf-8', extension: 'json', open: jsonWriter },
  qif: { contentType: 'application/qif; charset=utf-8', extension: 'qif', open: qifWriter },
};

function columnWriter(begin: (group: ExportedGroup) => string, row: (group: ExportedGroup, row: ExportedRow) => string[]): ExportWriter {
  let group: ExportedGroup | undefined;
  return {
    begin: (given) => begin((group = given)),
    row: (one) => (group === undefined ? '' : writeCsvRecord(row(group, one))),
    end: () => '',
  };
}

function columnsOf(group: ExportedGroup, prefix: string): string[] {
  return [...group.accounts.values()].map(({ label }) => guardText(prefix + label));
}

/** The name of a group's own category, below that of its main one where that is the group's own too; names are one line each. */
function namesOf({ categories }: ExportedGroup, key: string): string {
  const name = categories.get(key);
  if (name === undefined) return '';
  const main = key.includes('.') ? categories.get(key.split('.')[0] ?? '') : undefined;
  return main === undefined ? name : `${main}\n${name}`;
}

/** The category as other programs show one: by the name of the group's own, unless they would take that for a payment. */
function wordOf(group: ExportedGroup, { type, content: { category } }: ExportedRow): string {
  if (type === 'payment') return 'Payment';
  const name = group.categories.get(category ?? '');
  return name === undefined || saysPayment(name) ? (category ?? '') : name;
}

/** One cell for each account: what it has on one side, empty where that is nothing. */
function cellsOf(group: ExportedGroup, content: ExpenseContent, side: 'paid' | 'owed'): string[] {
  const amounts = new Map(content.shares.map((share) => [share.memberId, share[side]]));
  return [...group.accounts.keys()].map((id) => {
    const amount = amounts.get(id) ?? '';
    return /[1-9]/.test(amount) ? amount : '';
  });
}

function ownBegin(group: ExportedGroup): string {
  return BOM + writeCsvRecord([...CSV_COLUMNS, CATEGORY_NAME, ...columnsOf(group, PAID_BY), ...columnsOf(group, OWED_BY)]);
}

function ownRow(group: ExportedGroup, { type, content }: ExportedRow): string[] {
  const { date, description, category, total, rate, notes, tags } = content;
  return [
    date,
    type,
    guardText(description),
    type === 'payment' ? '' : guardText(category ?? ''),
    total.amount,
    total.currency,
    rate?.perGroupCurrency ?? '',
    guardText(rate?.source ?? ''),
    rate?.date ?? '',
    rate?.total?.amount ?? '',
    guardText(notes),
    guardText(tags.join('\n')),
    guardText(namesOf(group, category ?? '')),
    ...cellsOf(group, content, 'paid'),
    ...cellsOf(group, content, 'owed'),
  ];
}

function sesterceBegin(group: ExportedGroup): string {
  const head = ['Date', 'Title', ...columnsOf(group, PAID_BY), ...columnsOf(group, PAID_FOR), 'Currency', 'Category', 'Exchange rate'];
  return writeCsvRecord(head);
}

/** Digits that count in an exchange rate: so many survive being turned round twice. */
const RATE_DIGITS = 9;

function sesterceRow(group: ExportedGroup, row: ExportedRow): string[] {
  const { type, content } = row;
  // Income turns the sides round, as the ledger does: who received it owes it.
  const [paid, owed] = type === 'income' ? (['owed', 'paid'] as const) : (['paid', 'owed'] as const);
  const { date, description, total, rate } = content;
  return [
    date,
    guardText(description),
    ...cellsOf(group, content, paid),
    ...cellsOf(group, content, owed),
    total.currency,
    guardText(wordOf(group, row)),
    total.currency === group.currency ? '' : rateToGroupOf(rate),
  ];
}

/** Units of the group's currency for one of the row's; empty where there is no rate. */
function rateToGroupOf(rate: FrozenRate | null): string {
  const perGroupCurrency = rate === null ? null : parseRate(rate.perGroupCurrency);
  if (perGroupCurrency === null) return '';
  return significant(formatRate(divideRationals(rational(1n), perGroupCurrency)) ?? '');
}

/** A decimal with its first {@link RATE_DIGITS} digits that count, rounded. */
function significant(decimal: string): string {
  const [integer = '', fraction = ''] = decimal.split('.');
  const digits = integer + fraction;
  const first = digits.search(/[1-9]/);
  if (first === -1) return '';
  const end = first + RATE_DIGITS;
  if (digits.length <= end) return trimZeros(integer, fraction);
  const rounded = (BigInt(digits.slice(0, end)) + (digits.charAt(end) >= '5' ? 1n : 0n)).toString().padStart(end, '0');
  // Rounding up may have made one digit more, which moves the point.
  const point = integer.length + rounded.length - end;
  const filled = rounded.padEnd(point, '0');
  return trimZeros(filled.slice(0, point), filled.slice(point));
}

function trimZeros(integer: string, fraction: string): string {
  const kept = fraction.replace(/0+$/, '');
  const whole = integer.replace(/^0+(?=\d)/, '') || '0';
  return kept === '' ? whole : `${whole}.${kept}`;
}

/** Nets of a row in minor units, by account. */
function netsOf({ type, content }: ExportedRow): Map<string, bigint> {
  const minor = (amount: string): bigint => unwrap(parseAmount(amount, content.total.currency));
  const sign = type === 'income' ? -1n : 1n;
  return new Map(content.shares.map(({ memberId, paid, owed }) => [memberId, sign * (minor(paid) - minor(owed))]));
}

/** What the last lines of a Splitwise file are made from. */
export interface SplitwiseSums {
  lastDate: string;
  /** Minor units by account, by currency; currencies in the order in which they came. */
  readonly sums: Map<string, Map<string, bigint>>;
}

/** Writes what Splitwise writes. @param memory of the rows before, where a file is written in batches; it is kept up to date. */
export function splitwiseWriter(memory: SplitwiseSums = { lastDate: '', sums: new Map() }): ExportWriter {
  let group: ExportedGroup | undefined;
  const { sums } = memory;
  return {
    begin(given) {
      group = given;
      return `${writeCsvRecord(['Date', 'Description', 'Category', 'Cost', 'Currency', ...columnsOf(given, '')])}\r\n`;
    },
    row(row) {
      const { date, description, total } = row.content;
      const nets = netsOf(row);
      const sum = sums.get(total.currency) ?? new Map<string, bigint>();
      for (const [id, net] of nets) sum.set(id, (sum.get(id) ?? 0n) + net);
      sums.set(total.currency, sum);
      memory.lastDate = date;
      const word = group === undefined ? '' : guardText(wordOf(group, row));
      const cells = [...(group?.accounts.keys() ?? [])].map((id) => formatAmount(nets.get(id) ?? 0n, total.currency));
      return writeCsvRecord([date, guardText(description), word, total.amount, total.currency, ...cells]);
    },
    end() {
      const lines = [...sums].map(([currency, sum]) => {
        const cells = [...(group?.accounts.keys() ?? [])].map((id) => formatAmount(sum.get(id) ?? 0n, currency));
        return writeCsvRecord([memory.lastDate, 'Total balance', '', '', currency, ...cells]);
      });
      return `\r\n${lines.join('')}`;
    },
  };
}

function jsonWriter(): ExportWriter {
  let group: ExportedGroup | undefined;
  return {
    begin(given) {
      group = given;
      const { name, currency, timeZone, accounts, categories } = given;
      const members = [...accounts.values()].map(({ label, weight }) => ({ name: label, weight }));
      const named = [...categories].map(([key, label]) => ({ key, name: label }));
      const head = JSON.stringify({ format: JSON_FORMAT, version: 1, group: { name, currency, timeZone }, members, categories: named });
      return `${head.slice(0, -1)},"rows":[`;
    },
    row({ type, content }, index) {
      const label = (id: string): string => group?.accounts.get(id)?.label ?? id;
      const { kind, description, total, date, category, payers, split, shares, notes, tags, rate } = content;
      const row = {
        type,
        kind,
        date,
        description,
        total,
        category,
        payers: payers.map(({ memberId, amount }) => ({ member: label(memberId), amount })),
        split: splitWith(split, label),
        shares: shares.map(({ memberId, paid, owed }) => ({ member: label(memberId), paid, owed })).toSorted(byMember),
        notes,
        tags,
        rate,
      };
      return `${index === 0 ? '' : ','}\n${JSON.stringify(row)}`;
    },
    end: () => '\n]}\n',
  };
}

/** Ids of members differ from group to group, so the order is that of names. */
function byMember(one: { readonly member: string }, other: { readonly member: string }): number {
  return one.member < other.member ? -1 : Number(one.member > other.member);
}

/** A split in a fixed order of fields, with names in the place of ids. */
function splitWith(split: Split, label: (id: string) => string): object {
  const parts = (list: readonly { readonly memberId: string }[]): object[] =>
    list.map(({ memberId, ...rest }) => ({ member: label(memberId), ...rest }));
  switch (split.method) {
    case 'equal':
    case 'weights':
      return { method: split.method, among: split.among.map(label) };
    case 'adjustment':
      return { method: split.method, among: split.among.map(label), parts: parts(split.parts) };
    case 'itemized': {
      const { method, items, tax, tip, discount } = split;
      return {
        method,
        items: items.map(({ name, amount, quantity, among, parts: sharers }) => ({
          name,
          amount,
          quantity,
          among: among?.map(label),
          parts: sharers === undefined ? undefined : parts(sharers),
        })),
        tax,
        tip,
        discount,
      };
    }
    case 'exact':
    case 'percentage':
    case 'shares':
      return { method: split.method, parts: parts(split.parts) };
    default:
      return assertNever(split);
  }
}

/** One person's book: what each row did to their balance. One account for each currency, since the format knows none. */
function qifWriter(): ExportWriter {
  let group: ExportedGroup | undefined;
  const books = new Map<string, string[]>();
  return {
    begin(given) {
      group = given;
      return '';
    },
    row(row) {
      const entry = group === undefined ? null : qifEntry(group, row);
      if (entry === null) return '';
      const book = books.get(entry.currency) ?? [];
      book.push(entry.text);
      books.set(entry.currency, book);
      return '';
    },
    end: () =>
      [...books].map(([currency, entries]) => `${group === undefined ? '' : qifHead(group, currency)}${entries.join('')}`).join(''),
  };
}

/** What begins the account of a currency. */
export function qifHead(group: ExportedGroup, currency: string): string {
  return `!Account\nN${oneLine(group.name)} ${currency}\nTOth A\n^\n!Type:Oth A\n`;
}

/** What a row is in the book of whose it is; null where it is nothing to them. */
export function qifEntry(group: ExportedGroup, row: ExportedRow): { readonly currency: string; readonly text: string } | null {
  const { content } = row;
  const net = netsOf(row).get(group.viewerId) ?? 0n;
  if (net === 0n) return null;
  const [year, month, day] = content.date.split('-');
  const { currency } = content.total;
  const note = content.notes === '' ? [] : [`M${oneLine(content.notes)}`];
  const category = row.type === 'payment' ? 'Payment' : qifCategory(group, content.category);
  const lines = [
    `D${month}/${day}/${year}`,
    `T${formatAmount(net, currency)}`,
    `P${oneLine(content.description)}`,
    ...note,
    `L${category}`,
  ];
  return { currency, text: [...lines, '^', ''].join('\n') };
}

function qifCategory(group: ExportedGroup, key: string | null): string {
  if (key === null) return 'Uncategorized';
  // A colon makes a sub of what stands before it.
  return group.categories.get(key)?.replaceAll(':', ' ') ?? key.replace('.', ':');
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').trim();
}
