import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import jsonwebtoken from 'jsonwebtoken';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';
import { findFreePorts } from '../../sandbox/ports.ts';
import { closeAtEnd } from './cleanup.ts';
import type { Stand } from './stand.ts';

const READY_LIMIT_MS = 30_000;

/** The baseline's server, on the Postgres of a stand. */
export interface BareServer {
  readonly origin: string;
  /** One that it accepts. */
  readonly token: string;
}

/** Starts bench/bare.mjs in a process of its own, with the same Postgres as the stand's platform. */
export async function openBareServer({ platform }: Stand): Promise<BareServer> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyFile = join(platform.dataDir, 'bare-public-key.pem');
  await writeFile(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const [port] = await findFreePorts(1);
  const child = spawn(process.execPath, ['bench/bare.mjs'], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: platform.urls.databaseUrl, PORT: String(port), PUBLIC_KEY_FILE: keyFile },
  });
  closeAtEnd(() => {
    child.kill('SIGTERM');
    return Promise.resolve();
  });
  await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(READY_LIMIT_MS) });
  const token = jsonwebtoken.sign({ sub: 'bench' }, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    algorithm: 'ES256',
    expiresIn: '1h',
  });
  return { origin: `http://127.0.0.1:${port}`, token };
}
