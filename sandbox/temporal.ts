import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { ChildSpec } from './supervisor.ts';

const PROBE_DEADLINE_MS = 1_000;

/**
 * The Temporal dev server with its Web UI as a child to keep running; its data is one SQLite file, so a restart loses nothing.
 *
 * @param binary path of the `temporal` program.
 * @param dataDir folder of the data file.
 * @param port gRPC port, loopback.
 * @param uiPort port of the Web UI, loopback.
 * @param dynamicConfig `key=value` pairs with JSON values, as `--dynamic-config-value` takes them.
 */
export function temporalChild({
  binary,
  dataDir,
  port,
  uiPort,
  namespace,
  dynamicConfig,
}: {
  readonly binary: string;
  readonly dataDir: string;
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  readonly dynamicConfig: readonly string[];
}): ChildSpec {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)];
  args.push('--db-filename', join(dataDir, 'temporal.db'), '--namespace', namespace, '--log-format', 'json', '--log-level', 'warn');
  for (const pair of dynamicConfig) args.push('--dynamic-config-value', pair);
  return {
    name: 'temporal',
    graceMs: 2_500,
    guard: { stopSignal: 'SIGTERM', hardSignal: 'SIGKILL' },
    ready: { probe: () => knowsNamespace(`127.0.0.1:${port}`, namespace) },
    prepare: () =>
      Promise.resolve({
        command: binary,
        args,
        cwd: dataDir,
        env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? dataDir },
      }),
  };
}

/**
 * Whether a server answers and has the namespace.
 *
 * @throws Error of the client while it does not.
 */
export async function knowsNamespace(address: string, namespace: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: PROBE_DEADLINE_MS });
  try {
    await connection.withDeadline(Date.now() + PROBE_DEADLINE_MS, () => connection.workflowService.describeNamespace({ namespace }));
    return true;
  } finally {
    await connection.close();
  }
}
