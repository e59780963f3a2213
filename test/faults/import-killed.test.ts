// Goal: an import whose worker is killed goes on and records every row once; an undo that is killed reverses every row once. An export
// that was being written then is the same to the byte. Method: the whole platform; kill -9 of the worker as soon as a part of the rows
// is there.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Platform } from '../../sandbox/platform.ts';
import { until } from '../support/until.ts';
import { allServe, assertLedgerAgrees, balancesOf, faultPlatform, killPart, newGroup, reaches, RECOVERY_MS, sql } from './support.ts';

const ROWS = 12_000;
/** Rows of the export. */
const EXPORTED = 40_000;

const INSERT_EXPENSES = `
  insert into expense.expense (id, group_id, kind, state, description, total_minor, currency, date, payers, split, shares, notes, tags, created_by, posting_id)
  select gen_random_uuid(), $1, 'expense', 'posted', 'Tea ' || n, 100, 'EUR', date '2026-01-01' + (n % 30),
    jsonb_build_array(jsonb_build_object('memberId', $2::text, 'amount', '1.00')),
    jsonb_build_object('method', 'equal', 'among', jsonb_build_array($2::text)),
    jsonb_build_array(jsonb_build_object('memberId', $2::text, 'paid', '1.00', 'owed', '1.00')), '', '{}', $2::uuid, gen_random_uuid()
  from generate_series(1, $3::int) n`;

describe('faults, the worker is killed while it imports', function () {
  this.timeout(240_000);
  let platform: Platform;

  before(async () => {
    platform = await faultPlatform();
    await allServe(platform);
  });

  const recorded = async (importId: string): Promise<number> => {
    const [row] = await sql<{ n: number }>(platform, 'select count(*)::int as n from expense.imported_row where import_id = $1', [
      importId,
    ]);
    return row?.n ?? 0;
  };
  const within = (importId: string, low: number, high: number): Promise<unknown> =>
    until(
      `some rows of ${importId} are there`,
      async () => {
        const count = await recorded(importId);
        return count > low && count < high;
      },
      RECOVERY_MS,
    );

  /** Asks for an export of another group, and waits until a part of its rows is written. */
  async function exportBegun(): Promise<{ isWhole(): Promise<void> }> {
    const group = await newGroup(platform.urls.apiUrl, 1);
    const [owner, member] = [group.users[0]!, group.members[0]!];
    await sql(platform, INSERT_EXPENSES, [group.groupId, member, EXPORTED]);
    const opened = await owner.call('POST', `/v1/groups/${group.groupId}/exports`, { format: 'splitwise-csv' });
    assert.equal(opened.status, 202, JSON.stringify(opened.body));
    const path = `/v1/exports/${opened.body.id}`;
    const written = async (): Promise<boolean> => {
      const { writtenRows } = (await owner.call('GET', path)).body;
      return writtenRows > 0 && writtenRows < EXPORTED;
    };
    await until('some rows are written', written, RECOVERY_MS);
    return {
      async isWhole() {
        const done = await reaches(owner, path, 'done', 2 * RECOVERY_MS);
        const inline = await fetch(`${platform.urls.apiUrl}/v1/groups/${group.groupId}/export?format=splitwise-csv`, {
          headers: { authorization: `Bearer ${owner.token}` },
        });
        const sum = createHash('sha256')
          .update(Buffer.from(await inline.arrayBuffer()))
          .digest('hex');
        assert.deepEqual([done.writtenRows, done.sha256], [EXPORTED, sum]);
      },
    };
  }

  it('rows are recorded once, and reversed once', async () => {
    const group = await newGroup(platform.urls.apiUrl, 1);
    const [owner] = group.users;
    assert.ok(owner);
    const head = 'Date,Description,Category,Cost,Currency,Person 0,Ben\n';
    const content = head + '2026-01-03,Row,General,10.00,EUR,5.00,-5.00\n'.repeat(ROWS);
    const opened = await owner.call('POST', `/v1/groups/${group.groupId}/imports`, { format: 'auto', content });
    assert.equal(opened.status, 202, JSON.stringify(opened.body));
    const path = `/v1/imports/${opened.body.id}`;
    await within(opened.body.id as string, 0, ROWS);
    const file = await exportBegun();
    killPart(platform, 'worker');
    const done = await reaches(owner, path, 'done', 2 * RECOVERY_MS);
    assert.deepEqual([done.imported, done.skipped, done.problems], [ROWS, 0, []]);
    assert.equal((await balancesOf(group))[group.members[0]!], `${5 * ROWS}.00`);
    await assertLedgerAgrees(platform);
    await file.isWhole();

    assert.equal((await owner.call('POST', `${path}/undo`)).status, 202);
    await within(opened.body.id as string, 0, ROWS);
    killPart(platform, 'worker');
    await reaches(owner, path, 'undone', 2 * RECOVERY_MS);
    assert.deepEqual(await balancesOf(group), {});
    const [left] = await sql<{ n: number }>(
      platform,
      `select count(*)::int as n from expense.expense where group_id = $1 and state <> 'deleted'`,
      [group.groupId],
    );
    assert.equal(left?.n, 0);
    await assertLedgerAgrees(platform);
  });
});
