import { problem, type RowProblem } from '../../../domain/import/file.ts';
import { GROUP_STATES } from '../../../domain/group.ts';
import { EXPENSE_COLUMNS, type ExpenseRow, toExpenseView } from '../../queries/expense/expenses.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { GroupContext } from '../../queries/expense/group-context.ts';
import type { Tx } from '../../transact.ts';
import { lockGroup } from './groups.ts';
import { endImport, type HeldImport, lockImport, readImportRow } from './import-store.ts';
import { post, reversalsOf } from './ledger.ts';
import { markLeft, memberOf } from './members.ts';
import { holdGroup } from './record.ts';

/** Expenses of one transaction; a reversal writes twice what recording does. */
const UNDO_BATCH_MAX = 250;

/**
 * Reverses the next batch of what an import recorded: postings by reversals, expenses as deleted ones with their history.
 * What somebody deleted before is passed over, and what names a member who has left is kept, since nobody who has left may owe
 * or be owed. The group may be in any state: what was written has to go.
 *
 * @returns whether there is more.
 */
export async function undoNextRows(tx: Tx, importId: string): Promise<boolean> {
  const { groupId } = await readImportRow(tx.query, importId);
  const context = await holdGroup(tx, groupId);
  const held = await lockImport(tx, importId);
  if (held.state !== 'running') return false;
  await tx.query(`update expense.import set phase = 'undoing', updated_at = $2 where id = $1`, [importId, tx.now]);
  const batch = await tx.query<{ key: string; id: string }>(
    `select r.key, r.expense_id as id from expense.imported_row r where r.import_id = $1
       and not exists (select 1 from expense.expense e where e.id = r.expense_id and ${movesAnyOf('$3')}) order by r.key limit $2`,
    [importId, UNDO_BATCH_MAX, leftIn(context)],
  );
  if (batch.length === 0) return false;
  const ids = batch.map(({ id }) => id);
  await tx.query('select id from expense.expense where id = any($1::uuid[]) order by id for update', [ids]);
  // A statement of its own, so that its snapshot is taken after the locks.
  const rows = await tx.query<ExpenseRow>(
    `select ${EXPENSE_COLUMNS} from expense.expense e where e.id = any($1::uuid[]) and e.group_id = $2 and e.state <> 'deleted'`,
    // What was moved to another group is that one's.
    [ids, groupId],
  );
  await remove(tx, held, rows);
  await tx.query('delete from expense.imported_row where group_id = $1 and key = any($2::uuid[])', [groupId, batch.map(({ key }) => key)]);
  return batch.length === UNDO_BATCH_MAX;
}

/** Whether taking back an expense `e` changes the balance of any of some members, as `reopensWhoLeft` tells of one. */
function movesAnyOf(ids: string): string {
  return `e.posting_id is not null and exists (select 1 from jsonb_array_elements(e.shares) s
    where s ->> 'memberId' = any(${ids}::text[]) and s ->> 'paid' <> s ->> 'owed')`;
}

function leftIn(context: GroupContext): string[] {
  return [...context.members.values()].flatMap(({ id, active }) => (active ? [] : [id]));
}

/** Refuses an undo that would change what somebody who has left owes or is owed. @throws RefusalError member_left. */
export async function refuseUndoOfWhoLeft(tx: Tx, context: GroupContext, importId: string): Promise<void> {
  const left = leftIn(context);
  if (left.length === 0) return;
  const rows = await tx.query(
    `select 1 from expense.imported_row r join expense.expense e on e.id = r.expense_id
     where r.import_id = $1 and e.group_id = $2 and ${movesAnyOf('$3')} limit 1`,
    [importId, context.groupId, left],
  );
  if (rows.length > 0)
    throw refusal('member_left', 'This would change the balance of a member who has left the group; let them join again first.');
}

