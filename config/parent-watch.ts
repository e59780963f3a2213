/** How long a process may take to end by itself once its parent is gone, in milliseconds. */
const GRACE_MS = 8_000;

/**
 * Ends this process when the process that started it is gone, also by `kill -9`.
 *
 * The starter gives each of its Node children a channel; its closing is the sign. Does nothing in a process without one, such as
 * a worker started by hand or by a container.
 *
 * @param stop ends this process in good order; it is called at most once, and the process exits when it has taken 8 s.
 * @param enabled false leaves a channel that means something else alone (environment variable PARENT_WATCH).
 */
export function exitWithParent(stop: () => void | Promise<void>, enabled = true): void {
  if (!enabled || process.channel === undefined) return;
  const onGone = (): void => {
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    void Promise.resolve()
      .then(stop)
      .catch(() => process.exit(1));
  };
  process.once('disconnect', onGone);
  // Listening alone must not keep an otherwise finished process alive.
  process.channel.unref();
}
