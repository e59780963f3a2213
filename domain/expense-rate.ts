import { divideRationals, type Rational, rational, splitDecimal } from './decimal.ts';
import { convertNets, formatRate, minorRatio, parseRate, RATE_SOURCES, TYPED_SOURCE } from './fx.ts';
import type { PostingLine } from './ledger.ts';
import { MAX_MINOR, moneyFromWire, type Money, moneyToWire, type MoneyWire } from './money.ts';
import { currencyDigits } from './currency.ts';
import { ok, refuse, unwrap, type Outcome } from './refusal.ts';

/** The rate at which one use of another currency counts in the group's: frozen with the use, whatever is published later. */
export interface FrozenRate {
  /** Units of the use's currency for one unit of the group's; a decimal text. */
  readonly perGroupCurrency: string;
  /** Who says so: a publisher, or a word of whoever typed it. */
  readonly source: string;
  /** The business day for which a publisher published it. */
  readonly date?: string | undefined;
  /** The total in the group's currency, where somebody typed both amounts: then this is exact, and the rate follows from it. */
  readonly total?: MoneyWire | undefined;
}

/**
 * A rate as a caller sends it: typed, or by the total in the group's currency. One that names a publisher as its source asks for the
 * published one, since nobody else can say what was published.
 */
export type RateInput = { readonly [Field in keyof FrozenRate]?: FrozenRate[Field] };

/** A rate that was found among the published ones. */
export interface PublishedRate {
  readonly rate: string;
  readonly source: string;
  readonly publishedOn: string;
}

/** Whether a use needs a published rate: it is in another currency, and nobody typed a rate. */
export function needsPublishedRate(rate: RateInput | null | undefined, currency: string, groupCurrency: string): boolean {
  return currency !== groupCurrency && (rate === null || rate === undefined || isPublisher(rate.source));
}

/** The day whose published rate a use takes: the one that was asked for with a publisher, else its own. */
export function publishedDay(rate: RateInput | null | undefined, date: string): string {
  return (isPublisher(rate?.source) ? rate?.date : undefined) ?? date;
}

/**
 * Decides the rate at which a use is frozen.
 *
 * @param published what {@link needsPublishedRate} asked for; null where none is known.
 * @returns null where the use has no rate, or refusals `rate_required`, `rate_currency`, `rate_not_positive`, `rate_contradicts_total`, `rate_not_published` and those of an amount.
 */
export function freezeRate(use: {
  readonly rate: RateInput | null | undefined;
  readonly total: Money;
  readonly groupCurrency: string;
  readonly published: PublishedRate | null;
}): Outcome<FrozenRate | null> {
  const { rate, total, groupCurrency, published } = use;
  if (needsPublishedRate(rate, total.currency, groupCurrency)) {
    if (published === null && rate?.date !== undefined)
      return refuse('rate_not_published', 'No rate of the two currencies was published for that day.', '/rate/date');
    return ok(published && { perGroupCurrency: published.rate, source: published.source, date: published.publishedOn });
  }
  if (rate === null || rate === undefined) return ok(null);
  const source = rate.source ?? TYPED_SOURCE;
  if (rate.total !== undefined) {
    const frozen = freezeTotal(rate.total, source, total, groupCurrency);
    return frozen.ok ? checkAgreement(rate.perGroupCurrency, frozen.value, total) : frozen;
  }
  if (rate.perGroupCurrency === undefined) return refuse('rate_required', "Give the rate, or the amount in the group's currency.", '/rate');
  if (parseRate(rate.perGroupCurrency) === null) {
    return refuse('rate_not_positive', 'A rate is a decimal above zero.', '/rate/perGroupCurrency');
  }
  return ok({ perGroupCurrency: rate.perGroupCurrency, source });
}

function freezeTotal(wire: MoneyWire, source: string, total: Money, groupCurrency: string): Outcome<FrozenRate> {
  const typed = moneyFromWire(wire, '/rate/total');
  if (!typed.ok) return typed;
  if (typed.value.currency !== groupCurrency) {
    return refuse('rate_currency', `The other amount has to be in the group's currency, ${groupCurrency}.`, '/rate/total/currency');
  }
  const perGroupCurrency = typed.value.minor > 0n ? formatRate(divideRationals(unitsOf(total), unitsOf(typed.value))) : null;
  if (perGroupCurrency === null) return refuse('rate_not_positive', 'The other amount must be above zero.', '/rate/total/amount');
  return ok({ perGroupCurrency, source, total: moneyToWire(typed.value) });
}

/**
 * Where somebody typed a rate beside both amounts, the three have to agree: the rate converts the total to the other amount, or it is
 * what the amounts say, rounded to the digits that were typed. Otherwise nobody knows which of them was meant.
 */
