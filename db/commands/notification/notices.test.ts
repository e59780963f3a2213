// Goal: each event tells exactly those whom it concerns, once, and mail goes to verified addresses only.
// Method: real commands through the API, their committed events handed to the consumer as the relay would.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import type { DomainEvent, EventType } from '../../../domain/events.ts';
import { NOTICES } from '../../../domain/notices.ts';
import { startApi, type TestApi, type TestUser } from '../../../test/support/api.ts';
import { createGroup, join } from '../../../test/support/groups.ts';
import { publishedOf } from '../../../test/support/published.ts';
import { testDatabaseUrl } from '../../../test/support/servers.ts';
import type { ServiceDatabase } from '../../orm.ts';
import type { StoredEvent } from '../../outbox.ts';
import { read, transact } from '../../transact.ts';
import { noticeEvents } from './notices.ts';

describe('notices', function () {
  this.timeout(60_000);
  let api: TestApi;
  let db: ServiceDatabase;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    db = api.deps.databases.notification!;
  });
  after(() => api.stop());

  const handle = async (events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> =>
    (await transact(db, (tx) => noticeEvents(tx, publishedOf(events)))).events;
  /** What a course of commands committed. */
  const eventsOf = async (work: () => Promise<unknown>): Promise<StoredEvent[]> => {
    const before = api.events.length;
    await work();
    return api.events.slice(before);
  };
  const inbox = async (user: TestUser): Promise<{ type: string; data: Record<string, unknown> }[]> =>
    read(db, 'select type, data from notification.notification where user_id = $1 order by created_at, id', [user.userId]);
  const mails = async (recipientId: string): Promise<string[]> =>
    (
      await read<{ template: string }>(db, 'select template from notification.delivery where recipient_id = $1 order by created_at', [
        recipientId,
      ])
    ).map(({ template }) => template);
  const stored = (event: DomainEvent): StoredEvent => ({ id: uuidv7(), service: 'payment', event, process: null });
  const dinner = (members: readonly string[], total = '10.00', currency = 'EUR') => ({
    description: 'Dinner',
    total: { amount: total, currency },
    date: '2026-11-20',
    payers: [{ memberId: members[0], amount: total }],
    split: { method: 'equal', among: members },
  });
  const trip = async (): Promise<{ ana: TestUser; ben: TestUser; groupId: string; anaId: string; benId: string }> => {
    const [ana, ben] = await Promise.all([api.user('Ana'), api.user('Ben')]);
    const group = await createGroup(ana);
    return { ana, ben, groupId: group.id, anaId: group.myMemberId, benId: await join(ana, group.id, ben) };
  };

  it('an expense, posted, tells those with a share, not who recorded it, and once however often it is handled', async () => {
    const { ana, ben, groupId, anaId, benId } = await trip();
    const guest = await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Guest' });
    const events = await eventsOf(() =>
      ana.call('POST', `/v1/groups/${groupId}/expenses`, dinner([anaId, benId, guest.body.id], '900', 'JPY')),
    );

    await handle(events);
    await handle(events);

    assert.deepEqual(await inbox(ana), []);
    assert.deepEqual(await inbox(ben), [
      { type: 'expense.posted', data: { version: 1, total: { amount: '900', currency: 'JPY' }, paid: '0', owed: '300' } },
    ]);
    assert.deepEqual(await mails(ben.userId), []);
  });

  it('a pending expense, asks its voters by inbox and mail, unverified ones by inbox alone', async () => {
    const { ana, ben, groupId, anaId, benId } = await trip();
    const cem = await api.user('Cem', { verified: false });
    const cemId = await join(ana, groupId, cem);
    const policy = { approval: { mode: 'all' } };
    assert.equal((await ana.call('PATCH', `/v1/groups/${groupId}`, { policy }, { 'if-match': '*' })).status, 200);
    const events = await eventsOf(() => ana.call('POST', `/v1/groups/${groupId}/expenses`, dinner([anaId, benId, cemId], '9.00')));

    const emitted = await handle(events);

    assert.deepEqual(
      (await inbox(ben)).map(({ type }) => type),
      ['expense.vote_wanted'],
    );
    assert.deepEqual(
      (await inbox(cem)).map(({ type }) => type),
      ['expense.vote_wanted'],
    );
    assert.deepEqual([await inbox(ana), await mails(ben.userId), await mails(cem.userId)], [[], ['expense-vote'], []]);
    assert.deepEqual(
      emitted.map(({ process }) => process),
      [{ process: 'delivery', key: ben.userId }],
    );
  });

  it('a reminder of votes, tells those who have not voted again', async () => {
    const { ana, ben, groupId, anaId, benId } = await trip();
    await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all' } } }, { 'if-match': '*' });
    const expense = await ana.call('POST', `/v1/groups/${groupId}/expenses`, dinner([anaId, benId]));

    await handle([
      stored({ type: 'expense.vote_reminder', subjectId: expense.body.id, groupId, data: { version: 1, memberIds: [benId] } }),
    ]);

    const [line] = await inbox(ben);
    assert.deepEqual([line?.type, Object.keys(line?.data ?? {}).toSorted()], ['expense.vote_reminder', ['dueAt', 'version']]);
    assert.match(String(line?.data['dueAt']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual([await mails(ben.userId), await inbox(ana)], [['expense-vote'], []]);
  });

  it('a vote, decides, tells the creator and the other sharers', async () => {
    const { ana, ben, groupId, anaId, benId } = await trip();
    await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all' } } }, { 'if-match': '*' });
    const cem = await api.user('Cem');
    const cemId = await join(ana, groupId, cem);
    const expense = await ana.call('POST', `/v1/groups/${groupId}/expenses`, dinner([anaId, benId, cemId]));
    await cem.call('POST', `/v1/expenses/${expense.body.id}/approve`);
    const events = await eventsOf(() => ben.call('POST', `/v1/expenses/${expense.body.id}/approve`));

    await handle(events);

    assert.deepEqual(
      (await inbox(ana)).map(({ type }) => type),
      ['expense.approved'],
    );
    assert.deepEqual(
      (await inbox(cem)).map(({ type }) => type),
      ['expense.posted'],
    );
    assert.deepEqual(await inbox(ben), []);
  });

  it('several mails to one recipient, wake once until the wake-up is taken back', async () => {
    const { ana, ben, groupId, anaId, benId } = await trip();
    await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all' } } }, { 'if-match': '*' });
    const record = (): Promise<StoredEvent[]> => eventsOf(() => ana.call('POST', `/v1/groups/${groupId}/expenses`, dinner([anaId, benId])));

    const first = await handle([...(await record()), ...(await record())]);
    const second = await handle(await record());

    assert.deepEqual([first.length, second.length, (await mails(ben.userId)).length], [1, 0, 3]);
  });

  it('registration and invitation, mail to addresses that nobody verified, alone', async () => {
    const address = `${uuidv7()}@example.com`;
    const registered = await eventsOf(() =>
      api.call('POST', '/v1/auth/register', { email: address, password: 'correct horse battery', displayName: 'New' }),
    );
    const { ana, groupId } = await trip();
    const invited = await eventsOf(() => ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Eve', email: address }));

    await handle([...registered, ...invited]);

    const account = registered.find(({ event }) => event.type === 'user.registered')!.event.subjectId;
    const invitation = invited.find(({ event }) => event.type === 'invitation.created')!.event.subjectId;
    assert.deepEqual([await mails(account), await mails(invitation)], [['verify-email'], ['invitation']]);
  });

  it('a planned settlement, tells payer and receiver what is theirs, and mails who pays', async () => {
    const { ana, ben, groupId, anaId, benId } = await trip();
    const [settlementId, transferId] = [uuidv7(), uuidv7()];
    await buildTransfer(api, { settlementId, transferId, groupId, from: benId, to: anaId });

    await handle([stored({ type: 'settlement.planned', subjectId: settlementId, groupId, data: { transfers: 1 } })]);

    const leg = { transferId, money: { amount: '12.34', currency: 'EUR' } };
    assert.deepEqual((await inbox(ben))[0]?.data, { transfers: 1, toPay: [leg], toReceive: [] });
    assert.deepEqual((await inbox(ana))[0]?.data, { transfers: 1, toPay: [], toReceive: [leg] });
    assert.deepEqual([await mails(ben.userId), await mails(ana.userId)], [['settlement-payment'], []]);
  });

  it('a transfer to a member without an account, tells the owner in their place', async () => {
    const { ana, ben, groupId, benId } = await trip();
    const guest = await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Guest' });
    const transferId = uuidv7();
    await buildTransfer(api, { settlementId: null, transferId, groupId, from: benId, to: guest.body.id });

    await handle([
      stored({ type: 'transfer.confirmation_wanted', subjectId: transferId, groupId, actorId: ben.userId, data: { settlementId: null } }),
    ]);

    assert.deepEqual(
      (await inbox(ana)).map(({ type }) => type),
      ['transfer.confirmation_wanted'],
    );
    assert.deepEqual([await inbox(ben), await mails(ana.userId)], [[], ['transfer-confirmation']]);
  });

  it('a friend request, tells who was asked by inbox and mail; accepted, who asked; withdrawn meanwhile, nobody', async () => {
    const [ana, ben, cem] = await Promise.all(['Ana', 'Ben', 'Cem'].map((name) => api.user(name)));
    const ask = (from: TestUser, to: TestUser): Promise<StoredEvent[]> =>
      eventsOf(() => from.call('POST', '/v1/friends', { email: to.email }));
    const asked = await ask(ana!, ben!);
    await handle(asked);
    await handle(asked);
    assert.deepEqual(await inbox(ben!), [{ type: 'friend.requested', data: { userId: ana!.userId } }]);
    assert.deepEqual([await mails(ben!.userId), await inbox(ana!)], [['friend-request'], []]);

    const [request] = asked;
    await handle(await eventsOf(() => ben!.call('POST', `/v1/friends/${request!.event.subjectId}/accept`)));
    assert.deepEqual(await inbox(ana!), [{ type: 'friend.accepted', data: { userId: ben!.userId } }]);
    assert.equal((await inbox(ben!)).length, 1);

    const unmailed = (await ask(cem!, ben!)).map((event) => ({
      ...event,
      event: { ...event.event, data: { ...event.event.data, mail: false } } as DomainEvent,
    }));
    await handle(unmailed);
    assert.deepEqual([(await inbox(ben!)).length, await mails(ben!.userId)], [2, ['friend-request']]);

    const withdrawn = await ask(ana!, cem!);
    await ana!.call('DELETE', `/v1/friends/${withdrawn[0]!.event.subjectId}`);
    await handle(withdrawn);
    assert.deepEqual([await inbox(cem!), await mails(cem!.userId)], [[], []]);
  });

  it('requests and invitations of somebody who is blocked, tell the blocker nothing', async () => {
    const { ana, groupId } = await trip();
    const dan = await api.user('Dan');
    await dan.call('POST', '/v1/blocks', { userId: ana.userId });
    const asked = await eventsOf(() => ana.call('POST', '/v1/friends', { email: dan.email }));
    const invited = await eventsOf(async () => {
      await ana.call('POST', `/v1/groups/${groupId}/invitations`, { email: dan.email });
      await ana.call('POST', `/v1/groups/${groupId}/members`, { displayName: 'Dan', email: dan.email.toUpperCase() });
    });
    await handle([...asked, ...invited]);
    const invitations = invited.filter(({ event }) => event.type === 'invitation.created').map(({ event }) => event.subjectId);
    assert.equal(invitations.length, 2);
    assert.deepEqual([await inbox(dan), await mails(dan.userId)], [[], []]);
    for (const id of invitations) assert.deepEqual(await mails(id), []);
  });

  it('every event of the table, about things that are gone, is handled and tells nobody', async () => {
    const types = Object.keys(NOTICES) as EventType[];
    const events = types.map((type) =>
      stored({ type, subjectId: uuidv7(), groupId: uuidv7(), data: { version: 1 } } as unknown as DomainEvent),
    );
    assert.deepEqual(await handle(events), []);
  });

  it('batches at once over the same recipients, in any order, do not stand in each other’s way', async () => {
    const { ana, ben, groupId, anaId, benId } = await trip();
    await ana.call('PATCH', `/v1/groups/${groupId}`, { policy: { approval: { mode: 'all' } } }, { 'if-match': '*' });
    const batches = await Promise.all(
      [ana, ben].flatMap((who) =>
        [1, 2, 3].map(() => eventsOfOne(api, who, () => who.call('POST', `/v1/groups/${groupId}/expenses`, dinner([anaId, benId])))),
      ),
    );

    const emitted = await Promise.all(batches.map((events) => handle(events)));

    assert.deepEqual([(await mails(ana.userId)).length, (await mails(ben.userId)).length, emitted.flat().length], [3, 3, 2]);
  });
});

/** The events that one caller's command committed, among those of others. */
async function eventsOfOne(api: TestApi, who: TestUser, work: () => Promise<{ body: { id: string } }>): Promise<StoredEvent[]> {
  const { body } = await work();
  return api.events.filter(({ event }) => event.actorId === who.userId && event.subjectId === body.id);
}

/** A transfer as payment's own commands leave it. */
async function buildTransfer(
  api: TestApi,
  leg: { settlementId: string | null; transferId: string; groupId: string; from: string; to: string },
): Promise<void> {
  const { pool } = api.deps.databases.payment!;
  await pool.query(
    `insert into payment.settlement (id, group_id, strategy, method, due_at) select $1::uuid, $2, 'minimal', 'manual', now() where $1::uuid is not null`,
    [leg.settlementId, leg.groupId],
  );
  await pool.query(
    `insert into payment.transfer (id, settlement_id, group_id, from_member_id, to_member_id, currency, amount_minor, method, date, due_at)
     values ($1, $2, $3, $4, $5, 'EUR', 1234, 'manual', '2026-11-20', now())`,
    [leg.transferId, leg.settlementId, leg.groupId, leg.from, leg.to],
  );
}
