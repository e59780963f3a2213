import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../../support/until.ts';

const FLAGS = [
  '--headless=new',
  // Containers and the root user have no room for Chromium's own sandbox; every page here is ours.
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--hide-scrollbars',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
  // Temporal's Web UI shows Markdown in sandboxed frames; in the page's own process their text can be read.
  '--disable-features=IsolateSandboxedIframes',
  '--lang=en-US',
  // Whatever a page asks of elsewhere fails, and is seen.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
  '--remote-debugging-port=0',
];

/** A page in a headless browser, steered over the DevTools protocol. */
export interface Page {
  open(url: string): Promise<void>;
  /** Runs an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until the page, frames included, shows every text. @throws Error naming those that are missing. */
  shows(texts: readonly string[]): Promise<void>;
  /** A PNG of what the window shows. */
  picture(): Promise<Buffer>;
  /** Addresses of every request that the page made. */
  requests(): readonly string[];
}

/** A headless Chromium. */
export interface Browser {
  /** Opens a window of this size in CSS pixels. */
  page(width: number, height: number): Promise<Page>;
  close(): Promise<void>;
}

type Params = Readonly<Record<string, unknown>>;

/** Starts Chromium with a profile of its own; CHROMIUM names the program, `chromium` of PATH by default. */
export async function startChromium(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'safesplitx-chromium-'));
  const child = spawn(process.env['CHROMIUM'] || 'chromium', [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const address = await debuggerAddress(child.stderr);
  const connection = await connect(address);
  return {
    page: (width, height) => openPage(connection, width, height),
    close: async () => {
      connection.close();
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function debuggerAddress(stderr: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stderr })) {
    const [, found] = /^DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (found !== undefined) {
      stderr.resume();
      return found;
    }
    lines.push(line);
  }
  throw new Error(`Chromium ended at once: ${lines.slice(-5).join('\n')}`);
}

interface DevTools {
  send(method: string, params?: Params, sessionId?: string): Promise<Record<string, unknown>>;
  on(sessionId: string, method: string, listener: (params: Record<string, unknown>) => void): void;
  close(): void;
}

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

async function connect(address: string): Promise<DevTools> {
  const socket = new WebSocket(address);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error('Chromium refused the connection')), { once: true });
  });
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const listeners: { readonly key: string; readonly listener: (params: Record<string, unknown>) => void }[] = [];
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    for (const { key, listener } of listeners) if (key === `${message.sessionId} ${message.method}`) listener(message.params ?? {});
    const call = message.id === undefined ? undefined : waiting.get(message.id);
    if (message.error === undefined) call?.resolve(message.result ?? {});
    else call?.reject(new Error(message.error.message));
  });
  let lastId = 0;
  return {
    send: (method, params = {}, sessionId) => {
      const call = Promise.withResolvers<Record<string, unknown>>();
      waiting.set((lastId += 1), call);
      socket.send(JSON.stringify({ id: lastId, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
      return call.promise;
    },
    on: (sessionId, method, listener) => void listeners.push({ key: `${sessionId} ${method}`, listener }),
    close: () => socket.close(),
  };
}

/** The text of the page and of each frame in it. */
async function readText(tools: DevTools, sessionId: string): Promise<string> {
  const { frameTree } = (await tools.send('Page.getFrameTree', {}, sessionId)) as { frameTree: FrameTree };
  const texts = framesOf(frameTree).map(async (frameId) => {
    const { executionContextId } = await tools.send('Page.createIsolatedWorld', { frameId }, sessionId);
    const evaluation = { expression: 'document.body?.innerText ?? ""', contextId: executionContextId, returnByValue: true };
    const { result } = await tools.send('Runtime.evaluate', evaluation, sessionId);
    return (result as { value: string }).value;
  });
  // A frame that goes while it is read is read again by the next look.
  return (await Promise.allSettled(texts)).map((text) => (text.status === 'fulfilled' ? text.value : '')).join('\n');
}

interface FrameTree {
  readonly frame: { readonly id: string };
  readonly childFrames?: readonly FrameTree[];
}

function framesOf({ frame, childFrames = [] }: FrameTree): readonly string[] {
  return [frame.id, ...childFrames.flatMap(framesOf)];
}

async function openPage(tools: DevTools, width: number, height: number): Promise<Page> {
  const { targetId } = await tools.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = (await tools.send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
  const requests: string[] = [];
  tools.on(sessionId, 'Network.requestWillBeSent', ({ request }) => void requests.push((request as { url: string }).url));
  tools.on(sessionId, 'Network.webSocketCreated', ({ url }) => void requests.push(url as string));
  await tools.send('Network.enable', {}, sessionId);
  await tools.send('Page.enable', {}, sessionId);
  await tools.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false }, sessionId);
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result } = await tools.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true }, sessionId);
    return (result as { value: T }).value;
  };
  return {
    evaluate,
    requests: () => requests,
    open: async (url) => void (await tools.send('Page.navigate', { url }, sessionId)),
    shows: async (texts) => {
      let missing: readonly string[] = texts;
      await until(
        'every text',
        async () => {
          const text = await readText(tools, sessionId);
          missing = texts.filter((wanted) => !text.includes(wanted));
          return missing.length === 0;
        },
        60_000,
      ).catch(() => {
        throw new Error(`the page does not show: ${missing.join(', ')}`);
      });
    },
    picture: async () => {
      const { data } = await tools.send('Page.captureScreenshot', { format: 'png' }, sessionId);
      return Buffer.from(data as string, 'base64');
    },
  };
}
