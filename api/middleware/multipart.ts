import { Busboy } from '@fastify/busboy';
import type { Context } from 'koa';
import type { z } from 'zod';
import { Problem } from '../problems.ts';
import { guardBody, isStorable } from './guard.ts';

/** How a form stands for a JSON body: one file, and fields that are texts, `true` or `false`, or JSON. */
export interface FormShape {
  /** Name of the part that is the file. */
  readonly file: string;
  /** The field of a JSON body in whose place the file stands; it is empty there. */
  readonly standsFor: string;
  readonly fields: Readonly<Record<string, 'text' | 'boolean' | 'json'>>;
  /** The form for the document. */
  readonly schema: z.ZodType;
}

/** A form that was read: the body that it stands for, and the file's bytes. */
export interface Form {
  readonly body: Readonly<Record<string, unknown>>;
  readonly file: Buffer;
}

/** Bytes of one field; the largest is a map of 500 names. */
const FIELD_BYTES_MAX = 128 * 1024;
const HEADER_PAIRS_MAX = 20;

/** Whether a request carries a form. */
export function isForm(ctx: Context): boolean {
  return /^multipart\/form-data\s*;/i.test(ctx.req.headers['content-type'] ?? '');
}

/**
 * Parses a form whose bytes are already here; the body's limit has bounded them.
 *
 * @throws Problem invalid_request, unknown_field, duplicate_field, not_json (415 for an encoded body).
 */
export async function parseForm(ctx: Context, raw: Buffer, shape: FormShape): Promise<Form> {
  const encoding = ctx.req.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new Problem('not_json', 'Send the body without a content encoding.');
  const parts = await readParts(ctx, raw, shape);
  const [file, ...others] = parts.files;
  if (file === undefined) throw invalid(`/${shape.file}`, 'required', 'The form has no file.');
  if (file.length === 0) throw invalid(`/${shape.file}`, 'too_small', 'The file is empty.');
  if (others.length > 0) throw new Problem('duplicate_field', 'The form has more than one file.');
  const body: Record<string, unknown> = { [shape.standsFor]: '' };
  for (const [name, text] of parts.fields) {
    if (Object.hasOwn(body, name))
      throw new Problem('duplicate_field', 'A field is given twice; which of the two is meant is not for us to guess.');
    body[name] = valueOf(name, text, shape);
  }
  guardBody(body);
  return { body, file };
}

interface Parts {
  readonly fields: readonly (readonly [string, string])[];
  readonly files: readonly Buffer[];
}

function readParts(ctx: Context, raw: Buffer, shape: FormShape): Promise<Parts> {
  const fields: (readonly [string, string])[] = [];
  const files: Buffer[] = [];
  const max = Object.keys(shape.fields).length + 1;
  return new Promise((resolve, reject) => {
    const broken = (): void => reject(new Problem('invalid_request', 'The form could not be read to its end.'));
    const tooMany = (): void => reject(new Problem('invalid_request', 'The form has more parts than this operation takes.'));
    let form: InstanceType<typeof Busboy>;
    try {
      form = new Busboy({
        headers: { ...ctx.req.headers, 'content-type': ctx.req.headers['content-type'] ?? '' },
        limits: {
          fields: max + 1,
          files: 2,
          parts: max + 3,
          fieldSize: FIELD_BYTES_MAX,
          fieldNameSize: 100,
          headerPairs: HEADER_PAIRS_MAX,
        },
      });
    } catch {
      broken();
      return;
    }
    form.on('file', (name, stream) => {
      const chunks: Buffer[] = [];
      if (name !== shape.file) reject(unknown(name));
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => files.push(Buffer.concat(chunks)));
      stream.on('error', broken);
    });
    form.on('field', (name, text, nameTruncated, textTruncated) => {
      if (nameTruncated || !Object.hasOwn(shape.fields, name)) reject(unknown(name));
      else if (textTruncated) reject(invalid(`/${name}`, 'too_big', `A field has at most ${FIELD_BYTES_MAX} bytes.`));
      else fields.push([name, text]);
    });
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) form.on(limit, tooMany);
    form.on('error', broken);
    form.on('finish', () => resolve({ fields, files }));
    form.end(raw);
  });
}

function valueOf(name: string, text: string, { fields }: FormShape): unknown {
  const kind = fields[name];
  if (kind === 'boolean') {
    if (text !== 'true' && text !== 'false') throw invalid(`/${name}`, 'invalid_type', 'must be true or false');
    return text === 'true';
  }
  if (kind !== 'json') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(`/${name}`, 'invalid_type', 'must be JSON');
  }
}

function unknown(name: string): Problem {
  const pointer = isStorable(name) ? `/${name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}` : '';
  return new Problem('unknown_field', `${pointer || '/'}: This field is not known.`, {
    entries: [{ pointer, code: 'unknown_field', detail: 'This field is not known.' }],
  });
}

function invalid(pointer: string, code: string, detail: string): Problem {
  return new Problem('invalid_request', `${pointer}: ${detail}`, { entries: [{ pointer, code, detail }] });
}
