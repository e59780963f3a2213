import { formatAmount } from '../domain/money.ts';
import { readTable } from './sesterce.ts';

/** What somebody is owed (above zero) or owes in one currency, in minor units. */
export interface Net {
  readonly name: string;
  readonly currency: string;
  readonly minor: bigint;
}

/** Nets of people, by currency and name. What is not there is zero. */
export type Nets = ReadonlyMap<string, bigint>;

/** Digits in which all of a file's amounts are added, more than any currency has; so the sums need to know no currency. */
const SCALE_DIGITS = 6;

/**
 * Adds up a ledger's columns: what a person has paid less what was paid for them, in each currency.
 *
 * It looks at cells only, and neither at what kind of row they are in nor at anything that the platform computes.
 *
 * @param text a file that `parseLedger` accepts.
 */
export function netsOfFile(text: string): Nets {
  const { header, rows } = readTable(text);
  const currencyAt = header.indexOf('Currency');
  const sums = new Map<string, bigint>();
  for (const { cells } of rows) {
    const currency = cells[currencyAt] ?? '';
    for (const [index, column] of header.entries()) {
      const [, by, name] = /^Paid (by|for) (.+)$/.exec(column) ?? [];
      if (name === undefined) continue;
      const amount = scaled(cells[index] ?? '');
      const key = keyOf(name, currency);
      sums.set(key, (sums.get(key) ?? 0n) + (by === 'by' ? amount : -amount));
    }
  }
  return new Map([...sums].map(([key, value]) => [key, unscaled(value, key.slice(0, 3))]));
}

/** Nets from a list; entries of the same person and currency add up. */
export function netsOf(entries: Iterable<Net>): Nets {
  const sums = new Map<string, bigint>();
  for (const { name, currency, minor } of entries) {
    const key = keyOf(name, currency);
    sums.set(key, (sums.get(key) ?? 0n) + minor);
  }
  return sums;
}

/** Both together. */
export function plus(nets: Nets, changes: Iterable<Net>): Nets {
  return netsOf([...entriesOf(nets), ...changes]);
}

/** What a payment does: who pays owes less, who receives is owed less. */
export function paymentEffect({ from, to, currency, minor }: { from: string; to: string; currency: string; minor: bigint }): Net[] {
  return [
    { name: from, currency, minor },
    { name: to, currency, minor: -minor },
  ];
}

/** One person's net in a currency. */
export function netOf(nets: Nets, name: string, currency: string): bigint {
  return nets.get(keyOf(name, currency)) ?? 0n;
}

/** All entries, zeros too. */
export function entriesOf(nets: Nets): Net[] {
  return [...nets].map(([key, minor]) => ({ name: key.slice(4), currency: key.slice(0, 3), minor }));
}

/**
 * Says where two sets of nets differ, one sentence each; none where they agree.
 *
 * @param what names the actual nets, such as "the API's balances".
 */
export function differences(what: string, actual: Nets, expected: Nets): string[] {
  const keys = new Set([...actual.keys(), ...expected.keys()]);
  return [...keys].flatMap((key) => {
    const [is, should] = [actual.get(key) ?? 0n, expected.get(key) ?? 0n];
    if (is === should) return [];
    const currency = key.slice(0, 3);
    return [
      `${what}: ${key.slice(4)} has ${formatAmount(is, currency)} ${currency} and should have ${formatAmount(should, currency)} ${currency}`,
    ];
  });
}

/** The currencies whose nets do not sum to zero. */
export function unbalanced(nets: Nets): string[] {
  const sums = netsOf(entriesOf(nets).map(({ currency, minor }) => ({ name: '', currency, minor })));
  return entriesOf(sums).flatMap(({ currency, minor }) => (minor === 0n ? [] : [currency]));
}

/** The currency is always three letters, so the key can be cut again whatever the name is. */
function keyOf(name: string, currency: string): string {
  return `${currency} ${name}`;
}

function scaled(cell: string): bigint {
  const [whole = '0', fraction = ''] = cell.split('.');
  return BigInt(whole + fraction.replace(/0+$/, '').padEnd(SCALE_DIGITS, '0'));
}

function unscaled(value: bigint, currency: string): bigint {
  // "1" of the currency tells its digits, and so the step of its minor unit.
  const fraction = formatAmount(1n, currency).split('.')[1] ?? '';
  return value / 10n ** BigInt(SCALE_DIGITS - fraction.length);
}
