import { greatestCommonDivisor } from './decimal.ts';
import { formatAmount, parseAmount } from './money.ts';
import { ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';
import type { MemberWeight } from './split-apportion.ts';
import { SPLIT_ITEMS_MAX, SPLIT_ITEM_SHARERS_MAX, SPLIT_MEMBERS_MAX } from './split-form.ts';
import type { ItemizedSplit, SplitItem } from './split-form.ts';
import { checkAmong, readScaledDecimal, readSomeParts, sumOfParts } from './split-read.ts';
import type { ReadPart } from './split-read.ts';

/** What an itemised split is checked against. */
export interface ItemizedInput {
  readonly totalMinor: bigint;
  readonly currency: string;
  readonly split: ItemizedSplit;
  /** JSON pointer of the split. */
  readonly pointer: string;
}

/**
 * Turns a bill into weights: each member's exact total of items.
 *
 * Tax, tip and discount follow these totals in proportion, so a member's share of the whole total has the same
 * proportion, and one rounding at the very end is enough. When the items come to zero there is no proportion, and what
 * remains (tax, tip) is shared equally among everybody named.
 *
 * @returns weights with a sum above zero, or a refusal: `empty_split`, `too_many_items`, `too_many_members`,
 *   `items_do_not_add_up`, `negative_share` (a member's vouchers exceed that member's items), `negative_amount`,
 *   `item_needs_among_or_parts`, `weights_sum_zero`, and those of amounts, decimals and lists of members.
 */
export function itemizedWeights({ totalMinor, currency, split, pointer }: ItemizedInput): Outcome<MemberWeight[]> {
  const items = readItems(split, currency, pointer);
  if (!items.ok) return items;
  const extrasMinor = readExtras(split, currency, pointer);
  if (!extrasMinor.ok) return extrasMinor;
  const addedUpMinor = items.value.reduce((sum, item) => sum + item.minor, extrasMinor.value);
  if (addedUpMinor !== totalMinor) {
    const detail = `Items, tax and tip less discount come to ${formatAmount(addedUpMinor, currency)}, the total is ${formatAmount(totalMinor, currency)}.`;
    return refuse('items_do_not_add_up', detail, `${pointer}/items`);
  }
  return weightsOfItems(items.value, `${pointer}/items`);
}

interface ReadItem {
  readonly minor: bigint;
  /** Who shares the line, in what proportion; the sum is above zero. */
  readonly sharers: readonly ReadPart[];
  readonly sharersSum: bigint;
}

function readItems(split: ItemizedSplit, currency: string, pointer: string): Outcome<ReadItem[]> {
  const { items } = split;
  if (items.length === 0) return refuse('empty_split', 'Give at least one item.', `${pointer}/items`);
  if (items.length > SPLIT_ITEMS_MAX) return refuse('too_many_items', `Give at most ${SPLIT_ITEMS_MAX} items.`, `${pointer}/items`);
  const sharersCount = items.reduce((sum, item) => sum + (item.among?.length ?? 0) + (item.parts?.length ?? 0), 0);
  if (sharersCount > SPLIT_ITEM_SHARERS_MAX) {
    return refuse('too_many_parts', `The items together may name members ${SPLIT_ITEM_SHARERS_MAX} times at most.`, `${pointer}/items`);
  }
  const read: ReadItem[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = readItem(item, currency, `${pointer}/items/${index}`);
    if (!outcome.ok) return outcome;
    read.push(outcome.value);
  }
  return ok(read);
}

function readItem(item: SplitItem, currency: string, pointer: string): Outcome<ReadItem> {
  const minor = parseAmount(item.amount, currency, `${pointer}/amount`);
  if (!minor.ok) return minor;
  if (item.quantity !== undefined) {
    const quantity = readScaledDecimal(item.quantity, `${pointer}/quantity`);
    if (!quantity.ok) return quantity;
  }
  const sharers = readSharers(item, pointer);
  if (!sharers.ok) return sharers;
  const sharersSum = sumOfParts(sharers.value);
  if (sharersSum === 0n) return refuse('weights_sum_zero', 'At least one share must be above zero.', `${pointer}/parts`);
  return ok({ minor: minor.value, sharers: sharers.value, sharersSum });
}

function readSharers({ among, parts }: SplitItem, pointer: string): Outcome<ReadPart[]> {
  if ((among === undefined) === (parts === undefined)) {
    return refuse('item_needs_among_or_parts', 'Give either "among" or "parts" for the item.', pointer);
  }
  if (parts !== undefined) {
    return readSomeParts(parts, `${pointer}/parts`, (part, at) => readScaledDecimal(part.shares, `${at}/shares`));
  }
  const members = checkAmong(among ?? [], `${pointer}/among`);
  return members.ok ? ok(members.value.map((memberId) => ({ memberId, value: 1n }))) : members;
}

/** Reads tax + tip - discount, in minor units. */
function readExtras(split: ItemizedSplit, currency: string, pointer: string): Outcome<bigint> {
  let sumMinor = 0n;
  for (const field of ['tax', 'tip', 'discount'] as const) {
    const text = split[field];
    if (text === undefined) continue;
    const minor = parseAmount(text, currency, `${pointer}/${field}`);
    if (!minor.ok) return minor;
    if (minor.value < 0n) return refuse('negative_amount', `The ${field} may not be negative.`, `${pointer}/${field}`);
    sumMinor += field === 'discount' ? -minor.value : minor.value;
  }
  return ok(sumMinor);
}

function weightsOfItems(items: readonly ReadItem[], pointer: string): Outcome<MemberWeight[]> {
  const weights = exactItemTotals(items);
  if (weights.length > SPLIT_MEMBERS_MAX) return refuse('too_many_members', `Name at most ${SPLIT_MEMBERS_MAX} members.`, pointer);
  if (weights.some(({ weight }) => weight < 0n)) {
    return refuse('negative_share', 'The items of at least one member come to less than zero.', pointer);
  }
  const allZero = weights.every(({ weight }) => weight === 0n);
  return ok(allZero ? weights.map(({ memberId }) => ({ memberId, weight: 1n })) : weights);
}

/** Each member's exact total of items, all over one common denominator, which is left out. */
function exactItemTotals(items: readonly ReadItem[]): MemberWeight[] {
  const denominator = items.reduce((lcm, { sharersSum }) => (lcm / greatestCommonDivisor(sharersSum, lcm)) * sharersSum, 1n);
  const totals = new Map<string, bigint>();
  for (const { minor, sharers, sharersSum } of items) {
    const unit = minor * (denominator / sharersSum);
    for (const { memberId, value } of sharers) totals.set(memberId, (totals.get(memberId) ?? 0n) + unit * value);
  }
  return [...totals].map(([memberId, weight]) => ({ memberId, weight }));
}
