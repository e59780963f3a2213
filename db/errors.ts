/** How a failure of Postgres is to be taken. */
export type DatabaseFailure = 'unavailable' | 'busy' | 'retry' | 'unique' | 'other';

interface Coded {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly constraint?: unknown;
  readonly message?: unknown;
}

// Connection exceptions (class 08), operator intervention such as a shutdown (class 57P), too many connections, and
// what the socket says before Postgres can.
const UNAVAILABLE = /^(08...|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH|ENOTFOUND)$/;
const CONNECTION_LOST =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|the database system is/i;

/** Sorts a failure by what the caller may do about it. */
export function databaseFailure(error: unknown): DatabaseFailure {
  for (const layer of layers(error)) {
    const code = typeof layer.code === 'string' ? layer.code : '';
    if (code === '40P01' || code === '40001') return 'retry';
    if (code === '55P03' || code === '57014') return 'busy';
    if (code === '23505') return 'unique';
    if (UNAVAILABLE.test(code)) return 'unavailable';
    if (typeof layer.message === 'string' && CONNECTION_LOST.test(layer.message)) return 'unavailable';
  }
  return 'other';
}

/** Whether the same transaction may succeed when run again at once. */
export function isRetryable(error: unknown): boolean {
  return databaseFailure(error) === 'retry';
}

/** The unique constraint that a failure broke, or null. */
export function brokenUnique(error: unknown): string | null {
  for (const layer of layers(error)) {
    if (layer.code === '23505' && typeof layer.constraint === 'string') return layer.constraint;
  }
  return null;
}

function layers(error: unknown): Coded[] {
  const found: Coded[] = [];
  for (let layer = error; layer !== null && typeof layer === 'object' && found.length < 5; layer = (layer as Coded).cause) {
    found.push(layer as Coded);
  }
  return found;
}

/** Whether a number would no longer fit its column. */
export function numberOutOfRange(error: unknown): boolean {
  return layers(error).some((layer) => layer.code === '22003');
}
