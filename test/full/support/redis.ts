import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePorts } from '../../../sandbox/ports.ts';
import { until } from '../../support/until.ts';
import { startProgram, type Program } from './programs.ts';

/** A Redis of a test, on a port and in a folder of its own. */
export interface RedisServer {
  readonly url: string;
  /** Ends it by SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Redis; REDIS_SERVER names the program, `redis-server` of PATH by default. */
export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-redis-'));
  const [port = 0] = await findFreePorts(1);
  const binary = process.env['REDIS_SERVER'] || 'redis-server';
  let program: Program | undefined;
  const start = async (): Promise<void> => {
    program = startProgram([binary, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']);
    await until('Redis answers', () => answersPing(port));
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: async () => program?.kill(),
    stop: async () => {
      await program?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}
