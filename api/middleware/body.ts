import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { Problem } from '../problems.ts';
import { guardBody } from './guard.ts';

/** Most bytes of a body where a route names no limit. */
export const BODY_LIMIT_BYTES = 1_048_576;

const NO_BODY = Buffer.alloc(0);

/**
 * Reads the body whole.
 *
 * @throws Problem body_too_large (413), invalid_request (400) when the client broke off or its length was a lie.
 */
export async function readBody(ctx: Context, limitBytes: number): Promise<Buffer> {
  const declared = ctx.req.headers['content-length'];
  if (declared === undefined && ctx.req.headers['transfer-encoding'] === undefined) return NO_BODY;
  if (declared !== undefined && Number(declared) > limitBytes) throw tooLarge(limitBytes);
  try {
    return await getRawBody(ctx.req, { limit: limitBytes, length: declared ?? null });
  } catch (error) {
    const type = (error as { type?: string }).type;
    if (type === 'entity.too.large') throw tooLarge(limitBytes);
    throw new Problem('invalid_request', 'The body could not be read to its end.');
  }
}

/**
 * Parses a JSON body. An empty body is `undefined`.
 *
 * @throws Problem not_json (415), malformed_json (400), and what {@link guardBody} refuses (400).
 */
export function parseJson(ctx: Context, raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  requireJson(ctx);
  const body = decode(raw);
  guardBody(body);
  return body;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const JSON_TYPE = /^application\/(?:[\w.!#$&^+-]+\+)?json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

function requireJson(ctx: Context): void {
  const { 'content-type': type = '', 'content-encoding': encoding } = ctx.req.headers;
  // What nearly every client sends needs no further look.
  if (type !== 'application/json') {
    if (!JSON_TYPE.test(type)) throw new Problem('not_json', 'Send the body as application/json.');
    const charset = CHARSET.exec(type)?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw new Problem('not_json', 'Send JSON in UTF-8.');
  }
  if (encoding !== undefined && encoding !== 'identity') throw new Problem('not_json', 'Send the body without a content encoding.');
}

function decode(raw: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(raw)) as unknown;
  } catch {
    throw new Problem('malformed_json', 'The body is not well-formed JSON in UTF-8.');
  }
}

function tooLarge(limitBytes: number): Problem {
  return new Problem('body_too_large', `The body is larger than ${limitBytes} bytes.`, { headers: { Connection: 'close' } });
}
