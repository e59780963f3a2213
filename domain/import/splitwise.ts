import { isBusinessDate } from '../business-date.ts';
import { type CsvRecord, unguardText } from '../csv.ts';
import type { ExpenseInput } from '../expense.ts';
import { refusal } from '../refusal.ts';
import { categoryOf, type OwnCategories, saysPayment } from './category.ts';
import { oneLine } from './check.ts';
import { headerCells, recordsOf, repeated } from './columns.ts';
import { type ImportFormat, type Parsed, problem, type Reading, RECONSTRUCTED_TAG } from './file.ts';
import { amountOf, exactInput, nonZero, type Part, paymentInput, quoted, reading, sumOf } from './reading.ts';

/** Words of the header in the languages of Splitwise, in the order of its columns. */
const HEADS: readonly ReadonlySet<string>[] = [
  words('Date/Fecha/Datum/Tanggal/Data/日付/วันที่'),
  words('Description/Descripción/Beschreibung/Keterangan/Descrizione/概要/Omschrijving/Opis/Descrição/Beskrivning/คำอธิบาย'),
  words('Category/Categoría/Catégorie/Kategorie/Kategori/Categorie/Categoria/カテゴリ/Kategoria/หมวดหมู่'),
  words('Cost/Coste/Coût/Kosten/Biaya/Costo/費用/Koszt/Custo/Kostnad/ราคา'),
  words('Currency/Moneda/Devise/Währung/Mata uang/Valuta/通貨/Waluta/Moeda/สกุลเงิน'),
];
const TOTAL_BALANCE = words(
  'Total balance/Saldo total/Solde total/Total saldo/Bilancio totale/合計残高/Totaal saldo/Całkowite saldo/Totalsumma/ยอดคงเหลือรวม/Gesamtbilanz',
);
/** Lines that may stand above the header; a friend export has one. */
const PREAMBLE_MAX = 5;
const FIXED = HEADS.length;

function words(text: string): ReadonlySet<string> {
  return new Set(text.split('/').map((word) => word.toLowerCase()));
}

/**
 * Splitwise CSV. A member's cell is what they paid less what they owe, and no more is in the file: the nets are kept
 * exactly, and who paid is reconstructed and marked. The footer's sums are what the rows are checked against.
 */
export const splitwiseCsv: ImportFormat = {
  kind: 'csv',
  recognises: (source) => headerIndex(recordsOf(source)) !== -1,
  parse(source, { categories }) {
    const records = recordsOf(source);
    const index = headerIndex(records);
    return parseBelow(records, index, categories);
  },
};

function headerIndex(records: readonly CsvRecord[]): number {
  const first = records.slice(0, PREAMBLE_MAX + 1);
  const known = first.findIndex((record) => isKnownHeader(headerCells(record)));
  // A language that is not known above is still recognised by what stands below its header.
  return known !== -1 ? known : first.findIndex((record, index) => isLikeHeader(record, records[index + 1]));
}

function isKnownHeader(cells: readonly string[]): boolean {
  return cells.length > FIXED && HEADS.every((head, column) => head.has((cells[column] ?? '').normalize('NFC').toLowerCase()));
}

function isLikeHeader(record: CsvRecord, next: CsvRecord | undefined): boolean {
  if (next === undefined || record.cells.length <= FIXED || record.cells.length !== next.cells.length) return false;
  const [date = '', , , cost = '', currency = '', ...nets] = next.cells.map((cell) => cell.trim());
  const isAmount = (text: string): boolean => /^-?\d+(\.\d+)?$/.test(text);
  const isHead = record.cells.slice(0, FIXED).every((cell) => /^\p{L}[\p{L}\p{M} ]*$/u.test(cell.trim()));
  return (
    isHead && isBusinessDate(date) && isAmount(cost) && /^[A-Z]{3}$/.test(currency) && nets.every((net) => net === '' || isAmount(net))
  );
}

function parseBelow(records: readonly CsvRecord[], index: number, own: OwnCategories | undefined): Parsed {
  const header = records[index] as CsvRecord;
  const names = headerCells(header).slice(FIXED);
  while (names.at(-1) === '') names.pop();
  const twice = repeated(names);
  const readings: Reading[] = [];
  if (twice !== null) readings.push(problem(header.row, 'duplicate_name', `The header has the member ${quoted(twice)} twice.`));
  const totals = new Map<string, Map<string, bigint>>();
  let passedOver = 0;
  for (const record of records.slice(index + 1)) {
    const found = isFooter(record) ? readFooter(record, names, totals) : reading(record.row, () => readRow(record, names, own));
    if (found === null) passedOver += isFooter(record) ? 0 : 1;
    else readings.push(found);
  }
  return { people: names, readings, passedOver, totals: totals.size === 0 ? null : totals };
}

