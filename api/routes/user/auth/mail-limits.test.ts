// Goal: nobody has mails sent without end: verification mails of an account and reset mails of an address are counted by the day.
// Method: limits set low; each at n and n + 1; known and unknown addresses are compared.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestAnswer, type TestApi } from '../../../../test/support/api.ts';
import { refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('mails of a day', function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl(), { DAILY_LIMIT_VERIFICATION_MAILS: '3', DAILY_LIMIT_RESET_MAILS: '2' });
  });
  after(() => api.stop());

  const waitOf = (answer: TestAnswer): number => Number(answer.headers.get('retry-after'));

  it('that verify: the third of an account is sent, that of the registration among them, the fourth is 429 until a day has passed', async () => {
    const email = `${uuidv7()}@example.com`;
    const { accessToken, user } = (
      await api.call('POST', '/v1/auth/register', { email, password: 'correct horse battery', displayName: 'Ana' })
    ).body;
    const resend = (): Promise<TestAnswer> =>
      api.call('POST', '/v1/auth/email/resend', undefined, { authorization: `Bearer ${accessToken}` });
    const answers = await Promise.all([resend(), resend(), resend()]);
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [202, 202, 429],
    );
    const refused = await resend();
    assert.deepEqual(refusalOf(refused), [429, 'rate_limited']);
    assert.ok(waitOf(refused) > 86_000 && waitOf(refused) <= 86_400);
    await api.deps.databases.user!.pool.query(
      `update "user".mail_token set created_at = created_at - interval '1 day' where account_id = $1`,
      [user.id],
    );
    assert.equal((await resend()).status, 202);
  });

  it('that reset: the second asked for an address is taken, the third is 429, alike for known and unknown ones', async () => {
    const known = await api.user('Ana');
    const told = [];
    for (const email of [known.email, 'nobody@example.com']) {
      const forgot = (address: string): Promise<TestAnswer> => api.call('POST', '/v1/auth/password/forgot', { email: address });
      const answers = [await forgot(email), await forgot(email.toUpperCase()), await forgot(email)];
      const { requestId, detail, ...problem } = answers[2]!.body;
      assert.ok(typeof requestId === 'string' && String(detail).startsWith('Too many requests'));
      const names = [...answers[2]!.headers.keys()].toSorted();
      told.push([answers.map(({ status }) => status), problem, names, waitOf(answers[2]!) > 86_000]);
    }
    assert.deepEqual(told[0], told[1]);
    assert.deepEqual(told[0]![0], [202, 202, 429]);
    const sent = api.events.filter(({ event }) => event.type === 'user.password_reset_requested' && event.subjectId === known.userId);
    assert.equal(sent.length, 2);
  });
});
