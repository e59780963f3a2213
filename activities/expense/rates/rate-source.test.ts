// Goal: every source of rates keeps the promises of rate-source.ts. Method: one suite over each adapter, against the double that speaks
// its form and against a server that lies; a new source is one more row in SOURCES_UNDER_TEST.
import assert from 'node:assert/strict';
import { EcbDouble, ECB_PATH } from '../../../sandbox/doubles/ecb/ecb-double.ts';
import { publishedDays } from '../../../sandbox/doubles/ecb/rates-file.ts';
import { listen, type Listening } from '../../../sandbox/doubles/http.ts';
import { ecbRates } from './ecb.ts';
import { readEcbXml } from './ecb-xml.ts';
import { type RateSource, RateSourceAway } from './rate-source.ts';

interface SourceUnderTest {
  readonly name: string;
  open(origin: string): RateSource;
  /** A file of one day and one figure, as the source would send it. */
  file(day: string, currency: string, rate: string): string;
}

const ecbFile = (cubes: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><gesmes:subject>Reference rates</gesmes:subject><Cube>${cubes}</Cube></gesmes:Envelope>`;
const ecbDay = (day: string, ...rates: readonly (readonly [string, string])[]): string =>
  `<Cube time='${day}'>${rates.map(([currency, rate]) => `<Cube currency='${currency}' rate='${rate}'/>`).join('')}</Cube>`;

const SOURCES_UNDER_TEST: readonly SourceUnderTest[] = [
  {
    name: 'ecb',
    open: (origin) => ecbRates(`${origin}${ECB_PATH}`),
    file: (day, currency, rate) => ecbFile(ecbDay(day, [currency, rate])),
  },
];

/** A Monday after the file's end, in the afternoon: its rates are out. */
const NOW = new Date('2026-10-26T16:30:00Z');

for (const subject of SOURCES_UNDER_TEST) {
  describe(`rate source ${subject.name}`, () => {
    let server: Listening;
    let answer: ((path: string) => { status?: number; body?: string; location?: string }) | null = null;
    const asked: string[] = [];
    const double = new EcbDouble(() => NOW);

    before(async () => {
      server = await listen(0, async (request, response) => {
        asked.push(request.url ?? '');
        const given = answer?.(request.url ?? '');
        if (given === undefined) return void double.serve(request, response);
        response.writeHead(given.status ?? 200, given.location === undefined ? {} : { location: given.location });
        response.end(given.body ?? '');
      });
    });
    beforeEach(() => {
      answer = null;
      asked.length = 0;
    });
    after(() => server?.close());
    const source = (): RateSource => subject.open(`http://127.0.0.1:${server.port}`);

    it('nothing known, gives every day that there is, the newest first', async () => {
      const days = await source().published(null);
      assert.equal(days[0]?.publishedOn, '2026-10-26');
      assert.equal(days.at(-1)?.publishedOn, '2025-01-02');
      assert.deepEqual(
        days.map(({ publishedOn }) => publishedOn),
        publishedDays(NOW).map(({ day }) => day),
      );
      assert.equal(days[0]?.perEuro.get('USD'), '1.1188');
      assert.equal(days[0]?.perEuro.size, 29);
    });

    it('known until yesterday, a week, a year ago, gives what came since without a gap', async () => {
      for (const since of ['2026-10-23', '2026-10-16', '2025-10-24']) {
        const days = (await source().published(since)).map(({ publishedOn }) => publishedOn).filter((day) => day > since);
        assert.deepEqual(
          days,
          publishedDays(NOW)
            .map(({ day }) => day)
            .filter((day) => day > since),
        );
      }
    });

    it('nothing new, asks for one small file', async () => {
      assert.deepEqual(
        (await source().published('2026-10-26')).map(({ publishedOn }) => publishedOn),
        ['2026-10-26'],
      );
      assert.equal(asked.length, 1);
    });

    it('one that is away, in trouble, elsewhere or cut off, is told as away', async () => {
      for (const given of [
        { status: 500 },
        { status: 404 },
        { status: 429 },
        { status: 302, location: '/elsewhere' },
        { body: '' },
        { body: subject.file('2026-10-26', 'USD', '1.1188').slice(0, -20) },
      ]) {
        answer = () => given;
        await assert.rejects(source().published('2026-10-23'), RateSourceAway, JSON.stringify(given));
      }
      await assert.rejects(subject.open('http://127.0.0.1:1').published(null), RateSourceAway);
    });

    it('on a port that browsers keep away from, is read like any other', async () => {
      const opened = await firstFree([6566, 6667, 4190, 10_080], (port) =>
        listen(port, (request, response) => Promise.resolve(void double.serve(request, response))),
      );
      try {
        const days = await subject.open(`http://127.0.0.1:${opened.port}`).published('2026-10-26');
        assert.deepEqual(
          days.map(({ publishedOn }) => publishedOn),
          ['2026-10-26'],
        );
      } finally {
        await opened.close();
      }
    });

    it('one that says more than it ever did, is not read to its end', async () => {
      answer = () => ({ body: subject.file('2026-10-26', 'USD', '1.1188') + ' '.repeat(100_000) });
      await assert.rejects(source().published('2026-10-23'), /says more than is read/);
    });

    it('a figure that is none, refuses all of them', async () => {
      for (const rate of ['0', '-1.2', '1e9', 'N/A', '', '1,12', `1${'0'.repeat(30)}`]) {
        answer = () => ({ body: subject.file('2026-10-26', 'USD', rate) });
        await assert.rejects(source().published('2026-10-26'), RateSourceAway, rate);
      }
      for (const day of ['2026-02-30', '26-10-26', '', '1998-12-31']) {
        answer = () => ({ body: subject.file(day, 'USD', '1.1') });
        await assert.rejects(source().published('2026-10-26'), RateSourceAway, day);
      }
    });

    it('a currency that cannot be spent, is passed over', async () => {
      answer = () => ({ body: subject.file('2026-10-26', 'XAU', '1.1') });
      assert.equal((await source().published('2026-10-26'))[0]?.perEuro.size, 0);
    });
  });
}

