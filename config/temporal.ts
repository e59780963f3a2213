import { Client, Connection } from '@temporalio/client';

/** A call to Temporal from a request or a health check waits this long at most, in milliseconds. */
export const TEMPORAL_DEADLINE_MS = 2_000;
const PROBE_DEADLINE_MS = 500;

/** A process's way to Temporal. It connects with the first call, and again by itself after an outage. */
export interface TemporalAccess {
  readonly client: Client;
  readonly namespace: string;
  /** Whether the server answers now; never throws and takes half a second at most. */
  isUp(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens the way to Temporal without waiting for the server, which may be away.
 *
 * @param address host:port of the frontend.
 */
export function temporalAccess(address: string, namespace: string): TemporalAccess {
  const connection = Connection.lazy({
    address,
    // The channel tries again at most this late after the server is back; gRPC's own default grows to two minutes.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.min_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
  const client = new Client({ connection, namespace });
  return {
    client,
    namespace,
    async isUp() {
      try {
        await connection.withDeadline(Date.now() + PROBE_DEADLINE_MS, () => connection.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false;
      }
    },
    close: () => connection.close(),
  };
}
