import type { RateSourceName } from '../../../domain/fx.ts';
import type { Tx } from '../../transact.ts';

/** Figures of one business day, by currency, in units for one euro. */
export interface NewRates {
  readonly publishedOn: string;
  readonly perEuro: ReadonlyMap<string, string>;
}

/** What keeping some days changed. */
export interface KeptRates {
  /** Figures of days and currencies that were not known. */
  readonly added: number;
  /** Figures that the source corrected: the old ones stay beside them, and what was frozen with them stays as it is. */
  readonly corrected: number;
}

/** Keeps what a source published. Doing it again adds nothing; a figure that differs from the one known becomes a new revision. */
export async function keepRates(tx: Tx, source: RateSourceName, days: readonly NewRates[]): Promise<KeptRates> {
  const figures = days.flatMap(({ publishedOn, perEuro }) => [...perEuro].map(([currency, rate]) => ({ publishedOn, currency, rate })));
  const [row] = await tx.query<KeptRates>(KEEP, [
    source,
    figures.map(({ currency }) => currency),
    figures.map(({ publishedOn }) => publishedOn),
    figures.map(({ rate }) => rate),
    tx.now,
  ]);
  return row ?? { added: 0, corrected: 0 };
}

// Two refreshes at once would number the same revision twice; the second then adds nothing, and the next one finds what is missing.
const KEEP = `
with kept as (
  insert into expense.fx_rate (source, currency, published_on, revision, per_euro, fetched_at)
  select $1, f.currency, f.published_on, coalesce(known.revision, 0) + 1, f.per_euro, $5
  from unnest($2::text[], $3::date[], $4::numeric[]) as f (currency, published_on, per_euro)
  left join lateral (
    select r.revision, r.per_euro from expense.fx_rate r
    where r.source = $1 and r.currency = f.currency and r.published_on = f.published_on order by r.revision desc limit 1
  ) known on true
  where known.per_euro is distinct from f.per_euro
  order by f.currency, f.published_on
  on conflict do nothing returning revision
)
select count(*) filter (where revision = 1)::int as added, count(*) filter (where revision > 1)::int as corrected from kept`;
