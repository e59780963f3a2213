import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, send, type HttpAnswer } from '../http.ts';
import { type DayRates, publishedDays } from './rates-file.ts';

/** Below this path of the sandbox's port are the ECB's files, named as on its own site. */
export const ECB_PATH = '/ecb/stats/eurofxref/';

/** How far the middle one of the files reaches back. */
const QUARTER_MS = 90 * 86_400_000;

/** The European Central Bank as far as we know it: three XML files of reference rates. */
export class EcbDouble {
  readonly #now: () => Date;

  /** @param now the double's clock. */
  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /**
   * Serves what is below {@link ECB_PATH}.
   *
   * @returns false when the path is none of these.
   */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname } = new URL(request.url ?? '/', 'http://double');
    if (!pathname.startsWith(ECB_PATH)) return false;
    send(response, this.#answer(request.method ?? 'GET', pathname.slice(ECB_PATH.length)));
    return true;
  }

  #answer(method: string, file: string): HttpAnswer {
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: { code: 'method_not_allowed', message: 'Use GET.' } });
    const days = publishedDays(this.#now());
    switch (file) {
      case 'eurofxref-daily.xml':
        return xml(envelope(days.slice(0, 1), "'"));
      case 'eurofxref-hist-90d.xml': {
        const first = new Date(this.#now().getTime() - QUARTER_MS).toISOString().slice(0, 10);
        return xml(
          envelope(
            days.filter(({ day }) => day >= first),
            '"',
          ),
        );
      }
      case 'eurofxref-hist.xml':
        return xml(envelope(days, '"'));
      default:
        return json(404, { error: { code: 'not_found', message: 'The ECB has no such file.' } });
    }
  }
}

function xml(body: string): HttpAnswer {
  return { status: 200, type: 'text/xml', body };
}

/** The ECB's own form, with the quotes that it uses: single ones in the daily file, double ones in the others. */
function envelope(days: readonly DayRates[], quote: "'" | '"'): string {
  const q = (text: string): string => `${quote}${text}${quote}`;
  const cubes = days.map(({ day, rates }) => {
    const lines = rates.map(([currency, rate]) => `\t\t\t<Cube currency=${q(currency)} rate=${q(rate)}/>`);
    return [`\t\t<Cube time=${q(day)}>`, ...lines, '\t\t</Cube>'].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
${cubes.join('\n')}
\t</Cube>
</gesmes:Envelope>
`;
}
