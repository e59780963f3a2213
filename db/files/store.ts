import type { Readable } from 'node:stream';

/** A file as it is read. */
export interface StoredFile {
  readonly stream: Readable;
  readonly bytes: number;
}

/**
 * Where files are kept. Rows are the truth: a key is announced in Postgres before its file is written, and what no row
 * claims is removed again, see `db/commands/expense/file-removals.ts`.
 */
export interface FileStore {
  /** Writes a file, whole or not at all. A key is written once. @throws FilesUnavailable */
  put(key: FileKey, bytes: Buffer, contentType: string): Promise<void>;
  /** Opens a file; null where there is none. Whoever asks reads the stream to its end or destroys it. @throws FilesUnavailable */
  get(key: FileKey): Promise<StoredFile | null>;
  /** Removes a file; harmless where there is none. @throws FilesUnavailable */
  remove(key: FileKey): Promise<void>;
}

/** What a file is stored under: a kind and an id. */
export type FileKey = `${'receipts'}/${string}`;

const KEY = /^receipts\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Takes a text as a key: it becomes part of a path.
 *
 * @throws Error for anything else, which is a mistake of ours.
 */
export function fileKey(text: string): FileKey {
  if (!KEY.test(text)) throw new Error('this is no key of a file');
  return text as FileKey;
}

/** The place of the files is away, full or not ours; answered with 503, and tried again. */
export class FilesUnavailable extends Error {
  constructor(what: string, cause: unknown) {
    super(`files cannot be ${what}: ${cause instanceof Error ? cause.name : String(cause)}`, { cause });
    this.name = 'FilesUnavailable';
  }
}
