import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { isBusinessDate } from '../../../domain/business-date.ts';
import { isKnownCurrency } from '../../../domain/currency.ts';
import { parseRate, PIVOT_CURRENCY } from '../../../domain/fx.ts';
import { type PublishedDay, RateSourceAway } from './rate-source.ts';

/** The first day of the euro's rates; nothing before it can be one. */
const FIRST_DAY = '1999-01-04';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseAttributeValue: false,
  parseTagValue: false,
  processEntities: false,
  isArray: (name) => name === 'Cube',
});

const rateCube = z.object({ currency: z.string().regex(/^[A-Z]{3}$/), rate: z.string() });
const dayCube = z.object({ time: z.string(), Cube: z.array(rateCube).min(1) });
const envelope = z.object({ Envelope: z.object({ Cube: z.tuple([z.object({ Cube: z.array(dayCube).min(1) })]) }) });

/**
 * Reads the ECB's XML: one envelope with a cube of cubes of days, each with cubes of currency and rate, as in `eurofxref-daily.xml`,
 * `eurofxref-hist-90d.xml` and `eurofxref-hist.xml`.
 *
 * Currencies that cannot be spent any more or yet are passed over. Anything else that does not fit refuses the whole file: half a
 * day of rates would look like a day on which the others were not published.
 *
 * @throws RateSourceAway.
 */
export function readEcbXml(text: string): PublishedDay[] {
  // Neither is ever in these files, and both are the way to make a small file large.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new RateSourceAway('declares entities');
  const parsed = envelope.safeParse(parse(text));
  if (!parsed.success) throw new RateSourceAway('is no rates file');
  const days = parsed.data.Envelope.Cube[0].Cube.map(toDay);
  if (new Set(days.map(({ publishedOn }) => publishedOn)).size !== days.length) throw new RateSourceAway('has a day twice');
  return days.sort((one, other) => (one.publishedOn < other.publishedOn ? 1 : -1));
}

function parse(text: string): unknown {
  try {
    return parser.parse(text) as unknown;
  } catch {
    throw new RateSourceAway('is no XML');
  }
}

function toDay({ time, Cube }: z.infer<typeof dayCube>): PublishedDay {
  if (!isBusinessDate(time) || time < FIRST_DAY) throw new RateSourceAway('has a day that is none');
  const perEuro = new Map<string, string>();
  for (const { currency, rate } of Cube) {
    if (parseRate(rate) === null) throw new RateSourceAway('has a rate that is none');
    if (perEuro.has(currency) || currency === PIVOT_CURRENCY) throw new RateSourceAway('has a currency twice');
    perEuro.set(currency, rate);
  }
  for (const currency of perEuro.keys()) if (!isKnownCurrency(currency)) perEuro.delete(currency);
  return { publishedOn: time, perEuro };
}
