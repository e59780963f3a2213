import { formatAmount } from '../domain/money.ts';
import { assertNever } from '../domain/refusal.ts';
import type { Explained, ExplainedStep } from './explaining.ts';
import type { Flat } from './flat.ts';
import { netOf } from './oracle.ts';
import type { Story } from './play.ts';
import { newTable, signed } from './tables.ts';

/** Things that two people shared which get a line of their own. */
const ITEMS_SHOWN = 6;

/** What `--json` says of all but the settlement: the explained balance, the flat and the friends; null for what was not reached. */
export function asideToJson({ explained, flat, friends }: Story): Record<string, unknown> {
  return {
    explained: explained === null ? null : explainedToJson(explained),
    import: flat === null ? null : importToJson(flat),
    recurring: flat === null ? null : rentToJson(flat),
    friends:
      friends === null
        ? null
        : {
            names: [friends.asker, friends.friend],
            groupId: friends.groupId,
            net: formatAmount(friends.minor, friends.currency),
            currency: friends.currency,
          },
  };
}

function explainedToJson({ from, to, currency, minor, directMinor, items, steps }: Explained): Record<string, unknown> {
  const amountOf = (part: bigint): string => formatAmount(part, currency);
  return {
    from: from.name,
    to: to.name,
    amount: amountOf(minor),
    direct: amountOf(directMinor),
    currency,
    items: items.map((item) => ({ kind: item.kind, date: item.date, description: item.description, amount: amountOf(item.minor) })),
    steps: steps.map((step) => ({ kind: step.kind, amount: amountOf(step.minor), through: step.through })),
  };
}

function importToJson({ groupId, imported, again, people, balances, currency }: Flat): Record<string, unknown> {
  const { id, format, state, rows, skipped, balanceCheck } = imported;
  return {
    id,
    groupId,
    format,
    state,
    rows,
    imported: imported.imported,
    skipped,
    balanceCheck,
    again: { imported: again.imported, skipped: again.skipped },
    balances: people.map(({ inFile, name }) => ({ name, currency, net: formatAmount(netOf(balances, inFile, currency), currency) })),
  };
}

function rentToJson({ groupId, rent: { id, amount, currency, start, state, recorded, next } }: Flat): Record<string, unknown> {
  return { id, groupId, amount, currency, start, state, recorded, next };
}

/** Why somebody should pay somebody what the plan says, as lines that add up. */
export function explainedTable({ explained }: Story): string {
  if (explained === null) return '';
  const { from, to, currency, minor, directMinor, items, steps } = explained;
  const table = newTable(['date', 'what', currency], 1);
  const [shown, older] = [items.slice(0, ITEMS_SHOWN), items.slice(ITEMS_SHOWN)];
  for (const item of shown) table.push([item.date, item.description ?? item.kind, signed(item.minor, currency)]);
  if (older.length > 0) {
    const sum = older.reduce((total, item) => total + item.minor, 0n);
    table.push(['', `${older.length} earlier ${older.length === 1 ? 'one' : 'ones'}`, signed(sum, currency)]);
  }
  if (steps.length > 0) table.push(['', `what ${from.name} owes ${to.name} directly`, `= ${formatAmount(directMinor, currency)}`]);
  for (const step of steps) table.push(['', wordsOf(step, from.name, to.name), signed(step.minor, currency)]);
  table.push(['', `${from.name} pays ${to.name}`, `= ${formatAmount(minor, currency)}`]);
  return `Why ${from.name} should pay ${to.name} ${formatAmount(minor, currency)} ${currency}\n${table.toString()}`;
}

function wordsOf({ kind, minor, through }: ExplainedStep, from: string, to: string): string {
  switch (kind) {
    case 'through':
      return minor > 0n ? `owed by way of ${through.join(', ')}, paid directly` : `owed directly, paid by way of ${through.join(', ')}`;
    case 'reserved':
      return 'under way in a settlement';
    case 'unit':
      return `${from} and ${to} settle as one`;
    case 'others':
      return 'what the plan does with the debts of the others';
    default:
      return assertNever(kind);
  }
}

/** The flat and the friends. */
export function asideTexts({ flat, friends }: Story): string[] {
  const parts: string[] = [];
  if (flat !== null) parts.push(importText(flat), rentText(flat), flatTable(flat));
  if (friends !== null) {
    const { asker, friend, currency, minor } = friends;
    parts.push(
      `${asker} and ${friend} are friends. In the ledger of the two, ${friend} owes ${asker} ${formatAmount(minor, currency)} ${currency}.`,
    );
  }
  return parts;
}

function importText({ imported, again }: Flat): string {
  const table = newTable(['import', 'format', 'rows', 'imported', 'skipped', 'own totals'], 4);
  const add = (name: string, { format, rows, imported: count, skipped, balanceCheck }: typeof imported): void =>
    void table.push([name, format, rows, count, skipped, balanceCheck]);
  add('a file of Splitwise', imported);
  add('the same again', again);
  return `The flat comes from Splitwise\n${table.toString()}`;
}

function rentText({ rent: { amount, currency, recorded, next, state } }: Flat): string {
  const lines = [
    `The rent of ${amount} ${currency} on the last day of each month`,
    `  recorded by itself: ${recorded.map(({ date }) => date).join(', ')}`,
    `  next would have been: ${next.join(', ')}`,
    `  now ${state}`,
  ];
  return lines.join('\n');
}

function flatTable({ people, balances, currency }: Flat): string {
  const table = newTable(['', currency], 1);
  for (const { inFile, name } of people) table.push([name, signed(netOf(balances, inFile, currency), currency)]);
  return `Balances of the flat: the totals of its file, and the rents\n${table.toString()}`;
}
