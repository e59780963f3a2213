import { EXPORTS, type ExportedGroup, type ExportedRow, type ExportFormatName, qifEntry, qifHead, splitwiseWriter } from './formats.ts';

/** What a writer has to know of the rows before: plain JSON, in lists because their order counts. */
export interface WriterMemory {
  readonly begun: boolean;
  readonly rows: number;
  /** Of `splitwise-csv`: the last day, and minor units by account by currency. */
  readonly lastDate: string;
  readonly sums: readonly (readonly [string, readonly (readonly [string, string])[]])[];
  /** Of `qif`: the currencies that have a section, in its order. */
  readonly books: readonly string[];
}

/** Before the first batch. */
export const NOTHING_WRITTEN: WriterMemory = { begun: false, rows: 0, lastDate: '', sums: [], books: [] };

/** A piece of a file: the file is its sections in their order, and each of them its texts in the order in which they were written. */
export interface SectionText {
  readonly section: number;
  readonly text: string;
}

/** A batch of rows as it is written. */
export interface WrittenBatch {
  readonly texts: readonly SectionText[];
  readonly memory: WriterMemory;
}

/**
 * Writes a file in batches, each from the memory that the one before left: together they are what the format's writer makes of all
 * rows at once, to the byte.
 *
 * @param group the same for all batches.
 * @param rows the next ones.
 * @param isLast whether these are the last.
 */
export function writeBatch(
  format: ExportFormatName,
  group: ExportedGroup,
  memory: WriterMemory,
  rows: readonly ExportedRow[],
  isLast: boolean,
): WrittenBatch {
  return format === 'qif' ? writeBooks(group, memory, rows) : writeOneSection(format, group, memory, rows, isLast);
}

function writeOneSection(
  format: ExportFormatName,
  group: ExportedGroup,
  memory: WriterMemory,
  rows: readonly ExportedRow[],
  isLast: boolean,
): WrittenBatch {
  const sums = new Map(memory.sums.map(([currency, nets]) => [currency, new Map(nets.map(([id, net]) => [id, BigInt(net)]))]));
  const state = { lastDate: memory.lastDate, sums };
  const writer = format === 'splitwise-csv' ? splitwiseWriter(state) : EXPORTS[format].open();
  // It learns of the group by its beginning, which stands in the file already from the second batch on.
  const head = writer.begin(group);
  const parts = [memory.begun ? '' : head, ...rows.map((row, index) => writer.row(row, memory.rows + index)), isLast ? writer.end() : ''];
  const text = parts.join('');
  return {
    texts: text === '' ? [] : [{ section: 0, text }],
    memory: {
      ...memory,
      begun: true,
      rows: memory.rows + rows.length,
      lastDate: state.lastDate,
      sums: [...sums].map(([currency, nets]) => [currency, [...nets].map(([id, net]) => [id, net.toString()])]),
    },
  };
}

/** One section for each currency, so that no batch has to know what another one wrote. */
function writeBooks(group: ExportedGroup, memory: WriterMemory, rows: readonly ExportedRow[]): WrittenBatch {
  const books = [...memory.books];
  const texts = new Map<number, string>();
  for (const row of rows) {
    const entry = qifEntry(group, row);
    if (entry === null) continue;
    const known = books.indexOf(entry.currency);
    const section = known === -1 ? books.push(entry.currency) - 1 : known;
    const before = texts.get(section) ?? (known === -1 ? qifHead(group, entry.currency) : '');
    texts.set(section, before + entry.text);
  }
  return {
    texts: [...texts].map(([section, text]) => ({ section, text })),
    memory: { ...memory, begun: true, rows: memory.rows + rows.length, books },
  };
}
