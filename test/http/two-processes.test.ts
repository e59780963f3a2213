// Goal: what ends on one process has ended on every other within a second, without Redis or any word between them.
// Method: two API processes as they are deployed, over one Postgres; each end is done at one, and the other, which has just
// served the same credential and so believes in it, is asked until it refuses.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { generateSecrets, type Secrets } from '../../config/secrets.ts';
import { findFreePorts } from '../../sandbox/ports.ts';
import { startProgram, untilServing, type Program } from '../full/support/programs.ts';
import { testDatabaseUrl } from '../support/servers.ts';

/** What was promised: a request that is sent later than this after the end was acknowledged, is refused. */
const WITHIN_MS = 1_000;
const PASSWORD = 'correct horse battery';

interface Account {
  readonly userId: string;
  readonly email: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

describe('two API processes without Redis', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-two-'));
  const secretsFile = join(folder, 'secrets.json');
  const programs: Program[] = [];
  const urls: string[] = [];
  let databaseUrl: string;
  let database: Client;

  before(async () => {
    writeFileSync(secretsFile, JSON.stringify(generateSecrets()), { mode: 0o600 });
    databaseUrl = await testDatabaseUrl();
    database = new Client({ connectionString: databaseUrl });
    await database.connect();
    for (const name of ['one', 'two']) {
      const [port, opsPort, nobody] = await findFreePorts(3);
      const program = startProgram(['node', 'api/main.ts', '--services=user,expense'], {
        PORT: String(port),
        OPS_PORT: String(opsPort),
        DATABASE_URL: databaseUrl,
        SECRETS_FILE: secretsFile,
        PUBLIC_URL: 'http://api.example',
        TEMPORAL_ADDRESS: `127.0.0.1:${nobody}`,
        LOG_LEVEL: 'error',
        RATE_LIMIT_SIGN_IN_ADDRESS: '10000',
      });
      programs.push(program);
      urls.push(`http://127.0.0.1:${port}`);
      await untilServing(`API ${name}`, program, `${urls.at(-1)}/readyz`);
    }
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await database.end();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = async (on: number, method: string, path: string, body?: object, token?: string, headers = {}): Promise<Response> =>
    fetch(urls[on] + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const answered = async (on: number, path: string, token: string): Promise<number> => {
    const answer = await call(on, 'GET', path, undefined, token);
    await answer.arrayBuffer();
    return answer.status;
  };
  const register = async (): Promise<Account> => {
    const email = `${uuidv7()}@example.com`;
    const answer = await call(0, 'POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Somebody' });
    assert.equal(answer.status, 201);
    const body = (await answer.json()) as { user: { id: string }; accessToken: string; refreshToken: string };
    return { userId: body.user.id, email, accessToken: body.accessToken, refreshToken: body.refreshToken };
  };
  const login = async (email: string): Promise<string> => {
    const answer = await call(0, 'POST', '/v1/auth/login', { email, password: PASSWORD });
    return ((await answer.json()) as { accessToken: string }).accessToken;
  };
  /** Has something ended, and asks both until they refuse; each believed in the credential until then. */
  const endsEverywhere = async (token: string, end: () => Promise<unknown>, path = '/v1/me', refused = 401): Promise<void> => {
    const asking = [0, 1].map((on) => answered(on, path, token));
    assert.deepEqual(await Promise.all(asking), [200, 200], 'served before');
    await end();
    const ended = performance.now();
    for (const on of [0, 1])
      for (;;) {
        const sentMs = performance.now() - ended;
        const status = await answered(on, path, token);
        if (status === refused) break;
        assert.ok(sentMs <= WITHIN_MS, `process ${on} answered ${status} to what was sent ${Math.round(sentMs)} ms after the end`);
        await delay(20);
      }
  };
  const ok = async (answer: Promise<Response>): Promise<void> => {
    const { status } = await answer;
    assert.ok(status >= 200 && status < 300, String(status));
  };

  it('begin without any account', async () => {
    const { rows } = await database.query<{ n: number }>('select count(*)::int as n from "user".account');
    assert.equal(rows[0]!.n, 0);
  });

  it('sign-out, counts at both within a second', async () => {
    const { accessToken } = await register();
    await endsEverywhere(accessToken, () => ok(call(0, 'POST', '/v1/auth/logout', undefined, accessToken)));
  });

  it('another password, ends the other sign-ins at both within a second', async () => {
    const { accessToken, email } = await register();
    const other = await login(email);
    const change = { currentPassword: PASSWORD, newPassword: 'another staple entirely' };
    await endsEverywhere(other, () => ok(call(0, 'POST', '/v1/me/password', change, accessToken)));
    assert.deepEqual([await answered(0, '/v1/me', accessToken), await answered(1, '/v1/me', accessToken)], [200, 200]);
  });

  it('a suspension, counts at both within a second, and the refresh token is no good at either', async () => {
    const [held, admin] = [await register(), await register()];
    await database.query(`update "user".account set platform_role = 'admin' where id = $1`, [admin.userId]);
    await endsEverywhere(held.accessToken, () =>
      ok(call(0, 'PATCH', `/v1/users/${held.userId}`, { state: 'suspended', reason: 'Asked for' }, admin.accessToken, { 'if-match': '*' })),
    );
    for (const on of [0, 1]) assert.equal((await call(on, 'POST', '/v1/auth/refresh', { refreshToken: held.refreshToken })).status, 401);
  });

  it('a platform role that is taken away, is gone at both within a second', async () => {
    const [support, admin] = [await register(), await register()];
    await database.query(`update "user".account set platform_role = 'admin' where id = $1`, [admin.userId]);
    await database.query(`update "user".account set platform_role = 'support' where id = $1`, [support.userId]);
    const take = { platformRole: null, reason: 'Left' };
    const path = `/v1/users/${support.userId}`;
    await endsEverywhere(
      support.accessToken,
      () => ok(call(0, 'PATCH', path, take, admin.accessToken, { 'if-match': '*' })),
      '/v1/users',
      403,
    );
  });

  it('a role in a group that is taken away, is gone at both within a second', async () => {
    const [owner, member] = [await register(), await register()];
    const group = (await (await call(0, 'POST', '/v1/groups', { name: 'Trip', currency: 'EUR' }, owner.accessToken)).json()) as {
      id: string;
    };
    const invited = await call(0, 'POST', `/v1/groups/${group.id}/invitations`, { role: 'admin' }, owner.accessToken);
    const { token } = (await invited.json()) as { token: string };
    const joined = await call(0, 'POST', `/v1/invitations/${token}/accept`, undefined, member.accessToken);
    const { myMemberId } = (await joined.json()) as { myMemberId: string };
    const path = `/v1/groups/${group.id}/members/${myMemberId}`;
    await endsEverywhere(
      member.accessToken,
      () => ok(call(0, 'PATCH', path, { role: 'viewer' }, owner.accessToken, { 'if-match': '*' })),
      `/v1/groups/${group.id}/invitations`,
      403,
    );
    await endsEverywhere(
      member.accessToken,
      () => ok(call(0, 'DELETE', path, undefined, owner.accessToken, { 'if-match': '*' })),
      `/v1/groups/${group.id}`,
      404,
    );
  });

  it('a personal access token that is ended, is refused at both within a second', async () => {
    const { accessToken } = await register();
    const made = await call(0, 'POST', '/v1/me/tokens', { name: 'Script', scopes: ['profile:read'] }, accessToken);
    const { id, token } = (await made.json()) as { id: string; token: string };
    await endsEverywhere(token, () => ok(call(0, 'DELETE', `/v1/me/tokens/${id}`, undefined, accessToken)));
  });

  it('a signing key that is dropped, verifies at neither within a look at the file', async () => {
    const { accessToken } = await register();
    assert.deepEqual([await answered(0, '/v1/me', accessToken), await answered(1, '/v1/me', accessToken)], [200, 200]);
    const before = (JSON.parse(readFileSync(secretsFile, 'utf8')) as Secrets).signingKeys.map(({ kid }) => kid);
    await promisify(execFile)(process.execPath, ['config/rotate-keys.ts', secretsFile, '--drop-old']);
    const began = performance.now();
    const statuses = (): Promise<number[]> => Promise.all([0, 1].map((on) => answered(on, '/v1/me', accessToken)));
    while ((await statuses()).some((status) => status !== 401) && performance.now() - began < 5_000) await delay(50);
    assert.deepEqual(await statuses(), [401, 401]);
    for (const on of [0, 1]) {
      const { keys } = (await (await call(on, 'GET', '/.well-known/jwks.json')).json()) as { keys: { kid: string }[] };
      assert.ok(keys.length > 0 && keys.every(({ kid }) => !before.includes(kid)));
    }
  });
});