async function remove(tx: Tx, held: HeldImport, rows: readonly ExpenseRow[]): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await post(
    tx,
    await reversalsOf(
      tx,
      rows.flatMap((row) => row.posting_id ?? []),
    ),
  );
  await tx.query(
    `update expense.approval_round set outcome = 'voided', closed_at = $2 where expense_id = any($1::uuid[]) and outcome = 'waiting'`,
    [ids, tx.now],
  );
  const views = rows.map(toExpenseView);
  await tx.query(
    `with content as (
       select * from unnest($1::uuid[], $2::jsonb[], $3::int[], $4::uuid[], $5::timestamptz[]) as c (id, content, version, created_by, created_at)
     ), first as (
       insert into expense.expense_version (expense_id, version, group_id, change, content, actor_member_id, at)
       select id, version, $6::uuid, 'created', content, created_by, created_at from content on conflict (expense_id, version) do nothing
     ), next as (
       select c.id, c.content, greatest(c.version, coalesce(max(v.version), 0)) + 1 as version
       from content c left join expense.expense_version v on v.expense_id = c.id group by c.id, c.content, c.version
     ), last as (
       insert into expense.expense_version (expense_id, version, group_id, change, content, actor_member_id, at)
       select id, version, $6::uuid, 'deleted', content, $7::uuid, $8::timestamptz from next
     )
     update expense.expense e set state = 'deleted', version = n.version, pending_version = null, posting_id = null, updated_at = $8::timestamptz,
       deleted_at = $8::timestamptz from next n where n.id = e.id`,
    [
      ids,
      views.map(({ content }) => JSON.stringify(content)),
      views.map(({ version }) => version),
      views.map(({ createdBy }) => createdBy),
      rows.map((row) => row.created_at),
      held.groupId,
      held.undoBy,
      tx.now,
    ],
  );
  for (const view of views) {
    if (view.state !== 'pending' && view.pendingVersion === null) continue;
    const version = view.pendingVersion ?? view.version;
    tx.emit({ type: 'expense.voided', subjectId: view.id, groupId: held.groupId, data: { version } });
  }
}

/**
 * Ends an import of which nothing stands any more but what names a member who has left: members that it added and that nobody
 * needs leave the group.
 *
 * @param reason why it could not go on; without one somebody asked for the undo.
 */
export async function finishUndo(tx: Tx, importId: string, reason: RowProblem | null): Promise<void> {
  const { groupId } = await readImportRow(tx.query, importId);
  const group = await lockGroup(tx, groupId, GROUP_STATES);
  const held = await lockImport(tx, importId);
  if (held.state !== 'running') return;
  const unneeded = await tx.query<{ id: string }>(
    `select m.id from expense.member m where m.id = any($1::uuid[]) and m.group_id = $2 and m.state = 'active' and m.user_id is null and m.role <> 'owner'
       and not exists (select 1 from expense.balance b where b.group_id = $2 and b.account_id = m.id and (b.net <> 0 or b.reserved <> 0))
       and not exists (select 1 from expense.reservation r where r.group_id = $2 and (r.from_member_id = m.id or r.to_member_id = m.id))
       and not exists (select 1 from expense.expense e where e.group_id = $2 and e.state <> 'deleted'
         and e.shares @> jsonb_build_array(jsonb_build_object('memberId', m.id)))
       and not exists (select 1 from payment_pub.transfer_v1 t where t.group_id = $2 and (t.from_member_id = m.id or t.to_member_id = m.id))`,
    [held.newMembers, groupId],
  );
  if (unneeded.length > 0) {
    const actor = held.undoBy === null ? null : await memberOf(tx, group, held.undoBy);
    for (const { id } of unneeded) await markLeft(tx, group, actor, await memberOf(tx, group, id));
  }
  const standing = await tx.query<{ id: string }>(
    `select e.id from expense.imported_row r join expense.expense e on e.id = r.expense_id
     where r.import_id = $1 and e.group_id = $2 and e.state <> 'deleted' order by e.id`,
    [importId, groupId],
  );
  const kept = standing.map(({ id }) => keptProblem(id));
  if (reason !== null) await tx.query('update expense.import set imported = $2 where id = $1', [importId, kept.length]);
  await endImport(
    tx,
    held,
    reason === null ? { state: 'undone', by: held.undoBy, problems: kept } : { state: 'failed', by: null, problems: [reason, ...kept] },
  );
}

function keptProblem(expenseId: string): RowProblem {
  return problem(0, 'member_left', `The expense ${expenseId} is kept: it names a member who has left the group.`);
}

/**
 * Ends an import whose rows are all posted.
 *
 * @returns false when it is not posting any more.
 */
export async function finishImport(tx: Tx, importId: string): Promise<boolean> {
  const { groupId } = await readImportRow(tx.query, importId);
  await holdGroup(tx, groupId);
  const held = await lockImport(tx, importId);
  if (held.state !== 'running' || held.phase !== 'posting' || held.undoRequested) return false;
  await endImport(tx, held, { state: 'done', by: held.createdBy });
  return true;
}
