import Table from 'cli-table3';
import { formatAmount } from '../domain/money.ts';

/** An empty table; its last columns, so many, are numbers. */
export function newTable(head: string[], numbers: number): Table.Table {
  const colAligns = head.map((_, index) => (index < head.length - numbers ? ('left' as const) : ('right' as const)));
  return new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
}

/** An amount with its sign, plus too; zero has none. */
export function signed(minor: bigint, currency: string): string {
  return minor > 0n ? `+${formatAmount(minor, currency)}` : formatAmount(minor, currency);
}
