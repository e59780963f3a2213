import type { IncomingMessage, ServerResponse } from 'node:http';

/** What changed: the page reads the part again. */
export type LiveTopic = 'mails' | 'payments' | 'webhooks' | 'requests' | 'sign-ins' | 'faults';

/** The most pages that are kept informed at once; a browser opens one each. */
const LISTENERS_MAX = 64;
/** A comment line keeps proxies and browsers from giving up a quiet stream. */
const HEARTBEAT_MS = 15_000;

/** Tells open pages, by server-sent events, that something happened. */
export class LiveUpdates {
  readonly #listeners = new Set<ServerResponse>();
  readonly #heartbeat = setInterval(() => this.#write(': still here\n\n'), HEARTBEAT_MS).unref();

  /** Tells every open page that a topic changed. Carries no content: pages fetch what they show. */
  publish(topic: LiveTopic): void {
    this.#write(`event: ${topic}\ndata: {}\n\n`);
  }

  /** Keeps a response open as an event stream until its client leaves. */
  attach(request: IncomingMessage, response: ServerResponse): void {
    if (this.#listeners.size >= LISTENERS_MAX) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 1000\n\n');
    this.#listeners.add(response);
    request.on('close', () => this.#listeners.delete(response));
  }

  /** Ends all streams. */
  close(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#listeners) response.end();
  }

  #write(text: string): void {
    for (const response of this.#listeners) response.write(text);
  }
}
