import type { OwnCategories } from './category.ts';
import type { CsvRecord } from '../csv.ts';
import type { ExpenseInput } from '../expense.ts';
import type { AmountPart } from '../split.ts';

/** What is wrong with a row of a file. Row 0 is the file as a whole. */
export interface RowProblem {
  /** Line of a CSV file, or place in the list of a JSON file, counted from 1. */
  readonly row: number;
  /** Stable snake_case word. */
  readonly code: string;
  readonly detail: string;
}

/** A row that obeys the rules: an expense whose members are named as the file names them. */
export interface ImportedRow {
  readonly row: number;
  /** Names of the file stand in the place of member ids. */
  readonly input: ExpenseInput;
  /** What everybody owes, where the file gives it besides the rule of the split. */
  readonly owed?: readonly AmountPart[];
}

/** What a parser makes of a row before the rules are applied. */
export type Reading = ImportedRow | RowProblem;

/** Sums of the file itself: minor units by person, by currency. */
export type FileTotals = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/** A file as a parser reads it. */
export interface Parsed {
  /** Everybody whom the file declares or names, in its order. */
  readonly people: readonly string[];
  /** Standing weights, where the file has some. */
  readonly weights?: ReadonlyMap<string, string>;
  readonly readings: readonly Reading[];
  /** Rows that are rightly left out: they move no money, or lie in the file's bin. */
  readonly passedOver: number;
  /** Names of a group's own categories by their keys, where the file has some. */
  readonly categories?: ReadonlyMap<string, string>;
  /** What the file says of its own sums, or null where it says nothing. */
  readonly totals: FileTotals | null;
}

/** What a parser knows besides the file. */
export interface ImportContext {
  /** For rows of files that name no currency. */
  readonly groupCurrency: string;
  /** Names that the caller or the group knows, besides those of the file: some formats join names by commas. */
  readonly names?: readonly string[];
  /** The group's own categories, which files name as others do. */
  readonly categories?: OwnCategories;
  /** The business day of a moment in the group's time zone. @param seconds since 1970. */
  readonly dayOf: (seconds: number) => string;
}

/** The content of a file after it was cut: records of a CSV file, or a JSON value whose numbers are the texts that stand there. */
export type FileSource =
  | { readonly kind: 'csv'; readonly records: readonly CsvRecord[] }
  | { readonly kind: 'json'; readonly value: unknown };

/** One format that files may have. */
export interface ImportFormat {
  readonly kind: FileSource['kind'];
  /** Whether a file looks like one of this format; decided by its head, not by its rows. */
  recognises(source: FileSource): boolean;
  /** Reads a file that {@link recognises} says yes to. */
  parse(source: FileSource, context: ImportContext): Parsed;
}

/** Tag of expenses of which the file tells what each gained or lost, and not who paid what. */
export const RECONSTRUCTED_TAG = 'payer-reconstructed';

/** Most rows of a file. */
export const IMPORT_ROWS_MAX = 100_000;
/** Most bytes of a file. */
export const IMPORT_BYTES_MAX = 20 * 1_048_576;

/** Makes a problem. */
export function problem(row: number, code: string, detail: string): RowProblem {
  return { row, code, detail };
}

/** Tells a problem from a row. */
export function isProblem(reading: Reading): reading is RowProblem {
  return 'code' in reading;
}
