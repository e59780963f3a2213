import { decodeFile } from '../../../db/commands/expense/decode-file.ts';
import { type FileHead, headOf, type KeyedRow, keyRows } from '../../../db/commands/expense/import-keys.ts';
import type { ImportContext } from '../../../domain/import/file.ts';
import { type FileReading, type ImportFormatName, readImport } from '../../../domain/import/registry.ts';

/** What the reading of a file depends on besides its bytes; plain JSON. */
export interface FileSettings extends Pick<ImportContext, 'groupCurrency' | 'names' | 'categories'> {
  readonly asked: ImportFormatName | 'auto';
  readonly timeZone: string;
  /** When the same file had no problem before. */
  readonly isKnownGood: boolean;
}

/** A file that was read: the same bytes and settings give the same each time. */
export interface FileRead {
  readonly head: FileHead;
  readonly rows: readonly KeyedRow[];
}

/** Reads a file whole: decodes and parses it, applies the rules to every row and gives each its key. */
export function readFile(bytes: Buffer, settings: FileSettings): FileRead {
  const reading = readingOf(bytes, settings);
  const rows = reading.ok ? keyRows(reading.file.rows) : [];
  return { head: headOf(reading, rows), rows };
}

function readingOf(bytes: Buffer, { asked, groupCurrency, names, categories, timeZone, isKnownGood }: FileSettings): FileReading {
  const decoded = decodeFile(bytes);
  if ('code' in decoded) return { ok: false, format: null, problems: [decoded] };
  return readImport(decoded.text, asked, { groupCurrency, names, categories, dayOf: dayIn(timeZone) }, isKnownGood);
}

function dayIn(timeZone: string): (seconds: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (seconds) => format.format(new Date(seconds * 1000));
}
