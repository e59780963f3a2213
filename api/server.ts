import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsFiles } from '../config/tls.ts';
import { problemBody } from './frame.ts';
import { Problem } from './problems.ts';

/** Request line and headers together, in bytes; tokens are below 1 KiB and cursors below 2. */
const HEADER_BYTES_MAX = 16 * 1024;
/** A client has this long to send its headers, and this long for the whole request, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** An idle connection is kept a little longer than common load balancers keep theirs, in milliseconds. */
const KEEP_ALIVE_MS = 65_000;
/** More connections at the same time are closed as they come. */
const CONNECTIONS_MAX = 10_000;
/** How often connections are looked through for those that are too slow, in milliseconds. */
const LOOK_EVERY_MS = 2_000;
/** How often connections that went idle are closed while the server closes, in milliseconds. */
const SWEEP_EVERY_MS = 20;

/** What a server serves. */
export interface Served {
  /** The application. */
  readonly handler: RequestListener;
  /** Base of problem types. */
  readonly publicUrl: string;
}

/** A listening HTTP server. */
export interface ApiServer {
  readonly port: number;
  /** Takes another certificate for new connections; does nothing without TLS. */
  renewCertificate(files: TlsFiles): void;
  /**
   * Stops accepting and waits for the requests in flight; what is not done in time is cut off.
   *
   * @param limitMs how long to wait.
   * @returns whether all of them were done in time.
   */
  close(limitMs: number): Promise<boolean>;
}

/**
 * Serves an application with limits against slow and malformed clients; what never reaches it is answered as a problem too.
 *
 * @param port 0 takes a free one.
 * @param build makes the application once the port is known; it must not wait for anything.
 * @param tls speaks TLS 1.2 or newer with this certificate.
 * @throws Error of the socket, such as EADDRINUSE.
 */
export async function startApiServer(
  port: number,
  host: string,
  build: (port: number) => Served,
  tls: TlsFiles | null = null,
): Promise<ApiServer> {
  const options = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: LOOK_EVERY_MS,
  };
  const secure = tls === null ? null : createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2' });
  const server = secure ?? createServer(options);
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const { handler, publicUrl } = build(bound);
  let closing = false;
  server.on('request', (request, response) => {
    // A connection that stays open would keep the process from ending.
    if (closing) response.setHeader('Connection', 'close');
    handler(request, response);
  });
  answerWhatIsNoRequest(server, publicUrl);
  return {
    port: bound,
    renewCertificate: (files) => secure?.setSecureContext({ ...files, minVersion: 'TLSv1.2' }),
    async close(limitMs) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A connection whose request was in flight goes idle after its answer, and would be kept for the next one.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_EVERY_MS);
      let inTime = true;
      const cut = setTimeout(() => {
        inTime = false;
        server.closeAllConnections();
      }, limitMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cut);
      return inTime;
    },
  };
}

function answerWhatIsNoRequest(server: Server, publicUrl: string): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerRaw(socket, problemOfSocket(error), publicUrl));
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    const allow = { headers: { Allow: 'GET, HEAD, OPTIONS' } };
    answerRaw(socket, new Problem('method_not_allowed', 'CONNECT is not allowed here.', allow), publicUrl);
  });
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const problem = new Problem('expectation_failed', 'No expectation but 100-continue is met.');
    const requestId = randomUUID();
    response.writeHead(problem.status, { 'Content-Type': 'application/problem+json', Connection: 'close', 'X-Request-Id': requestId });
    response.end(JSON.stringify(problemBody(problem, publicUrl, requestId)));
  });
}

function problemOfSocket(error: NodeJS.ErrnoException): Problem {
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return new Problem('headers_too_large', `The request line and headers may have ${HEADER_BYTES_MAX} bytes.`);
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('request_timeout', 'The request took too long to arrive.');
  return new Problem('malformed_http', 'The request is not well-formed HTTP.');
}

// The parser gave up, so there is no response object: the answer is written to the socket by hand.
function answerRaw(socket: Duplex, problem: Problem, publicUrl: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const body = JSON.stringify(problemBody(problem, publicUrl, requestId));
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': requestId,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...problem.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
