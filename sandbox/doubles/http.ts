import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An answer that a handler gives; `undefined` as body sends none. */
export interface HttpAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with JSON. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value, null, 2)}\n`, headers };
}

/** Answers with a page that may load nothing from elsewhere. */
export function html(status: number, body: string): HttpAnswer {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'";
  return { status, type: 'text/html; charset=utf-8', body, headers: { 'content-security-policy': policy } };
}

/** Sends the client elsewhere; after a POST it then uses GET. */
export function seeOther(location: string): HttpAnswer {
  return { status: 303, headers: { location } };
}

/** Writes an answer. Nothing of a double is ever cached. */
export function send(response: ServerResponse, answer: HttpAnswer): void {
  response.statusCode = answer.status;
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (answer.type) response.setHeader('content-type', answer.type);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.end(answer.body ?? '');
}

/** The request's body is larger than the double takes. */
export class BodyTooLarge extends Error {}

/**
 * Reads a whole body.
 *
 * @param limitBytes the most that is taken.
 * @throws BodyTooLarge above the limit.
 */
export async function readBody(request: IncomingMessage, limitBytes = 1_048_576): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new BodyTooLarge(`the body is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A server that listens on loopback. */
export interface Listening {
  readonly port: number;
  /** Closes at once, with the connections that are open. */
  readonly close: () => Promise<void>;
}

/**
 * Serves on 127.0.0.1.
 *
 * @param port 0 takes a free one.
 * @param serve answers one request; what it throws becomes a 500 without details.
 * @throws Error with code EADDRINUSE when the port is taken.
 */
export async function listen(
  port: number,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Listening> {
  const server: Server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return response.destroy();
      const tooLarge = error instanceof BodyTooLarge;
      return send(
        response,
        json(tooLarge ? 413 : 500, { error: { type: 'api_error', message: tooLarge ? error.message : 'the double failed' } }),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { port: address.port, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
