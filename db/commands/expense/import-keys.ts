import { createHash } from 'node:crypto';
import type { CheckedFile } from '../../../domain/import/check.ts';
import type { ImportedRow, RowProblem } from '../../../domain/import/file.ts';
import type { FileReading, ImportFormatName } from '../../../domain/import/registry.ts';
import type { HeldImport } from './import-store.ts';

/** A row with the key under which the group remembers it. */
export interface KeyedRow extends ImportedRow {
  readonly key: string;
}

/**
 * Gives rows their keys: a hash of what a row says of money, and of how many equal rows stand before it in the file. So
 * the same file makes the same keys, and equal rows of one file make different ones.
 */
export function keyRows(rows: readonly ImportedRow[]): KeyedRow[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const { kind, date, description, total, payers, split } = row.input;
    const content = JSON.stringify([kind ?? 'expense', date, description, total, payers, row.owed ?? split]);
    const occurrence = seen.get(content) ?? 0;
    seen.set(content, occurrence + 1);
    return { ...row, key: uuidOf(hash(`${content}\n${occurrence}`)) };
  });
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The first 16 bytes as a UUID of version 8, which is free in form. */
function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 16);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * The id of the expense that a row becomes: the same however often the row is tried, another one in another import, and in
 * the order of the file within it, as ids of version 7 are in the order of time.
 */
export function expenseIdOf(held: Pick<HeldImport, 'id' | 'createdAt'>, row: Pick<KeyedRow, 'key'>, index: number): string {
  const time = Date.parse(held.createdAt).toString(16).padStart(12, '0');
  const place = index.toString(16).padStart(7, '0');
  const rest = hash(`${held.id}\n${row.key}`).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${place.slice(0, 3)}-8${place.slice(3, 6)}-${place.slice(6)}${rest.slice(0, 11)}`;
}

/** What a file is decided by: everything but the content of its good rows. */
export type FileHead =
  | {
      readonly ok: true;
      readonly format: ImportFormatName;
      readonly file: Omit<CheckedFile, 'rows'>;
      /** The good rows, in the order of the file. */
      readonly rows: readonly RowHead[];
    }
  | { readonly ok: false; readonly format: ImportFormatName | null; readonly problems: readonly RowProblem[] };

/** A good row by its key and day. */
export interface RowHead {
  readonly row: number;
  readonly key: string;
  readonly date: string;
}

/** Takes the heads of a file that was read. @param rows its good rows with their keys. */
export function headOf(reading: FileReading, rows: readonly KeyedRow[]): FileHead {
  if (!reading.ok) return reading;
  const { rows: _rows, ...file } = reading.file;
  return { ok: true, format: reading.format, file, rows: rows.map(({ row, key, input: { date } }) => ({ row, key, date })) };
}