function checkAgreement(typed: string | undefined, frozen: FrozenRate, total: Money): Outcome<FrozenRate> {
  if (typed === undefined) return ok(frozen);
  const rate = parseRate(typed);
  if (rate === null) return refuse('rate_not_positive', 'A rate is a decimal above zero.', '/rate/perGroupCurrency');
  const other = unwrap(moneyFromWire(frozen.total!));
  if (agree(rate, splitDecimal(typed)?.fraction.length ?? 0, total, other)) return ok(frozen);
  return refuse(
    'rate_contradicts_total',
    `By the two amounts the rate is ${frozen.perGroupCurrency}, not ${typed}; leave out one of them.`,
    '/rate/total/amount',
  );
}

/**
 * Whether a rate and two amounts agree, each within half of its last digit.
 *
 * @param rate units of `from`'s currency for one unit of `to`'s.
 * @param digits digits after the point that the rate was typed with.
 */
function agree(rate: Rational, digits: number, from: Money, to: Money): boolean {
  const ratio = minorRatio(rate, from.currency, to.currency);
  const converted = rational(from.minor * ratio.num, ratio.den);
  if (withinHalf(converted, rational(to.minor), 1n)) return true;
  return withinHalf(divideRationals(unitsOf(from), unitsOf(to)), rate, 10n ** BigInt(digits));
}

/** Whether two fractions are at most half of `1 / parts` apart. */
function withinHalf(one: Rational, other: Rational, parts: bigint): boolean {
  const apart = one.num * other.den - other.num * one.den;
  return (apart < 0n ? -apart : apart) * 2n * parts <= one.den * other.den;
}

/** What one account's part of a use is, in its own currency and in the group's; minor units. */
export interface ConvertedLine {
  readonly accountId: string;
  readonly net: bigint;
  readonly converted: bigint;
}

/**
 * Converts the lines of a posting in one currency at their frozen rate; they sum to zero before and after.
 *
 * @returns refusal `amount_out_of_range` where a part would be larger in the group's currency than any amount may be.
 */
export function convertLines(lines: readonly PostingLine[], rate: FrozenRate, groupCurrency: string): Outcome<ConvertedLine[]> {
  const [first] = lines;
  if (first === undefined) return ok([]);
  const nets = lines.map(({ accountId, paid, owed }) => ({ accountId, minor: paid - owed }));
  const ratio = ratioOf(lines, rate, first.currency, groupCurrency);
  const converted = convertNets(nets, ratio).map(({ accountId, minor }, index) => ({
    accountId,
    net: nets[index]!.minor,
    converted: minor,
  }));
  if (converted.some((line) => line.converted > MAX_MINOR || line.converted < -MAX_MINOR)) {
    return refuse('amount_out_of_range', `At this rate the amount is larger than the ledger takes in ${groupCurrency}.`, '/total/amount');
  }
  return ok(converted);
}

function ratioOf(lines: readonly PostingLine[], rate: FrozenRate, currency: string, groupCurrency: string): Rational {
  if (rate.total !== undefined) {
    const total = lines.reduce((sum, { paid }) => sum + paid, 0n);
    return rational(unwrap(moneyFromWire(rate.total)).minor, total);
  }
  const perGroupCurrency = parseRate(rate.perGroupCurrency);
  if (perGroupCurrency === null) throw new Error('a frozen rate is a decimal above zero');
  return minorRatio(perGroupCurrency, currency, groupCurrency);
}

/** What becomes of an edit's rate: it stays frozen, unless the edit gives one or changes what it depends on. */
export function rateAfterEdit(
  standing: FrozenRate | null,
  edit: {
    readonly rate?: RateInput | null | undefined;
    readonly totalChanged: boolean;
    readonly currencyChanged: boolean;
    readonly dateChanged: boolean;
  },
): { readonly keep: FrozenRate | null } | { readonly rate: RateInput | null } {
  if (edit.rate !== undefined && !isSame(standing, edit.rate)) return { rate: edit.rate };
  // A rate of another pair of currencies, or of another day, is another rate; one that was typed does not depend on the day.
  if (standing === null || edit.currencyChanged) return { rate: null };
  if (standing.date !== undefined && edit.dateChanged) return { rate: null };
  if (standing.total !== undefined && edit.totalChanged)
    return { keep: { perGroupCurrency: standing.perGroupCurrency, source: standing.source } };
  return { keep: standing };
}

/** Sending back what was read is no change. */
function isSame(standing: FrozenRate | null, sent: RateInput | null): boolean {
  if (standing === null || sent === null) return standing === sent;
  return (
    (sent.perGroupCurrency ?? standing.perGroupCurrency) === standing.perGroupCurrency &&
    (sent.source ?? standing.source) === standing.source &&
    sent.date === standing.date &&
    sent.total?.amount === standing.total?.amount &&
    sent.total?.currency === standing.total?.currency
  );
}

function isPublisher(source: string | undefined): boolean {
  return (RATE_SOURCES as readonly string[]).includes(source ?? '');
}

function unitsOf(money: Money): Rational {
  return rational(money.minor, 10n ** BigInt(currencyDigits(money.currency)));
}
