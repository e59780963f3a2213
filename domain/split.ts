import { isKnownCurrency } from './currency.ts';
import { formatAmount, MAX_MINOR, parseAmount } from './money.ts';
import { assertNever, ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';
import { apportion } from './split-apportion.ts';
import type { MemberAmount, MemberWeight } from './split-apportion.ts';
import { compareIds, SPLIT_MEMBERS_MAX, splitMembers, splitMentions } from './split-form.ts';
import type { AmountPart, PercentPart, SharesPart, Split } from './split-form.ts';
import { itemizedWeights } from './split-itemized.ts';
import { checkAmong, HUNDRED_PERCENT_SCALED, readParts, readScaledDecimal, readSomeParts, sumOfParts } from './split-read.ts';
import type { ReadPart } from './split-read.ts';

export type { AmountPart, ItemizedSplit, MemberMention, PercentPart, SharesPart, Split, SplitItem } from './split-form.ts';
export type { MemberAmount } from './split-apportion.ts';
export { splitMembers, splitMentions };

/** All that decides how a total is shared. */
export interface SharesInput {
  /** Minor units, above zero. */
  readonly totalMinor: bigint;
  readonly currency: string;
  readonly split: Split;
  /** Members' standing weights by member id, as decimal texts; read by the method `weights` only. */
  readonly weights: ReadonlyMap<string, string>;
  /** Decides who takes the odd units when fractions are equal: a keyed hash of the expense's id, made by the caller. */
  readonly tieBreak: bigint;
  /** JSON pointer of the split; `/split` by default. */
  readonly pointer?: string;
}

/**
 * Splits a total into the members' shares, which add up to it exactly.
 *
 * Shares are minor units of the expense's currency. All arithmetic is exact; the one rounding, at the end, gives the odd
 * units to the largest fractions, ties by `tieBreak`. So each share is less than one minor unit away from the exact one,
 * and the order in which members are named changes nothing. Whoever is named is in the result, also with a share of zero.
 *
 * @returns shares in the order of member ids, or a refusal with its place: `total_not_positive`, `amount_out_of_range`,
 *   `unknown_currency`, `empty_split`, `duplicate_member`, `too_many_members`, `too_many_parts`, `too_many_items`,
 *   `amount_malformed`, `amount_precision`, `decimal_malformed`, `parts_do_not_add_up`, `percent_not_100`,
 *   `weights_sum_zero`, `unknown_member` (no standing weight), `negative_share`, and those of {@link itemizedWeights}.
 */
export function computeShares(input: SharesInput): Outcome<MemberAmount[]> {
  if (!isKnownCurrency(input.currency))
    return refuse('unknown_currency', 'This is not the code of a currency that can be spent.', '/total/currency');
  if (input.totalMinor <= 0n) return refuse('total_not_positive', 'The total must be above zero.', '/total/amount');
  if (input.totalMinor > MAX_MINOR) {
    return refuse('amount_out_of_range', `The total is above ${formatAmount(MAX_MINOR, input.currency)}.`, '/total/amount');
  }
  const { totalMinor, currency, split, weights, tieBreak, pointer = '/split' } = input;
  switch (split.method) {
    case 'equal':
      return inProportion(equalWeights(split.among, `${pointer}/among`), input);
    case 'exact':
      return exactShares({ totalMinor, currency, parts: split.parts, pointer: `${pointer}/parts` });
    case 'percentage':
      return inProportion(percentWeights(split.parts, `${pointer}/parts`), input);
    case 'shares':
      return inProportion(sharesWeights(split.parts, `${pointer}/parts`), input);
    case 'adjustment':
      return adjustedShares({ totalMinor, currency, among: split.among, parts: split.parts, tieBreak, pointer });
    case 'weights':
      return inProportion(standingWeights(split.among, weights, `${pointer}/among`), input);
    case 'itemized':
      return inProportion(itemizedWeights({ totalMinor, currency, split, pointer }), input);
    default:
      return assertNever(split);
  }
}

/** Who paid a total. */
export interface PaidInput {
  /** Minor units. */
  readonly totalMinor: bigint;
  readonly currency: string;
  readonly payers: readonly AmountPart[];
  /** JSON pointer of the list; `/payers` by default. */
  readonly pointer?: string;
}

/**
 * Reads who paid how much; the amounts are above zero and add up to the total.
 *
 * @returns amounts in minor units in the order of member ids, or a refusal with its place: `empty_payers`,
 *   `too_many_parts`, `duplicate_member`, `negative_amount`, `zero_payment`, `payers_do_not_add_up`, and those of amounts.
 */
export function computePaid({ totalMinor, currency, payers, pointer = '/payers' }: PaidInput): Outcome<MemberAmount[]> {
  if (payers.length === 0) return refuse('empty_payers', 'Name at least one payer.', pointer);
  const paid = readParts(payers, pointer, (payer, at) => readPayment(payer, currency, `${at}/amount`));
  if (!paid.ok) return paid;
  const sumMinor = sumOfParts(paid.value);
  if (sumMinor === totalMinor) return ok(toAmounts(paid.value));
  return refuse('payers_do_not_add_up', differenceDetail('payers', sumMinor, totalMinor, currency), pointer);
}

function readPayment(payer: AmountPart, currency: string, pointer: string): Outcome<bigint> {
  const minor = parseAmount(payer.amount, currency, pointer);
  if (!minor.ok || minor.value > 0n) return minor;
  if (minor.value < 0n) return refuse('negative_amount', 'A payer cannot have paid less than nothing.', pointer);
  return refuse('zero_payment', 'Leave out who paid nothing.', pointer);
}

function inProportion(weights: Outcome<MemberWeight[]>, { totalMinor, tieBreak }: SharesInput): Outcome<MemberAmount[]> {
  return weights.ok ? ok(apportion(totalMinor, weights.value, tieBreak)) : weights;
}

function equalWeights(among: readonly string[], pointer: string): Outcome<MemberWeight[]> {
  const members = checkAmong(among, pointer);
  return members.ok ? ok(members.value.map((memberId) => ({ memberId, weight: 1n }))) : members;
}

function percentWeights(parts: readonly PercentPart[], pointer: string): Outcome<MemberWeight[]> {
  const percents = readSomeParts(parts, pointer, (part, at) => readScaledDecimal(part.percent, `${at}/percent`));
  if (!percents.ok) return percents;
  if (sumOfParts(percents.value) !== HUNDRED_PERCENT_SCALED)
    return refuse('percent_not_100', 'The percentages must add up to 100.', pointer);
  return ok(toWeights(percents.value));
}

function sharesWeights(parts: readonly SharesPart[], pointer: string): Outcome<MemberWeight[]> {
  const shares = readSomeParts(parts, pointer, (part, at) => readScaledDecimal(part.shares, `${at}/shares`));
  return shares.ok ? someWeight(shares.value, pointer) : shares;
}

function standingWeights(among: readonly string[], weights: ReadonlyMap<string, string>, pointer: string): Outcome<MemberWeight[]> {
  const members = checkAmong(among, pointer);
  if (!members.ok) return members;
  const read: ReadPart[] = [];
  for (const [index, memberId] of members.value.entries()) {
    const text = weights.get(memberId);
    if (text === undefined) return refuse('unknown_member', 'This member has no weight in the group.', `${pointer}/${index}`);
    const weight = readScaledDecimal(text, `${pointer}/${index}`);
    if (!weight.ok) return weight;
    read.push({ memberId, value: weight.value });
  }
  return someWeight(read, pointer);
}

function someWeight(parts: readonly ReadPart[], pointer: string): Outcome<MemberWeight[]> {
  if (sumOfParts(parts) === 0n) return refuse('weights_sum_zero', 'At least one share must be above zero.', pointer);
  return ok(toWeights(parts));
}

interface ExactInput {
  readonly totalMinor: bigint;
  readonly currency: string;
  readonly parts: readonly AmountPart[];
  readonly pointer: string;
}

function exactShares({ totalMinor, currency, parts, pointer }: ExactInput): Outcome<MemberAmount[]> {
  const amounts = readSomeParts(parts, pointer, (part, at) => readShare(part, currency, `${at}/amount`));
  if (!amounts.ok) return amounts;
  const sumMinor = sumOfParts(amounts.value);
  if (sumMinor === totalMinor) return ok(toAmounts(amounts.value));
  return refuse('parts_do_not_add_up', differenceDetail('parts', sumMinor, totalMinor, currency), pointer);
}

function readShare(part: AmountPart, currency: string, pointer: string): Outcome<bigint> {
  const minor = parseAmount(part.amount, currency, pointer);
  return minor.ok && minor.value < 0n ? refuseShare(pointer) : minor;
}

interface AdjustmentInput extends ExactInput {
  readonly among: readonly string[];
  readonly tieBreak: bigint;
}

/** The rest, which may be below zero, is shared equally; whoever is only in `parts` gets the adjustment alone. */
function adjustedShares({ totalMinor, currency, among, parts, tieBreak, pointer }: AdjustmentInput): Outcome<MemberAmount[]> {
  const members = equalWeights(among, `${pointer}/among`);
  if (!members.ok) return members;
  const read = readParts(parts, `${pointer}/parts`, (part, at) => parseAmount(part.amount, currency, `${at}/amount`));
  if (!read.ok) return read;
  const restMinor = totalMinor - sumOfParts(read.value);
  const below = refuseBelowZero({ restMinor, among, adjustments: read.value, pointer });
  if (below !== undefined) return below;
  const shares = new Map(apportion(restMinor, members.value, tieBreak).map(({ memberId, minor }) => [memberId, minor]));
  for (const { memberId, value } of read.value) shares.set(memberId, (shares.get(memberId) ?? 0n) + value);
  if (shares.size > SPLIT_MEMBERS_MAX) return refuse('too_many_members', `Name at most ${SPLIT_MEMBERS_MAX} members.`, pointer);
  return ok(toAmounts([...shares].map(([memberId, value]) => ({ memberId, value }))));
}

interface AdjustedRest {
  readonly restMinor: bigint;
  readonly among: readonly string[];
  readonly adjustments: readonly ReadPart[];
  readonly pointer: string;
}

/**
 * Judges the exact shares and not the rounded ones, so that the answer does not depend on who takes the odd units.
 *
 * An exact share from zero up never rounds below zero, since rounding moves it by less than one unit.
 */
function refuseBelowZero({ restMinor, among, adjustments, pointer }: AdjustedRest): Outcome<never> | undefined {
  const sharers = new Set(among);
  const count = BigInt(among.length);
  const isBelow = ({ memberId, value }: ReadPart): boolean => (sharers.has(memberId) ? restMinor : 0n) + count * value < 0n;
  const index = adjustments.findIndex(isBelow);
  if (index >= 0) return refuseShare(`${pointer}/parts/${index}/amount`);
  const adjusted = new Set(adjustments.map(({ memberId }) => memberId));
  return restMinor < 0n && among.some((memberId) => !adjusted.has(memberId)) ? refuseShare(`${pointer}/among`) : undefined;
}

function refuseShare(pointer: string): Outcome<never> {
  return refuse('negative_share', 'A share may not be below zero.', pointer);
}

function toWeights(parts: readonly ReadPart[]): MemberWeight[] {
  return parts.map(({ memberId, value }) => ({ memberId, weight: value }));
}

function toAmounts(parts: readonly ReadPart[]): MemberAmount[] {
  return parts.map(({ memberId, value }) => ({ memberId, minor: value })).sort((left, right) => compareIds(left.memberId, right.memberId));
}

function differenceDetail(what: string, sumMinor: bigint, totalMinor: bigint, currency: string): string {
  return `The ${what} add up to ${formatAmount(sumMinor, currency)}, the total is ${formatAmount(totalMinor, currency)}.`;
}
