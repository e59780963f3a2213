import { currencyDigits } from './currency.ts';
import { splitDecimal } from './decimal.ts';
import { canonical } from './field-changes.ts';
import type { FrozenRate, RateInput } from './expense-rate.ts';
import { expenseLines, type PostingLine } from './ledger.ts';
import { formatAmount, moneyFromWire, parseAmount, type Money, type MoneyWire } from './money.ts';
import { ok, refuse, unwrap, type Outcome } from './refusal.ts';
import { computePaid, computeShares, splitMentions, type AmountPart, type MemberAmount, type Split } from './split.ts';

/** A rate that somebody typed: so many units of the expense's currency are one unit of the group's. */
export type TypedRate = Pick<FrozenRate, 'perGroupCurrency' | 'source'>;

/** An expense as somebody enters it, in the form of the wire. */
export interface ExpenseInput {
  readonly kind?: 'expense' | 'income' | undefined;
  readonly description: string;
  readonly total: MoneyWire;
  /** Business day. */
  readonly date: string;
  readonly category?: string | null | undefined;
  readonly payers: readonly AmountPart[];
  readonly split: Split;
  readonly notes?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly rate?: RateInput | null | undefined;
}

/** What one member put in and owes: decimal texts in the expense's currency. */
export interface Share {
  readonly memberId: string;
  readonly paid: string;
  readonly owed: string;
}

/** The content of an expense after the rules: what is stored, shown and kept as a version. Plain JSON. */
export interface ExpenseContent {
  readonly kind: 'expense' | 'income';
  readonly description: string;
  readonly total: MoneyWire;
  readonly date: string;
  readonly category: string | null;
  readonly payers: readonly AmountPart[];
  readonly split: Split;
  readonly shares: readonly Share[];
  readonly notes: string;
  readonly tags: readonly string[];
  /** Null where the total is in the group's currency, or no rate is known. */
  readonly rate: FrozenRate | null;
}

/** A member as the rules of an expense see one. */
export interface Participant {
  readonly active: boolean;
  /** Standing weight, a decimal text. */
  readonly weight: string;
}

/** An expense that obeys the rules, with its posting. */
export interface ExpenseDraft {
  readonly content: ExpenseContent;
  readonly total: Money;
  readonly lines: readonly PostingLine[];
}

/**
 * Applies the rules to an expense: who may be named, who paid, who owes what, and the posting that follows. The rate of one in another
 * currency than the group's is not decided here: see `freezeRate`.
 *
 * @param members all members of the group by id.
 * @param tieBreak decides who takes the odd units, see `computeShares`.
 * @returns the draft, or the first refusal with its pointer: `unknown_member`, `member_not_active`, and those of
 *   `moneyFromWire`, `computePaid` and `computeShares`.
 */
export function draftExpense(input: ExpenseInput, members: ReadonlyMap<string, Participant>, tieBreak: bigint): Outcome<ExpenseDraft> {
  const total = moneyFromWire(input.total, '/total');
  if (!total.ok) return total;
  const { minor: totalMinor, currency } = total.value;
  if (totalMinor <= 0n) return refuse('total_not_positive', 'The total must be above zero.', '/total/amount');
  const named = checkNamed(input, members);
  if (!named.ok) return named;
  const paid = computePaid({ totalMinor, currency, payers: input.payers });
  if (!paid.ok) return paid;
  const weights = new Map([...members].map(([id, member]) => [id, member.weight]));
  const owed = computeShares({ totalMinor, currency, split: input.split, weights, tieBreak });
  if (!owed.ok) return owed;
  const kind = input.kind ?? 'expense';
  const content: ExpenseContent = {
    kind,
    description: input.description,
    total: { amount: formatAmount(totalMinor, currency), currency },
    date: input.date,
    category: input.category ?? null,
    payers: input.payers.map((payer) => ({ memberId: payer.memberId, amount: allDigits(payer.amount, currency) })),
    split: splitWithAllDigits(input.split, currency),
    shares: sharesOf(paid.value, owed.value, currency),
    notes: input.notes ?? '',
    tags: input.tags ?? [],
    rate: null,
  };
  return ok({ content, total: total.value, lines: expenseLines({ kind, currency, paid: paid.value, owed: owed.value }) });
}

/** The posting of stored content. @throws RefusalError never for content that {@link draftExpense} made. */
export function contentLines(content: ExpenseContent): PostingLine[] {
  const { currency } = content.total;
  const amounts = (side: 'paid' | 'owed'): MemberAmount[] =>
    content.shares.map((share) => ({ memberId: share.memberId, minor: unwrap(parseAmount(share[side], currency)) }));
  return expenseLines({ kind: content.kind, currency, paid: amounts('paid'), owed: amounts('owed') });
}

/** Whether two contents have the same effect on the ledger; where they do, an edit posts nothing. */
export function samePosting(one: ExpenseContent, other: ExpenseContent): boolean {
  const effect = ({ kind, total, date, shares, rate }: ExpenseContent): string =>
    JSON.stringify([
      kind,
      total.amount,
      total.currency,
      date,
      rateEffect(rate),
      shares.map(({ memberId, paid, owed }) => [memberId, paid, owed]),
    ]);
  return effect(one) === effect(other);
}

