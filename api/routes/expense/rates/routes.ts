import { z } from 'zod';
import { findRate } from '../../../../db/queries/expense/fx-rates.ts';
import { isKnownCurrency } from '../../../../domain/currency.ts';
import { RATE_SOURCES } from '../../../../domain/fx.ts';
import { refusal } from '../../../../domain/refusal.ts';
import { Problem } from '../../../problems.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { currency, date } from '../../../schemas.ts';

/** A published rate as answers show it. */
export const publishedRate = z
  .strictObject({
    base: currency,
    quote: currency,
    date: date.meta({ description: 'The day that was asked for.' }),
    rate: z
      .string()
      .meta({ description: 'Units of `quote` for one unit of `base`, with at most 12 significant digits.', example: '1.1172' }),
    source: z.enum(RATE_SOURCES).nullable().meta({ description: 'Who published it; null for a currency in itself.' }),
    publishedOn: date.meta({ description: 'The business day that it was published for: `date`, or the last one before it.' }),
  })
  .meta({ id: 'Rate' });

const readRate = route({
  service: 'expense',
  method: 'get',
  path: '/v1/rates',
  operationId: 'getRate',
  tag: 'rates',
  summary: 'The rate of two currencies on a day',
  description:
    "The ECB's reference rate; between two other currencies than the euro the quotient of their rates of the same day, rounded half to even to 12 significant digits. A day without rates, such as a weekend or holiday, takes the last ones before it, at most 7 days back; a day that is still to come takes today's. Where there is none, the answer is 404 `rate_unknown`.",
  query: z.strictObject({
    base: currency,
    quote: currency,
    date: date.optional().meta({ description: 'Today (UTC) where not given.' }),
  }),
  answers: { 200: { description: 'The rate.', schema: publishedRate } },
  problems: [404, 422],
  handle: async (request) => {
    const { base, quote } = request.query;
    const now = new Date();
    const day = request.query.date ?? now.toISOString().slice(0, 10);
    for (const [name, code] of Object.entries({ base, quote })) {
      if (!isKnownCurrency(code))
        throw refusal('unknown_currency', 'This is not the code of a currency that can be spent.', `/query/${name}`);
    }
    if (base === quote) return { status: 200, body: { base, quote, date: day, rate: '1', source: null, publishedOn: day } };
    const found = await findRate(request.read, { base, quote, date: day }, now);
    if (found === null) throw new Problem('rate_unknown', 'No rate of these two currencies is known for this day or the seven before it.');
    return { status: 200, body: { base, quote, date: day, ...found } };
  },
});

/** Operations on exchange rates. */
export const rateRoutes: readonly AnyRoute[] = [readRate];
