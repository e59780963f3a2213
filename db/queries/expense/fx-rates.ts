import { crossRate, PIVOT_CURRENCY, RATE_DAYS_BACK_MAX, rateDay, type RateSourceName } from '../../../domain/fx.ts';
import type { Query } from './groups.ts';

/** A rate as it was published, or follows from two that were. */
export interface RateView {
  /** Units of the quote for one unit of the base; a decimal text, see `domain/fx.ts`. */
  readonly rate: string;
  readonly source: RateSourceName;
  /** The business day for which it was published. */
  readonly publishedOn: string;
}

/** What is asked of the rates: units of `quote` for one unit of `base` on a business day. */
export interface RateQuestion {
  readonly base: string;
  readonly quote: string;
  readonly date: string;
}

/**
 * The rate of a business day: of the last day, at most a week back, for which both currencies were published. A day that is still to
 * come takes today's.
 *
 * @param now whose day is today, in UTC.
 * @returns null where none is known; and for a currency in itself, which has no rate but is one.
 */
export async function findRate(query: Query, { base, quote, date }: RateQuestion, now = new Date()): Promise<RateView | null> {
  const [found] = await findRates(query, [{ base, quote, date }], now);
  return found ?? null;
}

/** Several rates in one statement, in the order of the questions; see {@link findRate}. */
export async function findRates(query: Query, questions: readonly RateQuestion[], now = new Date()): Promise<(RateView | null)[]> {
  if (questions.length === 0) return [];
  const today = now.toISOString().slice(0, 10);
  const rows = await query<{ ord: number; source: RateSourceName; published_on: string; base: string; quote: string }>(FIND, [
    questions.map(({ base }) => base),
    questions.map(({ quote }) => quote),
    questions.map(({ date }) => rateDay(date, today)),
  ]);
  const byOrd = new Map(rows.map((row) => [row.ord, row]));
  return questions.map((_, index) => {
    const row = byOrd.get(index + 1);
    const rate = row === undefined ? null : crossRate(row.base, row.quote);
    return row === undefined || rate === null ? null : { rate, source: row.source, publishedOn: row.published_on };
  });
}

const FIND = `
select q.ord::int, r.source, r.published_on::text, r.base, r.quote
from unnest($1::text[], $2::text[], $3::date[]) with ordinality as q (base, quote, date, ord)
cross join lateral (
  select v.source, v.published_on,
    case when q.base = '${PIVOT_CURRENCY}' then '1' else trim_scale(max(v.per_euro) filter (where v.currency = q.base))::text end as base,
    case when q.quote = '${PIVOT_CURRENCY}' then '1' else trim_scale(max(v.per_euro) filter (where v.currency = q.quote))::text end as quote
  from expense_pub.rate_v1 v
  where v.currency in (q.base, q.quote) and v.published_on between q.date - ${RATE_DAYS_BACK_MAX} and q.date
  group by v.source, v.published_on
  having (q.base = '${PIVOT_CURRENCY}' or count(*) filter (where v.currency = q.base) > 0)
    and (q.quote = '${PIVOT_CURRENCY}' or count(*) filter (where v.currency = q.quote) > 0)
  order by v.published_on desc, v.source limit 1
) r
where q.base <> q.quote`;

/** The newest day that is known of a source; null before its first refresh. */
export async function newestRateDay(query: Query, source: RateSourceName): Promise<string | null> {
  const [row] = await query<{ newest: string | null }>('select max(published_on)::text as newest from expense.fx_rate where source = $1', [
    source,
  ]);
  return row?.newest ?? null;
}
