import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { Problem } from '../problems.ts';

/** Most bytes of a body where a route names no limit. */
export const BODY_LIMIT_BYTES = 1_048_576;

/**
 * Reads the body whole.
 *
 * @throws Problem body_too_large (413), invalid_request (400) when the client broke off or its length was a lie.
 */
export async function readBody(ctx: Context, limitBytes: number): Promise<Buffer> {
  const declared = ctx.request.length;
  if (declared !== undefined && declared > limitBytes) throw tooLarge(limitBytes);
  try {
    return await getRawBody(ctx.req, { limit: limitBytes, length: ctx.get('content-length') || null });
  } catch (error) {
    const type = (error as { type?: string }).type;
    if (type === 'entity.too.large') throw tooLarge(limitBytes);
    throw new Problem('invalid_request', 'The body could not be read to its end.');
  }
}

/**
 * Parses a JSON body. An empty body is `undefined`.
 *
 * @throws Problem not_json (415), malformed_json (400).
 */
export function parseJson(ctx: Context, raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  if (ctx.request.is('application/json', '+json') === false) throw new Problem('not_json', 'Send the body as application/json.');
  try {
    return JSON.parse(UTF8.decode(raw)) as unknown;
  } catch {
    throw new Problem('malformed_json', 'The body is not well-formed JSON in UTF-8.');
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function tooLarge(limitBytes: number): Problem {
  return new Problem('body_too_large', `The body is larger than ${limitBytes} bytes.`, { headers: { Connection: 'close' } });
}
