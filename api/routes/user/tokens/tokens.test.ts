// Goal: personal access tokens and lists of sign-ins do what their owner wants and nothing else, everywhere within a second.
// Method: two API processes' worth of routes over one Postgres with the same keys.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { refreshToken } from '../../../../config/opaque-tokens.ts';
import { generatePersonalToken, isPersonalToken } from '../../../../config/personal-tokens.ts';
import { generateSecrets } from '../../../../config/secrets.ts';
import { PERSONAL_TOKENS_MAX } from '../../../../db/commands/user/personal-tokens.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';
import { until } from '../../../../test/support/until.ts';

/** Within this an end counts everywhere, with a little for the clock. */
const SECOND_MS = 1_100;

describe('sessions and personal access tokens', function () {
  this.timeout(60_000);
  let api: TestApi;
  let other: TestApi;
  let ana: TestUser;

  before(async () => {
    const [url, secrets] = [await testDatabaseUrl(), generateSecrets()];
    api = await startApi(url, {}, secrets);
    other = await startApi(url, {}, secrets);
    ana = await api.user('Ana');
  });
  after(async () => {
    await api.stop();
    await other.stop();
  });

  const make = async (user = ana, fields: object = {}): Promise<TestAnswer['body']> => {
    const answer = await user.call('POST', '/v1/me/tokens', { name: 'Script', scopes: ['profile:read'], ...fields });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body as TestAnswer['body'];
  };
  const by = (
    token: string,
    on = api,
  ): ((method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<TestAnswer>) => {
    return (method, path, body, headers = {}) => on.call(method, path, body, { ...headers, authorization: `Bearer ${token}` });
  };
  const refusedEverywhere = async (token: string): Promise<void> => {
    await delay(SECOND_MS);
    for (const on of [api, other]) assert.equal((await by(token, on)('GET', '/v1/me')).status, 401);
  };

  describe('personal access token', () => {
    it('made, opens what its scopes say on every process, and nothing else', async () => {
      const { token } = await make();
      for (const on of [api, other]) assert.equal((await by(token, on)('GET', '/v1/me')).body.id, ana.userId);
      const denied = await by(token)('GET', '/v1/groups');
      assert.deepEqual([denied.status, denied.body.code], [403, 'insufficient_scope']);
      assert.match(denied.headers.get('www-authenticate') ?? '', /scope="groups:read"/);
      assert.equal((await by(token)('PATCH', '/v1/me', { displayName: 'X' }, { 'if-match': '*' })).body.code, 'insufficient_scope');
    });

    it('with every scope, still makes no tokens and ends no sessions', async () => {
      const { token, id } = await make(ana, { scopes: ['profile:read', 'profile:write', 'groups:read', 'groups:write', 'payments:write'] });
      const calls = [
        by(token)('POST', '/v1/me/tokens', { name: 'More', scopes: ['payments:write'] }),
        by(token)('GET', '/v1/me/tokens'),
        by(token)('DELETE', `/v1/me/tokens/${id}`),
        by(token)('GET', '/v1/me/sessions'),
        by(token)('POST', '/v1/auth/logout'),
        by(token)('POST', '/v1/me/payout-account'),
      ];
      for (const { status, body } of await Promise.all(calls)) assert.deepEqual([status, body.code], [403, 'insufficient_scope']);
    });

    it('is shown once, and is nowhere in the database', async () => {
      const { token, id } = await make();
      assert.ok(isPersonalToken(token as string));
      const list = (await ana.call('GET', '/v1/me/tokens')).body.data as Record<string, unknown>[];
      const shown = list.find((row) => row['id'] === id);
      assert.deepEqual(Object.keys(shown ?? {}).toSorted(), ['createdAt', 'expiresAt', 'id', 'lastUsedAt', 'name', 'scopes']);
      assert.deepEqual(await placesOf(token as string), []);
      assert.deepEqual(await placesOf((token as string).slice(8, 38)), []);
    });

    it('ended, is refused everywhere within a second', async () => {
      const { token, id } = await make();
      for (const on of [api, other]) assert.equal((await by(token, on)('GET', '/v1/me')).status, 200);
      assert.equal((await ana.call('DELETE', `/v1/me/tokens/${id}`)).status, 204);
      await refusedEverywhere(token as string);
      assert.equal((await ana.call('DELETE', `/v1/me/tokens/${id}`)).status, 404);
    });

    it('expired, is refused', async () => {
      const { token, id } = await make(ana, { expiresInDays: 1 });
      await sql(`update "user".session set expires_at = now() - interval '1 second' where id = $1`, [id]);
      assert.equal((await by(token)('GET', '/v1/me')).status, 401);
    });

    it('that nobody made, or with a slip in it, is refused', async () => {
      const { token } = await make();
      const slip = `${(token as string).slice(0, 12)}${(token as string)[12] === 'a' ? 'b' : 'a'}${(token as string).slice(13)}`;
      for (const text of [generatePersonalToken(), slip, 'ssx_pat_', `${token}x`, (token as string).toUpperCase()])
        assert.equal((await by(text)('GET', '/v1/me')).status, 401);
    });

    it('used, shows when', async () => {
      const { token, id } = await make();
      await by(token)('GET', '/v1/me');
      const used = await until('the time', async () => {
        const list = (await ana.call('GET', '/v1/me/tokens')).body.data as { id: string; lastUsedAt: string | null }[];
        return list.find((row) => row.id === id)?.lastUsedAt ?? null;
      });
      assert.ok(Math.abs(Date.parse(used) - Date.now()) < 60_000);
    });

    it('of another person, is 404', async () => {
      const { id } = await make();
      const ben = await api.user('Ben');
      assert.equal((await ben.call('DELETE', `/v1/me/tokens/${id}`)).status, 404);
      assert.equal((await ben.call('GET', '/v1/me/tokens')).body.data.length, 0);
    });

    it('more than are allowed, also at once, is 409 token_limit_reached', async () => {
      const many = await api.user('Many');
      const answers = await Promise.all(
        Array.from({ length: PERSONAL_TOKENS_MAX + 5 }, () => many.call('POST', '/v1/me/tokens', { name: 'x', scopes: ['profile:read'] })),
      );
      assert.equal(answers.filter(({ status }) => status === 201).length, PERSONAL_TOKENS_MAX);
      assert.equal(answers.filter(({ body }) => body.code === 'token_limit_reached').length, 5);
    });

    for (const [what, fields, pointer] of [
      ['an unknown scope', { scopes: ['everything'] }, '/scopes/0'],
      ['no scope', { scopes: [] }, '/scopes'],
      ['no end', { expiresInDays: 367 }, '/expiresInDays'],
      ['an end in the past', { expiresInDays: 0 }, '/expiresInDays'],
      ['a moment that is past', { expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
      ['a moment too far', { expiresAt: '2999-01-01T00:00:00Z' }, '/expiresAt'],
      ['two ends', { expiresAt: new Date(Date.now() + 60_000).toISOString(), expiresInDays: 1 }, '/expiresAt'],
      ['an empty name', { name: '' }, '/name'],
      ['a field of ours', { userId: 'x' }, '/userId'],
    ] as const)
      it(`with ${what}, is 400 at its field`, async () => {
        const answer = await ana.call('POST', '/v1/me/tokens', { name: 'Script', scopes: ['profile:read'], ...fields });
        assert.deepEqual([answer.status, answer.body.errors[0].pointer], [400, pointer]);
      });

    it('made without an end, with days or with a moment, ends then', async () => {
      const dayMs = 24 * 60 * 60 * 1000;
      const at = new Date(Date.now() + 366 * dayMs - 60_000).toISOString();
      assert.equal((await make(ana, { expiresAt: at })).expiresAt, at);
      for (const [fields, days] of [
        [{}, 90],
        [{ expiresInDays: 366 }, 366],
        [{ expiresInDays: 1 }, 1],
      ] as const) {
        const { expiresAt } = await make(ana, fields);
        assert.ok(Math.abs(Date.parse(expiresAt as string) - Date.now() - days * dayMs) < 60_000, JSON.stringify(fields));
      }
    });

    it('asked for twice under one Idempotency-Key, is made once and not shown again', async () => {
      const headers = { 'idempotency-key': `k-${Date.now()}` };
      const body = { name: 'Once', scopes: ['profile:read'] };
      assert.equal((await ana.call('POST', '/v1/me/tokens', body, headers)).status, 201);
      const again = await ana.call('POST', '/v1/me/tokens', body, headers);
      assert.deepEqual([again.status, again.body.code], [409, 'already_done']);
    });
  });

  describe('sessions', () => {
    const signIn = async (email: string): Promise<TestAnswer['body']> =>
      (await api.call('POST', '/v1/auth/login', { email, password: 'correct horse battery' }, { 'user-agent': 'Test/1.0' }))
        .body as TestAnswer['body'];
    let number = 0;
    const person = async (): Promise<{ email: string; token: string }> => {
      const email = `sessions${++number}.${process.pid}@example.com`;
      const { body } = await api.call('POST', '/v1/auth/register', { email, password: 'correct horse battery', displayName: 'Sue' });
      return { email, token: body.accessToken as string };
    };

    it('listed, show each sign-in with its client, and which one asks', async () => {
      const { email, token } = await person();
      await signIn(email);
      const list = (await by(token)('GET', '/v1/me/sessions')).body.data as { current: boolean; userAgent: string; methods: string[] }[];
      assert.deepEqual(
        list.map(({ current }) => current),
        [false, true],
      );
      assert.equal(list[0]!.userAgent, 'Test/1.0');
      assert.deepEqual(list[0]!.methods, ['pwd']);
    });

    it('ended from a list, is refused everywhere within a second, and does not refresh', async () => {
      const { email, token } = await person();
      const second = await signIn(email);
      for (const on of [api, other]) assert.equal((await by(second.accessToken, on)('GET', '/v1/me')).status, 200);
      const list = (await by(token)('GET', '/v1/me/sessions')).body.data as { id: string; current: boolean }[];
      const { id } = list.find(({ current }) => !current)!;
      assert.equal((await by(token)('DELETE', `/v1/me/sessions/${id}`)).status, 204);
      await refusedEverywhere(second.accessToken as string);
      assert.equal((await api.call('POST', '/v1/auth/refresh', { refreshToken: second.refreshToken })).status, 401);
      assert.equal((await by(token)('GET', '/v1/me')).status, 200);
    });

    for (const state of ['suspended', 'erased'])
      it(`of an account that is ${state}, are refused everywhere within a second, and do not refresh`, async () => {
        const { email } = await person();
        const { user, accessToken, refreshToken } = await signIn(email);
        for (const on of [api, other]) assert.equal((await by(accessToken as string, on)('GET', '/v1/me')).status, 200);
        await sql('update "user".account set state = $2 where id = $1', [user.id, state]);
        const refreshed = await other.call('POST', '/v1/auth/refresh', { refreshToken });
        assert.deepEqual([refreshed.status, refreshed.body.code], [401, 'invalid_refresh_token']);
        await refusedEverywhere(accessToken as string);
      });

    it('refresh token made for a session of another kind, is refused', async () => {
      const { id } = await make();
      const forged = refreshToken(api.deps.secrets, { sessionId: id as string, generation: 1 });
      assert.equal((await api.call('POST', '/v1/auth/refresh', { refreshToken: forged })).status, 401);
    });

    it('listed in pages, come each once, the newest first, and a cursor of another list is 400', async () => {
      const { email, token } = await person();
      for (let n = 0; n < 4; n++) await signIn(email);
      const whole = (await by(token)('GET', '/v1/me/sessions')).body.data as { id: string }[];
      const seen: string[] = [];
      let cursor = '';
      for (let page = 0; page < 3; page++) {
        const { body } = await by(token)('GET', `/v1/me/sessions?limit=2${cursor}`);
        seen.push(...(body.data as { id: string }[]).map(({ id }) => id));
        assert.equal(body.nextCursor === null, page === 2);
        if (page === 0) assert.equal((await by(token)('GET', `/v1/me/tokens?cursor=${body.nextCursor}`)).body.code, 'invalid_cursor');
        if (page === 0) assert.equal((await ana.call('GET', `/v1/me/sessions?cursor=${body.nextCursor}`)).body.code, 'invalid_cursor');
        cursor = `&cursor=${body.nextCursor}`;
      }
      assert.deepEqual([whole.length, seen], [5, whole.map(({ id }) => id)]);
    });

    it('sign-out, is refused on every process within a second', async () => {
      const { token } = await person();
      for (const on of [api, other]) assert.equal((await by(token, on)('GET', '/v1/me')).status, 200);
      assert.equal((await by(token)('POST', '/v1/auth/logout')).status, 204);
      await refusedEverywhere(token);
    });

    it('loss of a platform role, counts on every process within a second', async () => {
      const boss = await api.user('Boss', { platformRole: 'admin' });
      // What is asked of the session that each process remembers; the account itself is read anew by every GET /v1/me.
      const acts = async (on: TestApi): Promise<number> => (await by(boss.token, on)('GET', '/v1/users')).status;
      assert.deepEqual([await acts(api), await acts(other)], [200, 200]);
      await sql(`update "user".account set platform_role = null where id = $1`, [boss.userId]);
      await delay(SECOND_MS);
      assert.deepEqual([await acts(api), await acts(other)], [403, 403]);
    });

    it('of another person, is 404', async () => {
      const { token } = await person();
      const list = (await by(token)('GET', '/v1/me/sessions')).body.data as { id: string }[];
      assert.equal((await ana.call('DELETE', `/v1/me/sessions/${list[0]!.id}`)).status, 404);
    });

    it('a life with sign-ins, refreshes and sign-outs, leaves no token in the database', async () => {
      const { email, token } = await person();
      const { body } = await api.call('POST', '/v1/auth/login', { email, password: 'correct horse battery' });
      const next = (await api.call('POST', '/v1/auth/refresh', { refreshToken: body.refreshToken })).body as TestAnswer['body'];
      for (const text of [token, body.accessToken, body.refreshToken, next.refreshToken, next.accessToken])
        assert.deepEqual(await placesOf((text as string).split('.').at(-1)!), []);
      assert.notDeepEqual(await placesOf(email), [], 'the search finds what is there');
    });
  });

  it('two strangers with one Idempotency-Key, each get their own', async () => {
    const ben = await api.user('Ben');
    const headers = { 'idempotency-key': 'the-same-key' };
    const [one, two] = await Promise.all(
      [ana, ben].map((user) => user.call('POST', '/v1/groups', { name: user === ana ? 'A' : 'B', currency: 'EUR' }, headers)),
    );
    assert.deepEqual([one!.status, two!.status, one!.body.name, two!.body.name], [201, 201, 'A', 'B']);
    assert.notEqual(one!.body.id, two!.body.id);
    assert.equal((await ben.call('GET', `/v1/groups/${one!.body.id}`)).status, 404);
  });

  async function sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await api.deps.databases.user!.pool.query<Record<string, unknown>>(text, values)).rows;
  }

  /** Every column of the user service's tables that holds a text. */
  async function placesOf(text: string): Promise<string[]> {
    const tables = await sql(
      `select table_name as name from information_schema.tables where table_schema = 'user' and table_type = 'BASE TABLE'`,
    );
    const places: string[] = [];
    for (const { name } of tables) {
      const [row] = await sql(`select count(*)::int as n from "user"."${String(name)}" t where strpos(t::text, $1) > 0`, [text]);
      if (Number(row?.['n']) > 0) places.push(String(name));
    }
    return places;
  }
});
