// A process that reads one file of an import, and then gives its rows a batch at a time. open-file.ts starts it, sends the settings as
// its first message and the file to its standard input, and ends it. Names of people are in both: nothing of them is an argument.
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { FileHead, KeyedRow } from '../../../db/commands/expense/import-keys.ts';
import { type FileSettings, readFile } from './read-file.ts';

/** Asks for rows by their place among the good ones. */
export interface RowsRequest {
  readonly from: number;
  readonly count: number;
}

/** What the process says: the heads once it has read the file, then rows as they are asked for; or what went wrong. */
export type ReaderAnswer = { readonly head: FileHead } | { readonly rows: readonly KeyedRow[] } | { readonly failure: string };

// Also when the worker is killed.
process.once('disconnect', () => process.exit());

try {
  const [settings] = (await once(process, 'message')) as [FileSettings];
  const { head, rows } = readFile(await buffer(process.stdin), settings);
  process.on('message', ({ from, count }: RowsRequest) => say({ rows: rows.slice(from, from + count) }));
  say({ head });
} catch (error) {
  say({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

function say(answer: ReaderAnswer): void {
  process.send?.(answer);
}
