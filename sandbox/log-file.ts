import { closeSync, openSync, fstatSync, renameSync, writeSync, readFileSync } from 'node:fs';

/** A log that grows past this is moved aside once, so a child's logs take at most twice this, in bytes. */
const SIZE_MAX = 10 * 1024 * 1024;

/** An append-only file of limited size. */
export interface LogFile {
  readonly path: string;
  write(chunk: string | Uint8Array): void;
  /** The last lines, for a sentence about why a child has ended. */
  tail(lines: number): string;
  close(): void;
}

/**
 * Opens a log file; past 10 MiB it becomes `<path>.1` and a new one begins.
 *
 * A log that cannot be written (full disk) is dropped rather than ending what it reports on.
 */
export function openLogFile(path: string, sizeMax = SIZE_MAX): LogFile {
  let descriptor = openSync(path, 'a', 0o600);
  let size = fstatSync(descriptor).size;
  let open = true;
  return {
    path,
    write(chunk) {
      if (!open) return;
      try {
        if (size > sizeMax) {
          closeSync(descriptor);
          renameSync(path, `${path}.1`);
          descriptor = openSync(path, 'a', 0o600);
          size = 0;
        }
        size += typeof chunk === 'string' ? writeSync(descriptor, chunk) : writeSync(descriptor, chunk);
      } catch {
        // Nothing to report to: the log is where it would be reported.
      }
    },
    tail(lines) {
      try {
        return readFileSync(path, 'utf8').slice(-20_000).trimEnd().split('\n').slice(-lines).join('\n');
      } catch {
        return '';
      }
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
