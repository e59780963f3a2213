import { PROJECT_ROOT } from './parts.ts';
import type { ChildSpec } from './supervisor.ts';

const PROBE_TIMEOUT_MS = 1_000;

/**
 * One of our own Node programs as a child to keep running. It ends by itself when the starter is gone (config/parent-watch.ts).
 *
 * @param entry file and arguments, relative to the project's root.
 * @param env its whole environment.
 * @param ready when it serves.
 */
export function nodeChild({
  name,
  entry,
  env,
  ready,
  graceMs,
}: {
  readonly name: string;
  readonly entry: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ready: ChildSpec['ready'];
  readonly graceMs: number;
}): ChildSpec {
  return {
    name,
    graceMs,
    ready,
    prepare: () => Promise.resolve({ command: process.execPath, args: [...entry], env, cwd: PROJECT_ROOT }),
  };
}

/** Readiness by HTTP: the address answers 200. */
export function answers(url: string): ChildSpec['ready'] {
  return {
    probe: async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      await response.arrayBuffer();
      return response.ok;
    },
  };
}
