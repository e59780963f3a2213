import { Context, heartbeat } from '@temporalio/activity';

/** Reports how far long work is; outside a worker, as in unit tests, there is nobody to report to. @param details a number or ids. */
export function beat(details: unknown): void {
  if (inWorker()) heartbeat(details);
}

/** Whether the work should end after the present batch: it was cancelled, or its worker shuts down. */
export function isCancelled(): boolean {
  return inWorker() && Context.current().cancellationSignal.aborted;
}

function inWorker(): boolean {
  try {
    return Context.current() !== undefined;
  } catch {
    return false;
  }
}
