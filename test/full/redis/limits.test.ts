// Goal: limits hold over several API processes, and no limit opens when Redis dies. Method: two API processes and one Redis, all
// real; answers are counted exactly, within one window of 60 s each.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { v7 as uuidv7 } from 'uuid';
import { generateSecrets } from '../../../config/secrets.ts';
import { findFreePorts } from '../../../sandbox/ports.ts';
import { testDatabaseUrl } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { startProgram, untilServing, type Program } from '../support/programs.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';

const CREDENTIAL = 20;
const ACCOUNT = 5;
const ADDRESS = 30;

describe('rate limits of two API processes', () => {
  const urls: string[] = [];
  const programs: Program[] = [];
  const agents: Agent[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-limits-'));
  let redis: RedisServer;
  let nextAddress = 2;

  before(async function () {
    this.timeout(90_000);
    redis = await startRedis();
    const secretsFile = join(folder, 'secrets.json');
    writeFileSync(secretsFile, JSON.stringify(generateSecrets()), { mode: 0o600 });
    const databaseUrl = await testDatabaseUrl();
    for (const name of ['one', 'two']) {
      const [port, opsPort] = await findFreePorts(2);
      const api = startProgram(['node', 'api/main.ts'], {
        PORT: String(port),
        OPS_PORT: String(opsPort),
        DATABASE_URL: databaseUrl,
        REDIS_URL: redis.url,
        SECRETS_FILE: secretsFile,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        LOG_LEVEL: 'error',
        RATE_LIMIT_CREDENTIAL: String(CREDENTIAL),
        RATE_LIMIT_SIGN_IN_ACCOUNT: String(ACCOUNT),
        RATE_LIMIT_SIGN_IN_ADDRESS: String(ADDRESS),
      });
      programs.push(api);
      urls.push(`http://127.0.0.1:${port}`);
      await untilServing(`API ${name}`, api, `${urls.at(-1)}/readyz`);
    }
    await until('both processes see Redis', () => bothSeeRedis('up'));
  });

  after(async function () {
    this.timeout(30_000);
    await Promise.all([...programs.map((program) => program.stop()), redis?.stop()]);
    await Promise.all(agents.map((agent) => agent.destroy()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('one user at both: counted together, the request above the limit is 429 at both', async () => {
    const { token } = await register();
    const statuses = await oneByOne(CREDENTIAL, (index) => me(index % 2, token));
    assert.deepEqual(
      statuses,
      Array.from({ length: CREDENTIAL }, () => 200),
    );
    assert.deepEqual([await me(0, token), await me(1, token)], [429, 429]);
  });

  it('one user at both at once: exactly the limit is served', async () => {
    const { token } = await register();
    const statuses = await Promise.all(Array.from({ length: CREDENTIAL * 2 }, (_, index) => me(index % 2, token)));
    assert.equal(statuses.filter((status) => status === 200).length, CREDENTIAL);
    assert.equal(statuses.filter((status) => status === 429).length, CREDENTIAL);
  });

  it('sign-in attempts on one account from several addresses: counted together', async () => {
    const { email } = await register();
    const statuses = await oneByOne(ACCOUNT + 2, (index) => signIn(index % 2, email, newAddress()));
    assert.deepEqual(statuses, [...Array.from({ length: ACCOUNT }, () => 401), 429, 429]);
  });

  it('sign-in attempts from one address on many accounts: counted together', async () => {
    const address = newAddress();
    const statuses = await oneByOne(ADDRESS + 2, (index) => signIn(index % 2, `${uuidv7()}@example.com`, address));
    assert.deepEqual(statuses, [...Array.from({ length: ADDRESS }, () => 401), 429, 429]);
  });

  describe('Redis is killed', () => {
    it('while requests are in flight: each is served or refused, none fails', async function () {
      this.timeout(30_000);
      const users = await Promise.all(Array.from({ length: 12 }, () => register()));
      const inFlight = users.flatMap(({ token }, user) =>
        Array.from({ length: CREDENTIAL - 5 }, (_, index) => [token, user + index] as const),
      );
      const half = Math.floor(inFlight.length / 2);
      const first = inFlight.slice(0, half).map(([token, index]) => me(index % 2, token));
      const killed = redis.kill();
      const second = inFlight.slice(half).map(([token, index]) => me(index % 2, token));
      await killed;
      const statuses = await Promise.all([...first, ...second]);
      assert.deepEqual(new Set(statuses), new Set([200]));
      await until('both processes say that Redis is away and that they are ready', () => bothSeeRedis('down'));
    });

    it('each process counts by itself: it serves the limit and no more', async () => {
      const { token } = await register();
      for (const process of [0, 1]) {
        const statuses = await oneByOne(CREDENTIAL + 1, () => me(process, token));
        assert.deepEqual(statuses, [...Array.from({ length: CREDENTIAL }, () => 200), 429]);
      }
    });

    it('sign-in attempts on one account: each process still refuses', async () => {
      const { email } = await register();
      for (const process of [0, 1]) {
        const statuses = await oneByOne(ACCOUNT + 1, () => signIn(process, email, newAddress()));
        assert.deepEqual(statuses, [...Array.from({ length: ACCOUNT }, () => 401), 429]);
      }
    });

    it('sign-in attempts from one address: each process still refuses', async () => {
      const address = newAddress();
      for (const process of [0, 1]) {
        const statuses = await oneByOne(ADDRESS + 1, () => signIn(process, `${uuidv7()}@example.com`, address));
        assert.equal(statuses.indexOf(429), ADDRESS);
      }
    });

    it('Redis is back: they count together again', async function () {
      this.timeout(30_000);
      await redis.start();
      await until('both processes see Redis', () => bothSeeRedis('up'));
      const { token } = await register();
      const statuses = await oneByOne(CREDENTIAL + 1, (index) => me(index % 2, token));
      assert.deepEqual(statuses, [...Array.from({ length: CREDENTIAL }, () => 200), 429]);
    });
  });

  /** Each address of 127.0.0.0/8 is this machine, and counts as a caller of its own. */
  function newAddress(): Agent {
    const agent = new Agent({ localAddress: `127.0.0.${nextAddress++}` });
    agents.push(agent);
    return agent;
  }

  async function register(): Promise<{ token: string; email: string }> {
    const email = `${uuidv7()}@example.com`;
    const answer = await request(`${urls[0]}/v1/auth/register`, {
      method: 'POST',
      dispatcher: newAddress(),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: uuidv7(), displayName: 'Somebody' }),
    });
    assert.equal(answer.statusCode, 201);
    return { token: ((await answer.body.json()) as { accessToken: string }).accessToken, email };
  }

  async function me(process: number, token: string): Promise<number> {
    const answer = await request(`${urls[process]}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    await answer.body.dump();
    return answer.statusCode;
  }

  async function signIn(process: number, email: string, dispatcher: Agent): Promise<number> {
    const answer = await request(`${urls[process]}/v1/auth/login`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: 'not the right one' }),
    });
    await answer.body.dump();
    return answer.statusCode;
  }

  async function bothSeeRedis(state: 'up' | 'down'): Promise<boolean> {
    const answers = await Promise.all(
      urls.map(async (url) => (await (await fetch(`${url}/readyz`)).text()).includes(`"redis":"${state}"`)),
    );
    return answers.every(Boolean);
  }
});

async function oneByOne(times: number, act: (index: number) => Promise<number>): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < times; index += 1) statuses.push(await act(index));
  return statuses;
}
