// Goal: the sweep finds ended transfers of which something is still to be looked at. Method: rows written by hand.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { type TestDatabases, testDatabases } from '../../../test/support/servers.ts';
import { read } from '../../transact.ts';
import { findUnfinished } from '../unfinished.ts';

describe('unfinished transfers', () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await testDatabases();
  });
  after(() => databases.close());

  async function ended(attemptState: string, reported: boolean): Promise<string> {
    const [transferId, attemptId] = [uuidv7(), uuidv7()];
    const { pool } = databases.payment;
    await pool.query(
      `insert into payment.transfer (id, group_id, from_member_id, to_member_id, currency, amount_minor, method, date, due_at, state, updated_at)
       values ($1, $2, $3, $4, 'EUR', 100, 'stripe', current_date, now(), 'succeeded', now() - interval '1 hour')`,
      [transferId, uuidv7(), uuidv7(), uuidv7()],
    );
    await pool.query(
      `insert into payment.attempt (id, transfer_id, epoch, gateway, idempotency_key, amount_minor, currency, state, updated_at)
       values ($1, $2, 1, 'stripe', $1::uuid::text, 100, 'EUR', $3, now() - interval '1 hour')`,
      [attemptId, transferId, attemptState],
    );
    await pool.query(
      `insert into payment.gateway_event (gateway, event_id, type, object_ref, received_at, processed_at)
       values ('stripe', $1, 'payment_intent.succeeded', $2, now() - interval '1 hour', $3), ('stripe', $1 || ':other', 'charge.updated', 'ch_1', now(), now())`,
      [uuidv7(), attemptId, reported ? null : new Date()],
    );
    return transferId;
  }

  it('money that came late, or news that nobody has looked at, are found; what is done is not', async () => {
    const quarantined = await ended('quarantined', false);
    const reported = await ended('canceled', true);
    await ended('succeeded', false);

    const query = (text: string, values?: readonly unknown[]): Promise<never[]> => read(databases.payment, text, values);
    const found = await findUnfinished(query, 'payment', { after: null, limit: 10, olderThanSeconds: 60 });

    assert.deepEqual(
      found.map(({ process, key }) => `${process}/${key}`).sort(),
      [`transfer/${quarantined}`, `transfer/${reported}`].sort(),
    );
  });
});