describe('the ECB’s XML', () => {
  it('entities, are refused before they are read', () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "1.1"><!ENTITY b "&a;&a;">]>${ecbFile(ecbDay('2026-10-26', ['USD', '&b;']))}`;
    assert.throws(() => readEcbXml(bomb), /declares entities/);
    assert.throws(() => readEcbXml(ecbFile(ecbDay('2026-10-26', ['USD', '&#49;.1']))), /a rate that is none/);
  });

  it('deep nesting, another root and a day or currency given twice, are refused', () => {
    const usd = ['USD', '1.1'] as const;
    for (const text of [
      '<a>'.repeat(5_000) + '</a>'.repeat(5_000),
      '<rates/>',
      ecbFile(''),
      ecbFile('<Cube time="2026-10-26"/>'),
      ecbFile(ecbDay('2026-10-26', usd) + ecbDay('2026-10-26', usd)),
      ecbFile(ecbDay('2026-10-26', usd, usd)),
      ecbFile(ecbDay('2026-10-26', ['EUR', '1'])),
    ])
      assert.throws(() => readEcbXml(text), RateSourceAway, text.slice(0, 40));
  });

  it('days in any order, come out the newest first', () => {
    const days = ['2026-10-23', '2026-10-26', '2026-10-22'];
    const read = readEcbXml(ecbFile(days.map((day) => ecbDay(day, ['USD', '1.1'])).join('\n')));
    assert.deepEqual(
      read.map(({ publishedOn }) => publishedOn),
      ['2026-10-26', '2026-10-23', '2026-10-22'],
    );
  });
});

/** Somebody else may have one of the few ports. */
async function firstFree(ports: readonly number[], open: (port: number) => Promise<Listening>): Promise<Listening> {
  for (const port of ports) {
    const opened = await open(port).catch(() => null);
    if (opened !== null) return opened;
  }
  throw new Error('none of these ports is free');
}
