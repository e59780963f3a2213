import {
  closeSync,
  existsSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  write,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const writeToFile = promisify(write);
const syncFile = promisify(fdatasync);

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * An append-only file of JSON lines that survives `kill -9`.
 *
 * Appends made while a write is under way go out together in the next one, so that many effects cost one fsync.
 * A last line that was cut off by a crash was never acknowledged and is dropped at opening; a broken line elsewhere means that
 * somebody edited the file, and is refused.
 */
export class DurableLog<T> {
  readonly #path: string;
  #descriptor: number;
  #lines: string[] = [];
  #waiters: Waiter[] = [];
  #flushing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  /**
   * Opens or creates the file and hands every record in it to the reader, oldest first.
   *
   * @param path the file; its folder is made when missing.
   * @param read called once for each record, before this returns.
   * @throws Error when a line that is not the last one cannot be parsed.
   */
  static open<T>(path: string, read: (record: T) => void): DurableLog<T> {
    mkdirSync(dirname(path), { recursive: true });
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    // A line is whole only with its line feed: what follows the last one was cut off.
    const whole = bytes.lastIndexOf(10) + 1;
    const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
    lines.forEach((line, index) => read(parseLine<T>(line, path, index + 1)));
    const descriptor = openSync(path, 'a');
    if (whole < bytes.length) ftruncateSync(descriptor, whole);
    return new DurableLog<T>(path, descriptor);
  }

  /**
   * Adds a record.
   *
   * @returns a promise that resolves when the record is on the disk, and rejects when it could not be written.
   */
  append(record: T): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#lines.push(`${JSON.stringify(record)}\n`);
    const written = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#flushing ??= this.#flush();
    return written;
  }

  /** Resolves when everything appended so far is on the disk. Rejects when the file has failed. */
  async settled(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#flushing) await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Replaces the whole file by these records, atomically. Only to be called when nothing is being appended.
   *
   * @throws Error when an append is under way.
   */
  rewrite(records: Iterable<T>): void {
    if (this.#flushing) throw new Error(`cannot rewrite ${this.#path} while it is written to`);
    const next = `${this.#path}.next`;
    let text = '';
    for (const record of records) text += `${JSON.stringify(record)}\n`;
    writeFileSync(next, text, { flush: true });
    closeSync(this.#descriptor);
    renameSync(next, this.#path);
    rmSync(next, { force: true });
    this.#descriptor = openSync(this.#path, 'a');
  }

  /** Writes what is waiting and closes the file. */
  async close(): Promise<void> {
    await this.#flushing?.catch(() => undefined);
    closeSync(this.#descriptor);
    this.#failure = new Error(`${this.#path} is closed`);
  }

  async #flush(): Promise<void> {
    // One turn of the loop later, so that all appends of this turn share the first write.
    await Promise.resolve();
    while (this.#lines.length > 0) {
      const text = Buffer.from(this.#lines.join(''));
      const waiters = this.#waiters;
      this.#lines = [];
      this.#waiters = [];
      try {
        for (let at = 0; at < text.length;) at += (await writeToFile(this.#descriptor, text, at, text.length - at, null)).bytesWritten;
        await syncFile(this.#descriptor);
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        // What is on the disk is unknown from here on, so nothing more may be acknowledged by this process.
        this.#failure = error;
        for (const waiter of [...waiters, ...this.#waiters.splice(0)]) waiter.reject(error);
        this.#lines = [];
      }
    }
    this.#flushing = undefined;
  }
}

function parseLine<T>(line: string, path: string, number: number): T {
  try {
    return JSON.parse(line) as T;
  } catch {
    throw new Error(`${path}, line ${number}: not JSON. The file is damaged; move it away to start empty.`);
  }
}
