import { type ChildProcess, fork } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { turns } from '../../../config/turns.ts';
import type { FileHead, KeyedRow } from '../../../db/commands/expense/import-keys.ts';
import { problem } from '../../../domain/import/file.ts';
import { type FileSettings, readFile } from './read-file.ts';
import type { ReaderAnswer, RowsRequest } from './reader-process.ts';

/** Files up to this size are read where they are asked for: at worst some 20 ms and 10 MB, less than a process takes. */
export const READ_HERE_BYTES_MAX = 262_144;

/** What the reading of one file may take. */
export interface ReadLimits {
  /** Heap of the process that reads it, in MB. */
  readonly heapMb: number;
  /** From its start until it has read the file, in milliseconds. */
  readonly readMs: number;
}

/** A file of 100,000 rows of four people takes a third of the memory and some seconds. */
export const READ_LIMITS: ReadLimits = { heapMb: 512, readMs: 120_000 };

const PIPE_GRACE_MS = 5_000;

/** As many as a small machine has cores. Who waits is an activity, of which a worker runs some thirty at once. */
const inTurn = turns({ atOnce: 2, waitingMax: 100 }, () => new Error('too many files wait to be read'));

/** A file of an import that is open for reading. */
export interface OpenFile {
  readonly head: FileHead;
  /** Of the process that holds it; null for a small file, which is held here. */
  readonly pid: number | null;
  /** Good rows by their place, counted from 0. */
  rows(from: number, count: number): Promise<readonly KeyedRow[]>;
}

/**
 * Opens a file and works with it.
 *
 * A large file is read by a process of its own, so that what it takes is bounded, goes with the process and harms nobody: a file
 * made to exhaust its memory ends that process alone, and is told as the problem `file_too_large`. (A thread's limit does not hold:
 * an array that outgrows it ends the whole process.)
 *
 * @param file.content read only as fast as it is taken in.
 * @param work is given the file; it is closed when the work ends.
 * @throws Error when the process ends for another reason; the same may be tried again.
 */
export async function withFile<T>(
  file: { readonly bytes: number; readonly content: AsyncIterable<Buffer>; readonly settings: FileSettings },
  work: (open: OpenFile) => Promise<T>,
  limits: ReadLimits = READ_LIMITS,
): Promise<T> {
  if (file.bytes <= READ_HERE_BYTES_MAX) {
    const { head, rows } = readFile(await buffer(file.content), file.settings);
    return work({ head, pid: null, rows: (from, count) => Promise.resolve(rows.slice(from, from + count)) });
  }
  return inTurn(async () => {
    const reader = startReader(file.settings, limits);
    try {
      const head = await reader.read(file.content).catch(tooLarge);
      return await work({ head, pid: reader.pid, rows: (from, count) => reader.rows({ from, count }) });
    } finally {
      await reader.end();
    }
  });
}

/** The process ran out of what it may take. */
class ReadLimitReached extends Error {
  override readonly name = 'ReadLimitReached';
}

function tooLarge(error: unknown): FileHead {
  if (!(error instanceof ReadLimitReached)) throw error;
  const one = problem(0, 'file_too_large', 'Reading the file takes more memory or time than is allowed; divide it into several.');
  return { ok: false, format: null, problems: [one] };
}

interface Reader {
  readonly pid: number | null;
  read(content: AsyncIterable<Buffer>): Promise<FileHead>;
  rows(request: RowsRequest): Promise<readonly KeyedRow[]>;
  end(): Promise<void>;
}

function startReader(settings: FileSettings, { heapMb, readMs }: ReadLimits): Reader {
  const child = fork(fileURLToPath(new URL('reader-process.ts', import.meta.url)), {
    execArgv: [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=4'],
    // It needs nothing of ours: no address, no secret.
    env: {},
    serialization: 'advanced',
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
  });
  // A pipe that breaks is told by the end of the process, also when it breaks once everything was written.
  child.stdin?.on('error', () => undefined);
  let isLate = false;
  const clock = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, readMs);
  const ended = endOf(child, () => isLate);
  // Whoever waits for an answer is told; when nobody waits, nobody has to be.
  ended.catch(() => undefined);
  const answer = async (): Promise<ReaderAnswer> => {
    const said = await Promise.race([new Promise<ReaderAnswer>((resolve) => child.once('message', resolve)), ended]);
    if ('failure' in said) throw new Error(said.failure);
    return said;
  };
  return {
    pid: child.pid ?? null,
    async read(content) {
      const heads = answer();
      child.send(settings);
      await Promise.all([heads, feed(child, content, ended)]);
      clearTimeout(clock);
      const said = await heads;
      if (!('head' in said)) throw new Error('the reader of import files answered something else');
      return said.head;
    },
    async rows(request) {
      const rows = answer();
      child.send(request);
      const said = await rows;
      if (!('rows' in said)) throw new Error('the reader of import files answered something else');
      return said.rows;
    },
    async end() {
      clearTimeout(clock);
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
}

/** Rejects when the process ends. */
function endOf(child: ChildProcess, isLate: () => boolean): Promise<never> {
  return new Promise((_resolve, reject) => {
    // Of one that runs, an error is that it takes no message any more; then it ends.
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    child.once('exit', (code, signal) => {
      const isLimit = isLate() || V8_ENDS.has(signal ?? code ?? 0);
      reject(
        isLimit
          ? new ReadLimitReached('the reader of an import file reached its limits')
          : new Error(`the reader of an import file ended with ${signal ?? code}`),
      );
    });
  });
}

/** How a process ends whose heap or array has outgrown its limit; a shell in between makes numbers of the signals. */
const V8_ENDS: ReadonlySet<string | number> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL', 134, 133, 132]);

/** Writes the file to the process as fast as it takes it. What the source throws is thrown on; if the process ends, that is told. */
async function feed({ stdin }: ChildProcess, content: AsyncIterable<Buffer>, ended: Promise<never>): Promise<void> {
  const source = content[Symbol.asyncIterator]();
  let broken: { readonly error: unknown } | undefined;
  // Only what the source itself throws: a pipe that breaks is thrown into this as well.
  async function* watched(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const next = await source.next().catch((error: unknown) => {
        broken = { error };
        throw error;
      });
      if (next.done === true) return;
      yield next.value;
    }
  }
  try {
    await pipeline(Readable.from(watched()), stdin as Writable);
  } catch (error) {
    if (broken !== undefined) throw broken.error;
    // The pipe breaks a moment before the end of the process is known.
    await Promise.race([ended, delay(PIPE_GRACE_MS, undefined, { ref: false })]);
    throw error;
  }
}
