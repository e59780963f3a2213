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
/** How long slow clients are waited for, in milliseconds. */
export interface Patience {
  /** To send its headers, and to agree on TLS. */
  readonly headersMs: number;
  /** To send the whole request. */
  readonly requestMs: number;
  /** For a connection on which nothing moves, as when a client does not read its answer. */
  readonly idleMs: number;
  /** How often connections are looked through for those that are too slow. */
  readonly lookEveryMs: number;
}

const PATIENCE: Patience = { headersMs: 10_000, requestMs: 60_000, idleMs: 120_000, lookEveryMs: 2_000 };
/** An idle connection is kept a little longer than common load balancers keep theirs, in milliseconds. */
const KEEP_ALIVE_MS = 65_000;
/** More connections at the same time are closed as they come. */
const CONNECTIONS_MAX = 10_000;
/**
 * TLS 1.2 with forward secrecy and authenticated encryption only, as RFC 9325 asks; the suites of TLS 1.3 are all of that kind.
 * Node's own list has CBC and static RSA besides.
 */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');
/** How TLS is spoken, with the first certificate and with each that comes after it. */
const TLS_RULES = { minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true } as const;
/** How often connections that went idle are closed while the server closes, in milliseconds. */
const SWEEP_EVERY_MS = 20;

/** Beyond the defaults. */
export interface ServerOptions {
  /** Speaks TLS 1.2 or newer with this certificate. */
  readonly tls?: TlsFiles | null;
  /** How long slow clients are waited for; a test need not wait as long. */
  readonly patience?: Patience;
}

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
 * @throws Error of the socket, such as EADDRINUSE.
 */
export async function startApiServer(
  port: number,
  host: string,
  build: (port: number) => Served,
  { tls = null, patience = PATIENCE }: ServerOptions = {},
): Promise<ApiServer> {
  const options = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: patience.lookEveryMs,
  };
  const secure = tls === null ? null : createTlsServer({ ...options, ...tls, ...TLS_RULES, handshakeTimeout: patience.headersMs });
  const server = secure ?? createServer(options);
  server.maxConnections = CONNECTIONS_MAX;
  server.timeout = patience.idleMs;
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
    if (hostsOf(request) > 1) answerProblem(response, new Problem('malformed_http', 'A request names one host.'), publicUrl);
    else handler(request, response);
  });
  answerWhatIsNoRequest(server, publicUrl);
  return {
    port: bound,
    renewCertificate: (files) => secure?.setSecureContext({ ...files, ...TLS_RULES }),
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
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) =>
    answerProblem(response, new Problem('expectation_failed', 'No expectation but 100-continue is met.'), publicUrl),
  );
}

/** Answers before the application, and closes the connection. */
function answerProblem(response: ServerResponse, problem: Problem, publicUrl: string): void {
  const requestId = randomUUID();
  response.writeHead(problem.status, {
    'Content-Type': 'application/problem+json',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    Connection: 'close',
    'X-Request-Id': requestId,
  });
  response.end(JSON.stringify(problemBody(problem, publicUrl, requestId)));
}

/** How many Host headers there are: Node keeps the first, a proxy before us may have gone by another (RFC 9112, section 3.2). */
function hostsOf({ rawHeaders }: IncomingMessage): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
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
