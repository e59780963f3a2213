// Goal: whoever forgot a password gets in again by their own mailbox, nobody else does, and no answer tells who has an account.
// Method: the real API over real Postgres; tokens are made as the mail's writer makes them; time is moved by ageing the rows.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { linkedToken } from '../../../../config/opaque-tokens.ts';
import { createPasswords } from '../../../../config/passwords.ts';
import { RESET_MAILS_PER_HOUR } from '../../../../db/commands/user/passwords.ts';
import { startApi, type TestAnswer, type TestApi } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { until } from '../../../../test/support/until.ts';

const PASSWORD = 'correct horse battery';
const OTHER = 'another staple entirely';
let people = 0;

describe('passwords', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await api.deps.databases.user!.pool.query<Record<string, unknown>>(text, values)).rows;
  const register = async (): Promise<{ email: string; userId: string; token: string }> => {
    const email = `password${++people}.${process.pid}@example.com`;
    const { body } = await api.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Ana' });
    return { email, userId: body.user.id as string, token: body.accessToken as string };
  };
  const login = (email: string, password: string): Promise<TestAnswer> => api.call('POST', '/v1/auth/login', { email, password });
  const forgot = (email: string): Promise<TestAnswer> => api.call('POST', '/v1/auth/password/forgot', { email });
  const reset = (token: string, password = OTHER): Promise<TestAnswer> => api.call('POST', '/v1/auth/password/reset', { token, password });
  const resetTokenOf = async (userId: string): Promise<string> => {
    const [row] = await sql(
      `select id from "user".mail_token where account_id = $1 and purpose = 'reset-password' order by created_at desc limit 1`,
      [userId],
    );
    return linkedToken(api.deps.secrets, 'reset-password', row!['id'] as string);
  };
  const me = async (token: string): Promise<number> =>
    (await api.call('GET', '/v1/me', undefined, { authorization: `Bearer ${token}` })).status;
  const change = (token: string, body: object): Promise<TestAnswer> =>
    api.call('POST', '/v1/me/password', body, { authorization: `Bearer ${token}` });

  describe('forgotten', () => {
    it('asked for, is answered alike for an account, a stranger, a suspended account and an address in other letters', async () => {
      const { email } = await register();
      const held = await register();
      await sql(`update "user".account set state = 'suspended' where id = $1`, [held.userId]);
      const answers = await Promise.all([forgot(email), forgot('nobody@example.com'), forgot(held.email), forgot(email.toUpperCase())]);
      for (const { status, body } of answers) assert.deepEqual([status, body], [202, undefined]);
      const [known, unknown] = answers.map(({ headers }) => [...headers.keys()].filter((name) => name !== 'x-request-id').toSorted());
      assert.deepEqual(known, unknown);
    });

    it('asked for, writes as much for a stranger as for an account', async () => {
      const { email } = await register();
      const rows = async (): Promise<number[]> =>
        Promise.all(
          ['outbox', 'audit_event'].map(async (table) => Number((await sql(`select count(*)::int as n from "user".${table}`))[0]!['n'])),
        );
      const before = await rows();
      await forgot(email);
      const known = await rows();
      await forgot('stranger@example.com');
      const unknown = await rows();
      assert.deepEqual(
        known.map((count, index) => count - before[index]!),
        [1, 1],
      );
      assert.deepEqual(
        unknown.map((count, index) => count - known[index]!),
        [1, 1],
      );
    });

    it('reset by the mail’s token, signs in with the new one, not the old one, and ends what was signed in', async () => {
      const { email, userId, token } = await register();
      const personal = await api.call(
        'POST',
        '/v1/me/tokens',
        { name: 'x', scopes: ['profile:read'] },
        { authorization: `Bearer ${token}` },
      );
      await forgot(email);
      assert.equal((await reset(await resetTokenOf(userId))).status, 204);
      assert.equal((await login(email, PASSWORD)).status, 401);
      const again = await login(email, OTHER);
      assert.equal(again.status, 200);
      assert.equal(again.body.user.emailVerified, true, 'the mail reached its address');
      await delay(1_100);
      for (const old of [token, personal.body.token as string]) assert.equal(await me(old), 401);
      const told = api.events.filter(({ event }) => event.type === 'user.password_changed' && event.subjectId === userId);
      assert.equal(told.length, 1);
    });

    it('token used twice, also at once, is 409 token_used', async () => {
      const { email, userId } = await register();
      await forgot(email);
      const token = await resetTokenOf(userId);
      const answers = await Promise.all([reset(token), reset(token), reset(token)]);
      assert.deepEqual(
        answers.map(({ status }) => status).toSorted((one, other) => one - other),
        [204, 409, 409],
      );
      assert.equal((await reset(token)).body.code, 'token_used');
    });

    it('token of an earlier mail, dies with the one that was used', async () => {
      const { email, userId } = await register();
      await forgot(email);
      const first = await resetTokenOf(userId);
      await forgot(email);
      assert.equal((await reset(await resetTokenOf(userId))).status, 204);
      assert.equal((await reset(first)).body.code, 'token_used');
    });

    it('token after its hour, is 409 token_expired', async () => {
      const { email, userId } = await register();
      await forgot(email);
      await sql(`update "user".mail_token set expires_at = now() - interval '1 second' where account_id = $1`, [userId]);
      assert.equal((await reset(await resetTokenOf(userId))).body.code, 'token_expired');
      assert.equal((await login(email, PASSWORD)).status, 200);
    });

    it('token of another purpose, of another key or made up, is 422 token_invalid', async () => {
      const { userId } = await register();
      const [row] = await sql(`select id from "user".mail_token where account_id = $1`, [userId]);
      const verify = linkedToken(api.deps.secrets, 'verify-email', row!['id'] as string);
      const dressed = linkedToken(api.deps.secrets, 'reset-password', row!['id'] as string);
      for (const token of [verify, dressed, 'x', `${verify}x`]) assert.deepEqual(await codeOf(reset(token)), [422, 'token_invalid']);
    });

    it('password too weak, leaves the token good', async () => {
      const { email, userId } = await register();
      await forgot(email);
      const token = await resetTokenOf(userId);
      for (const [password, code] of [
        ['short', 'password_too_short'],
        ['Password1', 'password_common'],
        [email, 'password_is_address'],
      ] as const)
        assert.deepEqual(await codeOf(reset(token, password)), [422, code]);
      assert.equal((await reset(token)).status, 204);
    });

    it('asked for again and again, mails at most so many an hour', async () => {
      const { email, userId } = await register();
      for (let time = 0; time < RESET_MAILS_PER_HOUR + 3; time++) assert.equal((await forgot(email)).status, 202);
      const [row] = await sql(`select count(*)::int as n from "user".mail_token where account_id = $1 and purpose = 'reset-password'`, [
        userId,
      ]);
      assert.equal(row!['n'], RESET_MAILS_PER_HOUR);
    });

    it('of a suspended account, opens nothing', async () => {
      const { email, userId } = await register();
      await forgot(email);
      const token = await resetTokenOf(userId);
      await sql(`update "user".account set state = 'suspended' where id = $1`, [userId]);
      assert.equal((await reset(token)).status, 422);
    });
  });

  describe('changed', () => {
    it('with the present one, keeps this session and ends the others', async () => {
      const { email, token } = await register();
      const second = (await login(email, PASSWORD)).body.accessToken as string;
      assert.equal((await change(token, { currentPassword: PASSWORD, newPassword: OTHER })).status, 204);
      await until('signed out', async () => (await me(second)) === 401, 1_500);
      assert.equal(await me(token), 200);
      assert.equal((await login(email, OTHER)).status, 200);
      assert.equal((await login(email, PASSWORD)).status, 401);
    });

    it('without the present one, is 401 and nothing changes', async () => {
      const { email, token } = await register();
      assert.deepEqual(await codeOf(change(token, { currentPassword: OTHER, newPassword: OTHER })), [401, 'invalid_credentials']);
      assert.equal((await change(token, { newPassword: OTHER })).status, 400);
      assert.equal((await login(email, PASSWORD)).status, 200);
    });

    it('to one of the most common, in any case, is 422 at its field', async () => {
      const { token } = await register();
      for (const newPassword of ['password', 'PassWord', 'qwertyuiop', '1234567890']) {
        const answer = await change(token, { currentPassword: PASSWORD, newPassword });
        assert.deepEqual([answer.status, answer.body.code, answer.body.errors[0].pointer], [422, 'password_common', '/newPassword']);
      }
    });
  });

  describe('hashed', () => {
    it('known and unknown accounts, right and wrong passwords, cost one hash each', async () => {
      const { email } = await register();
      await login('warm@example.com', 'up the stand-in');
      const cost = async (work: () => Promise<unknown>): Promise<number> => {
        const before = api.deps.passwords.computed;
        await work();
        return api.deps.passwords.computed - before;
      };
      assert.equal(await cost(() => login(email, PASSWORD)), 1);
      assert.equal(await cost(() => login(email, OTHER)), 1);
      assert.equal(await cost(() => login('stranger@example.com', PASSWORD)), 1);
      assert.equal(await cost(() => forgot(email)), 1);
      assert.equal(await cost(() => forgot('stranger@example.com')), 1);
    });

    it('with weaker parameters of old, is hashed anew at the next sign-in', async () => {
      const { email, userId } = await register();
      const old = createPasswords({ PASSWORD_MEMORY_KIB: 7_168, PASSWORD_PASSES: 5, PASSWORD_LANES: 1 });
      await sql('update "user".account set password_hash = $2 where id = $1', [userId, await old.hash(PASSWORD)]);
      assert.equal((await login(email, PASSWORD)).status, 200);
      const [row] = await sql('select password_hash from "user".account where id = $1', [userId]);
      assert.match(row!['password_hash'] as string, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      assert.equal((await login(email, PASSWORD)).status, 200);
    });

    it('with the parameters of the environment', async () => {
      const other = await startApi(await testDatabaseUrl(), { PASSWORD_MEMORY_KIB: '12288', PASSWORD_PASSES: '3', PASSWORD_LANES: '2' });
      try {
        const email = `env.${process.pid}@example.com`;
        await other.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Ana' });
        const { rows } = await other.deps.databases.user!.pool.query<{ hash: string }>('select password_hash as hash from "user".account');
        assert.match(rows[0]!.hash, /^\$argon2id\$v=19\$m=12288,t=3,p=2\$/);
        assert.equal((await other.call('POST', '/v1/auth/login', { email, password: PASSWORD })).status, 200);
      } finally {
        await other.stop();
      }
    });

    it('beside the event loop, which goes on meanwhile', async () => {
      // So dear that on the event loop it would stand still for a while.
      const slow = createPasswords({ PASSWORD_MEMORY_KIB: 131_072, PASSWORD_PASSES: 3, PASSWORD_LANES: 1 });
      const began = performance.now();
      let turns = 0;
      const ticking = setInterval(() => (turns += 1), 5);
      const stored = await slow.hash(PASSWORD);
      await Promise.all([slow.matches(stored, PASSWORD), slow.matches(null, PASSWORD)]);
      clearInterval(ticking);
      const tookMs = performance.now() - began;
      assert.ok(tookMs > 100, `${tookMs} ms are too few to tell`);
      assert.ok(turns > tookMs / 5 / 10, `${turns} turns in ${tookMs} ms`);
    });

    it('parameters below OWASP’s least, do not start', () => {
      for (const [memory, passes] of [
        [19_456, 1],
        [12_288, 2],
        [7_168, 4],
      ] as const)
        assert.throws(
          () => createPasswords({ PASSWORD_MEMORY_KIB: memory, PASSWORD_PASSES: passes, PASSWORD_LANES: 1 }),
          /PASSWORD_PASSES/,
        );
    });

    it('more at once than can be computed, are 503 with Retry-After, and the others are served', async () => {
      const answers = await Promise.all(Array.from({ length: 400 }, (_, index) => login(`crowd${index}@example.com`, PASSWORD)));
      const counts = Map.groupBy(answers, ({ status }) => status);
      assert.deepEqual(
        [...counts.keys()].toSorted((one, other) => one - other),
        [401, 503],
      );
      assert.equal(counts.get(503)![0]!.headers.get('retry-after'), '1');
      assert.ok(counts.get(401)!.length >= 100);
    });
  });

  it('sign-ins, refused and not, are in the audit log without a word of who was tried', async () => {
    const { email, userId } = await register();
    await login(email, OTHER);
    await login(email, PASSWORD);
    await login('stranger.audit@example.com', PASSWORD);
    const rows = await sql(`select outcome, data from "user".audit_event where subject_id = $1 and action = 'sign_in' order by id`, [
      userId,
    ]);
    assert.deepEqual(
      rows.map(({ outcome, data }) => [outcome, (data as { reason?: string }).reason ?? null]),
      [
        ['refused', 'password'],
        ['succeeded', null],
      ],
    );
    const [found] = await sql(`select count(*)::int as n from "user".audit_event t where t::text like '%stranger.audit%'`);
    assert.equal(found!['n'], 0);
  });

  async function codeOf(answer: Promise<TestAnswer>): Promise<[number, unknown]> {
    const { status, body } = await answer;
    return [status, body.code];
  }
});
