// Goal: two people become friends when both want it; nobody learns who has an account, and nobody is reached by whom they blocked.
// Method: real routes and Postgres; what an asker sees is compared field by field between addresses of every kind.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { linkedToken } from '../../../../config/opaque-tokens.ts';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('friends', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;

  before(async () => {
    api = await startApi(await testDatabaseUrl(), { DAILY_LIMIT_FRIEND_REQUESTS: '6', DAILY_LIMIT_MAILS_TO_ADDRESS: '2' });
  });
  after(() => api.stop());
  beforeEach(async () => {
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  });

  const ask = (who: TestUser, email: string, headers = {}): Promise<TestAnswer> => who.call('POST', '/v1/friends', { email }, headers);
  const list = async (who: TestUser, query = ''): Promise<TestAnswer['body'][]> => (await who.call('GET', `/v1/friends${query}`)).body.data;
  const answer = (who: TestUser, id: string, how: 'accept' | 'decline'): Promise<TestAnswer> =>
    who.call('POST', `/v1/friends/${id}/${how}`);
  const befriend = async (one: TestUser, other: TestUser): Promise<string> => {
    const { id } = (await ask(one, other.email)).body as { id: string };
    assert.equal((await answer(other, id, 'accept')).status, 200);
    return id;
  };
  const block = (who: TestUser, userId: string): Promise<TestAnswer> => who.call('POST', '/v1/blocks', { userId });
  const verify = async (who: TestUser): Promise<void> => {
    const id = uuidv7();
    await api.deps.databases.user!.pool.query(
      `insert into "user".mail_token (id, account_id, purpose, expires_at) values ($1, $2, 'verify-email', now() + interval '1 hour')`,
      [id, who.userId],
    );
    const token = linkedToken(api.deps.secrets, 'verify-email', id);
    assert.equal((await api.call('POST', '/v1/auth/email/verify', { token })).status, 204);
  };
  const eventsOf = (id: string): string[] => api.events.filter(({ event }) => event.subjectId === id).map(({ event }) => event.type);

  it('a request, is seen by both; accepted, each sees who the other is', async () => {
    const asked = await ask(ana, ben.email.toUpperCase());
    assert.deepEqual([asked.status, asked.headers.get('location')], [201, `/v1/friends/${asked.body.id}`]);
    const { id, createdAt, ...outgoing } = asked.body;
    const nobody = { userId: null, displayName: null, groupId: null, acceptedAt: null };
    assert.deepEqual(outgoing, { ...nobody, state: 'pending', direction: 'outgoing', email: ben.email.toUpperCase() });
    assert.deepEqual(await list(ana), [asked.body]);
    const [incoming] = await list(ben);
    assert.deepEqual(incoming, {
      id,
      createdAt,
      state: 'pending',
      direction: 'incoming',
      groupId: null,
      acceptedAt: null,
      userId: ana.userId,
      displayName: 'Ana',
      email: ana.email,
    });
    assert.deepEqual(refusalOf(await answer(ana, id, 'accept')), [403, 'forbidden']);
    const accepted = await answer(ben, id, 'accept');
    assert.deepEqual([accepted.status, accepted.body.state], [200, 'accepted']);
    const [friend] = await list(ana, '?state=accepted');
    assert.deepEqual([friend.userId, friend.displayName, friend.email], [ben.userId, 'Ben', ben.email]);
    assert.deepEqual(eventsOf(id), ['friend.requested', 'friend.accepted']);
    assert.deepEqual(refusalOf(await answer(ben, id, 'accept')), [409, 'wrong_state']);
    assert.deepEqual(refusalOf(await answer(ben, id, 'decline')), [409, 'wrong_state']);
  });

  it('a request, to nobody, to an unverified one, to a blocker and to a stranger, is answered alike', async () => {
    const [shy, blocker] = [await api.user('Shy', { verified: false }), await api.user('Blocker')];
    assert.equal((await block(blocker, ana.userId)).status, 201);
    const shapes = [];
    for (const email of ['nobody@example.com', shy.email, blocker.email, ben.email]) {
      const asked = await ask(ana, email);
      const read = await ana.call('GET', `/v1/friends/${asked.body.id}`);
      assert.deepEqual([read.status, read.body], [200, asked.body]);
      const { id, createdAt, email: shown, ...rest } = asked.body;
      assert.deepEqual([shown, typeof id, typeof createdAt], [email, 'string', 'string']);
      assert.deepEqual(refusalOf(await ask(ana, email)), [409, 'friend_request_exists']);
      shapes.push([asked.status, Object.keys(asked.body), rest, eventsOf(id)]);
    }
    for (const shape of shapes) assert.deepEqual(shape, shapes[0]);
    assert.deepEqual([await list(shy), await list(blocker)], [[], []]);
  });

  it('a request to an address, is its owner’s once they have proved it, and not a moment before', async () => {
    const late = await api.user('Late', { verified: false });
    const { id } = (await ask(ana, late.email)).body;
    assert.deepEqual(await list(late), []);
    assert.deepEqual(refusalOf(await answer(late, id, 'accept')), [404, 'not_found']);
    await verify(late);
    assert.deepEqual(
      (await list(late)).map((row) => row.id),
      [id],
    );
    assert.deepEqual(eventsOf(id), ['friend.requested', 'friend.requested'], 'the second one names who was asked');
    assert.equal((await answer(late, id, 'accept')).status, 200);
  });

  it('a request to an address, is its owner’s when they reset the password by a mail to it', async () => {
    const late = await api.user('Late', { verified: false });
    const { id } = (await ask(ana, late.email)).body;
    const mailTokenId = uuidv7();
    await api.deps.databases.user!.pool.query(
      `insert into "user".mail_token (id, account_id, purpose, expires_at) values ($1, $2, 'reset-password', now() + interval '1 hour')`,
      [mailTokenId, late.userId],
    );
    const token = linkedToken(api.deps.secrets, 'reset-password', mailTokenId);
    const reset = await api.call('POST', '/v1/auth/password/reset', { token, password: 'another good passphrase' });
    assert.equal(reset.status, 204);
    assert.equal(api.events.filter(({ event }) => event.subjectId === id && event.type === 'friend.requested').length, 2);
  });

  it('a request, writes as much for a stranger as for an account', async () => {
    const rows = async (): Promise<number[]> => {
      const { rows: counts } = await api.deps.databases.user!.pool.query<{ n: number }>(
        ['friendship', 'outbox', 'audit_event'].map((table) => `select count(*)::int as n from "user".${table}`).join(' union all '),
      );
      return counts.map(({ n }) => n);
    };
    for (const email of [ben.email, 'nobody@example.com']) {
      const before = await rows();
      await ask(ana, email);
      const after = await rows();
      assert.deepEqual(
        after.map((count, index) => count - before[index]!),
        [1, 1, 1],
        email,
      );
    }
  });

  it('three people, who ask, answer, end and block all at once, are never friends twice, and no request fails', async () => {
    const people = [ana, ben, await api.user('Cleo')];
    const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;
    const { pool } = api.deps.databases.user!;
    const act = async (): Promise<TestAnswer> => {
      const [who, other] = [pick(people), pick(people)];
      const known = await list(who);
      const row = known.length > 0 ? pick(known) : undefined;
      const kind = Math.random();
      if (row === undefined || kind < 0.4) return ask(who, other.email);
      if (kind < 0.7) return answer(who, row.id, pick(['accept', 'decline']));
      if (kind < 0.85) return who.call('DELETE', `/v1/friends/${row.id}`);
      return kind < 0.93 ? block(who, other.userId) : who.call('DELETE', `/v1/blocks/${other.userId}`);
    };
    const seen: Record<string, number> = {};
    for (let round = 0; round < 12; round++) {
      // The limit of a day is no part of this.
      await pool.query(`update "user".friendship set created_at = created_at - interval '2 days' where asker_id = any($1)`, [
        people.map(({ userId }) => userId),
      ]);
      for (const { status, body } of await Promise.all(Array.from({ length: 10 }, act))) {
        seen[status] = (seen[status] ?? 0) + 1;
        assert.ok(status < 500, JSON.stringify(body));
      }
      const { rows: wrong } = await pool.query(
        `select f.state, g.state as other from "user".friendship f join "user".friendship g on f.id < g.id
           and least(f.asker_id, f.asked_id) = least(g.asker_id, g.asked_id) and greatest(f.asker_id, f.asked_id) = greatest(g.asker_id, g.asked_id)
         where f.asked_id is not null and f.state in ('pending', 'accepted') and g.state in ('pending', 'accepted') and not f.unseen and not g.unseen`,
      );
      assert.deepEqual(wrong, [], 'two rows of one pair that count');
    }
    assert.ok((seen[200] ?? 0) > 0 && (seen[201] ?? 0) > 0, JSON.stringify(seen));
  });

  it('requests that cross, are a friendship: one after the other, at one moment, and when an address is proved', async () => {
    const first = (await ask(ana, ben.email)).body;
    const crossing = await ask(ben, ana.email);
    assert.deepEqual([crossing.status, crossing.body.id, crossing.body.state], [201, first.id, 'accepted']);

    for (let round = 0; round < 5; round++) {
      const [cleo, dan] = [await api.user('Cleo'), await api.user('Dan')];
      const both = await Promise.all([ask(cleo, dan.email), ask(dan, cleo.email)]);
      assert.deepEqual(
        both.map(({ status }) => status),
        [201, 201],
      );
      const [mine, theirs] = [await list(cleo), await list(dan)];
      assert.deepEqual([mine.length, mine[0].state, theirs.length, theirs[0].id], [1, 'accepted', 1, mine[0].id]);
    }

    const late = await api.user('Late', { verified: false });
    const [out, back] = [(await ask(late, ben.email)).body, (await ask(ben, late.email)).body];
    assert.deepEqual([out.state, back.state], ['pending', 'pending']);
    await verify(late);
    assert.deepEqual(
      (await list(late)).map(({ state }) => state),
      ['accepted'],
    );
    assert.equal((await list(ben, '?state=accepted')).length, 2);
    assert.equal((await list(ben, '?state=pending')).length, 0);
  });

  it('accepted by two requests at one moment, is accepted once', async () => {
    const { id } = (await ask(ana, ben.email)).body;
    const both = await Promise.all([answer(ben, id, 'accept'), answer(ben, id, 'accept')]);
    assert.deepEqual(statuses(both), [200, 409]);
    assert.deepEqual(eventsOf(id), ['friend.requested', 'friend.accepted']);
  });

  it('declined or withdrawn, is gone for both, and the address may be asked again', async () => {
    const first = (await ask(ana, ben.email)).body;
    const declined = await answer(ben, first.id, 'decline');
    assert.deepEqual([declined.status, declined.body.state], [200, 'declined']);
    assert.deepEqual([await list(ana), await list(ben)], [[], []]);
    const second = (await ask(ana, ben.email)).body;
    assert.notEqual(second.id, first.id);
    assert.equal((await ana.call('DELETE', `/v1/friends/${second.id}`)).status, 204);
    assert.deepEqual([await list(ana), await list(ben)], [[], []]);
    assert.equal((await ana.call('DELETE', `/v1/friends/${second.id}`)).status, 404);
    const { rows } = await api.deps.databases.user!.pool.query(
      `select 1 from "user".friendship where asker_id = $1 and (asked_email <> '' or asked_key <> '')`,
      [ana.userId],
    );
    assert.deepEqual(rows, [], 'an address that waits for nothing is not kept');
  });

  it('ended by either, is gone for both; made again, it keeps its ledger', async () => {
    const id = await befriend(ana, ben);
    assert.equal((await ben.call('DELETE', `/v1/friends/${id}`)).status, 204);
    assert.deepEqual([await list(ana), await list(ben)], [[], []]);
    const again = await befriend(ben, ana);
    const ledgers = api.events.flatMap(({ event }) =>
      (event.type === 'friend.accepted' || event.type === 'friend.ended') && [id, again].includes(event.subjectId)
        ? event.data.ledgerId
        : [],
    );
    assert.deepEqual([ledgers.length, new Set(ledgers).size], [3, 1]);
  });

  it('strangers, see, answer and end nothing', async () => {
    const { id } = (await ask(ana, ben.email)).body;
    const eve = await api.user('Eve');
    for (const [method, path] of [
      ['GET', `/v1/friends/${id}`],
      ['POST', `/v1/friends/${id}/accept`],
      ['POST', `/v1/friends/${id}/decline`],
      ['DELETE', `/v1/friends/${id}`],
    ] as const)
      assert.deepEqual(refusalOf(await eve.call(method, path)), [404, 'not_found']);
    assert.deepEqual(await list(eve), []);
  });

  it('bad requests, are refused', async () => {
    await befriend(ana, ben);
    for (const [body, status, code] of [
      [{ email: 'no address' }, 400, 'invalid_request'],
      [{}, 400, 'invalid_request'],
      [{ email: ben.email, userId: ben.userId }, 400, 'unknown_field'],
      [{ email: ana.email.toUpperCase() }, 422, 'not_yourself'],
      [{ email: ben.email }, 409, 'already_friends'],
    ] as const)
      assert.deepEqual(refusalOf(await ana.call('POST', '/v1/friends', body)), [status, code]);
  });

  it('a request, repeated under one Idempotency-Key, is made once', async () => {
    const key = { 'idempotency-key': uuidv7() };
    const first = await ask(ana, ben.email, key);
    const again = await ask(ana, ben.email, key);
    assert.deepEqual([again.status, again.body, again.headers.get('idempotent-replayed')], [201, first.body, 'true']);
    assert.deepEqual(refusalOf(await ask(ana, 'other@example.com', key)), [422, 'idempotency_key_reused']);
  });

  it('requests of a day, up to the limit, also at one moment; withdrawn ones count; the next is 429 with Retry-After', async () => {
    const address = (): string => `${uuidv7()}@example.com`;
    for (let n = 1; n <= 4; n++) assert.equal((await ask(ana, address())).status, 201);
    assert.equal((await ana.call('DELETE', `/v1/friends/${(await list(ana))[0].id}`)).status, 204);
    const last = await Promise.all([address(), address(), address()].map((email) => ask(ana, email)));
    assert.deepEqual(statuses(last), [201, 201, 429]);
    const refused = await ask(ana, address());
    assert.deepEqual(refusalOf(refused), [429, 'rate_limited']);
    const wait = Number(refused.headers.get('retry-after'));
    assert.ok(wait > 86_000 && wait <= 86_400, String(wait));
    assert.equal((await ask(ben, address())).status, 201, 'others are not held back');
    await api.deps.databases.user!.pool.query(
      `update "user".friendship set created_at = created_at - interval '1 day' where asker_id = $1`,
      [ana.userId],
    );
    assert.equal((await ask(ana, address())).status, 201);
  });

  it('requests to one person within a day, of anybody: the second is mailed, the third is seen and not mailed', async () => {
    const mailed = [];
    for (const name of ['Cleo', 'Dan', 'Eve']) {
      const { id } = (await ask(await api.user(name), ben.email)).body;
      const event = api.events.find((stored) => stored.event.subjectId === id)?.event;
      mailed.push(event?.type === 'friend.requested' ? event.data.mail : undefined);
    }
    assert.deepEqual([mailed, (await list(ben)).length], [[true, true, false], 3]);
  });

  it('requests that wait, up to 100; those of 90 days ago are given up, and their addresses forgotten', async () => {
    await api.deps.databases.user!.pool.query(
      `insert into "user".friendship (id, asker_id, asked_email, asked_key, created_at)
       select gen_random_uuid(), $1, n || '@old.example', n || '@old.example', now() - interval '2 days' from generate_series(1, 99) n`,
      [ana.userId],
    );
    assert.equal((await ask(ana, 'one@example.com')).status, 201);
    assert.deepEqual(refusalOf(await ask(ana, 'two@example.com')), [409, 'friend_request_limit_reached']);
    await api.deps.databases.user!.pool.query(
      `update "user".friendship set created_at = now() - interval '91 days' where asker_id = $1 and asked_key like '%@old.example'`,
      [ana.userId],
    );
    assert.equal((await list(ana, '?limit=100')).length, 1);
    assert.equal((await ask(ana, 'two@example.com')).status, 201);
  });

  it('list, in pages and by state and direction, gives each once, the newest first', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await ask(ana, `${n}-${uuidv7()}@example.com`)).body.id);
    await ask(await api.user('Cleo'), ana.email);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: TestAnswer = await ana.call('GET', `/v1/friends?direction=outgoing&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.body.data.map((row: { id: string }) => row.id));
      cursor = page.body.nextCursor as string | null;
    } while (cursor !== null);
    assert.deepEqual(seen, ids.toReversed());
    assert.equal((await list(ana, '?direction=incoming')).length, 1);
    assert.equal((await list(ana, '?state=accepted')).length, 0);
    assert.equal((await ana.call('GET', '/v1/friends?state=ended')).status, 400);
  });

  describe('blocks', () => {
    it('block, ends a friendship, hides what the blocked one asked, and stays unseen by them', async () => {
      await befriend(ana, ben);
      const made = await block(ben, ana.userId);
      assert.deepEqual([made.status, made.body.userId, made.body.displayName], [201, ana.userId, 'Ana']);
      assert.equal((await block(ben, ana.userId)).status, 200, 'again changes nothing');
      assert.deepEqual([await list(ana), await list(ben)], [[], []]);
      const asked = await ask(ana, ben.email);
      assert.equal(asked.status, 201);
      assert.deepEqual([(await list(ana)).length, await list(ben)], [1, []]);
      assert.deepEqual(refusalOf(await answer(ben, asked.body.id, 'accept')), [404, 'not_found']);
      assert.deepEqual((await ana.call('GET', '/v1/blocks')).body.data, []);
      const event = api.events.find((stored) => stored.event.subjectId === asked.body.id)?.event;
      assert.deepEqual(event?.data, { askerId: ana.userId, askedId: null, mail: true }, 'nobody is told of it');
    });

    it('block, while a request waits, hides it from the blocker, and the asker still sees it', async () => {
      const { id } = (await ask(ana, ben.email)).body;
      await block(ben, ana.userId);
      assert.deepEqual([(await list(ana)).map((row) => [row.id, row.state]), await list(ben)], [[[id, 'pending']], []]);
      const { id: own } = (await ask(ben, ana.email)).body;
      assert.notEqual(own, id, 'who blocks and asks makes no friend of the one they blocked');
      assert.deepEqual(
        (await list(ana)).map((row) => row.id),
        [id],
      );
    });

    it('block, by who asked, withdraws the request', async () => {
      await ask(ana, ben.email);
      await block(ana, ben.userId);
      assert.deepEqual([await list(ana), await list(ben)], [[], []]);
    });

    it('unblock, lets them ask again; what they asked meanwhile stays unseen', async () => {
      await block(ben, ana.userId);
      const { id } = (await ask(ana, ben.email)).body;
      assert.equal((await ben.call('DELETE', `/v1/blocks/${ana.userId}`)).status, 204);
      assert.deepEqual(refusalOf(await ben.call('DELETE', `/v1/blocks/${ana.userId}`)), [404, 'not_found']);
      assert.deepEqual(await list(ben), []);
      await ana.call('DELETE', `/v1/friends/${id}`);
      await ask(ana, ben.email);
      assert.equal((await list(ben)).length, 1);
    });

    it('block, of oneself, of nobody and beyond 1,000, is refused', async () => {
      assert.deepEqual(refusalOf(await block(ana, ana.userId)), [422, 'not_yourself']);
      assert.deepEqual(refusalOf(await block(ana, uuidv7())), [422, 'unknown_user']);
      await api.deps.databases.user!.pool.query(
        'insert into "user".block (account_id, blocked_id) select $1, gen_random_uuid() from generate_series(1, 999)',
        [ana.userId],
      );
      assert.equal((await block(ana, ben.userId)).status, 201);
      assert.deepEqual(refusalOf(await block(ana, (await api.user('Cleo')).userId)), [409, 'block_limit_reached']);
      assert.equal((await block(ana, ben.userId)).status, 200);
    });
  });

  it('support, finds in the log who asked, accepted, ended and blocked', async () => {
    const id = await befriend(ana, ben);
    await block(ben, ana.userId);
    const support = await api.user('Support', { platformRole: 'support' });
    const log = async (query: string): Promise<TestAnswer['body'][]> => (await support.call('GET', `/v1/audit?${query}`)).body.data;
    const ofAna = (await log(`actor=${ana.userId}`)).map((row) => [row.action, row.subjectId, row.data]);
    assert.deepEqual(ofAna, [['friend.requested', ben.userId, { friendshipId: id }]]);
    const ofBen = (await log(`actor=${ben.userId}`)).map((row) => [row.action, row.subjectId]).toReversed();
    assert.deepEqual(
      ofBen,
      ['friend.accepted', 'friend.ended', 'user.blocked'].map((action) => [action, ana.userId]),
    );
    assert.equal((await log(`action=user.blocked&subject=${ana.userId}`)).length, 1);
  });
});

function statuses(answers: readonly TestAnswer[]): number[] {
  return answers.map((given) => given.status).toSorted((a, b) => a - b);
}
