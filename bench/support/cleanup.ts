/** What was opened and has to be closed, the latest first. */
const open: (() => Promise<unknown>)[] = [];
let closing: Promise<void> | undefined;

/**
 * Notes how to close what was just opened; it is closed when the measurement ends, whatever ends it.
 *
 * @param close may be called once only.
 */
export function closeAtEnd(close: () => Promise<unknown>): void {
  open.push(close);
}

/** Closes all that is open, the latest first. One that fails does not keep the others open. */
export function closeAll(): Promise<void> {
  closing ??= (async () => {
    for (let close = open.pop(); close !== undefined; close = open.pop()) await close().catch(() => undefined);
    closing = undefined;
  })();
  return closing;
}