function isFooter({ cells }: CsvRecord): boolean {
  const [, description = '', category = '', cost = '', currency = ''] = cells.map((cell) => cell.trim());
  // An expense may bear the footer's name; but it costs something.
  const isNamed = /^0*(\.0*)?$/.test(cost) && TOTAL_BALANCE.has(description.normalize('NFC').toLowerCase());
  return isNamed || (category === '' && cost === '' && currency !== '');
}

function readFooter(record: CsvRecord, names: readonly string[], totals: Map<string, Map<string, bigint>>): Reading | null {
  return reading(record.row, () => {
    const currency = currencyOf(record);
    const sums = new Map(netsOf(record, names, currency).map(({ name, minor }) => [name, minor]));
    totals.set(currency, sums);
    return null;
  });
}

function currencyOf({ cells }: CsvRecord): string {
  return (cells[FIXED - 1] ?? '').trim().toUpperCase();
}

function netsOf({ cells }: CsvRecord, names: readonly string[], currency: string): Part[] {
  if (cells.slice(FIXED + names.length).some((cell) => cell.trim() !== ''))
    throw refusal('too_many_cells', 'The row has more cells than the header has columns.');
  if (cells.length < FIXED + names.length) throw refusal('too_few_cells', 'The row has fewer cells than the header has columns.');
  return names.map((name, column) => {
    const text = (cells[FIXED + column] ?? '').trim();
    return { name, minor: text === '' ? 0n : amountOf(text, currency) };
  });
}

/** @returns null for a row that moves no money. */
function readRow(record: CsvRecord, names: readonly string[], own: OwnCategories | undefined): ExpenseInput | null {
  const [date = '', description = '', category = '', cost = ''] = record.cells.map((cell) => cell.trim());
  const currency = currencyOf(record);
  const totalMinor = amountOf(cost, currency);
  const nets = nonZero(netsOf(record, names, currency));
  if (sumOf(nets) !== 0n) throw refusal('row_not_balanced', 'What the members paid less what they owe does not sum to zero.');
  if (totalMinor < 0n) throw refusal('negative_amount', 'A cost is not below zero.');
  if (totalMinor === 0n && nets.length === 0) return null;
  const { category: key, tags } = categoryOf(unguardText(category), own);
  const about = { date, description: oneLine(unguardText(description)), category: key, tags: [...tags], notes: '', rate: null };
  const gains = nets.filter(({ minor }) => minor > 0n);
  const losses = nets.filter(({ minor }) => minor < 0n).map(({ name, minor }) => ({ name, minor: -minor }));
  const [payer, receiver] = [gains[0], losses[0]];
  if (payer === undefined || receiver === undefined) {
    // Somebody paid for themselves alone, and the file does not tell who: it moves no balance, whoever it was.
    const anybody = [{ name: names[0] ?? '', minor: totalMinor }];
    return exactInput({ ...about, tags: [...tags, RECONSTRUCTED_TAG] }, currency, anybody, anybody);
  }
  if (saysPayment(category) && gains.length === 1 && losses.length === 1 && payer.minor === totalMinor) {
    return paymentInput({ ...about, tags: [] }, currency, payer.name, receiver.name, totalMinor);
  }
  return reconstructed({ ...about, tags: [...tags, RECONSTRUCTED_TAG] }, currency, totalMinor, gains, losses);
}

/**
 * The simplest expense with these nets and this cost: whoever gains paid what they gain and owes nothing, but for one
 * who gains most and also paid, and owes, what is left of the cost.
 */
function reconstructed(
  about: Parameters<typeof exactInput>[0],
  currency: string,
  totalMinor: bigint,
  gains: readonly Part[],
  losses: readonly Part[],
): ExpenseInput {
  const rest = totalMinor - sumOf(gains);
  if (rest < 0n) throw refusal('cost_below_shares', 'The members owe more than the cost.');
  const most = gains.reduce((best, one) => (one.minor > best.minor ? one : best));
  const paid = gains.map((one) => (one === most ? { ...one, minor: one.minor + rest } : one));
  return exactInput(about, currency, paid, [...losses, ...(rest > 0n ? [{ name: most.name, minor: rest }] : [])]);
}
