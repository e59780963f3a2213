import type { Context } from 'koa';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { type FormShape, isForm, parseForm } from './multipart.ts';

/** What a route takes as a file. */
export interface UploadRule {
  /** Most bytes of the file; the body around it may have a little more. */
  readonly bytesMax: number;
  /** Types under which the file may be sent as the body itself. What it is, its bytes say. */
  readonly types: readonly string[];
}

/** A form with a file and nothing else. */
const ONE_FILE: FormShape = { file: 'file', standsFor: 'file', fields: {}, schema: z.strictObject({}) };
/** What a form may add around its file: boundaries and the heads of its parts. */
export const FORM_BYTES_MAX = 16_384;
/** Uploads in memory at once; each holds its whole body until it is answered. */
const UPLOADS_MAX = 24;

const open = new WeakSet<Context>();
let uploads = 0;

/**
 * Finds a place for an upload until its answer is out.
 *
 * @throws Problem busy (503) when there are too many already.
 */
export function admitUpload(ctx: Context): void {
  if (open.has(ctx)) return;
  if (uploads >= UPLOADS_MAX)
    throw new Problem('busy', 'Too many files are being sent at this moment. Try again.', {
      headers: { 'Retry-After': '1', Connection: 'close' },
    });
  uploads += 1;
  open.add(ctx);
  ctx.res.once('close', () => (uploads -= 1));
}

/**
 * Takes the file out of a body: the only file of a form, or the body itself where it says that it is of one of the types.
 *
 * @throws Problem not_a_file (415), invalid_request (400: no file, a broken form), duplicate_field, unknown_field (400), body_too_large (413).
 */
export async function fileOf(ctx: Context, body: Buffer, rule: UploadRule): Promise<Buffer> {
  const type = ctx.get('content-type');
  const encoding = ctx.get('content-encoding');
  if (encoding !== '' && encoding !== 'identity') throw new Problem('not_a_file', 'Send the file without a content encoding.');
  const file = isForm(ctx) ? (await parseForm(ctx, body, ONE_FILE)).file : bodyAsFile(type, body, rule);
  if (file.length === 0) throw new Problem('invalid_request', 'The file is empty.');
  if (file.length > rule.bytesMax) throw tooLarge(rule);
  return file;
}

function bodyAsFile(type: string, body: Buffer, { types }: UploadRule): Buffer {
  const essence = type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(essence))
    throw new Problem('not_a_file', `Send a form with one file, or the file itself as one of ${types.join(', ')}.`);
  return body;
}

function tooLarge({ bytesMax }: UploadRule): Problem {
  return new Problem('body_too_large', `The file is larger than ${bytesMax} bytes.`);
}
