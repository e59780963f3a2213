import { PAYMENT_CATEGORY } from '../categories.ts';
import { unguardText } from '../csv.ts';
import type { ExpenseInput } from '../expense.ts';
import { formatAmount } from '../money.ts';
import { refusal } from '../refusal.ts';
import { oneLine } from './check.ts';
import { cellReader, hasColumns, headerCells, recordsOf } from './columns.ts';
import type { ImportContext, ImportFormat, Parsed, Reading } from './file.ts';
import { fieldOf, listOf, objectOf, textOf } from './json.ts';
import { joinedNames } from './joined-names.ts';
import { amountOf, paymentInput, peopleOf, reading } from './reading.ts';

/** A bill as either of the two forms gives it. */
interface Bill {
  readonly row: number;
  readonly what: string;
  /** Empty in files of before 7.0. */
  readonly type: string;
  readonly amount: string;
  /** Empty in files of before 5, `XXX` where the project has none. */
  readonly currency: string;
  readonly date: string;
  readonly payer: string;
  readonly weight: string;
  /** Joined by commas, or one by one. */
  readonly owers: string | readonly string[];
}

const COLUMNS = ['what', 'amount', 'date', 'payer_name', 'payer_weight', 'owers'];

/** I Hate Money's bills as CSV, read by the names of its columns. */
export const ihatemoneyCsv: ImportFormat = {
  kind: 'csv',
  recognises: (source) => {
    const header = headerCells(recordsOf(source)[0]);
    return hasColumns(header, COLUMNS) && !header.includes('timestamp');
  },
  parse(source, context) {
    const [first, ...records] = recordsOf(source);
    const header = headerCells(first);
    const bills = records.map((record): Bill => {
      const cell = cellReader(header, record);
      return {
        row: record.row,
        what: unguardText(cell('what')),
        type: cell('bill_type'),
        amount: cell('amount'),
        currency: cell('currency'),
        date: cell('date'),
        payer: unguardText(cell('payer_name')),
        weight: cell('payer_weight'),
        owers: unguardText(cell('owers')),
      };
    });
    return readBills(bills, context);
  },
};

/** I Hate Money's bills as JSON. */
export const ihatemoneyJson: ImportFormat = {
  kind: 'json',
  recognises(source) {
    if (source.kind !== 'json' || !Array.isArray(source.value)) return false;
    const first = objectOf(source.value[0]);
    return ['what', 'amount', 'payer_name', 'owers'].every((name) => Object.hasOwn(first, name));
  },
  parse(source, context) {
    const list = listOf(source.kind === 'json' ? source.value : null);
    const bills = list.map((bill, index): Bill => {
      const owers = objectOf(bill)['owers'];
      return {
        row: index + 1,
        what: fieldOf(bill, 'what'),
        type: fieldOf(bill, 'bill_type'),
        amount: fieldOf(bill, 'amount'),
        currency: fieldOf(bill, 'currency'),
        date: fieldOf(bill, 'date'),
        payer: fieldOf(bill, 'payer_name'),
        weight: fieldOf(bill, 'payer_weight'),
        owers: Array.isArray(owers) ? owers.map(textOf) : textOf(owers),
      };
    });
    return readBills(bills, context);
  },
};

function readBills(bills: readonly Bill[], { groupCurrency, names = [] }: ImportContext): Parsed {
  // The file tells weights of payers alone; who never paid counts once, as new members do there.
  const weights = new Map(bills.map(({ payer, weight }) => [oneLine(payer), weight]));
  const lists = bills.flatMap(({ owers }) => (typeof owers === 'string' ? [] : owers));
  const split = joinedNames([...weights.keys(), ...[...lists, ...names].map(oneLine)]);
  const readings: Reading[] = [];
  let passedOver = 0;
  for (const bill of bills) {
    const found = reading(bill.row, () => readBill(bill, groupCurrency, weights, split));
    if (found === null) passedOver += 1;
    else readings.push(found);
  }
  return { people: peopleOf(readings), readings, passedOver, totals: null };
}

function readBill(
  bill: Bill,
  groupCurrency: string,
  weights: ReadonlyMap<string, string>,
  split: (text: string) => string[],
): ExpenseInput | null {
  const currency = bill.currency === '' || bill.currency === 'XXX' ? groupCurrency : bill.currency.toUpperCase();
  const minor = amountOf(bill.amount, currency);
  if (minor === 0n) return null;
  const payer = oneLine(bill.payer);
  const owers = typeof bill.owers === 'string' ? split(bill.owers) : bill.owers.map(oneLine);
  const about = { date: bill.date.slice(0, 10), description: oneLine(bill.what), category: null, tags: [], notes: '', rate: null };
  return billInput({ about, currency, minor, payer, owers, weights, isReturn: bill.type.toLowerCase() === 'reimbursement' });
}

/** A bill of one payer whose owers share it by their weights. */
export function billInput(bill: {
  readonly about: Pick<ExpenseInput, 'date' | 'description' | 'category' | 'tags' | 'notes' | 'rate'>;
  readonly currency: string;
  readonly minor: bigint;
  readonly payer: string;
  readonly owers: readonly string[];
  readonly weights: ReadonlyMap<string, string>;
  readonly isReturn: boolean;
}): ExpenseInput {
  const { about, currency, minor, payer, owers, weights } = bill;
  const total = minor < 0n ? -minor : minor;
  const [receiver] = owers;
  if (receiver === undefined) throw refusal('no_shares', 'Nobody owes anything of this bill.');
  if (bill.isReturn && minor > 0n && owers.length === 1 && receiver !== payer) {
    return paymentInput(about, currency, payer, receiver, total);
  }
  const weightOf = (name: string): string => plainWeight(weights.get(name) ?? '');
  return {
    ...about,
    // Given back to several, or taken back: no spending either, as Spliit has it.
    category: bill.isReturn ? PAYMENT_CATEGORY : about.category,
    kind: minor > 0n ? 'expense' : 'income',
    total: { amount: formatAmount(total, currency), currency },
    payers: [{ memberId: payer, amount: formatAmount(total, currency) }],
    split: owers.every((name) => weightOf(name) === '1')
      ? { method: 'equal', among: owers }
      : { method: 'shares', parts: owers.map((name) => ({ memberId: name, shares: weightOf(name) })) },
  };
}

/** A weight such as `1.0` without needless zeros; 1 where there is none. */
function plainWeight(text: string): string {
  if (text === '') return '1';
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
