// Goal: what was noted of security stays noted. Method: the service's own role in Postgres, beside any code of ours.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { testDatabase } from '../../../test/support/servers.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { transact } from '../../transact.ts';
import { audit } from './audit.ts';

describe('audit log', function () {
  this.timeout(60_000);
  let database: ServiceDatabase;

  before(async () => {
    database = await testDatabase('user');
  });
  after(() => database.close());

  it('an event that was noted, is neither deleted nor changed in what was done, by whom and when', async () => {
    const subjectId = uuidv7();
    await transact(database, (tx) => audit(tx, { action: 'sign_in', subjectId, outcome: 'refused' }));
    for (const statement of [
      'delete from "user".audit_event',
      'truncate "user".audit_event',
      `update "user".audit_event set action = 'sign_out'`,
      `update "user".audit_event set outcome = 'succeeded'`,
      'update "user".audit_event set actor_id = subject_id',
      'update "user".audit_event set at = now()',
    ])
      await assert.rejects(database.pool.query(statement), { code: '42501' }, statement);
    const { rows } = await database.pool.query('select action, outcome from "user".audit_event where subject_id = $1', [subjectId]);
    assert.deepEqual(rows, [{ action: 'sign_in', outcome: 'refused' }]);
  });
});
