// Goal: the API as a process: it serves without Temporal and Redis, lives through an outage of Postgres, and ends in good order.
// Method: the real entry point as a child, with a cable to Postgres that the test cuts and mends.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { generateSecrets } from '../config/secrets.ts';
import { accessTokenSigner } from '../config/tokens.ts';
import { openDatabase } from '../db/orm.ts';
import { findFreePorts } from '../sandbox/ports.ts';
import type { TestAnswer } from '../test/support/api.ts';
import { type Cable, layCable } from '../test/support/cut-cable.ts';
import { buildUser } from '../test/support/factories.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';
import { until } from '../test/support/until.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What the product may take, see docs/performance.md. */
const RESIDENT_MB_MAX = 250;

describe('api/main.ts', function () {
  this.timeout(90_000);
  let folder: string;
  let databaseUrl: string;
  let cable: Cable;
  let child: ChildProcess;
  let url: string;
  let opsUrl: string;
  let token: string;
  let log = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'safesplitx-api-'));
    databaseUrl = await testDatabaseUrl();
    const target = new URL(databaseUrl);
    cable = await layCable(target.hostname, Number(target.port));
    const secrets = generateSecrets();
    const secretsFile = join(folder, 'secrets.json');
    await writeFile(secretsFile, JSON.stringify(secrets));
    const [port, opsPort, nobody] = await findFreePorts(3);
    target.host = `127.0.0.1:${cable.port}`;
    child = spawn(process.execPath, ['--max-semi-space-size=8', 'api/main.ts', '--services=user,expense,payment,notification'], {
      cwd: ROOT,
      env: {
        DATABASE_URL: target.href,
        SECRETS_FILE: secretsFile,
        PORT: String(port),
        OPS_PORT: String(opsPort),
        TEMPORAL_ADDRESS: `127.0.0.1:${nobody}`,
        REDIS_URL: `redis://127.0.0.1:${nobody}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    url = `http://127.0.0.1:${port}`;
    opsUrl = `http://127.0.0.1:${opsPort}`;
    await until('the API is ready', () => ready()).catch((error: unknown) => {
      throw new Error(`the API did not start: ${log.slice(-2_000)}`, { cause: error });
    });
    token = await signIn(databaseUrl, secrets);
  });
  after(async () => {
    child.kill('SIGKILL');
    await cable.cut();
    await rm(folder, { recursive: true });
  });

  const ready = async (): Promise<boolean> => {
    try {
      return (await fetch(`${url}/readyz`)).ok;
    } catch {
      return false;
    }
  };
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<TestAnswer> => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as unknown };
  };

  it('serves while Temporal and Redis are away, and lists them', async () => {
    const { body } = await call('GET', '/readyz');
    assert.deepEqual(body, {
      status: 'ready',
      parts: { postgres: 'up', migrations: 'up', temporal: 'down', redis: 'down', broker: 'off' },
    });
    const created = await call('POST', '/v1/groups', { name: 'Trip', currency: 'EUR' });
    assert.equal(created.status, 201);
    assert.match(created.headers.get('ratelimit') ?? '', /^"credential";r=\d+;t=\d+$/);
    assert.equal((await fetch(`${opsUrl}/readyz`)).status, 200);
  });

  it('answers 503 with Retry-After while Postgres is away, lives, and comes back by itself', async () => {
    const key = uuidv7();
    assert.equal((await call('GET', '/v1/groups')).status, 200);
    await cable.cut();
    try {
      const unready = await call('GET', '/readyz');
      assert.equal(unready.status, 503);
      assert.equal(unready.headers.get('content-type'), 'application/problem+json');
      assert.equal(unready.headers.get('retry-after'), '1');
      assert.equal(unready.body.code, 'not_ready');
      assert.equal(unready.body.parts.postgres, 'down');
      assert.equal((await call('GET', '/livez')).status, 200);
      for (const [method, path, body] of [
        ['GET', '/v1/groups', undefined],
        ['POST', '/v1/groups', { name: 'During', currency: 'EUR' }],
      ] as const) {
        const refused = await call(method, path, body, method === 'POST' ? { 'idempotency-key': key } : {});
        assert.equal(refused.status, 503, `${method} ${JSON.stringify(refused.body)}`);
        assert.equal(refused.body.code, 'database_unavailable');
        assert.equal(refused.headers.get('retry-after'), '1');
      }
    } finally {
      await cable.mend();
    }
    await until('the API is ready again', () => ready());
    const repeated = await call('POST', '/v1/groups', { name: 'During', currency: 'EUR' }, { 'idempotency-key': key });
    assert.equal(repeated.status, 201);
    assert.equal(child.exitCode, null);
  });

  it('tells its metrics on the operations port only', async () => {
    const text = await (await fetch(`${opsUrl}/metrics`)).text();
    assert.match(text, /safesplitx_http_request_duration_seconds_count\{[^}]*route="\/v1\/groups"[^}]*status="201"[^}]*\} [1-9]/);
    assert.match(text, /safesplitx_database_connections\{[^}]*service="expense"[^}]*\} \d/);
    assert.match(text, /process_resident_memory_bytes/);
    assert.equal((await fetch(`${url}/metrics`)).status, 404);
    assert.equal((await fetch(`${opsUrl}/v1/groups`)).status, 404);
  });

  it('writes one JSON object a line, without addresses, names or tokens', async () => {
    const lines = log.split('\n').filter((line) => line.startsWith('{'));
    assert.ok(lines.length > 5);
    for (const line of lines) JSON.parse(line);
    assert.ok(!log.includes(token));
    assert.ok(!log.includes('During') && !log.includes('@example.com'));
  });

  it('stays small under requests', async () => {
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 50 }, () => call('GET', '/v1/groups')));
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => null);
    if (status === null) return;
    const residentMb = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    assert.ok(residentMb > 20 && residentMb < RESIDENT_MB_MAX, `${residentMb} MB`);
  });

  it('finishes what is in flight when it is told to end, and takes nothing new', async () => {
    const group = (await call('POST', '/v1/groups', { name: 'Last', currency: 'EUR' })).body as { id: string };
    const holder = new Client({ connectionString: databaseUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select 1 from expense."group" where id = $1 for update', [group.id]);
    // A client that keeps its connection for good, unlike fetch, which lets go of it after 4 s.
    const agent = new Agent({ keepAlive: true });
    const slow = new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'if-match': '*' };
      const sent = request(`${url}/v1/groups/${group.id}`, { method: 'PATCH', agent, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      });
      sent.on('error', reject).end('{"name":"Changed"}');
    });
    await until('the request waits for the row', async () => {
      const { rows } = await holder.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`);
      return rows.length > 0;
    });
    child.kill('SIGTERM');
    await until('the port is closed', async () =>
      fetch(`${url}/livez`).then(
        () => false,
        () => true,
      ),
    );
    await holder.query('rollback');
    await holder.end();
    assert.equal(await slow, 200);
    await until('the process has ended', () => Promise.resolve(child.exitCode !== null));
    agent.destroy();
    assert.equal(child.exitCode, 0, log.slice(-2_000));
    assert.ok(!log.includes('requests cut off'), 'nothing was left to wait for');
  });
});

async function signIn(databaseUrl: string, secrets: ReturnType<typeof generateSecrets>): Promise<string> {
  const user = await openDatabase('user', databaseUrl, 2);
  try {
    const { userId } = await buildUser({ user });
    const sessionId = uuidv7();
    await user.pool.query(`insert into "user".session (id, account_id, expires_at) values ($1, $2, now() + interval '1 day')`, [
      sessionId,
      userId,
    ]);
    return await accessTokenSigner(secrets)({ userId, sessionId });
  } finally {
    await user.close();
  }
}
