// Goal: after the erasure of an account nothing of the person is left in the database, in files, logs or Temporal, and nobody else's
// balance has moved; in logs and Temporal there never was anything. The export before it holds everything.
// Method: the whole platform; a person plants words that nobody else uses wherever the API takes words, lives through groups, expenses,
// settlements, reminders and mails, and everything there is is searched for the words, before and after. The worker is killed in between.
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { newDataDir, removeDataDir } from '../../sandbox/fixtures/stand-ins.ts';
import { startPlatform, type Platform } from '../../sandbox/platform.ts';
import { allServe, assertLedgerAgrees, killPart, platformEnv, RECOVERY_MS, runReaches, sql, withTemporal } from '../faults/support.ts';
import { comeBack, goToProvider } from '../full/support/federated.ts';
import { mailedToken } from '../full/support/people.ts';
import type { TestAnswer } from '../support/api.ts';
import { tracesInDatabase, tracesInFiles, tracesInTemporal } from '../support/traces.ts';
import { until } from '../support/until.ts';
import { unzip } from '../support/unzip.ts';

/** The sandbox's mailbox stands for the person's own: what was sent there is theirs. */
const OUTSIDE = ['mails.jsonl'];

type Body = TestAnswer['body'];

describe('erasure of an account, the proof', function () {
  this.timeout(300_000);
  const dataDir = newDataDir();
  let platform: Platform;
  const word = `qx${Buffer.from(uuidv7().slice(-12)).toString('hex').slice(0, 12)}`;
  const phone = `+4179${randomInt(1_000_000, 9_999_999)}`;
  const marks = [word, phone];
  const marked = (text: string): string => `${text} ${word}`;

  before(async () => {
    platform = await startPlatform({ dataDir, ports: 'free', env: platformEnv({ LOG_LEVEL: 'trace' }) });
    await allServe(platform);
  });
  after(async () => {
    await platform?.stop();
    await removeDataDir(dataDir);
  });

  class Person {
    readonly email: string;
    readonly displayName: string;
    readonly password = uuidv7();
    userId = '';
    token = '';
    refreshToken = '';

    constructor(displayName: string, email: string) {
      [this.displayName, this.email] = [displayName, email];
    }

    async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<TestAnswer> {
      const answer = await fetch(platform.urls.apiUrl + path, {
        method,
        headers: {
          ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          'user-agent': `Client of ${this.displayName}`,
          'if-match': '*',
          // Every answer is kept for replays, which is one more place for names.
          ...(method === 'GET' ? {} : { 'idempotency-key': uuidv7() }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    }

    async call(method: string, path: string, body?: unknown): Promise<Body> {
      const { status, body: answer } = await this.ask(method, path, body);
      assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(answer)}`);
      return answer;
    }

    async signUp(): Promise<this> {
      const { email, password, displayName } = this;
      const { user, accessToken, refreshToken } = await this.call('POST', '/v1/auth/register', { email, password, displayName });
      [this.userId, this.token, this.refreshToken] = [user.id, accessToken, refreshToken];
      await this.call('POST', '/v1/auth/email/verify', { token: await mailedToken(platform.urls.sandboxUrl!, email, 'Verify') });
      return this;
    }

    reaches(path: string, state: string, deadlineMs = RECOVERY_MS): Promise<Body> {
      return until(`${path} is ${state}`, async () => (await this.call('GET', path)).state === state && this.call('GET', path), deadlineMs);
    }
  }

  const owner = new Person('Olga', `olga-${uuidv7()}@example.com`);
  const friend = new Person('Finn', `finn-${uuidv7()}@example.com`);
  const person = new Person(marked('Zephyrine'), `zephyrine.${word}@example.com`);

  /** The person's place in the group of the owner, and in their own. */
  const place = { home: '', homeMember: '', own: '', ownMember: '', alone: '', asked: '' };
  const otherMembers: Record<string, string> = {};
  let second: Person;
  let personalToken: Person;
  let requestId: string;
  let exportId: string;
  let othersExport: string;

  const invite = async (inviter: Person, groupId: string, guest: Person, fields: object): Promise<string> => {
    const { token } = await inviter.call('POST', `/v1/groups/${groupId}/invitations`, fields);
    return (await guest.call('POST', `/v1/invitations/${token}/accept`)).myMemberId as string;
  };
  const balances = async (groupId: string): Promise<Record<string, string>> => {
    const rows = (await owner.call('GET', `/v1/groups/${groupId}/balances`)).balances as {
      memberId: string;
      currency: string;
      net: string;
    }[];
    return Object.fromEntries(rows.map(({ memberId, currency, net }) => [`${memberId} ${currency}`, net]));
  };
  const ledger = (): Promise<object[]> =>
    sql(platform, 'select posting_id, account_id, currency, group_id, paid, owed from expense.posting_line order by 1, 2, 3');
  const nowhereOutside = async (except: readonly string[] = OUTSIDE): Promise<void> => {
    const temporal = await withTemporal(platform, (client) => tracesInTemporal(client, marks));
    assert.deepEqual(temporal.found, []);
    assert.ok(temporal.workflows >= 10, `${temporal.workflows} workflows`);
    assert.deepEqual(tracesInFiles(dataDir, marks, except), []);
  };

  it('a person lives here, and plants their words wherever the API takes some', async () => {
    await Promise.all([owner.signUp(), friend.signUp(), person.signUp()]);
    await plantAccount();
    await plantGroups();
    await plantMoney();
    await plantExports();
    const traces = await tracesInDatabase(platform.urls.databaseUrl, marks);
    // A scan that finds nothing now would prove nothing later.
    for (const table of [
      '"user".account',
      '"user".session',
      'expense.member',
      'expense.expense',
      'expense.expense_version',
      'expense.invitation',
      'expense.group_export_part',
      'payment.refund',
    ])
      assert.ok(
        traces.some((line) => line.replaceAll('"', '').startsWith(`${table.replaceAll('"', '')}:`)),
        `${table} in ${traces.join(', ')}`,
      );
    assert.ok(traces.length >= 14, traces.join(', '));
  });

  it('Temporal and the logs hold none of it, at any time', async () => {
    assert.equal(tracesInFiles(join(dataDir, 'files'), marks).length, 1, 'the receipt');
    await nowhereOutside([...OUTSIDE, 'files']);
  });

  it('a scan finds a word in a workflow, a memo and a log, when there is one', async () => {
    const canary = `zz${word.slice(2).split('').toReversed().join('')}`;
    await withTemporal(platform, async (client) => {
      const id = `canary/${uuidv7()}`;
      await client.workflow.start('noSuchWorkflow', {
        taskQueue: 'nobody',
        workflowId: id,
        args: [{ name: canary }],
        memo: { said: 'no' },
      });
      // The server lists what has begun a moment later.
      const foundOf = (which: string): Promise<readonly string[]> =>
        until(`${which} is found`, async () => {
          const { found } = await tracesInTemporal(client, [canary]);
          return found.some((trace) => trace.startsWith(which)) && found;
        });
      assert.deepEqual(await foundOf(id), [`${id}: history`]);
      const other = `canary/${uuidv7()}`;
      await client.workflow.start('noSuchWorkflow', {
        taskQueue: 'nobody',
        workflowId: other,
        args: [],
        memo: { said: canary },
        staticSummary: canary,
      });
      const found = await foundOf(other);
      assert.ok(found.includes(`${other}: listed`));
      for (const one of [id, other]) await client.workflow.getHandle(one).terminate();
    });
    assert.ok(
      tracesInFiles(dataDir, ['"service":"api"']).some((file) => file.startsWith('logs/')),
      'the logs are looked at',
    );
  });

  it('an export holds all of it, with a manifest that is true', async () => {
    const { id } = await person.call('POST', '/v1/me/export');
    exportId = id as string;
    const done = await person.reaches(`/v1/me/requests/${id}`, 'done');
    const answer = await fetch(done.download.url as string, { headers: { authorization: `Bearer ${person.token}` } });
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/zip']);
    const zip = Buffer.from(await answer.arrayBuffer());
    assert.deepEqual([zip.length, sha256(zip)], [done.download.bytes, done.download.sha256]);
    const files = await unzip(zip);
    const manifest = JSON.parse(files.get('manifest.json')!.toString()) as {
      version: number;
      userId: string;
      files: { name: string; rows: number; bytes: number; sha256: string }[];
    };
    assert.deepEqual([manifest.version, manifest.userId], [1, person.userId]);
    assert.deepEqual(
      manifest.files.map(({ name }) => name).toSorted(),
      [...files.keys()].filter((name) => name !== 'manifest.json').toSorted(),
    );
    for (const { name, rows, bytes, sha256: sum } of manifest.files) {
      const content = files.get(name)!;
      assert.deepEqual([content.length, sha256(content)], [bytes, sum], name);
      if (name.endsWith('.json')) assert.equal((JSON.parse(content.toString()) as unknown[]).length, rows, name);
    }
    for (const [name, mark] of [
      ['user/account.json', word],
      ['user/sessions.json', word],
      ['expense/expenses.json', phone],
      ['expense/comments.json', phone],
      ['expense/imports.json', word],
      ['expense/exports.json', place.home],
      ['payment/refunds.json', word],
      ['notification/reminders.json', place.homeMember],
    ] as const)
      assert.ok(files.get(name)!.includes(mark), name);
    const receipt = [...files].find(([name]) => name.startsWith('expense/receipts/'));
    assert.ok(receipt?.[0].endsWith('.pdf') === true && receipt[1].includes(word), 'the receipt as it was given');
    await mailed('Your data is ready');
    await mailed('The export of Home again is ready');
    const parts = await sql<{ n: string }>(
      platform,
      SERVICES.map((service) => `select 1 as n from "${service}".export_part`).join(' union all '),
    );
    assert.deepEqual(parts, [], 'what the services gave is gone once the ZIP is made');
    assert.equal((await owner.ask('GET', `/v1/me/requests/${id}/download`)).status, 404);
  });

  it('erased while the worker is killed: every token dies within a second, and no service has a trace in the end', async () => {
    const [home, own, postings] = [await balances(place.home), await balances(place.own), await ledger()];
    const asked = await person.ask('POST', '/v1/me/erase', { password: person.password });
    assert.equal(asked.status, 202, JSON.stringify(asked.body));
    requestId = asked.body.id as string;
    const status = new URL(asked.body.statusUrl as string).pathname;
    await until('it has begun', async () => (await owner.call('GET', status)).state !== 'pending', RECOVERY_MS);
    await delay(1_000);
    for (const credential of [person, second, personalToken]) assert.equal((await credential.ask('GET', '/v1/me')).status, 401);
    assert.equal((await person.ask('GET', '/v1/groups')).status, 401);
    killPart(platform, 'worker');
    assert.equal((await person.ask('GET', `/v1/me/requests/${requestId}`)).status, 200, 'how far it is can be asked still');
    const done = await until(
      'it is done',
      async () => {
        const { body } = await person.ask('GET', `/v1/me/requests/${requestId}`);
        return body?.state === 'done' && (body as Body);
      },
      RECOVERY_MS * 2,
    );
    assert.deepEqual(
      Object.values(done.proof as Record<string, { left: number }>).map(({ left }) => left),
      [0, 0, 0, 0],
    );
    assert.equal((await owner.call('GET', status)).state, 'done');
    const { refreshToken, email, password } = person;
    assert.equal((await owner.ask('POST', '/v1/auth/refresh', { refreshToken })).status, 401);
    assert.equal((await owner.ask('POST', '/v1/auth/login', { email, password })).status, 401);
    await mailed('Your account is being erased');
    assert.deepEqual([await balances(place.home), await balances(place.own)], [home, own], 'balances are what they were');
    assert.deepEqual(await ledger(), postings, 'the ledger is what it was');
    await assertLedgerAgrees(platform);
  });

  it('others see a former member, keep their groups, and are reminded of nothing', async () => {
    const group = await owner.call('GET', `/v1/groups/${place.home}`);
    const member = (group.members as Body[]).find(({ id }) => id === place.homeMember)!;
    assert.deepEqual([member.displayName, member.userId, member.state], ['Former member 1', null, 'active'], 'a debt keeps the place');
    const own = await owner.call('GET', `/v1/groups/${place.own}`);
    assert.deepEqual([own.myRole, own.state], ['owner', 'active'], 'the admin is the next in line');
    const { data: reminders } = await owner.call('GET', `/v1/groups/${place.home}/reminders`);
    assert.deepEqual(
      (reminders as Body[]).map(({ memberId, state }) => [memberId, state]),
      [[place.homeMember, 'stopped']],
    );
    const { data: expenses } = await owner.call('GET', `/v1/groups/${place.home}/expenses`);
    const theirs = (expenses as Body[]).filter(({ createdBy }) => createdBy === place.homeMember);
    assert.deepEqual([...new Set(theirs.map(({ description }) => description))], ['Removed with its author']);
    assert.ok(
      (expenses as Body[]).some(({ description }) => description === 'Bread'),
      'what others wrote stays',
    );
    const [alone] = await sql<{ name: string; purged: boolean }>(
      platform,
      'select name, purged_at is not null as purged from expense."group" where id = $1',
      [place.alone],
    );
    assert.deepEqual(alone, { name: 'Deleted group', purged: true });
    assert.equal((await owner.call('GET', `/v1/exports/${othersExport}`)).state, 'expired', 'a file that named them is gone');
    // A debt of theirs can still be settled: the owner acts for who has no account.
    const paid = await owner.ask('POST', `/v1/groups/${place.home}/payments`, {
      from: place.homeMember,
      to: group.myMemberId,
      money: { amount: '1.00', currency: 'EUR' },
      method: 'manual',
    });
    assert.equal(paid.status, 202, JSON.stringify(paid.body));
  });

  it('nothing is left in the database, in files, in logs or in Temporal', async () => {
    await withTemporal(platform, (client) => runReaches(client, `erase-account/${requestId}`, 'COMPLETED'));
    await withTemporal(platform, (client) => runReaches(client, `export-account/${exportId}`, 'COMPLETED'));
    assert.deepEqual(await tracesInDatabase(platform.urls.databaseUrl, marks), []);
    await nowhereOutside();
  });

  it('the address is free, and whoever takes it is somebody else', async () => {
    const next = new Person('Somebody else', person.email);
    const { email, password, displayName } = next;
    const { user, accessToken } = await next.call('POST', '/v1/auth/register', { email, password, displayName });
    assert.notEqual(user.id, person.userId);
    next.token = accessToken as string;
    assert.deepEqual((await next.call('GET', '/v1/groups')).data, []);
  });

  async function plantAccount(): Promise<void> {
    const { email, password } = person;
    second = new Person(person.displayName, email);
    Object.assign(second, { token: (await person.call('POST', '/v1/auth/login', { email, password })).accessToken });
    await owner.ask('POST', '/v1/auth/login', { email, password: 'not the one' });
    // Postgres is told of a broken rule, and says the values in its own log.
    assert.equal((await owner.ask('POST', '/v1/auth/register', { email, password, displayName: person.displayName })).status, 409);
    await person.call('POST', '/v1/auth/password/forgot', { email });
    personalToken = new Person(person.displayName, email);
    Object.assign(personalToken, {
      token: (await person.call('POST', '/v1/me/tokens', { name: marked('Script'), scopes: ['profile:read'] })).token,
    });
    await person.call('POST', '/v1/oauth/applications', {
      name: marked('Robot'),
      redirectUris: [`https://${word}.example/back`],
      scopes: ['profile:read'],
      kind: 'public',
    });
    await person.call('POST', '/v1/auth/totp', { password });
    const at = { apiUrl: platform.urls.apiUrl, sandboxUrl: platform.urls.sandboxUrl! };
    const { linkToken } = await comeBack(
      at,
      await goToProvider(at, { email: `${word}@elsewhere.example`, name: person.displayName }, true),
    );
    await person.call('POST', '/v1/me/identities', { linkToken, password });
    await person.call('PATCH', '/v1/me', { locale: 'de-CH', timeZone: 'Europe/Zurich' });
    await person.call('PUT', '/v1/me/preferences', { weekStart: 'sunday' });
    // The two are friends with it, and share a ledger; the other one's request is never answered.
    await person.call('POST', '/v1/friends', { email: friend.email });
    await friend.call('POST', '/v1/friends', { email });
    await owner.call('POST', '/v1/friends', { email });
    await until('the ledger of two', async () => ((await person.call('GET', '/v1/groups')).data as unknown[]).length > 0, RECOVERY_MS);
    // The audit log keeps what support says of a person.
    await sql(platform, `update "user".account set platform_role = 'admin' where id = $1`, [friend.userId]);
    await delay(1_100);
    const users = `/v1/users/${person.userId}`;
    await friend.call('PATCH', users, { state: 'active', platformRole: 'support', reason: marked('helps us') });
    await friend.call('PATCH', users, { platformRole: null, reason: marked('no more') });
  }

  async function plantGroups(): Promise<void> {
    place.home = (await owner.call('POST', '/v1/groups', { name: 'Home', currency: 'EUR' })).id;
    place.homeMember = await invite(owner, place.home, person, { email: person.email, role: 'editor' });
    otherMembers['friend'] = await invite(owner, place.home, friend, { role: 'admin' });
    otherMembers['owner'] = (await owner.call('PATCH', `/v1/groups/${place.home}`, { name: 'Home again' })).myMemberId;
    await owner.call('PATCH', `/v1/groups/${place.home}/members/${place.homeMember}`, { displayName: marked('Zephy') });
    place.own = (await person.call('POST', '/v1/groups', { name: 'Trip', currency: 'EUR', policy: { approval: { mode: 'all' } } })).id;
    place.ownMember = (await person.call('GET', `/v1/groups/${place.own}`)).myMemberId;
    otherMembers['adminOfOwn'] = await invite(person, place.own, owner, { role: 'admin' });
    otherMembers['viewerOfOwn'] = await invite(person, place.own, friend, { role: 'viewer' });
    place.alone = (await person.call('POST', '/v1/groups', { name: marked('Alone'), currency: 'EUR' })).id;
    await person.call('POST', `/v1/groups/${place.alone}/members`, { displayName: marked('Child') });
    await person.call('POST', `/v1/groups/${place.own}/invitations`, { email: `guest-${uuidv7()}@example.com`, role: 'viewer' });
    // An invitation that is never answered, into a group that the person has not seen.
    place.asked = (await friend.call('POST', '/v1/groups', { name: 'Elsewhere', currency: 'EUR' })).id;
    await friend.call('POST', `/v1/groups/${place.asked}/invitations`, { email: person.email.toUpperCase(), role: 'viewer' });
  }

  /** Files with the person's name and words in them: one of somebody else's, one of their own with the receipt. */
  async function plantExports(): Promise<void> {
    for (const [by, fields] of [
      [owner, { format: 'csv' }],
      [person, { receipts: true }],
    ] as const) {
      const { id } = await by.call('POST', `/v1/groups/${place.home}/exports`, fields);
      await by.reaches(`/v1/exports/${id}`, 'done');
      if (by === owner) othersExport = id as string;
    }
  }

  async function plantMoney(): Promise<void> {
    const expense = (by: string, among: string[], amount: string, description: string): object => ({
      description,
      notes: `${marked('Call')} ${phone}`,
      tags: [word],
      total: { amount, currency: 'EUR' },
      date: '2026-11-20',
      payers: [{ memberId: by, amount }],
      split: { method: 'itemized', items: [{ name: marked('Wine'), amount, among }] },
    });
    const everybody = [place.homeMember, otherMembers['owner']!, otherMembers['friend']!];
    const home = `/v1/groups/${place.home}`;
    const dinner = await person.call('POST', `${home}/expenses`, expense(place.homeMember, everybody, '30.00', marked('Dinner')));
    await person.call('PATCH', `/v1/expenses/${dinner.id}`, { description: marked('Dinner with Zephyrine') });
    const bread = {
      ...expense(otherMembers['owner']!, everybody, '90.00', 'Bread'),
      notes: '',
      tags: [],
      split: { method: 'equal', among: everybody },
    };
    const bought = await owner.call('POST', `${home}/expenses`, bread);
    await person.call('POST', `/v1/expenses/${bought.id}/dispute`, { reason: marked('I was not there') });
    await owner.call('POST', `/v1/expenses/${bought.id}/resolve`);
    await person.call('POST', `/v1/expenses/${bought.id}/comments`, { text: marked('My number is') + phone });
    await plantFile();
    const pdf = Buffer.from(`%PDF-1.7\n% ${marked('Bill')}\n%%EOF\n`);
    const given = await fetch(`${platform.urls.apiUrl}/v1/expenses/${dinner.id}/receipts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${person.token}`, 'content-type': 'application/pdf' },
      body: pdf,
    });
    assert.equal(given.status, 201, await given.text());
    const { description, notes, tags, total, payers, split } = expense(place.homeMember, everybody, '3.00', marked('Rent')) as Body;
    await person.call('POST', `${home}/recurring`, {
      expense: { description, notes, tags, total, payers, split },
      every: { n: 1, unit: 'month' },
      start: '2099-01-31',
    });
    const trip = `/v1/groups/${place.own}`;
    const waiting = await person.call(
      'POST',
      `${trip}/expenses`,
      expense(place.ownMember, [place.ownMember, otherMembers['adminOfOwn']!], '8.00', marked('Ticket')),
    );
    await owner.call('POST', `/v1/expenses/${waiting.id}/approve`);
    await person.call('POST', `${trip}/adjustments`, {
      reason: marked('forgot'),
      entries: [
        { memberId: place.ownMember, money: { amount: '2.00', currency: 'EUR' } },
        { memberId: otherMembers['adminOfOwn'], money: { amount: '-2.00', currency: 'EUR' } },
      ],
    });
    // A payment by hand, part of which goes back; another one that is disputed.
    const pay = (by: Person, from: string, to: string, amount: string): Promise<Body> =>
      by.call('POST', `${home}/payments`, { from, to, money: { amount, currency: 'EUR' }, method: 'manual' });
    const paid = await pay(person, place.homeMember, otherMembers['owner']!, '6.00');
    await owner.reaches(`/v1/transfers/${paid.id}`, 'awaiting_confirmation');
    await owner.call('POST', `/v1/transfers/${paid.id}/confirm`);
    const { payments } = await person.reaches(`/v1/transfers/${paid.id}`, 'succeeded');
    const refund = await person.call('POST', `/v1/payments/${payments[0].id}/refunds`, { amount: '1.00', reason: marked('too much') });
    await owner.call('POST', `/v1/refunds/${refund.id}/approve`);
    await person.reaches(`/v1/refunds/${refund.id}`, 'succeeded');
    const wrong = await pay(friend, otherMembers['friend']!, place.homeMember, '4.00');
    await person.reaches(`/v1/transfers/${wrong.id}`, 'awaiting_confirmation');
    await person.call('POST', `/v1/transfers/${wrong.id}/dispute`, { reason: marked('never came') });
    await person.call('POST', '/v1/me/payout-account');
    // The person still owes, is asked to settle, and is reminded.
    await owner.call('POST', `${home}/settlements`, {});
    const cadence = { firstAfterDays: 0, everyDays: 1, max: 5, escalate: ['email'] };
    await owner.call('POST', `${home}/reminders`, { memberId: place.homeMember, cadence });
    await until('a notice', async () => ((await person.call('GET', '/v1/notifications')).data as unknown[]).length > 3, RECOVERY_MS);
  }

  /** A file that names the person, and a member who turns out to be the person. */
  async function plantFile(): Promise<void> {
    const books = `/v1/groups/${(await person.call('POST', '/v1/groups', { name: 'Books', currency: 'EUR' })).id}`;
    await invite(person, books.split('/').at(-1)!, owner, { role: 'admin' });
    const [first, second] = [marked('Zeph'), 'Olga'];
    const header = `Date,Title,Paid by ${first},Paid by ${second},Paid for ${first},Paid for ${second},Currency,Category,Exchange rate`;
    const content = `${header}\n2026-01-01,${marked('Tea')},10.00,0,5.00,5.00,EUR,Food,\n`;
    const { id } = await person.call('POST', `${books}/imports`, { format: 'sesterce-csv', content });
    await person.reaches(`/v1/imports/${id}`, 'done');
    const { members, myMemberId } = await person.call('GET', books);
    const twin = (members as Body[]).find(({ displayName }) => displayName === first)!;
    await owner.call('POST', `${books}/members/${twin.id}/merge`, { intoMemberId: myMemberId });
  }

  function mailed(subject: string): Promise<unknown> {
    return until(
      `the mail "${subject}"`,
      async () => {
        const answer = await fetch(`${platform.urls.sandboxUrl}/_sandbox/mails?to=${encodeURIComponent(person.email)}`);
        const { data } = (await answer.json()) as { data: { subject: string }[] };
        return data.some((mail) => mail.subject === subject);
      },
      RECOVERY_MS,
    );
  }
});

const SERVICES = ['user', 'expense', 'payment', 'notification'] as const;

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
