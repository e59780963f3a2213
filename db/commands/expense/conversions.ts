import { convertLines, type ConvertedLine, type FrozenRate } from '../../../domain/expense-rate.ts';
import type { PostingLine } from '../../../domain/ledger.ts';
import { unwrap } from '../../../domain/refusal.ts';
import { findRates, type RateQuestion } from '../../queries/expense/fx-rates.ts';
import { groupCurrencies } from '../../queries/expense/group-currencies.ts';
import type { Tx } from '../../transact.ts';
import type { NewPosting } from './ledger.ts';

/** What a posting in one other currency counts for in its group's. */
export interface PostingConversion {
  readonly postingId: string;
  readonly groupId: string;
  readonly currency: string;
  readonly rate: Pick<FrozenRate, 'perGroupCurrency' | 'source' | 'date'>;
  readonly lines: readonly ConvertedLine[];
}

/**
 * Writes what postings in other currencies than their group's count for there, each at its own rate: a reversal takes back exactly what
 * the posting that it reverses did; an expense has its frozen rate; anything else has that of what it replaces in the same command, or
 * the published one of its day. What has no rate is left out, and shown as such by whoever reads balances.
 *
 * @throws RefusalError amount_out_of_range.
 */
export async function postConversions(tx: Tx, postings: readonly NewPosting[]): Promise<void> {
  const currencies = await groupCurrencies(tx.db, tx.query, [...new Set(postings.map(({ groupId }) => groupId))]);
  const foreign = postings.flatMap((posting) => {
    const own = currencies.get(posting.groupId);
    return Object.entries(Object.groupBy(posting.lines, ({ currency }) => currency))
      .filter(([currency]) => currency !== own)
      .map(([currency, lines = []]) => ({ posting, currency, lines, groupCurrency: own ?? currency }));
  });
  if (foreign.length === 0) return;
  const reversed = await reversedConversions(tx, foreign);
  const rates = await ratesOf(tx, foreign, reversed);
  await writeConversions(
    tx,
    foreign.flatMap((use, index): PostingConversion[] => {
      const { posting, currency, lines, groupCurrency } = use;
      const back = posting.reversesId === null ? undefined : reversed.get(`${posting.reversesId} ${currency}`);
      const rate = rates[index];
      const base = { postingId: posting.id, groupId: posting.groupId, currency };
      if (back !== undefined) return [{ ...base, rate: back.rate, lines: back.lines.map(opposite) }];
      if (rate === null || rate === undefined) return [];
      return [{ ...base, rate, lines: unwrap(convertLines(lines, rate, groupCurrency)) }];
    }),
  );
}

interface ForeignUse {
  readonly posting: NewPosting;
  readonly currency: string;
  readonly lines: readonly PostingLine[];
  readonly groupCurrency: string;
}

type Reversed = ReadonlyMap<string, Pick<PostingConversion, 'rate' | 'lines'>>;

async function reversedConversions(tx: Tx, uses: readonly ForeignUse[]): Promise<Reversed> {
  const ids = uses.flatMap(({ posting }) => posting.reversesId ?? []);
  if (ids.length === 0) return new Map();
  const rows = await tx.query<{
    posting_id: string;
    currency: string;
    rate: string;
    source: string;
    published_on: string | null;
    lines: { accountId: string; net: string; converted: string }[];
  }>(
    `select c.posting_id, c.currency, trim_scale(c.per_group_currency)::text as rate, c.source, c.published_on::text,
       (select json_agg(json_build_object('accountId', l.account_id, 'net', l.net::text, 'converted', l.converted::text))
        from expense.converted_line l where l.posting_id = c.posting_id and l.currency = c.currency) as lines
     from expense.conversion c where c.posting_id = any($1::uuid[])`,
    [ids],
  );
  return new Map(
    rows.map(({ posting_id: id, currency, rate, source, published_on: date, lines }) => [
      `${id} ${currency}`,
      {
        rate: { perGroupCurrency: rate, source, ...(date === null ? {} : { date }) },
        lines: lines.map((line) => ({ accountId: line.accountId, net: BigInt(line.net), converted: BigInt(line.converted) })),
      },
    ]),
  );
}

/** The rate of each use that is no reversal; published ones are asked for together. */
async function ratesOf(tx: Tx, uses: readonly ForeignUse[], reversed: Reversed): Promise<(FrozenRate | null)[]> {
  const asked: { index: number; question: RateQuestion }[] = [];
  const rates = uses.map(({ posting, currency, groupCurrency }, index): FrozenRate | null => {
    if (posting.reversesId !== null) return null;
    if (posting.rate !== undefined) return posting.rate;
    const replaced = uses.find(
      (use) => use.posting.reversesId !== null && use.posting.sourceId === posting.sourceId && use.currency === currency,
    );
    const known = replaced === undefined ? undefined : reversed.get(`${replaced.posting.reversesId} ${currency}`);
    if (known !== undefined) return known.rate;
    asked.push({ index, question: { base: groupCurrency, quote: currency, date: posting.occurredOn } });
    return null;
  });
  const found = await findRates(
    tx.query,
    asked.map(({ question }) => question),
    tx.now,
  );
  for (const [at, { index }] of asked.entries()) {
    const one = found[at];
    if (one !== null && one !== undefined) rates[index] = { perGroupCurrency: one.rate, source: one.source, date: one.publishedOn };
  }
  return rates;
}

/** Writes what some postings count for in their group's currency, and keeps the sums. */
export async function writeConversions(tx: Tx, conversions: readonly PostingConversion[]): Promise<void> {
  if (conversions.length === 0) return;
  const lines = conversions.flatMap(({ lines: own, ...conversion }) => own.map((line) => ({ ...conversion, ...line })));
  await tx.query(WRITE, [
    conversions.map(({ postingId }) => postingId),
    conversions.map(({ currency }) => currency),
    conversions.map(({ groupId }) => groupId),
    conversions.map(({ rate }) => rate.perGroupCurrency),
    conversions.map(({ rate }) => rate.source),
    conversions.map(({ rate }) => rate.date ?? null),
    lines.map(({ postingId }) => postingId),
    lines.map(({ accountId }) => accountId),
    lines.map(({ currency }) => currency),
    lines.map(({ groupId }) => groupId),
    lines.map(({ net }) => net.toString()),
    lines.map(({ converted }) => converted.toString()),
  ]);
}

const WRITE = `
with rates as (
  insert into expense.conversion (posting_id, currency, group_id, per_group_currency, source, published_on)
  select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::numeric[], $5::text[], $6::date[])
), line as materialized (
  select * from unnest($7::uuid[], $8::uuid[], $9::text[], $10::uuid[], $11::bigint[], $12::bigint[])
    as l (posting_id, account_id, currency, group_id, net, converted)
), lines as (
  insert into expense.converted_line (posting_id, account_id, currency, group_id, net, converted)
  select posting_id, account_id, currency, group_id, net, converted from line
)
insert into expense.converted_balance as kept (group_id, account_id, currency, net, converted)
select group_id, account_id, currency, sum(net)::bigint, sum(converted)::bigint from line group by 1, 2, 3 order by 1, 2, 3
on conflict (group_id, account_id, currency) do update set net = kept.net + excluded.net, converted = kept.converted + excluded.converted`;

function opposite(line: ConvertedLine): ConvertedLine {
  return { accountId: line.accountId, net: -line.net, converted: -line.converted };
}
