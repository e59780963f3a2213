/** One record of a CSV file. */
export interface CsvRecord {
  /** Line of the file on which the record begins, counted from 1. */
  readonly row: number;
  readonly cells: readonly string[];
}

/** A CSV file cut into records. */
export interface CsvTable {
  /** Records with at least one cell that is not blank. */
  readonly records: readonly CsvRecord[];
  /** Where the file stops being CSV; what follows was not read. Null where it is whole. */
  readonly fault: { readonly row: number; readonly detail: string } | null;
}

/**
 * Cuts CSV (RFC 4180) into records, also where LF, CRLF and CR are mixed. Line ends within quotes are kept as they are;
 * blank and comma-only lines are passed over. Cells are not trimmed.
 *
 * @param text without a byte order mark.
 * @param recordsMax where to stop: one more record than a caller takes is enough to tell that there are too many.
 */
export function readCsv(text: string, separator = ',', recordsMax = Number.POSITIVE_INFINITY): CsvTable {
  const records: CsvRecord[] = [];
  let at = 0;
  let row = 1;
  while (at < text.length && records.length < recordsMax) {
    const begins = row;
    const cells: string[] = [];
    for (;;) {
      const cell = text[at] === '"' ? quotedCell(text, at) : bareCell(text, at, separator);
      if (cell === null) return { records, fault: { row: begins, detail: 'A quote is opened and never closed.' } };
      cells.push(cell.value);
      row += cell.lines;
      at = cell.end;
      const next = text[at];
      if (next === separator) {
        at += 1;
        continue;
      }
      if (next !== undefined && next !== '\n' && next !== '\r')
        return { records, fault: { row: begins, detail: 'Text follows a closing quote.' } };
      at += next === '\r' && text[at + 1] === '\n' ? 2 : 1;
      row += 1;
      break;
    }
    if (cells.some((cell) => cell.trim() !== '')) records.push({ row: begins, cells });
  }
  return { records, fault: null };
}

interface Cell {
  readonly value: string;
  /** Index of the character after the cell. */
  readonly end: number;
  /** Line ends within the cell. */
  readonly lines: number;
}

function bareCell(text: string, start: number, separator: string): Cell {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { value: text.slice(start, end), end, lines: 0 };
}

function quotedCell(text: string, start: number): Cell | null {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return null;
    // A doubled quote stands for one; step over both.
    if (text[end + 1] !== '"') break;
    end += 1;
  } while (end < text.length);
  const inner = text.slice(start + 1, end);
  return { value: inner.replaceAll('""', '"'), end: end + 1, lines: inner.match(/\r\n|\n|\r/g)?.length ?? 0 };
}

/** Writes one record with CRLF at its end, as RFC 4180 asks. Cells are quoted where they need it. */
export function writeCsvRecord(cells: readonly string[]): string {
  return `${cells.map(quoteCell).join(',')}\r\n`;
}

function quoteCell(cell: string): string {
  // A blank at either end is quoted too, since many readers trim what is bare.
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

// What spreadsheets take for a formula at the beginning of a cell (OWASP, CSV injection), their full-width forms too.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;

/**
 * Takes the meaning from a text that a spreadsheet would run as a formula, by an apostrophe in front. Texts that look as
 * if that had been done get one more, so that {@link unguardText} gives back exactly what was there.
 */
export function guardText(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** Takes back what {@link guardText} did. */
export function unguardText(text: string): string {
  return text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;
}
