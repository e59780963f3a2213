import { DECIMAL_FRACTION_DIGITS_MAX } from './decimal.ts';
import type { ExpenseContent, ExpenseInput, Share } from './expense.ts';
import type { DefaultSplit } from './group.ts';
import { mergeLines, type PostingLine } from './ledger.ts';
import { formatAmount, parseAmount } from './money.ts';
import { assertNever, unwrap } from './refusal.ts';
import { type AmountPart, compareIds, type Split, type SplitItem } from './split-form.ts';
import { readScaledDecimal } from './split-read.ts';

/** Two members who are one person: the first goes into the second. */
export interface MergedPair {
  readonly from: string;
  readonly into: string;
}

/**
 * The content of an expense once two members are one. Nobody's money changes: what both paid and owe is added up, and
 * the rule says the same of the one that it said of the two. Where a rule cannot say so (both share equally beside an
 * adjustment, or both by standing weight), the shares stand as exact amounts.
 */
export function mergedContent(content: ExpenseContent, pair: MergedPair): ExpenseContent {
  const { currency } = content.total;
  const shares = mergedShares(content.shares, pair, currency);
  const split = mergedSplit(content.split, pair, currency) ?? {
    method: 'exact',
    parts: shares.map(({ memberId, owed }) => ({ memberId, amount: owed })).filter(({ amount }) => /[1-9]/.test(amount)),
  };
  return { ...content, payers: joinedAmounts(content.payers, pair, currency), shares, split };
}

/** The lines of a posting once two members are one; they still sum to zero. */
export function mergedPostingLines(lines: readonly PostingLine[], { from, into }: MergedPair): PostingLine[] {
  return mergeLines(lines.map((line) => (line.accountId === from ? { ...line, accountId: into } : line)));
}

/**
 * A split once two members are one.
 *
 * @param currency of its amounts; for splits without amounts any will do.
 * @returns null where the rule cannot express it.
 */
export function mergedSplit(split: Split, pair: MergedPair, currency: string): Split | null {
  switch (split.method) {
    case 'equal':
      return hasBoth(split.among, pair)
        ? { method: 'shares', parts: heads(split.among, pair) }
        : { ...split, among: renamed(split.among, pair) };
    case 'weights':
      return hasBoth(split.among, pair) ? null : { ...split, among: renamed(split.among, pair) };
    case 'exact':
      return { ...split, parts: joinedAmounts(split.parts, pair, currency) };
    case 'percentage':
      return { ...split, parts: joined(split.parts, pair, (one, other) => ({ ...one, percent: addDecimals(one.percent, other.percent) })) };
    case 'shares':
      return { ...split, parts: joinedShares(split.parts, pair) };
    case 'adjustment':
      return hasBoth(split.among, pair)
        ? null
        : { ...split, among: renamed(split.among, pair), parts: joinedAmounts(split.parts, pair, currency) };
    case 'itemized':
      return { ...split, items: split.items.map((item) => mergedItem(item, pair)) };
    default:
      return assertNever(split);
  }
}

/**
 * An expense that is still to be recorded, such as that of a recurring one, once two members are one: it is shared between
 * people, so who was two heads is one now.
 */
export function mergedInput<Input extends Pick<ExpenseInput, 'payers' | 'total'> & { readonly split?: Split | undefined }>(
  input: Input,
  pair: MergedPair,
): Input {
  const { currency } = input.total;
  const payers = joinedAmounts(input.payers, pair, currency);
  return input.split === undefined ? { ...input, payers } : { ...input, payers, split: mergedRule(input.split, pair, currency) };
}

function mergedRule(split: Split, pair: MergedPair, currency: string): Split {
  if (split.method === 'itemized') return { ...split, items: split.items.map((item) => mergedLine(item, pair)) };
  if (!('among' in split)) return mergedSplit(split, pair, currency) ?? split;
  const among = [...new Set(renamed(split.among, pair))];
  return split.method === 'adjustment' ? { ...split, among, parts: joinedAmounts(split.parts, pair, currency) } : { ...split, among };
}

function mergedLine({ among, ...item }: SplitItem, pair: MergedPair): SplitItem {
  return among === undefined ? mergedItem(item, pair) : { ...item, among: [...new Set(renamed(among, pair))] };
}

/** A split that stands for what is to come; see {@link mergedInput}. */
export function mergedDefaultSplit(split: DefaultSplit, pair: MergedPair): DefaultSplit {
  return mergedRule(split as Split, pair, 'EUR') as DefaultSplit;
}

function mergedItem({ among, parts, ...item }: SplitItem, pair: MergedPair): SplitItem {
  if (parts !== undefined) return { ...item, parts: joinedShares(parts, pair) };
  if (among === undefined) return item;
  return hasBoth(among, pair) ? { ...item, parts: heads(among, pair) } : { ...item, among: renamed(among, pair) };
}

function mergedShares(shares: readonly Share[], pair: MergedPair, currency: string): Share[] {
  const add = (one: string, other: string): string => addAmounts(one, other, currency);
  return joined(shares, pair, (one, other) => ({ ...one, paid: add(one.paid, other.paid), owed: add(one.owed, other.owed) })).toSorted(
    (one, other) => compareIds(one.memberId, other.memberId),
  );
}

const joinedAmounts = (parts: readonly AmountPart[], pair: MergedPair, currency: string): AmountPart[] =>
  joined(parts, pair, (one, other) => ({ ...one, amount: addAmounts(one.amount, other.amount, currency) }));

const joinedShares = <Part extends { readonly memberId: string; readonly shares: string }>(
  parts: readonly Part[],
  pair: MergedPair,
): Part[] => joined(parts, pair, (one, other) => ({ ...one, shares: addDecimals(one.shares, other.shares) }));

/** Gives the part of the one to the other; where both have one, they become one, at the place of the first. */
function joined<Part extends { readonly memberId: string }>(
  parts: readonly Part[],
  { from, into }: MergedPair,
  add: (one: Part, other: Part) => Part,
): Part[] {
  const [one, other] = parts.filter(({ memberId }) => memberId === from || memberId === into);
  if (one === undefined) return [...parts];
  const kept: Part = { ...(other === undefined ? one : add(one, other)), memberId: into };
  return parts.flatMap((part) => (part === one ? [kept] : part === other ? [] : [part]));
}

function hasBoth(among: readonly string[], { from, into }: MergedPair): boolean {
  return among.includes(from) && among.includes(into);
}

function renamed(among: readonly string[], { from, into }: MergedPair): string[] {
  return among.map((memberId) => (memberId === from ? into : memberId));
}

/** An equal split between heads, of which one member has two. */
function heads(among: readonly string[], { from, into }: MergedPair): { memberId: string; shares: string }[] {
  return among.filter((memberId) => memberId !== from).map((memberId) => ({ memberId, shares: memberId === into ? '2' : '1' }));
}

function addAmounts(one: string, other: string, currency: string): string {
  return formatAmount(unwrap(parseAmount(one, currency)) + unwrap(parseAmount(other, currency)), currency);
}

function addDecimals(one: string, other: string): string {
  const sum = unwrap(readScaledDecimal(one, '')) + unwrap(readScaledDecimal(other, ''));
  const digits = sum.toString().padStart(DECIMAL_FRACTION_DIGITS_MAX + 1, '0');
  const fraction = digits.slice(-DECIMAL_FRACTION_DIGITS_MAX).replace(/0+$/, '');
  const integer = digits.slice(0, -DECIMAL_FRACTION_DIGITS_MAX);
  return fraction === '' ? integer : `${integer}.${fraction}`;
}
