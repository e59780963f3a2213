// Goal: the conventions of the contract, one by one, on the routes of groups.
// Method: over HTTP, against real Postgres; nothing below the route is replaced.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../test/support/api.ts';
import { createGroup, refusalOf } from '../test/support/groups.ts';
import { rawRequest } from '../test/support/raw-http.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';

describe('conventions of the API', function () {
  this.timeout(60_000);
  let url: string;
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;

  before(async () => {
    url = await testDatabaseUrl();
    api = await startApi(url);
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  });
  after(() => api.stop());

  const events = (subjectId: string, type: string): number =>
    api.events.filter(({ event }) => event.subjectId === subjectId && event.type === type).length;

  describe('order of checks', () => {
    it('answers 401 without credentials, with bad ones and with those of an ended session', async () => {
      const group = await createGroup(ana);
      const path = `/v1/groups/${group.id}`;
      const tampered = `${ana.token.slice(0, -6)}AAAAAA`;
      for (const authorization of ['', 'Bearer', 'Bearer x', `Bearer ${tampered}`, `Basic ${ana.token}`]) {
        const answer = await api.call('GET', path, undefined, authorization === '' ? {} : { authorization });
        assert.deepEqual(refusalOf(answer), [401, 'unauthenticated']);
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
      }
      const gone = await api.user('Gone');
      await api.deps.databases.user!.pool.query(`update "user".session set ended_at = now() where account_id = $1`, [gone.userId]);
      assert.deepEqual(refusalOf(await gone.call('GET', '/v1/groups')), [401, 'unauthenticated']);
    });

    it('lets a session that ends count within a second, though its token was verified before', async () => {
      const leaving = await api.user('Leaving');
      assert.equal((await leaving.call('GET', '/v1/groups')).status, 200);
      await api.deps.databases.user!.pool.query(`update "user".session set ended_at = now() where account_id = $1`, [leaving.userId]);
      const deadline = Date.now() + 3_000;
      let status = 200;
      while (status === 200 && Date.now() < deadline) status = (await leaving.call('GET', '/v1/groups')).status;
      assert.equal(status, 401);
    });

    it('answers 401 before 429, and counts users apart', async () => {
      const strict = await startApi(url, { RATE_LIMIT_CREDENTIAL: '3', RATE_LIMIT_ANONYMOUS: '1' });
      try {
        const [one, two] = [await strict.user('One'), await strict.user('Two')];
        for (const left of [2, 1, 0]) {
          const answer = await one.call('GET', '/v1/groups');
          assert.equal(answer.status, 200);
          assert.equal(answer.headers.get('ratelimit-policy'), '"credential";q=3;w=60');
          assert.match(answer.headers.get('ratelimit') ?? '', new RegExp(`^"credential";r=${left};t=\\d+$`));
        }
        const refused = await one.call('GET', '/v1/groups');
        assert.deepEqual(refusalOf(refused), [429, 'rate_limited']);
        assert.ok(Number(refused.headers.get('retry-after')) >= 1);
        assert.match(refused.headers.get('ratelimit') ?? '', /^"credential";r=0;t=\d+$/);
        assert.equal((await two.call('GET', '/v1/groups')).status, 200);
        for (let n = 0; n < 5; n++) assert.equal((await strict.call('GET', '/v1/groups')).status, 401);
        for (let n = 0; n < 5; n++) assert.equal((await strict.call('GET', '/livez')).status, 200);
      } finally {
        await strict.stop();
      }
    });

    it('counts by the address of the socket, not by what a header claims', async () => {
      const strict = await startApi(url, { RATE_LIMIT_SIGN_IN_ADDRESS: '2' });
      try {
        const login = (from: string): Promise<TestAnswer> =>
          strict.call(
            'POST',
            '/v1/auth/login',
            { email: `${uuidv7()}@example.com`, password: 'wrong password' },
            { 'x-forwarded-for': from },
          );
        const statuses = [];
        for (const from of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) statuses.push((await login(from)).status);
        assert.deepEqual(statuses, [401, 401, 429]);
      } finally {
        await strict.stop();
      }
    });

    it('answers 404 for what the caller may not see, before it looks at the body', async () => {
      const group = await createGroup(ana);
      assert.deepEqual(refusalOf(await ben.call('PATCH', `/v1/groups/${group.id}`, '{"broken')), [404, 'not_found']);
      assert.deepEqual(refusalOf(await ana.call('GET', `/v1/groups/${uuidv7()}`)), [404, 'not_found']);
      assert.deepEqual(refusalOf(await ana.call('GET', '/v1/groups/not-an-id')), [404, 'not_found']);
    });

    it('answers 400 for a malformed body before 428 and 412', async () => {
      const group = await createGroup(ana);
      assert.deepEqual(refusalOf(await ana.call('PATCH', `/v1/groups/${group.id}`, { nickname: 'x' })), [400, 'unknown_field']);
    });
  });

  describe('problems', () => {
    it('have the shape of RFC 9457, and a type that the API itself serves', async () => {
      const answer = await ana.call('POST', '/v1/groups', { currency: 5, extra: true }, { 'x-request-id': 'my-request.1' });
      assert.equal(answer.status, 400);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
      assert.equal(answer.headers.get('x-request-id'), 'my-request.1');
      assert.deepEqual(Object.keys(answer.body).toSorted(), ['code', 'detail', 'errors', 'requestId', 'status', 'title', 'type']);
      assert.equal(answer.body.requestId, 'my-request.1');
      assert.equal(answer.body.status, 400);
      const byPointer = Object.fromEntries(
        answer.body.errors.map((entry: { pointer: string; code: string }) => [entry.pointer, entry.code]),
      );
      assert.deepEqual(byPointer, { '/name': 'required', '/currency': 'invalid_type', '/extra': 'unknown_field' });
      const page = await fetch(answer.body.type as string);
      assert.equal(page.status, 200);
    });

    it('give a request an id of their own when the one sent is no id', async () => {
      const answer = await api.call('GET', '/livez', undefined, { 'x-request-id': 'has spaces and <markup>' });
      assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    });

    it('answer 422 for what contradicts a rule', async () => {
      assert.deepEqual(refusalOf(await ana.call('POST', '/v1/groups', { name: 'Trip', currency: 'XXQ' })), [422, 'unknown_currency']);
    });

    it('answer 409 id_taken for an id that is in use', async () => {
      const group = await createGroup(ana);
      const answer = await ben.call('POST', '/v1/groups', { id: group.id, name: 'Mine', currency: 'EUR' });
      assert.deepEqual(refusalOf(answer), [409, 'id_taken']);
      assert.equal(answer.body.errors[0].pointer, '/id');
    });
  });

  describe('idempotency', () => {
    const body = { name: 'Once', currency: 'EUR' };

    it('gives the first answer again, and does the work once', async () => {
      const headers = { 'idempotency-key': uuidv7() };
      const first = await ana.call('POST', '/v1/groups', body, headers);
      const second = await ana.call('POST', '/v1/groups', body, headers);
      assert.equal(first.status, 201);
      assert.equal(first.headers.get('idempotent-replayed'), null);
      assert.equal(second.status, 201);
      assert.equal(second.headers.get('idempotent-replayed'), 'true');
      assert.deepEqual(second.body, first.body);
      assert.equal(second.headers.get('location'), first.headers.get('location'));
      assert.equal(second.headers.get('etag'), first.headers.get('etag'));
      assert.equal(events(first.body.id as string, 'group.created'), 1);
    });

    it('lets twenty at once do the work once', async () => {
      const headers = { 'idempotency-key': uuidv7() };
      const answers = await Promise.all(Array.from({ length: 20 }, () => ana.call('POST', '/v1/groups', body, headers)));
      assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201]);
      assert.equal(new Set(answers.map((answer) => answer.body.id as string)).size, 1);
      assert.equal(answers.filter((answer) => answer.headers.get('idempotent-replayed') === null).length, 1);
    });

    it('gives an answer without a body again as it was', async () => {
      const carl = await api.user('Carl', { verified: false });
      const headers = { authorization: `Bearer ${carl.token}`, 'idempotency-key': uuidv7() };
      for (const replayed of [undefined, 'true']) {
        const answer = await rawRequest(api.url, 'POST', '/v1/auth/email/resend', { headers });
        assert.deepEqual([answer.status, answer.text], [202, '']);
        assert.equal(answer.headers['idempotent-replayed'], replayed);
      }
    });

    it('refuses the same key with other content', async () => {
      const headers = { 'idempotency-key': uuidv7() };
      await ana.call('POST', '/v1/groups', body, headers);
      assert.deepEqual(refusalOf(await ana.call('POST', '/v1/groups', { ...body, name: 'Other' }, headers)), [
        422,
        'idempotency_key_reused',
      ]);
    });

    it('keeps keys of users, methods and paths apart', async () => {
      const headers = { 'idempotency-key': uuidv7() };
      const mine = await ana.call('POST', '/v1/groups', body, headers);
      const theirs = await ben.call('POST', '/v1/groups', body, headers);
      assert.notEqual(mine.body.id, theirs.body.id);
      const patched = await ana.call('PATCH', `/v1/groups/${mine.body.id}`, { name: 'Changed' }, { ...headers, 'if-match': '*' });
      assert.equal(patched.status, 200);
      assert.equal(patched.headers.get('idempotent-replayed'), null);
    });

    it('frees the key of a command that was refused', async () => {
      const headers = { 'idempotency-key': uuidv7() };
      assert.equal((await ana.call('POST', '/v1/groups', { ...body, currency: 'XXQ' }, headers)).status, 422);
      assert.equal((await ana.call('POST', '/v1/groups', body, headers)).status, 201);
    });

    it('waits for a running one and then says so, with Retry-After', async () => {
      const key = uuidv7();
      const holder = await api.deps.databases.expense!.pool.connect();
      try {
        await holder.query('begin');
        await holder.query(
          `insert into expense.idempotency (user_id, key, method, path, request_hash) values ($1, $2, 'POST', '/v1/groups', 'x')`,
          [ana.userId, key],
        );
        const answer = await ana.call('POST', '/v1/groups', body, { 'idempotency-key': key });
        assert.deepEqual(refusalOf(answer), [409, 'idempotency_in_progress']);
        assert.equal(answer.headers.get('retry-after'), '1');
      } finally {
        await holder.query('rollback');
        holder.release();
      }
      assert.equal((await ana.call('POST', '/v1/groups', body, { 'idempotency-key': key })).status, 201);
    });

    it('refuses keys that are none', async () => {
      for (const key of ['', 'has space', 'x'.repeat(256)]) {
        const answer = await rawRequest(api.url, 'POST', '/v1/groups', {
          headers: { authorization: `Bearer ${ana.token}`, 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify(body),
        });
        assert.equal(answer.status, 400);
        assert.equal((JSON.parse(answer.text) as { code: string }).code, 'invalid_idempotency_key');
      }
      assert.equal((await ana.call('POST', '/v1/groups', body, { 'idempotency-key': 'x'.repeat(255) })).status, 201);
    });
  });

  describe('versions', () => {
    it('needs If-Match, refuses a stale one and takes a fitting one, a list or *', async () => {
      const group = await createGroup(ana);
      const patch = (name: string, ifMatch?: string): Promise<TestAnswer> =>
        ana.call('PATCH', `/v1/groups/${group.id}`, { name }, ifMatch === undefined ? {} : { 'if-match': ifMatch });
      assert.deepEqual(refusalOf(await patch('A')), [428, 'precondition_required']);
      assert.deepEqual(refusalOf(await patch('A', '"v999"')), [412, 'version_mismatch']);
      const first = await patch('A', '"v1"');
      assert.equal(first.status, 200);
      assert.equal(first.headers.get('etag'), '"v2"');
      assert.deepEqual(refusalOf(await patch('B', '"v1"')), [412, 'version_mismatch']);
      assert.equal((await patch('B', '"v7", "v2"')).status, 200);
      assert.equal((await patch('C', '*')).status, 200);
    });

    it('lets one of two at once win', async () => {
      const group = await createGroup(ana);
      const answers = await Promise.all(
        ['A', 'B'].map((name) => ana.call('PATCH', `/v1/groups/${group.id}`, { name }, { 'if-match': '"v1"' })),
      );
      assert.deepEqual(
        answers.map((answer) => answer.status).toSorted((a, b) => a - b),
        [200, 412],
      );
    });

    it('answers 304 without a body when nothing changed, to GET and to HEAD', async () => {
      const group = await createGroup(ana);
      const headers = { authorization: `Bearer ${ana.token}`, 'if-none-match': '"v1"' };
      for (const method of ['GET', 'HEAD']) {
        const same = await rawRequest(api.url, method, `/v1/groups/${group.id}`, { headers });
        assert.equal(same.status, 304);
        assert.equal(same.text, '');
        assert.equal(same.headers['content-type'], undefined);
        assert.equal(same.headers['etag'], '"v1"');
      }
      assert.equal((await ana.call('GET', `/v1/groups/${group.id}`, undefined, { 'if-none-match': '"v2", W/"v1"' })).status, 304);
      assert.equal((await ana.call('GET', `/v1/groups/${group.id}`, undefined, { 'if-none-match': '"v2"' })).status, 200);
    });
  });

  describe('lists', () => {
    it('page through all rows once, while rows are inserted', async () => {
      const lister = await api.user('Lister');
      const ids = [];
      for (let n = 0; n < 5; n++) ids.push((await createGroup(lister)).id as string);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const answer: TestAnswer = await lister.call(
          'GET',
          `/v1/groups?limit=2${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        assert.equal(answer.status, 200);
        assert.ok(answer.body.data.length <= 2);
        seen.push(...(answer.body.data as { id: string }[]).map((group) => group.id));
        if (cursor === null) await createGroup(lister);
        cursor = answer.body.nextCursor as string | null;
      } while (cursor !== null);
      assert.deepEqual(seen, ids.toReversed());
    });

    it('refuse a cursor that was tampered with, of another user or of other filters', async () => {
      const lister = await api.user('Lister');
      for (let n = 0; n < 3; n++) await createGroup(lister);
      const { nextCursor } = (await lister.call('GET', '/v1/groups?limit=1')).body as { nextCursor: string };
      const flipped = `${nextCursor.slice(0, 5)}${nextCursor[5] === 'A' ? 'B' : 'A'}${nextCursor.slice(6)}`;
      for (const cursor of [flipped, 'nonsense', nextCursor.slice(0, -1), `${nextCursor}.`])
        assert.deepEqual(refusalOf(await lister.call('GET', `/v1/groups?cursor=${encodeURIComponent(cursor)}`)), [400, 'invalid_cursor']);
      assert.equal((await ben.call('GET', `/v1/groups?cursor=${nextCursor}`)).status, 400);
      assert.equal((await lister.call('GET', `/v1/groups?state=active&cursor=${nextCursor}`)).status, 400);
      assert.equal((await lister.call('GET', `/v1/groups?cursor=${nextCursor}`)).status, 200);
    });

    it('take limits from 1 to 100', async () => {
      for (const [limit, status] of [
        ['0', 400],
        ['1', 200],
        ['100', 200],
        ['101', 400],
        ['', 400],
        ['1.5', 400],
        ['ten', 400],
      ] as const)
        assert.equal((await ana.call('GET', `/v1/groups?limit=${limit}`)).status, status, `limit=${limit}`);
    });
  });
});
