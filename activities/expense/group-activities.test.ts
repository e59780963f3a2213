// Goal: what the clock does to a group happens once, only when it is time, and a purge leaves nobody's name behind.
// Method: the activities over real Postgres; time is moved by ageing the rows.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { RESTORABLE_DAYS } from '../../db/commands/expense/group-state.ts';
import type { StoredEvent } from '../../db/outbox.ts';
import type { Dispatcher } from '../../workflows/dispatch.ts';
import { buildGroup, type BuiltGroup } from '../../test/support/factories.ts';
import { testDatabases, type TestDatabases } from '../../test/support/servers.ts';
import { createGroupActivities, type GroupActivities } from './group-activities.ts';

describe('group activities', function () {
  this.timeout(60_000);
  let databases: TestDatabases;
  let activities: GroupActivities;
  let group: BuiltGroup;
  let groupId: string;
  const events: StoredEvent[] = [];

  before(async () => {
    databases = await testDatabases();
    const dispatcher = { dispatch: (committed: readonly StoredEvent[]) => void events.push(...committed) } as unknown as Dispatcher;
    activities = createGroupActivities({ db: databases.expense, dispatcher });
  });
  after(() => databases.close());
  beforeEach(async () => {
    group = await buildGroup(databases, { withAccount: 2, withoutAccount: 1 });
    groupId = group.groupId;
  });

  const sql = async (text: string, values: unknown[] = [groupId]): Promise<Record<string, unknown>[]> =>
    (await databases.expense.pool.query<Record<string, unknown>>(text, values)).rows;
  const invite = async (expires: string): Promise<string> => {
    const id = uuidv7();
    await sql(
      `insert into expense.invitation (id, group_id, email, role, created_by, expires_at, max_uses)
       values ($1, $2, 'bo@example.com', 'viewer', $3, now() + $4::interval, 1)`,
      [id, groupId, group.owner.userId, expires],
    );
    return id;
  };
  const emitted = (type: string): StoredEvent[] =>
    events.filter((stored) => stored.event.type === type && stored.event.groupId === groupId);
  const deletedFor = (interval: string): Promise<unknown> =>
    sql(`update expense."group" set state = 'deleted', deleted_at = now() - $2::interval where id = $1`, [groupId, interval]);

  it('readGroup, unknown, is refused', async () => {
    await assert.rejects(activities.readGroup({ groupId: uuidv7() }), { name: 'RefusalError' });
  });

  it('readGroup, tells the next expiry of open invitations only, and the last activity', async () => {
    await invite('2 hours');
    const next = await invite('1 hour');
    const revoked = await invite('1 minute');
    await sql('update expense.invitation set revoked_at = now() where id = $1', [revoked]);
    const [row] = await sql('select expires_at::text from expense.invitation where id = $1', [next]);
    const before = await activities.readGroup({ groupId });
    assert.equal(before.nextInvitationExpiryIso, new Date(row!['expires_at'] as string).toISOString());
    assert.deepEqual([before.state, before.purgeAtIso], ['active', null]);
    await sql(
      `insert into expense.posting (id, group_id, kind, source_id, occurred_on, created_at)
       values (gen_random_uuid(), $1, 'adjustment', gen_random_uuid(), '2026-11-20', '2090-01-02T03:04:05Z')`,
    );
    assert.equal((await activities.readGroup({ groupId })).lastActivityIso, '2090-01-02T03:04:05.000Z');
  });

  it('expireInvitations, twice, tells of each that ran out once', async () => {
    await invite('1 hour');
    const expired = await invite('-1 second');
    assert.deepEqual(await activities.expireInvitations({ groupId }), { expired: 1 });
    assert.deepEqual(await activities.expireInvitations({ groupId }), { expired: 0 });
    assert.deepEqual(
      emitted('invitation.expired').map((stored) => stored.event.subjectId),
      [expired],
    );
  });

  it('nudgeIdleGroup, twice for one idleness, tells once; again after new activity', async () => {
    const sinceIso = '2026-01-01T00:00:00.000Z';
    await activities.nudgeIdleGroup({ groupId, sinceIso });
    await activities.nudgeIdleGroup({ groupId, sinceIso });
    assert.deepEqual(
      emitted('group.idle').map((stored) => stored.event.data),
      [{ sinceIso }],
    );
    await activities.nudgeIdleGroup({ groupId, sinceIso: '2099-01-01T00:00:00.000Z' });
    assert.equal(emitted('group.idle').length, 2);
    await sql(`update expense."group" set state = 'archived', nudged_at = null where id = $1`);
    await activities.nudgeIdleGroup({ groupId, sinceIso });
    assert.equal(emitted('group.idle').length, 2, 'an archived group rests in peace');
  });

  it('purgeGroup, active, restored or deleted for less than 30 days, does nothing', async () => {
    assert.deepEqual(await activities.purgeGroup({ groupId }), { purged: false });
    await deletedFor(`${RESTORABLE_DAYS} days -1 minute`);
    const { state, purgeAtIso } = await activities.readGroup({ groupId });
    assert.equal(state, 'deleted');
    assert.ok(Math.abs(Date.parse(purgeAtIso!) - Date.now() - 60_000) < 30_000);
    assert.deepEqual(await activities.purgeGroup({ groupId }), { purged: false });
    assert.equal((await sql('select name from expense."group" where id = $1'))[0]!['name'], 'Test group');
  });

  it('purgeGroup, deleted for 30 days, leaves the ledger and no name or text', async () => {
    await fillWithSecrets();
    await deletedFor(`${RESTORABLE_DAYS} days`);
    const ledgerBefore = await ledger();
    assert.deepEqual(await activities.purgeGroup({ groupId }), { purged: true });
    assert.deepEqual(await activities.purgeGroup({ groupId }), { purged: false });
    assert.equal((await activities.readGroup({ groupId })).state, 'purged');
    assert.deepEqual(await ledger(), ledgerBefore);
    const members = await sql('select display_name, user_id from expense.member where group_id = $1 order by created_at, id');
    assert.deepEqual(
      members.map((member) => [member['display_name'], member['user_id']]),
      [
        ['Former member 1', null],
        ['Former member 2', null],
        ['Former member 3', null],
      ],
    );
    for (const { schema, table } of await tables()) {
      const rows = await sql(`select to_jsonb(t)::text as row from ${schema}."${table}" t where to_jsonb(t)::text like '%secret%'`, []);
      assert.deepEqual(rows, [], `${schema}.${table} still holds a text`);
      // Events are kept for their own time, and a deleted group has none.
      if (table === 'outbox') continue;
      const accounts = await sql(`select 1 from ${schema}."${table}" t where to_jsonb(t)::text like '%${group.owner.userId}%'`, []);
      assert.deepEqual(accounts, [], `${schema}.${table} still names an account`);
    }
    const [expense] = await sql('select description, notes, split from expense.expense where group_id = $1');
    assert.deepEqual([expense!['description'], expense!['notes']], ['', '']);
    const { items } = expense!['split'] as { items: { name: string; amount: string }[] };
    assert.deepEqual(
      items.map((item) => [item.name, item.amount]),
      [
        ['', '1.00'],
        ['', '2.00'],
      ],
    );
  });

  async function fillWithSecrets(): Promise<void> {
    await invite('1 hour');
    const [first, second] = group.members.map((member) => member.memberId);
    await sql(`update expense.invitation set email = 'secret@example.com' where group_id = $1`);
    await sql(`update expense."group" set name = 'secret', policy = '{"note": "secret"}' where id = $1`);
    await sql(`update expense.member set display_name = 'secret ' || id where group_id = $1`);
    const split = { method: 'itemized', items: ['1.00', '2.00'].map((amount) => ({ name: 'secret', amount, among: [first, second] })) };
    const content = { description: 'secret', notes: 'secret', tags: ['secret'], split, total: { amount: '3.00', currency: 'EUR' } };
    const expenseId = uuidv7();
    await sql(
      `insert into expense.expense (id, group_id, state, description, total_minor, currency, date, payers, split, shares, notes, tags, created_by)
       values ($1, $2, 'posted', 'secret', 300, 'EUR', '2026-11-20', '[]', $3, '[]', 'secret', '{secret}', $4)`,
      [expenseId, groupId, JSON.stringify(split), first],
    );
    await sql(`insert into expense.expense_version (expense_id, version, group_id, change, content) values ($1, 1, $2, 'edited', $3)`, [
      expenseId,
      groupId,
      JSON.stringify(content),
    ]);
    await sql(
      `insert into expense.adjustment (id, group_id, entries, reason, created_by, posting_id) values (gen_random_uuid(), $1, '[]', 'secret', $2, gen_random_uuid())`,
      [groupId, first],
    );
    await sql(
      `insert into expense.comment (id, expense_id, group_id, author_member_id, text, mentions) values (gen_random_uuid(), $2, $1, $3, 'secret', array[$3::uuid])`,
      [groupId, expenseId, first],
    );
    await sql(`insert into expense.category (id, group_id, key, name, created_by) values (gen_random_uuid(), $1, 'x', 'secret', $2)`, [
      groupId,
      first,
    ]);
    await sql(`insert into expense.preset (id, group_id, name, split, created_by) values (gen_random_uuid(), $1, 'secret', '{}', $2)`, [
      groupId,
      first,
    ]);
    await sql(
      `insert into expense.dispute (id, expense_id, group_id, version, reason, opened_by) values (gen_random_uuid(), $2, $1, 1, 'secret', $3)`,
      [groupId, expenseId, first],
    );
    await sql(
      `with m as (insert into expense.member_merge (id, group_id, from_member_id, into_member_id, from_role, into_role, merged_by, undo_reason)
         values (gen_random_uuid(), $1, $2, $3, 'editor', 'editor', gen_random_uuid(), 'secret') returning id)
       insert into expense.member_merge_entry (merge_id, kind, source_id, version_before, version_after, entries_before)
       select id, 'adjustment', id, 1, 2, '["secret"]' from m`,
      [groupId, first, second],
    );
    await sql(
      `insert into expense.idempotency (user_id, key, method, path, request_hash, status, body) values ($1, 'k', 'POST', $2, 'h', 201, '{"name": "secret"}')`,
      [group.owner.userId, `/v1/groups/${groupId}/members`],
    );
    await sql(
      `with p as (insert into expense.posting (id, group_id, kind, source_id, occurred_on) values (gen_random_uuid(), $1, 'expense', $2, '2026-11-20') returning id)
       insert into expense.posting_line (posting_id, group_id, account_id, currency, paid, owed) select p.id, $1, l.id, 'EUR', l.paid, l.owed
       from p, (values ($3::uuid, 300, 150), ($4::uuid, 0, 150)) as l (id, paid, owed)`,
      [groupId, expenseId, first, second],
    );
  }

  const ledger = (): Promise<unknown> =>
    sql(
      `select p.id, l.account_id, l.currency, l.paid, l.owed from expense.posting p join expense.posting_line l on l.posting_id = p.id
       where p.group_id = $1 order by 1, 2`,
    );
  const tables = async (): Promise<{ schema: string; table: string }[]> =>
    (await sql(
      `select table_schema as schema, table_name as "table" from information_schema.tables where table_schema = 'expense' and table_type = 'BASE TABLE'`,
      [],
    )) as { schema: string; table: string }[];
});
