import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { StartError } from './start-error.ts';

/**
 * Where free ports are looked for: below the range that systems hand to outgoing connections (32768 on Linux), so that a child
 * which starts again finds its port free.
 */
const FREE_PORT_MIN = 15_000;
const FREE_PORT_MAX = 32_000;
const ATTEMPTS_MAX = 200;

/**
 * Finds ports that nobody listens on, all different.
 *
 * @param count how many.
 * @throws StartError when the machine has none.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS_MAX && found.size < count; attempt += 1) {
    const port = randomInt(FREE_PORT_MIN, FREE_PORT_MAX);
    if (!found.has(port) && (await isPortFree(port))) found.add(port);
  }
  if (found.size < count) throw new StartError('No free network port was found on this machine.');
  return [...found];
}

/**
 * Refuses a port that someone listens on.
 *
 * @param variable the environment variable that sets the port, named in the sentence.
 * @throws StartError port in use, or not allowed for this user.
 */
export async function requireFreePort(variable: string, port: number): Promise<void> {
  const problem = await listenProblem(port);
  if (problem === undefined) return;
  if (problem === 'EACCES')
    throw new StartError(`Port ${port} (${variable}) may not be used by this user. Set ${variable} to one above 1023.`);
  throw new StartError(`Port ${port} (${variable}) is in use by another program. Stop that program, or set ${variable} to another port.`);
}

async function isPortFree(port: number): Promise<boolean> {
  return (await listenProblem(port)) === undefined;
}

/** Tries every address: a listener on one of them is enough to be in the way. */
async function listenProblem(port: number): Promise<string | undefined> {
  for (const host of ['0.0.0.0', '127.0.0.1', '::']) {
    const code = await tryListen(port, host);
    if (code === 'EADDRINUSE' || code === 'EACCES') return code;
  }
  return undefined;
}

function tryListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen({ port, host, exclusive: true, ipv6Only: host === '::' }, () => server.close(() => resolve(undefined)));
  });
}
