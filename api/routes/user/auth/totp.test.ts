// Goal: with a second factor the password alone opens nothing, and each code opens once.
// Method: the real API over real Postgres; codes are computed by the library that apps use, steps are aged in the row.
import assert from 'node:assert/strict';
import { Secret, TOTP } from 'otpauth';
import { linkedToken } from '../../../../config/opaque-tokens.ts';
import { TOTP_MISSES_MAX, TOTP_REST_HOURS } from '../../../../db/commands/user/second-factor.ts';
import { startApi, type TestAnswer, type TestApi } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

const PASSWORD = 'correct horse battery';
let people = 0;

interface Person {
  readonly email: string;
  readonly userId: string;
  readonly secret: string;
  readonly recoveryCodes: string[];
  call(method: string, path: string, body?: unknown): Promise<TestAnswer>;
}

describe('second factor', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await api.deps.databases.user!.pool.query<Record<string, unknown>>(text, values)).rows;
  const codeOf = (secret: string, steps = 0): string =>
    new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 }).generate({
      timestamp: Date.now() + steps * 30_000,
    });
  const login = (email: string, totp?: string): Promise<TestAnswer> =>
    api.call('POST', '/v1/auth/login', { email, password: PASSWORD, ...(totp === undefined ? {} : { totp }) });
  /** Forgets which step was taken last, as if time had passed. */
  const later = (userId: string): Promise<unknown> => sql('update "user".account set totp_last_step = 0 where id = $1', [userId]);

  async function person(): Promise<Omit<Person, 'secret' | 'recoveryCodes'>> {
    const email = `totp${++people}.${process.pid}@example.com`;
    const { body } = await api.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Ana' });
    const headers = { authorization: `Bearer ${body.accessToken}` };
    return { email, userId: body.user.id as string, call: (method, path, content) => api.call(method, path, content, headers) };
  }

  async function enabled(): Promise<Person> {
    const who = await person();
    const { secret } = (await who.call('POST', '/v1/auth/totp', {})).body as { secret: string };
    const confirmed = await who.call('POST', '/v1/auth/totp/confirm', { code: codeOf(secret) });
    assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
    await later(who.userId);
    return { ...who, secret, recoveryCodes: confirmed.body.recoveryCodes as string[] };
  }

  it('set up and confirmed, a sign-in needs its code', async () => {
    const who = await enabled();
    const without = await login(who.email);
    assert.deepEqual([without.status, without.body.code], [401, 'totp_required']);
    assert.deepEqual([(await login(who.email, '000000')).status, (await login(who.email, codeOf(who.secret))).status], [401, 200]);
    const list = (await who.call('GET', '/v1/me/sessions')).body.data as { methods: string[] }[];
    assert.deepEqual(list[0]!.methods, ['pwd', 'otp']);
  });

  it('a wrong password, is refused as ever, with the right code too', async () => {
    const who = await enabled();
    for (const totp of [undefined, codeOf(who.secret)]) {
      const answer = await api.call('POST', '/v1/auth/login', {
        email: who.email,
        password: 'not the password',
        ...(totp === undefined ? {} : { totp }),
      });
      assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_credentials']);
    }
  });

  it('not confirmed, changes nothing', async () => {
    const who = await person();
    await who.call('POST', '/v1/auth/totp', {});
    assert.equal((await login(who.email)).status, 200);
    assert.deepEqual(statusAndCode(await who.call('POST', '/v1/auth/totp/confirm', { code: '123456' })), [401, 'totp_invalid']);
    await sql(`update "user".account set totp_asked_at = now() - interval '16 minutes' where id = $1`, [who.userId]);
    assert.deepEqual(statusAndCode(await who.call('POST', '/v1/auth/totp/confirm', { code: '123456' })), [409, 'totp_not_asked']);
  });

  it('a code, is taken once, also by many at once', async () => {
    const who = await enabled();
    const code = codeOf(who.secret);
    const answers = await Promise.all(Array.from({ length: 5 }, () => login(who.email, code)));
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 401, 401, 401, 401],
    );
    assert.equal((await login(who.email, code)).body.code, 'totp_invalid');
  });

  it('a code of an earlier step than the last one taken, is refused', async () => {
    const who = await enabled();
    assert.equal((await login(who.email, codeOf(who.secret, 1))).status, 200);
    assert.equal((await login(who.email, codeOf(who.secret))).status, 401);
  });

  it('a code of the step before or after, is taken; one of two steps away is not', async () => {
    const who = await enabled();
    assert.equal((await login(who.email, codeOf(who.secret, -3))).status, 401);
    assert.equal((await login(who.email, codeOf(who.secret, 3))).status, 401);
    assert.equal((await login(who.email, codeOf(who.secret, 1))).status, 200);
  });

  it('a recovery code, however it is typed, is taken once, also by many at once', async () => {
    const who = await enabled();
    assert.equal(new Set(who.recoveryCodes).size, 10);
    const [first = '', second = ''] = who.recoveryCodes;
    const answers = await Promise.all(Array.from({ length: 5 }, () => login(who.email, first)));
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 401, 401, 401, 401],
    );
    assert.equal((await login(who.email, second.toUpperCase().replaceAll('-', ' '))).status, 200);
    assert.equal((await login(who.email, second)).status, 401);
  });

  it('recovery codes, are ten of 24 letters and digits each, all different', async () => {
    const who = await enabled();
    assert.equal(new Set(who.recoveryCodes).size, 10);
    // 31 characters to the power of 24: 118 bits, above the 112 from which ASVS 6.5.2 lets a fast hash do.
    for (const code of who.recoveryCodes) assert.match(code, /^([a-hjkmnp-z2-9]{4}-){5}[a-hjkmnp-z2-9]{4}$/);
  });

  it('twenty wrong codes in a row, and codes of the app are not looked at for a day; recovery codes are', async () => {
    const who = await enabled();
    const wrong = (time: number): string =>
      String(Number(codeOf(who.secret)) ^ (time + 1))
        .padStart(6, '0')
        .slice(-6);
    const statuses = async (codes: readonly string[]): Promise<number[]> => {
      const answers: number[] = [];
      for (const code of codes) answers.push((await login(who.email, code)).status);
      return answers;
    };
    const misses = Array.from({ length: TOTP_MISSES_MAX - 1 }, (_, time) => wrong(time));
    assert.deepEqual(new Set(await statuses(misses)), new Set([401]));
    assert.equal((await login(who.email, codeOf(who.secret))).status, 200, 'one before the limit');
    await later(who.userId);
    assert.deepEqual(new Set(await statuses([...misses, wrong(40)])), new Set([401]), 'a right one began the count anew');
    assert.equal((await login(who.email, codeOf(who.secret))).body.code, 'totp_invalid', 'a right one too');
    const disable = await who.call('DELETE', '/v1/auth/totp', { totp: codeOf(who.secret) });
    assert.deepEqual(statusAndCode(disable), [401, 'totp_invalid']);
    const days = (hours: number): Promise<unknown> =>
      sql(`update "user".account set totp_missed_at = now() - make_interval(hours => $2) where id = $1`, [who.userId, hours]);
    await days(TOTP_REST_HOURS - 1);
    assert.equal((await login(who.email, codeOf(who.secret))).status, 401);
    await days(TOTP_REST_HOURS + 1);
    assert.deepEqual(await statuses([wrong(60), codeOf(who.secret)]), [401, 401], 'one try a day from then on');
    assert.equal((await login(who.email, who.recoveryCodes[0])).status, 200);
    assert.equal((await login(who.email, codeOf(who.secret))).status, 200, 'which makes good for the misses');
  });

  it('a wrong code when it shall be disabled, counts as a miss and is in the log', async () => {
    const who = await enabled();
    await sql('update "user".account set totp_misses = $2 where id = $1', [who.userId, TOTP_MISSES_MAX - 1]);
    assert.equal((await who.call('DELETE', '/v1/auth/totp', { totp: '000000' })).status, 401);
    assert.equal((await login(who.email, codeOf(who.secret))).status, 401);
    const [row] = await sql(
      `select count(*)::int as n from "user".audit_event where subject_id = $1 and action = 'totp.disabled' and outcome = 'refused'`,
      [who.userId],
    );
    assert.equal(row!['n'], 1);
  });

  it('code of another person, is refused', async () => {
    const [ana, ben] = [await enabled(), await enabled()];
    assert.equal((await login(ana.email, codeOf(ben.secret))).status, 401);
    assert.equal((await login(ana.email, ben.recoveryCodes[0])).status, 401);
  });

  it('secret and recovery codes, are nowhere in the database in clear', async () => {
    const who = await enabled();
    for (const table of ['account', 'recovery_code', 'idempotency', 'outbox', 'audit_event'])
      for (const text of [who.secret, who.recoveryCodes[0]!, who.recoveryCodes[0]!.replaceAll('-', '')]) {
        const [row] = await sql(`select count(*)::int as n from "user".${table} t where strpos(t::text, $1) > 0`, [text]);
        assert.equal(row!['n'], 0, table);
      }
    const [account] = await sql('select totp_secret from "user".account where id = $1', [who.userId]);
    const [other] = await sql(`select id from "user".account where id <> $1 limit 1`, [who.userId]);
    await sql('update "user".account set totp_secret = $2, totp_enabled_at = now() where id = $1', [other!['id'], account!['totp_secret']]);
    const { unseal } = await import('../../../../config/sealed.ts');
    assert.throws(
      () => unseal(api.deps.secrets, 'totp', other!['id'] as string, account!['totp_secret'] as string),
      'moved to another row it does not open',
    );
    await sql('update "user".account set totp_secret = null, totp_enabled_at = null where id = $1', [other!['id']]);
  });

  it('set up by a session that is not fresh, needs the password', async () => {
    const who = await person();
    await sql(`update "user".session set created_at = now() - interval '11 minutes' where account_id = $1`, [who.userId]);
    assert.deepEqual(statusAndCode(await who.call('POST', '/v1/auth/totp', {})), [403, 'reauthentication_required']);
    assert.deepEqual(statusAndCode(await who.call('POST', '/v1/auth/totp', { password: 'not the password' })), [
      401,
      'invalid_credentials',
    ]);
    assert.equal((await who.call('POST', '/v1/auth/totp', { password: PASSWORD })).status, 201);
  });

  it('set up twice, is 409', async () => {
    const who = await enabled();
    assert.deepEqual(statusAndCode(await who.call('POST', '/v1/auth/totp', {})), [409, 'totp_enabled']);
  });

  it('disabled with a proof, the password is enough again', async () => {
    const who = await enabled();
    await sql(`update "user".session set created_at = now() - interval '11 minutes' where account_id = $1`, [who.userId]);
    assert.deepEqual(statusAndCode(await who.call('DELETE', '/v1/auth/totp')), [403, 'reauthentication_required']);
    assert.deepEqual(statusAndCode(await who.call('DELETE', '/v1/auth/totp', { totp: '000000' })), [401, 'totp_invalid']);
    assert.equal((await login(who.email)).status, 401);
    assert.equal((await who.call('DELETE', '/v1/auth/totp', { totp: codeOf(who.secret) })).status, 204);
    assert.equal((await login(who.email)).status, 200);
    assert.deepEqual(statusAndCode(await who.call('DELETE', '/v1/auth/totp', { password: PASSWORD })), [409, 'totp_not_enabled']);
  });

  it('stays when the password is reset by mail', async () => {
    const who = await enabled();
    await api.call('POST', '/v1/auth/password/forgot', { email: who.email });
    const [mail] = await sql(`select id from "user".mail_token where account_id = $1 and purpose = 'reset-password'`, [who.userId]);
    const token = linkedToken(api.deps.secrets, 'reset-password', mail!['id'] as string);
    const password = 'another staple entirely';
    assert.equal((await api.call('POST', '/v1/auth/password/reset', { token, password })).status, 204);
    const signIn = (totp?: string): Promise<TestAnswer> =>
      api.call('POST', '/v1/auth/login', { email: who.email, password, ...(totp === undefined ? {} : { totp }) });
    assert.deepEqual(statusAndCode(await signIn()), [401, 'totp_required']);
    assert.equal((await signIn(codeOf(who.secret))).status, 200);
  });

  it('too many tries of codes for one account, are 429', async () => {
    const strict = await startApi(await testDatabaseUrl(), { RATE_LIMIT_SIGN_IN_ACCOUNT: '5' });
    try {
      const email = 'limited@example.com';
      await strict.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Lim' });
      const answers: number[] = [];
      for (let time = 0; time < 7; time++)
        answers.push((await strict.call('POST', '/v1/auth/login', { email, password: PASSWORD, totp: String(100_000 + time) })).status);
      assert.deepEqual(answers.slice(5), [429, 429]);
    } finally {
      await strict.stop();
    }
  });
});

function statusAndCode({ status, body }: TestAnswer): [number, unknown] {
  return [status, body?.code];
}