// Who says so does not move a balance, but is kept with the posting.
function rateEffect(rate: FrozenRate | null): readonly unknown[] | null {
  return rate === null ? null : [rate.perGroupCurrency, rate.source, rate.date ?? null, rate.total?.amount ?? null];
}

/**
 * Content of which the total and the rule are those that stand keeps the shares that stand: who only mends a text or a
 * payer moves no cent, although a standing weight may have changed since, or a merge of two members dealt the odd cents.
 */
export function withStandingShares(content: ExpenseContent, standing: ExpenseContent): ExpenseContent {
  if (canonical([content.total, content.split]) !== canonical([standing.total, standing.split])) return content;
  const owed = new Map(standing.shares.map((share) => [share.memberId, share.owed]));
  const paid = new Map(content.shares.map((share) => [share.memberId, share.paid]));
  const zero = formatAmount(0n, content.total.currency);
  const shares = [...new Set([...owed.keys(), ...paid.keys()])]
    .sort((one, other) => (one < other ? -1 : 1))
    .map((memberId) => ({ memberId, paid: paid.get(memberId) ?? zero, owed: owed.get(memberId) ?? zero }));
  const named = new Set([
    ...content.payers.map((payer) => payer.memberId),
    ...splitMentions(content.split).map((mention) => mention.memberId),
  ]);
  return { ...content, shares: shares.filter((share) => named.has(share.memberId)) };
}

/** A field that differs between two contents, for the history. */
export interface FieldChange {
  readonly field: keyof ExpenseContent;
  readonly from: unknown;
  readonly to: unknown;
}

const FIELDS: readonly (keyof ExpenseContent)[] = [
  'kind',
  'description',
  'total',
  'date',
  'category',
  'payers',
  'split',
  'shares',
  'notes',
  'tags',
  'rate',
];

/** What changed from one content to the next, field by field, in a fixed order. */
export function changedFields(from: ExpenseContent, to: ExpenseContent): FieldChange[] {
  return FIELDS.filter((field) => canonical(from[field]) !== canonical(to[field])).map((field) => ({
    field,
    from: from[field],
    to: to[field],
  }));
}

const RATE_DIGITS = 18;

/**
 * Turns a rate round: units of the group's currency for one unit of the expense's, to 18 digits.
 *
 * @returns undefined when the rate is zero or no decimal.
 */
export function rateToGroup(rate: TypedRate | null | undefined): string | undefined {
  const parts = rate === null || rate === undefined ? null : splitDecimal(rate.perGroupCurrency);
  if (parts === null) return undefined;
  const scaled = BigInt(parts.integer + parts.fraction);
  if (scaled <= 0n) return undefined;
  const inverse = (10n ** BigInt(RATE_DIGITS + parts.fraction.length) / scaled).toString().padStart(RATE_DIGITS + 1, '0');
  return `${inverse.slice(0, -RATE_DIGITS)}.${inverse.slice(-RATE_DIGITS)}`;
}

function checkNamed(input: ExpenseInput, members: ReadonlyMap<string, Participant>): Outcome<null> {
  const payers = input.payers.map(({ memberId }, index) => ({ memberId, pointer: `/payers/${index}/memberId` }));
  for (const { memberId, pointer } of [...payers, ...splitMentions(input.split)]) {
    const member = members.get(memberId);
    if (member === undefined) return refuse('unknown_member', 'This is not a member of the group.', pointer);
    if (!member.active) return refuse('member_not_active', 'This member has left the group.', pointer);
  }
  return ok(null);
}

function sharesOf(paid: readonly MemberAmount[], owed: readonly MemberAmount[], currency: string): Share[] {
  const shares = new Map<string, { paid: bigint; owed: bigint }>();
  for (const { memberId, minor } of paid) shares.set(memberId, { paid: minor, owed: 0n });
  for (const { memberId, minor } of owed) shares.set(memberId, { paid: shares.get(memberId)?.paid ?? 0n, owed: minor });
  return [...shares]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([memberId, share]) => ({ memberId, paid: formatAmount(share.paid, currency), owed: formatAmount(share.owed, currency) }));
}

function splitWithAllDigits(split: Split, currency: string): Split {
  const amount = <Part extends { readonly amount: string }>(part: Part): Part => ({ ...part, amount: allDigits(part.amount, currency) });
  if (split.method === 'exact' || split.method === 'adjustment') return { ...split, parts: split.parts.map(amount) };
  if (split.method !== 'itemized') return split;
  const extras = (['tax', 'tip', 'discount'] as const).flatMap((name) => {
    const value = split[name];
    return value === undefined ? [] : [[name, allDigits(value, currency)] as const];
  });
  return { ...split, items: split.items.map(amount), ...Object.fromEntries(extras) };
}

/** Fills an amount that the rules have accepted with the digits of its currency. */
function allDigits(text: string, currency: string): string {
  const [integer = '0', fraction = ''] = text.split('.');
  const digits = currencyDigits(currency);
  const filled = digits === 0 ? integer : `${integer}.${fraction.padEnd(digits, '0')}`;
  return /^-0(\.0*)?$/.test(filled) ? filled.slice(1) : filled;
}
