import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { Readable } from 'node:stream';

/** Statuses whose answer has no body: `Response` refuses one. */
const BODILESS: readonly number[] = [204, 205, 304];

/**
 * Asks for a file like `fetch`, on any port: `fetch` keeps to the ports that browsers allow, and 4190 or 6000, which may
 * be the sandbox's, are none of them. Redirects are not followed.
 *
 * @param signal ends it, also while the body is read.
 * @throws whatever the signal gives as its reason, or the error of the connection as `fetch` wraps it.
 */
export async function fetchFromAnyPort(
  url: URL,
  { headers, signal }: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<Response> {
  const request = url.protocol === 'https:' ? overHttps : overHttp;
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, signal }, (answer) => {
      const status = answer.statusCode ?? 0;
      if (BODILESS.includes(status)) answer.resume();
      resolve(new Response(BODILESS.includes(status) ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>), { status }));
    });
    asked.on('error', (error) => reject(signal.aborted ? signal.reason : new TypeError('fetch failed', { cause: error })));
    asked.end();
  });
}
