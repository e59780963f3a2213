import { isUtf8 } from 'node:buffer';
import { problem, type RowProblem } from '../../../domain/import/file.ts';

/** First bytes of what people send in place of a text: what it is, for the message. */
const MAGIC: readonly (readonly [string, readonly number[]])[] = [
  ['a ZIP archive or a spreadsheet', [0x50, 0x4b, 0x03, 0x04]],
  ['a gzip archive', [0x1f, 0x8b]],
  ['a PDF', [0x25, 0x50, 0x44, 0x46]],
  ['a PNG image', [0x89, 0x50, 0x4e, 0x47]],
  ['a JPEG image', [0xff, 0xd8, 0xff]],
  ['an old spreadsheet', [0xd0, 0xcf, 0x11, 0xe0]],
];
const LINE_FEED = 0x0a;

/**
 * Turns the bytes of a file into text: UTF-8, with or without a byte order mark, which is taken off. Nothing is unpacked.
 *
 * @returns the text, or the problem: `not_text`, `wrong_encoding` or `invalid_text` with the line.
 */
export function decodeFile(bytes: Buffer): { readonly text: string } | RowProblem {
  const kind = binaryKindOf(bytes);
  if (kind !== null) return problem(0, 'not_text', `The file is ${kind}, not CSV or JSON.`);
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  if (mark === 0xfffe || mark === 0xfeff) return problem(0, 'wrong_encoding', 'The file is in UTF-16; save it in UTF-8.');
  const nul = bytes.indexOf(0);
  if (nul !== -1) return problem(lineAt(bytes, nul), 'invalid_text', 'The line has a NUL, so the file is no text.');
  if (!isUtf8(bytes)) return problem(firstBadLine(bytes), 'wrong_encoding', 'The line is not in UTF-8; save the file in UTF-8.');
  return { text: new TextDecoder('utf-8').decode(bytes) };
}

/** What a file is by its first bytes, in words, where that is no text; null else. */
export function binaryKindOf(bytes: Buffer): string | null {
  return MAGIC.find(([, first]) => first.every((byte, index) => bytes[index] === byte))?.[0] ?? null;
}

function lineAt(bytes: Buffer, index: number): number {
  let line = 1;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && at < index; at = bytes.indexOf(LINE_FEED, at + 1)) line += 1;
  return line;
}

/** No character of UTF-8 reaches over a line feed, so lines may be looked at one by one. */
function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line += 1) {
    const end = bytes.indexOf(LINE_FEED, start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
