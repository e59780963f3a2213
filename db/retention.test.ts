// Goal: an event that a consumer has yet to read outlives its time. Method: outbox rows of long ago on real Postgres.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { type TestDatabases, testDatabases } from '../test/support/servers.ts';
import { deleteOldEvents, giveUpOldRequests } from './relay.ts';

describe('retention of events', () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await testDatabases();
  });
  after(() => databases.close());

  const left = async (): Promise<number[]> => {
    const { rows } = await databases.expense.pool.query<{ position: string }>('select position from expense.outbox order by position');
    return rows.map(({ position }) => Number(position));
  };

  const readTo = (service: 'notification' | 'payment', source: string, position: number): Promise<unknown> =>
    databases[service].pool.query(
      `insert into ${service}.consumer_cursor (consumer, source, position) values ('slow', $1, $2)
       on conflict (consumer, source) do update set position = excluded.position`,
      [source, position],
    );

  it('consumers in two services, one behind the other, keeps what the slower has not read', async () => {
    for (const position of [1, 2, 3]) {
      const id = uuidv7({ msecs: Date.now() - 8 * 86_400_000 });
      await databases.expense.pool.query(
        `insert into expense.outbox (id, type, subject_id, position) values ($1, 'expense.posted', $1::uuid, $2)`,
        [id, position],
      );
    }
    await readTo('notification', 'expense', 3);
    await readTo('payment', 'expense', 1);
    await readTo('payment', 'user', 0);

    assert.equal(await deleteOldEvents(databases.expense, 100), 1);
    assert.deepEqual(await left(), [2, 3]);

    await readTo('payment', 'expense', 3);
    assert.equal(await deleteOldEvents(databases.expense, 100), 2);
    assert.deepEqual(await left(), []);
  });
});

describe('retention of friend requests', () => {
  it('unanswered for 90 days, are given up and their addresses forgotten; younger and answered ones stay', async () => {
    const databases = await testDatabases();
    try {
      const make = async (days: number, state: string): Promise<string> => {
        const id = uuidv7();
        await databases.user.pool.query(
          `insert into "user".friendship (id, asker_id, asked_email, asked_key, asked_id, state, created_at, ledger_id, accepted_at)
           values ($1::uuid, gen_random_uuid(), $1::uuid::text, $1::uuid::text, gen_random_uuid(), $3, now() - make_interval(days => $2), gen_random_uuid(), now())`,
          [id, days, state],
        );
        return id;
      };
      const [old, young, friends] = [await make(91, 'pending'), await make(89, 'pending'), await make(91, 'accepted')];
      assert.deepEqual([await giveUpOldRequests(databases.user, 10), await giveUpOldRequests(databases.user, 10)], [1, 0]);
      assert.equal(await giveUpOldRequests(databases.expense, 10), 0);
      const { rows } = await databases.user.pool.query<{ id: string; state: string; address: string }>(
        'select id, state, asked_email as address from "user".friendship where id = any($1)',
        [[old, young, friends]],
      );
      const now = new Map(rows.map(({ id, state, address }) => [id, [state, address]]));
      assert.deepEqual(
        [now.get(old), now.get(young), now.get(friends)],
        [
          ['withdrawn', ''],
          ['pending', young],
          ['accepted', friends],
        ],
      );
    } finally {
      await databases.close();
    }
  });
});
