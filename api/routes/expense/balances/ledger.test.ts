// Goal: whatever is done in whatever order, balances are the sum of the lines and sum to zero; Postgres itself refuses the rest.
// Method: random commands through HTTP against a model that adds up in memory, then Postgres is asked.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestApi, type TestUser } from '../../../../test/support/api.ts';
import { createGroup, join, refusalOf } from '../../../../test/support/groups.ts';
import { testDatabaseUrl } from '../../../../test/support/servers.ts';

describe('ledger', function () {
  this.timeout(60_000);
  let api: TestApi;
  let ana: TestUser;
  let ben: TestUser;
  const any = { 'if-match': '*' };
  const pool = () => api.deps.databases.expense!.pool;

  before(async () => {
    api = await startApi(await testDatabaseUrl());
    [ana, ben] = [await api.user('Ana'), await api.user('Ben')];
  });
  after(() => api.stop());

  async function groupOf(count: number): Promise<{ groupId: string; members: string[] }> {
    const group = await createGroup(ana);
    const members = [group.myMemberId as string, await join(ana, group.id, ben)];
    while (members.length < count) {
      const added = await ana.call('POST', `/v1/groups/${group.id}/members`, { displayName: `M${members.length}` });
      members.push(added.body.id as string);
    }
    return { groupId: group.id, members };
  }
  const expense = (payer: string, among: readonly string[], amount: string, currency = 'EUR'): Record<string, unknown> => ({
    description: 'Thing',
    date: '2026-11-20',
    total: { amount, currency },
    payers: [{ memberId: payer, amount }],
    split: { method: 'equal', among },
  });
  async function nets(groupId: string): Promise<Record<string, string>> {
    const { body } = await ana.call('GET', `/v1/groups/${groupId}/balances`);
    return Object.fromEntries(
      body.balances.map((row: { memberId: string; currency: string; net: string }) => [`${row.memberId}/${row.currency}`, row.net]),
    );
  }
  /** What the lines say and what the rows say, where they differ; and currencies that do not sum to zero. */
  async function faults(groupId: string): Promise<unknown[]> {
    const { rows } = await pool().query(
      `select l.account_id, l.currency, sum(l.paid - l.owed) as lines, max(b.net) as kept from expense.posting_line l
       left join expense.balance b using (group_id, account_id, currency) where l.group_id = $1 group by 1, 2 having sum(l.paid - l.owed) is distinct from max(b.net)
       union all select null, currency, sum(net), sum(reserved) from expense.balance where group_id = $1 group by currency having sum(net) <> 0 or sum(reserved) <> 0`,
      [groupId],
    );
    return rows;
  }

  it('random commands, balances are those of a model and sum to zero', async () => {
    const step = fc.record({
      what: fc.constantFrom('record', 'record', 'income', 'edit', 'delete', 'restore', 'adjust'),
      which: fc.nat(),
      payer: fc.nat(3),
      sharers: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
      minor: fc.integer({ min: 1, max: 100_000 }),
      currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const { groupId, members } = await groupOf(4);
        const standing = new Map<
          string,
          { kind: string; currency: string; shares: { memberId: string; paid: string; owed: string }[]; deleted: boolean }
        >();
        const adjusted: { memberId: string; minor: number }[] = [];
        const note = (body: { id: string; kind: string; total: { currency: string }; shares: never[]; state: string }): void =>
          void standing.set(body.id, {
            kind: body.kind,
            currency: body.total.currency,
            shares: body.shares,
            deleted: body.state === 'deleted',
          });
        for (const { what, which, payer, sharers, minor, currency } of steps) {
          const amount = currency === 'JPY' ? `${minor}` : (minor / (currency === 'EUR' ? 100 : 1000)).toFixed(currency === 'EUR' ? 2 : 3);
          const content = expense(
            members[payer]!,
            sharers.map((index) => members[index]!),
            amount,
            currency,
          );
          const id = [...standing.keys()][which % Math.max(1, standing.size)];
          if (what === 'record' || what === 'income') {
            const kind = what === 'income' ? 'income' : 'expense';
            note((await ana.call('POST', `/v1/groups/${groupId}/expenses`, { ...content, kind })).body);
          } else if (what === 'adjust') {
            const entries = [
              { memberId: members[0], money: { amount: `${minor}.00`, currency: 'EUR' } },
              { memberId: members[1], money: { amount: `-${minor}.00`, currency: 'EUR' } },
            ];
            const answer = await ana.call(
              'POST',
              `/v1/groups/${groupId}/adjustments`,
              { entries, reason: 'Correction' },
              { 'idempotency-key': uuidv7() },
            );
            assert.equal(answer.status, 201, JSON.stringify(answer.body));
            adjusted.push({ memberId: members[0]!, minor: minor * 100 }, { memberId: members[1]!, minor: -minor * 100 });
          } else if (id !== undefined) {
            if (what === 'edit') await ana.call('PATCH', `/v1/expenses/${id}`, content, any);
            if (what === 'delete') await ana.call('DELETE', `/v1/expenses/${id}`, undefined, any);
            if (what === 'restore') await ana.call('POST', `/v1/expenses/${id}/restore`);
            note((await ana.call('GET', `/v1/expenses/${id}`)).body);
          }
        }
        const model = new Map<string, number>();
        const add = (key: string, minor: number): void => void model.set(key, (model.get(key) ?? 0) + minor);
        for (const { kind, currency, shares, deleted } of standing.values()) {
          const sign = deleted ? 0 : kind === 'income' ? -1 : 1;
          for (const { memberId, paid, owed } of shares) add(`${memberId}/${currency}`, sign * (units(paid) - units(owed)));
        }
        for (const { memberId, minor } of adjusted) add(`${memberId}/EUR`, minor);
        const expected = Object.fromEntries([...model].filter(([, minor]) => minor !== 0));
        assert.deepEqual(Object.fromEntries(Object.entries(await nets(groupId)).map(([key, net]) => [key, units(net)])), expected);
        assert.deepEqual(await faults(groupId), []);
      }),
      { numRuns: 12 },
    );
  });
  /** Minor units of an answer's amount, which has all digits of its currency. */
  const units = (amount: string): number => Number(amount.replace('.', ''));

  it('many at once in one group, nothing is lost and nothing deadlocks', async () => {
    const { groupId, members } = await groupOf(4);
    const deadlocks = async (): Promise<string> =>
      (await pool().query('select deadlocks from pg_stat_database where datname = current_database()')).rows[0].deadlocks as string;
    const before = await deadlocks();
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        index % 6 === 5
          ? ana.call(
              'POST',
              `/v1/groups/${groupId}/adjustments`,
              {
                entries: [
                  { memberId: members[3], money: { amount: '1', currency: 'EUR' } },
                  { memberId: members[0], money: { amount: '-1', currency: 'EUR' } },
                ],
                reason: 'x',
              },
              { 'idempotency-key': uuidv7() },
            )
          : ana.call('POST', `/v1/groups/${groupId}/expenses`, expense(members[index % 4]!, members.toReversed(), '4.00')),
      ),
    );
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([201]));
    assert.deepEqual(await faults(groupId), []);
    assert.equal((await pool().query('select count(*)::int as n from expense.posting where group_id = $1', [groupId])).rows[0].n, 120);
    assert.equal(await deadlocks(), before);
  });

  it('requests written together, one with a taken id, each has its own outcome', async () => {
    const { groupId, members } = await groupOf(2);
    const id = uuidv7();
    const post = (fields: Record<string, unknown>) =>
      ana.call('POST', `/v1/groups/${groupId}/expenses`, { ...expense(members[0]!, members, '2.00'), ...fields });
    assert.equal((await post({ id })).status, 201);
    const answers = await Promise.all([post({}), post({ id }), post({}), post({ description: '' }), post({})]);
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [201, 409, 201, 400, 201],
    );
  });

  it('update, delete and truncate, refused to the service by its grants and to the owner by a trigger', async () => {
    const { groupId, members } = await groupOf(2);
    await ana.call('POST', `/v1/groups/${groupId}/expenses`, expense(members[0]!, members, '2.00'));
    for (const table of ['posting', 'posting_line']) {
      for (const change of [
        `update expense.${table} set group_id = group_id`,
        `delete from expense.${table}`,
        `truncate expense.${table}`,
      ]) {
        await assert.rejects(pool().query(change), /permission denied/, change);
        const client = await pool().connect();
        try {
          await client.query('begin');
          await client.query('set local role none');
          await assert.rejects(client.query(change), /append-only/, change);
        } finally {
          await client.query('rollback');
          client.release(true);
        }
      }
    }
  });

  it('lines that do not sum to zero, refused by Postgres', async () => {
    const { groupId, members } = await groupOf(2);
    const insert = `insert into expense.posting_line (posting_id, account_id, currency, group_id, paid, owed)
      select $1, account, 'EUR', $2, paid, owed from unnest($3::uuid[], $4::bigint[], $5::bigint[]) as l (account, paid, owed)`;
    await assert.rejects(pool().query(insert, [uuidv7(), groupId, members, [100, 0], [0, 99]]), /does not sum to zero/);
    await pool().query(insert, [uuidv7(), groupId, members, [100, 0], [0, 100]]);
  });

  describe('adjustments', () => {
    it('sum to zero per currency, need a key and the role of an admin', async () => {
      const { groupId, members } = await groupOf(2);
      const url = `/v1/groups/${groupId}/adjustments`;
      const entries = (one: string, other: string) => [
        { memberId: members[0], money: { amount: one, currency: 'EUR' } },
        { memberId: members[1], money: { amount: other, currency: 'EUR' } },
      ];
      const body = { entries: entries('5.00', '-5'), reason: 'Cash' };
      assert.deepEqual(refusalOf(await ana.call('POST', url, body)), [400, 'idempotency_key_required']);
      const key = { 'idempotency-key': uuidv7() };
      const made = await ana.call('POST', url, body, key);
      assert.equal(made.status, 201);
      assert.deepEqual((await ana.call('POST', url, body, key)).body, made.body);
      const fresh = () => ({ 'idempotency-key': uuidv7() });
      assert.deepEqual(refusalOf(await ana.call('POST', url, { ...body, entries: entries('5', '-4') }, fresh())), [
        422,
        'adjustment_not_zero',
      ]);
      assert.deepEqual(refusalOf(await ana.call('POST', url, { ...body, entries: entries('0', '0') }, fresh())), [422, 'empty_adjustment']);
      const precise = await ana.call('POST', url, { ...body, entries: entries('5.001', '-5') }, fresh());
      assert.deepEqual([...refusalOf(precise), precise.body.errors[0].pointer], [422, 'amount_precision', '/entries/0/money/amount']);
      assert.deepEqual(refusalOf(await ben.call('POST', url, body, fresh())), [403, 'forbidden']);
      assert.deepEqual(refusalOf(await ana.call('POST', url, { ...body, id: made.body.id }, fresh())), [409, 'id_taken']);
      assert.deepEqual((await ben.call('GET', url)).body, { data: [made.body], nextCursor: null });
      assert.equal((await nets(groupId))[`${members[0]}/EUR`], '5.00');
    });
  });

  describe('plan', () => {
    it('settles what is owed, by each strategy', async () => {
      const { groupId, members } = await groupOf(4);
      const [a, b, c, d] = members as [string, string, string, string];
      const url = `/v1/groups/${groupId}`;
      await ana.call('POST', `${url}/expenses`, expense(a, [b], '10.00'));
      await ana.call('POST', `${url}/expenses`, expense(b, [c], '10.00'));
      await ana.call('POST', `${url}/expenses`, expense(c, [d], '10.00'));
      const minimal = (await ana.call('GET', `${url}/plan`)).body;
      assert.deepEqual(minimal, {
        transfers: [{ from: d, to: a, money: { amount: '10.00', currency: 'EUR' } }],
        count: 1,
        minimal: true,
        lowerBound: 1,
        strategy: 'minimal',
        currency: 'EUR',
      });
      const pairwise = (await ana.call('GET', `${url}/plan?strategy=pairwise`)).body;
      assert.deepEqual([pairwise.count, pairwise.minimal], [3, false]);
      const hub = (await ana.call('GET', `${url}/plan?strategy=hub&hub=${b}`)).body;
      assert.deepEqual(
        hub.transfers.map((leg: { from: string; to: string }) => [leg.from, leg.to].includes(b)),
        [true, true],
      );
      const missing = await ana.call('GET', `${url}/plan?strategy=hub`);
      assert.deepEqual([...refusalOf(missing), missing.body.errors[0].pointer], [422, 'hub_required', '/query/hub']);
      assert.deepEqual(refusalOf(await ana.call('GET', `${url}/plan?strategy=hub&hub=${uuidv7()}`)), [422, 'hub_unknown']);
      assert.deepEqual(refusalOf(await ana.call('GET', `${url}/plan?currency=XXX`)), [422, 'unknown_currency']);
      assert.equal((await ana.call('GET', `${url}/plan?currency=USD`)).body.count, 0);
      assert.equal((await (await api.user()).call('GET', `${url}/plan`)).status, 404);
    });
  });
});
