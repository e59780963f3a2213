// Goal: people can register, sign in, stay signed in and sign out, and nobody else can in their place.
// Method: the real API over real Postgres; time is moved by ageing the rows.
import assert from 'node:assert/strict';
import { linkedToken, refreshToken } from '../../../../config/opaque-tokens.ts';
import { SESSION_DAYS_MAX } from '../../../../db/commands/user/sessions.ts';
import { startApi, type TestAnswer, type TestApi } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { until } from '../../../../test/support/until.ts';

const PASSWORD = 'correct horse battery';
let people = 0;

interface Person {
  readonly email: string;
  readonly answer: TestAnswer;
}

describe('sign-in', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
  });
  after(() => api.stop());

  const sql = async (text: string, values: unknown[]): Promise<Record<string, unknown>[]> =>
    (await api.deps.databases.user!.pool.query<Record<string, unknown>>(text, values)).rows;
  const newEmail = (): string => `person${++people}.${process.pid}@example.com`;
  const register = async (extra: Record<string, unknown> = {}): Promise<Person> => {
    const email = newEmail();
    const answer = await api.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Ana', ...extra });
    return { email, answer };
  };
  const login = (email: string, password = PASSWORD): Promise<TestAnswer> => api.call('POST', '/v1/auth/login', { email, password });
  const refresh = (token: unknown): Promise<TestAnswer> => api.call('POST', '/v1/auth/refresh', { refreshToken: token });
  const me = (token: string): Promise<TestAnswer> => api.call('GET', '/v1/me', undefined, { authorization: `Bearer ${token}` });
  const mailTokenOf = async (userId: string): Promise<string> => {
    const [row] = await sql('select id from "user".mail_token where account_id = $1 order by created_at desc limit 1', [userId]);
    return row!['id'] as string;
  };

  it('register, all fields left out, takes the defaults and asks for the verification mail', async () => {
    const { email, answer } = await register();
    assert.equal(answer.status, 201);
    assert.deepEqual(Object.keys(answer.body).toSorted(), ['accessToken', 'expiresIn', 'refreshToken', 'user']);
    const { id, ...user } = answer.body.user;
    assert.deepEqual(user, {
      email,
      emailVerified: false,
      displayName: 'Ana',
      locale: 'en',
      timeZone: 'UTC',
      defaultCurrency: 'EUR',
      platformRole: null,
      version: 1,
    });
    const event = api.events.find((stored) => stored.event.type === 'user.registered' && stored.event.subjectId === id);
    assert.deepEqual(event?.event.data, { mailTokenId: await mailTokenOf(id) });
    assert.equal((await me(answer.body.accessToken)).status, 200);
  });

  it('register, an address in other letters, is 409 email_taken', async () => {
    const { email } = await register();
    const again = await api.call('POST', '/v1/auth/register', { email: email.toUpperCase(), password: PASSWORD, displayName: 'Ben' });
    assert.deepEqual([again.status, again.body.code, again.body.errors[0].pointer], [409, 'email_taken', '/email']);
  });

  it('register, twenty at once with one address, has exactly one winner', async () => {
    const email = newEmail();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Ana' })),
    );
    assert.deepEqual(statuses(answers), [201, ...Array.from({ length: 19 }, () => 409)]);
  });

  for (const [what, fields, status, code] of [
    ['a short password', { password: 'seven77' }, 422, 'password_too_short'],
    ['a long password', { password: 'x'.repeat(129) }, 422, 'password_too_long'],
    ['an address as password', { email: 'cy.long@example.com', password: 'Cy.Long@example.com' }, 422, 'password_is_address'],
    ['no address', { email: 'nobody' }, 400, 'invalid_request'],
    ['an empty name', { displayName: '' }, 400, 'invalid_request'],
    ['a bad language', { locale: 'x_y z' }, 400, 'invalid_request'],
    ['a bad zone', { timeZone: 'Mars/Olympus' }, 400, 'invalid_request'],
    ['a currency that is none', { defaultCurrency: 'ABC' }, 422, 'unknown_currency'],
    ['an unknown field', { platformRole: 'admin' }, 400, 'unknown_field'],
  ] as const) {
    it(`register, ${what}, is ${status} ${code} and writes nothing`, async () => {
      const before = await sql('select count(*) from "user".account', []);
      const { answer } = await register(fields);
      assert.deepEqual([answer.status, answer.body.code], [status, code]);
      assert.deepEqual(await sql('select count(*) from "user".account', []), before);
    });
  }

  it('register, any password, keeps an argon2id hash of OWASP strength', async () => {
    const { answer } = await register();
    const [row] = await sql('select password_hash from "user".account where id = $1', [answer.body.user.id]);
    assert.match(row!['password_hash'] as string, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('login, right and wrong, answers tokens or one and the same 401', async () => {
    const { email, answer } = await register({ locale: 'de-ch' });
    const good = await login(email.toUpperCase());
    assert.deepEqual([good.status, good.body.user], [200, answer.body.user]);
    assert.equal(good.body.user.locale, 'de-CH');
    assert.notEqual(good.body.refreshToken, answer.body.refreshToken);
    const wrong = await login(email, 'wrong password');
    const unknown = await login(newEmail());
    await sql(`update "user".account set state = 'suspended' where id = $1`, [answer.body.user.id]);
    const suspended = await login(email);
    for (const refused of [wrong, unknown, suspended])
      assert.deepEqual(
        [refused.status, refused.body.code, refused.body.detail],
        [401, 'invalid_credentials', 'Address or password is wrong.'],
      );
  });

  it('refresh, the current token, gives the next pair; a made-up one is 401', async () => {
    const { answer } = await register();
    const first = await refresh(answer.body.refreshToken);
    const second = await refresh(first.body.refreshToken);
    assert.deepEqual([first.status, second.status, second.body.user], [200, 200, answer.body.user]);
    assert.equal((await me(second.body.accessToken)).status, 200);
    const [id, generation, proof] = (second.body.refreshToken as string).split('.');
    for (const forged of [`${id}.${Number(generation) + 1}.${proof}`, `${id}.${generation}.${'A'.repeat(43)}`, 'nonsense']) {
      const refused = await refresh(forged);
      assert.deepEqual([refused.status, refused.body.code], [401, 'invalid_refresh_token']);
    }
    assert.equal((await refresh(second.body.refreshToken)).status, 200, 'a forged token does not end the family');
  });

  it('refresh, twenty at once, ends in one pair', async () => {
    const { answer } = await register();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(answer.body.refreshToken)));
    assert.deepEqual(new Set(answers.map((one) => one.status)), new Set([200]));
    const successors = new Set(answers.map((one) => one.body.refreshToken as string));
    assert.equal(successors.size, 1);
    assert.equal((await refresh([...successors][0])).status, 200);
  });

  it('refresh, the predecessor after more than 10 s, ends the family', async () => {
    const { answer } = await register();
    const next = await refresh(answer.body.refreshToken);
    const sessionId = (next.body.refreshToken as string).split('.')[0];
    await sql(`update "user".session set rotated_at = rotated_at - interval '9 seconds' where id = $1`, [sessionId]);
    assert.equal((await refresh(answer.body.refreshToken)).status, 200, 'within 10 s it is answered again');
    await sql(`update "user".session set rotated_at = rotated_at - interval '2 seconds' where id = $1`, [sessionId]);
    assert.equal((await refresh(answer.body.refreshToken)).status, 401);
    assert.equal((await refresh(next.body.refreshToken)).status, 401);
    const [row] = await sql('select end_reason from "user".session where id = $1', [sessionId]);
    assert.equal(row!['end_reason'], 'refresh_reused');
  });

  it('refresh, a token two generations old, ends the family at once', async () => {
    const { answer } = await register();
    const next = await refresh(answer.body.refreshToken);
    const third = await refresh(next.body.refreshToken);
    assert.equal((await refresh(answer.body.refreshToken)).status, 401);
    assert.equal((await refresh(third.body.refreshToken)).status, 401);
  });

  it('refresh, after 60 days without one, is 401', async () => {
    const { answer } = await register();
    const [sessionId] = (answer.body.refreshToken as string).split('.');
    const [row] = await sql(`select extract(day from expires_at - created_at)::int as days from "user".session where id = $1`, [sessionId]);
    assert.ok([59, 60].includes(row!['days'] as number));
    await sql(`update "user".session set expires_at = now() where id = $1`, [sessionId]);
    assert.equal((await refresh(answer.body.refreshToken)).status, 401);
    assert.equal((await me(answer.body.accessToken)).status, 401);
  });

  it('refresh, a year after the sign-in, is 401, however often it was refreshed before', async () => {
    const { answer } = await register();
    const [sessionId] = (answer.body.refreshToken as string).split('.');
    const age = (hours: number): Promise<unknown> =>
      sql(`update "user".session set created_at = now() - make_interval(days => $2, hours => $3) where id = $1`, [
        sessionId,
        SESSION_DAYS_MAX,
        hours,
      ]);
    await age(-1);
    const next = await refresh(answer.body.refreshToken);
    assert.equal(next.status, 200);
    const [row] = await sql(`select expires_at - now() <= interval '1 hour' as bounded from "user".session where id = $1`, [sessionId]);
    assert.equal(row!['bounded'], true, 'ends with the year, not 60 days later');
    await age(1);
    assert.equal((await refresh(next.body.refreshToken)).status, 401);
  });

  it('refresh, of a session that never was, is 401', async () => {
    const unknown = refreshToken(api.deps.secrets, { sessionId: '019f2c6e-0000-7000-8000-000000000000', generation: 1 });
    assert.equal((await refresh(unknown)).status, 401);
  });

  it('logout, ends the session for refresh at once and for access within a second', async () => {
    const { email, answer } = await register();
    const other = await login(email);
    const token = answer.body.accessToken as string;
    const out = await api.call('POST', '/v1/auth/logout', undefined, { authorization: `Bearer ${token}` });
    assert.equal(out.status, 204);
    assert.equal((await refresh(answer.body.refreshToken)).status, 401);
    await until('the access token is refused', async () => (await me(token)).status === 401, 3_000);
    assert.equal((await refresh(other.body.refreshToken)).status, 200, 'other sessions live on');
    assert.equal((await api.call('POST', '/v1/auth/logout')).status, 401);
  });

  it('verify, right token, once and again, wrong and expired', async () => {
    const { answer } = await register();
    const { id } = answer.body.user;
    const auth = { authorization: `Bearer ${answer.body.accessToken}` };
    const verify = (token: string): Promise<TestAnswer> => api.call('POST', '/v1/auth/email/verify', { token });
    const token = linkedToken(api.deps.secrets, 'verify-email', await mailTokenOf(id));
    for (const wrong of ['nonsense', `${token.slice(0, -3)}abc`, linkedToken(api.deps.secrets, 'reset-password', await mailTokenOf(id))]) {
      const refused = await verify(wrong);
      assert.deepEqual([refused.status, refused.body.code], [422, 'token_invalid']);
    }
    assert.equal((await api.call('POST', '/v1/auth/email/resend', undefined, auth)).status, 202);
    const second = linkedToken(api.deps.secrets, 'verify-email', await mailTokenOf(id));
    assert.notEqual(second, token);
    await sql(`update "user".mail_token set expires_at = now() where id = $1`, [second.split('.')[0]]);
    const expired = await verify(second);
    assert.deepEqual([expired.status, expired.body.code], [409, 'token_expired']);
    const twice = await Promise.all([verify(token), verify(token)]);
    assert.deepEqual(statuses(twice), [204, 409]);
    const used = await verify(token);
    assert.deepEqual([used.status, used.body.code], [409, 'token_used']);
    const after = await me(answer.body.accessToken);
    assert.deepEqual([after.body.emailVerified, after.body.version], [true, 2]);
    assert.ok(api.events.some((stored) => stored.event.type === 'user.email_verified' && stored.event.subjectId === id));
  });

  it('resend, at most five mails an hour, then 429; none once verified', async () => {
    const { answer } = await register();
    const auth = { authorization: `Bearer ${answer.body.accessToken}` };
    const resend = (): Promise<TestAnswer> => api.call('POST', '/v1/auth/email/resend', undefined, auth);
    const answers = await Promise.all(Array.from({ length: 6 }, resend));
    assert.deepEqual(statuses(answers), [202, 202, 202, 202, 429, 429]);
    const limited = await resend();
    assert.equal(limited.body.code, 'rate_limited');
    assert.ok(Number(limited.headers.get('retry-after')) > 3_500);
    await sql('update "user".account set email_verified_at = now() where id = $1', [answer.body.user.id]);
    assert.equal((await resend()).status, 202);
    assert.equal((await api.call('POST', '/v1/auth/email/resend')).status, 401);
    const [row] = await sql('select count(*)::int as n from "user".mail_token where account_id = $1', [answer.body.user.id]);
    assert.equal(row!['n'], 5);
  });
});

