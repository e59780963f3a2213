import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Registry, renderMetrics } from './metrics.ts';

/** How a part is doing; `off` when this deployment does without it. */
export type PartState = 'up' | 'down' | 'off';

/** What `/readyz` tells. */
export interface Readiness {
  /** Whether everything is there that this process cannot do without. */
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, PartState>>;
}

/** What the operations port of a process answers. */
export interface Operations {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly registry: Registry;
  /** Must end within a second or so, and not throw. */
  readiness(): Promise<Readiness>;
}

/** A listening operations port. */
export interface OpsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/livez`, `/readyz` and `/metrics` of a process.
 *
 * @throws Error of the listening socket, such as EADDRINUSE.
 */
export async function startOpsServer(operations: Operations): Promise<OpsServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    answer(operations, request.method ?? 'GET', request.url ?? '/', response).catch(() => {
      if (!response.headersSent) sendProblem(response, 500, 'internal_error', 'Something went wrong on our side.');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(operations.port, operations.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(operations: Operations, method: string, url: string, response: ServerResponse): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return sendProblem(response, 405, 'method_not_allowed', 'Only GET is answered here.');
  }
  switch (url.split('?', 1)[0] ?? '') {
    case '/livez':
      return send(response, 200, 'application/json', JSON.stringify({ status: 'alive' }));
    case '/readyz': {
      const { ready, parts } = await operations.readiness();
      if (ready) return send(response, 200, 'application/json', JSON.stringify({ status: 'ready', parts }));
      response.setHeader('Retry-After', '1');
      return sendProblem(response, 503, 'not_ready', 'A part that this process needs is away.', { parts });
    }
    case '/metrics': {
      const { contentType, body } = await renderMetrics(operations.registry);
      return send(response, 200, contentType, body);
    }
    default:
      return sendProblem(response, 404, 'not_found', 'There is nothing at this path.');
  }
}

function sendProblem(response: ServerResponse, status: number, code: string, detail: string, more: object = {}): void {
  const body = { type: 'about:blank', title: code.replaceAll('_', ' '), status, detail, code, ...more };
  send(response, status, 'application/problem+json', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}
