// Goal: nobody floods people with invitations: so many of one person, so many to addresses, so many to one address within a day.
// Method: limits set low; each at n and n + 1, two at once, and again a day later.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('invitations of a day', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let groupIds: readonly string[];

  before(async () => {
    api = await startApi(await testDatabaseUrl(), {
      DAILY_LIMIT_INVITATIONS: '5',
      DAILY_LIMIT_INVITATION_MAILS: '3',
      DAILY_LIMIT_MAILS_TO_ADDRESS: '2',
    });
  });
  after(() => api.stop());
  beforeEach(async () => {
    ana = await api.user('Ana');
    groupIds = [(await createGroup(ana)).id, (await createGroup(ana)).id];
  });

  const invite = (fields: object, group = 0, who = ana): Promise<TestAnswer> =>
    who.call('POST', `/v1/groups/${groupIds[group]}/invitations`, fields);
  const addMember = (email: string): Promise<TestAnswer> =>
    ana.call('POST', `/v1/groups/${groupIds[0]}/members`, { displayName: 'Guest', email });
  const address = (): string => `${uuidv7()}@example.com`;
  const dayPasses = (): Promise<unknown> =>
    api.deps.databases.expense!.pool.query(`update expense.invitation set created_at = created_at - interval '1 day'`);
  const limited = (answer: TestAnswer): void => {
    assert.deepEqual(refusalOf(answer), [429, 'rate_limited']);
    const wait = Number(answer.headers.get('retry-after'));
    assert.ok(wait > 86_000 && wait <= 86_400, String(wait));
  };

  it('of one person, over all groups and at one moment: the fifth is made, the sixth is 429 with Retry-After', async () => {
    for (let n = 0; n < 4; n++) assert.equal((await invite({}, n % 2)).status, 201);
    const last = await Promise.all([invite({}, 0), invite({}, 1)]);
    assert.deepEqual(
      last.map(({ status }) => status).toSorted((a, b) => a - b),
      [201, 429],
    );
    limited(await invite({}));
    await dayPasses();
    assert.equal((await invite({})).status, 201);
  });

  it('to addresses, with those of members: the third is made, the fourth is 429 and adds no member; a link is made still', async () => {
    assert.equal((await invite({ email: address() })).status, 201);
    assert.equal((await invite({ email: address() }, 1)).status, 201);
    assert.equal((await addMember(address())).status, 201);
    limited(await addMember(address()));
    limited(await invite({ email: address() }, 1));
    const { members } = (await ana.call('GET', `/v1/groups/${groupIds[0]}`)).body;
    assert.equal(members.length, 2, 'who could not be invited is not added either');
    assert.equal((await invite({})).status, 201);
  });

  it('to one address, of anybody: the second is mailed, the third is made and not mailed', async () => {
    const guest = await api.user('Guest');
    const other = await api.user('Other');
    const theirs = (await createGroup(other)).id as string;
    const answers = [
      await invite({ email: guest.email }),
      await invite({ email: guest.email.toUpperCase() }, 1),
      await other.call('POST', `/v1/groups/${theirs}/invitations`, { email: guest.email }),
    ];
    const mailed = answers.map(({ status, body }) => [
      status,
      api.events.find(({ event }) => event.type === 'invitation.created' && event.subjectId === body.id)?.event.data,
    ]);
    assert.deepEqual(mailed, [
      [201, { mail: true }],
      [201, { mail: true }],
      [201, { mail: false }],
    ]);
  });
});
