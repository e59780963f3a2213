import { fetchFromAnyPort } from '../../../config/any-port-fetch.ts';
import { readEcbXml } from './ecb-xml.ts';
import { type PublishedDay, type RateSource, RateSourceAway } from './rate-source.ts';

/** The ECB's files, and the most bytes of each: at least twice what it has today (2 KB, 90 KB, 8 MB). */
const FILES = {
  daily: { name: 'eurofxref-daily.xml', bytesMax: 65_536, timeoutMs: 10_000 },
  quarter: { name: 'eurofxref-hist-90d.xml', bytesMax: 1_048_576, timeoutMs: 20_000 },
  all: { name: 'eurofxref-hist.xml', bytesMax: 16_777_216, timeoutMs: 120_000 },
} as const;

/** The middle file reaches back 90 days; some fewer, so that a clock that is off loses nothing. */
const QUARTER_DAYS = 80;
const DAY_MS = 86_400_000;

/**
 * The reference rates of the European Central Bank, published around 16:00 in Frankfurt on its business days.
 *
 * @param baseUrl folder of its files, with a slash at the end.
 */
export function ecbRates(baseUrl: string): RateSource {
  const read = async (file: keyof typeof FILES): Promise<PublishedDay[]> => readEcbXml(await fetchText(baseUrl, FILES[file]));
  return {
    name: 'ecb',
    async published(since) {
      if (since === null) return read('all');
      const daily = await read('daily');
      const newest = daily[0]?.publishedOn ?? '';
      if (newest <= since) return daily;
      // Days in between are in the longer files only.
      const days = await read(Date.parse(newest) - Date.parse(since) > QUARTER_DAYS * DAY_MS ? 'all' : 'quarter');
      return days.filter(({ publishedOn }) => publishedOn >= since);
    },
  };
}

async function fetchText(baseUrl: string, file: (typeof FILES)[keyof typeof FILES]): Promise<string> {
  const signal = AbortSignal.timeout(file.timeoutMs);
  try {
    const response = await fetchFromAnyPort(new URL(file.name, baseUrl), { signal, headers: { accept: 'application/xml, text/xml' } });
    if (!response.ok) {
      await response.body?.cancel();
      throw new RateSourceAway(`answered ${response.status}`);
    }
    return await readBounded(response, file.bytesMax);
  } catch (error) {
    if (error instanceof RateSourceAway) throw error;
    throw new RateSourceAway(signal.aborted ? 'did not answer in time' : 'is not reached', {
      cause: error,
    });
  }
}

async function readBounded(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > bytesMax) throw new RateSourceAway('says more than is read');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
