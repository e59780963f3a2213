import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { Problem } from '../problems.ts';
import { hasDuplicateNames } from './duplicate-names.ts';
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
 * @throws Problem not_json (415), malformed_json, duplicate_field (400), and what {@link guardBody} refuses (400).
 */
export function parseJson(ctx: Context, raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  requireJson(ctx);
  const { text, body } = decode(raw);
  guardBody(body);
  // Each name has its colon: as many colons as names leave no room for one written twice, and most bodies are done with that.
  if (colonsIn(text) !== namesIn(body) && hasDuplicateNames(text))
    throw new Problem('duplicate_field', 'A field is written twice in one object; which of the two is meant is not for us to guess.');
  return body;
}

function colonsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) count += 1;
  return count;
}

/** How many names a value has, at all depths; {@link guardBody} has bounded these. */
function namesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += namesIn(item);
  else for (const name in value) count += 1 + namesIn((value as Record<string, unknown>)[name]);
  return count;
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

function decode(raw: Buffer): { text: string; body: unknown } {
  try {
    const text = UTF8.decode(raw);
    return { text, body: JSON.parse(text) as unknown };
  } catch {
    throw new Problem('malformed_json', 'The body is not well-formed JSON in UTF-8.');
  }
}

function tooLarge(limitBytes: number): Problem {
  return new Problem('body_too_large', `The body is larger than ${limitBytes} bytes.`, { headers: { Connection: 'close' } });
}
