import { connect } from 'node:net';
import type { PartState } from './ops-server.ts';

const PROBE_MS = 500;

/** Whether something accepts connections at a URL's host and port; `off` when there is no URL. */
export function tcpState(url: string | undefined, defaultPort: number): Promise<PartState> {
  if (url === undefined) return Promise.resolve('off');
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: port === '' ? defaultPort : Number(port), timeout: PROBE_MS });
    const end = (state: PartState): void => {
      socket.destroy();
      resolve(state);
    };
    socket.once('connect', () => end('up'));
    socket.once('timeout', () => end('down'));
    socket.once('error', () => end('down'));
  });
}
