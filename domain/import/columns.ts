import { type CsvRecord, unguardText } from '../csv.ts';
import type { FileSource } from './file.ts';

/** The records of a source; none for JSON. */
export function recordsOf(source: FileSource): readonly CsvRecord[] {
  return source.kind === 'csv' ? source.records : [];
}

/** The cells of a header: trimmed, without the apostrophe that guards against formulas. */
export function headerCells(record: CsvRecord | undefined): string[] {
  return (record?.cells ?? []).map((cell) => unguardText(cell.trim()));
}

/** Whether a header has all of some columns. */
export function hasColumns(header: readonly string[], columns: readonly string[]): boolean {
  return columns.every((column) => header.includes(column));
}

/** Reads cells of a record by the names of its columns; an absent cell is empty. */
export function cellReader(header: readonly string[], record: CsvRecord): (column: string) => string {
  return (column) => {
    const index = header.indexOf(column);
    return index === -1 ? '' : (record.cells[index] ?? '').trim();
  };
}

/** The first name that stands twice, or null: its columns could not be told apart. */
export function repeated(names: readonly string[]): string | null {
  return names.find((name, index) => name !== '' && names.indexOf(name) !== index) ?? null;
}