describe('sign-in limits', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    const limits = { RATE_LIMIT_SIGN_IN_ACCOUNT: '3', RATE_LIMIT_SIGN_IN_ADDRESS: '8', RATE_LIMIT_REFRESH: '2' };
    api = await startApi(await testDatabaseUrl(), limits);
  });
  after(() => api.stop());

  it('counts attempts on an account, refreshes of a family, then everything from an address', async () => {
    const email = `limited.${process.pid}@example.com`;
    const registered = await api.call('POST', '/v1/auth/register', { email, password: PASSWORD, displayName: 'Ana' });
    assert.equal(registered.status, 201);
    let token = registered.body.refreshToken as string;
    const refreshes: number[] = [];
    for (let n = 0; n < 3; n++) {
      const answer = await api.call('POST', '/v1/auth/refresh', { refreshToken: token });
      refreshes.push(answer.status);
      token = answer.status === 200 ? answer.body.refreshToken : token;
    }
    assert.deepEqual(refreshes, [200, 200, 429]);
    const attempt = (address: string): Promise<TestAnswer> => api.call('POST', '/v1/auth/login', { email: address, password: 'wrong one' });
    const onAccount = [await attempt(email), await attempt(email.toUpperCase()), await attempt(email), await attempt(email)];
    assert.deepEqual(
      onAccount.map((one) => one.status),
      [401, 401, 401, 429],
    );
    assert.ok(Number(onAccount[3]!.headers.get('retry-after')) > 0);
    const fromAddress = [];
    for (let n = 0; n < 4; n++) fromAddress.push((await attempt(`other${n}.${process.pid}@example.com`)).status);
    assert.deepEqual(fromAddress, [401, 401, 401, 429]);
  });
});

function statuses(answers: readonly TestAnswer[]): number[] {
  return answers.map((answer) => answer.status).toSorted((a, b) => a - b);
}
