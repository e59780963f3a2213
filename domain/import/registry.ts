import { type CsvRecord, readCsv } from '../csv.ts';
import { checkFile, type CheckedFile } from './check.ts';
import { cospendCsv } from './cospend.ts';
import { type FileSource, type ImportContext, type ImportFormat, IMPORT_ROWS_MAX, isProblem, problem, type RowProblem } from './file.ts';
import { ihatemoneyCsv, ihatemoneyJson } from './ihatemoney.ts';
import { parseJsonTexts } from './json.ts';
import { ownCsv, ownJson } from './own.ts';
import { sesterceCsv } from './sesterce.ts';
import { spliitCsv } from './spliit-csv.ts';
import { spliitJson } from './spliit-json.ts';
import { splitwiseCsv } from './splitwise.ts';
import { tricountJson } from './tricount.ts';

/** Formats that files may have, `csv` and `json` being our own; asked in this order where the format is to be found out. */
export const IMPORT_FORMATS = [
  'csv',
  'json',
  'sesterce-csv',
  'spliit-csv',
  'spliit-json',
  'cospend-csv',
  'ihatemoney-csv',
  'ihatemoney-json',
  'tricount-json',
  'splitwise-csv',
] as const;
export type ImportFormatName = (typeof IMPORT_FORMATS)[number];

/** Every format; a new one is one file, one entry here and its fixtures. */
export const IMPORTS: Readonly<Record<ImportFormatName, ImportFormat>> = {
  csv: ownCsv,
  json: ownJson,
  'sesterce-csv': sesterceCsv,
  'spliit-csv': spliitCsv,
  'spliit-json': spliitJson,
  'cospend-csv': cospendCsv,
  'ihatemoney-csv': ihatemoneyCsv,
  'ihatemoney-json': ihatemoneyJson,
  'tricount-json': tricountJson,
  'splitwise-csv': splitwiseCsv,
};

/** A file that was read, or why it could not be. */
export type FileReading =
  | { readonly ok: true; readonly format: ImportFormatName; readonly file: CheckedFile }
  | { readonly ok: false; readonly format: ImportFormatName | null; readonly problems: readonly RowProblem[] };

/**
 * Reads a file: finds out its format where that is not said, parses it, and applies the rules to every row.
 *
 * @param text without a byte order mark.
 * @param isKnownGood see {@link checkFile}.
 */
export function readImport(text: string, asked: ImportFormatName | 'auto', context: ImportContext, isKnownGood = false): FileReading {
  const isJson = asked === 'auto' ? /^\s*[[{]/.test(text) : IMPORTS[asked].kind === 'json';
  const cut = isJson ? cutJson(text) : cutCsv(text);
  const formats = asked === 'auto' ? IMPORT_FORMATS : [asked];
  // Quotes make a file of other separators look broken, not unknown.
  if ('code' in cut) return refused(asked, (cut.code === 'malformed_csv' ? otherSeparator(text, formats) : null) ?? cut);
  const format = formats.find((name) => IMPORTS[name].kind === cut.kind && IMPORTS[name].recognises(cut));
  if (format === undefined)
    return refused(asked, (cut.kind === 'csv' ? otherSeparator(text, formats) : null) ?? problem(0, 'unknown_format', NOT_KNOWN));
  const parsed = IMPORTS[format].parse(cut, context);
  const rows = parsed.readings.length + parsed.passedOver;
  if (rows > IMPORT_ROWS_MAX) return refused(format, problem(0, 'too_many_rows', `The file has more than ${IMPORT_ROWS_MAX} rows.`));
  if (rows === 0) return refused(format, problem(0, 'empty_file', 'The file has no rows.'));
  const fatal = parsed.readings.filter((one) => isProblem(one)).filter(({ code }) => FATAL.has(code));
  if (fatal.length > 0) return { ok: false, format, problems: fatal };
  return { ok: true, format, file: checkFile(parsed, isKnownGood) };
}

/** Problems of a header: columns cannot be told apart, so that no row may be believed. */
const FATAL: ReadonlySet<string> = new Set(['duplicate_name', 'missing_column']);

const NOT_KNOWN = 'This is not a file of a format that is known, or not of the one that was named.';

function refused(asked: ImportFormatName | 'auto', one: RowProblem): FileReading {
  return { ok: false, format: asked === 'auto' ? null : asked, problems: [one] };
}

function cutJson(text: string): FileSource | RowProblem {
  try {
    return { kind: 'json', value: parseJsonTexts(text) };
  } catch (error) {
    // What is nested a million levels deep runs out of stack before it is found to be so.
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    return problem(0, 'malformed_json', 'The file is not well-formed JSON.');
  }
}

function cutCsv(text: string): FileSource | RowProblem {
  if (text.trim() === '') return problem(0, 'empty_file', 'The file is empty.');
  // The header, a footer for each currency and a few more, so that the parser counts what is too much.
  const { records, fault } = readCsv(text, ',', IMPORT_ROWS_MAX + 1_000);
  if (fault !== null) return problem(fault.row, 'malformed_csv', fault.detail);
  return { kind: 'csv', records };
}

/** Lines that are looked at to tell a wrong separator from a wrong file. */
const HEAD_CHARACTERS = 20_000;

function otherSeparator(text: string, formats: readonly ImportFormatName[]): RowProblem | null {
  for (const [separator, word] of [
    [';', 'semicolons'],
    ['\t', 'tabs'],
    ['|', 'bars'],
  ] as const) {
    const { records } = readCsv(text.slice(0, HEAD_CHARACTERS), separator, 20);
    const known = formats.some((name) => IMPORTS[name].kind === 'csv' && IMPORTS[name].recognises({ kind: 'csv', records }));
    if (known) return problem(rowOf(records), 'wrong_separator', `Cells are separated by ${word}; save the file with commas.`);
  }
  return null;
}

function rowOf(records: readonly CsvRecord[]): number {
  return records[0]?.row ?? 1;
}
