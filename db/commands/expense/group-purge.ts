import { LockMode } from '@mikro-orm/postgresql';
import { Group } from '../../entities/expense/group.ts';
import type { Tx } from '../../transact.ts';
import { dropReceipts } from './receipts.ts';
import { RESTORABLE_DAYS } from './group-state.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The account of nobody. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What remains of a group's name. */
const PURGED_NAME = 'Deleted group';

/**
 * Removes who and what from a group whose time to be restored is over: names become pseudonyms, accounts are let go,
 * invitations and texts go. Amounts, dates and the ledger stay, so that sums can still be checked.
 *
 * @returns whether it was purged now; false when it was restored, is not due, or is purged already.
 */
export async function purgeGroup(tx: Tx, groupId: string): Promise<boolean> {
  const group = await tx.em.findOne(Group, groupId, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (group === null || group.state !== 'deleted' || group.deletedAt == null || group.purgedAt != null) return false;
  if (group.deletedAt.getTime() + RESTORABLE_DAYS * DAY_MS > tx.now.getTime()) return false;
  await removeNames(tx, group);
  return true;
}

/**
 * Deletes and purges a locked group at once, for one that nobody could reach to restore it: the account of its last person is
 * being erased.
 *
 * @returns 1, for the group.
 */
export async function purgeNow(tx: Tx, group: Group): Promise<number> {
  group.state = 'deleted';
  group.archivedAt = null;
  group.deletedAt ??= tx.now;
  group.version += 1;
  await removeNames(tx, group);
  tx.emit({ type: 'group.state_changed', subjectId: group.id, groupId: group.id, data: { state: 'deleted' } });
  return 1;
}

async function removeNames(tx: Tx, group: Group): Promise<void> {
  group.name = PURGED_NAME;
  group.createdBy = NOBODY;
  group.policy = {};
  group.purgedAt = tx.now;
  group.updatedAt = tx.now;
  const receipts = await tx.query<{ id: string }>('select id from expense.receipt where group_id = $1', [group.id]);
  await dropReceipts(
    tx,
    receipts.map(({ id }) => id),
  );
  for (const statement of PURGE) await tx.query(statement, [group.id]);
  // Answers kept for replays quote names; a deleted group has had no command for as long as they are kept.
  await tx.query(`delete from expense.idempotency where path = $1 or starts_with(path, $1 || '/')`, [`/v1/groups/${group.id}`]);
}

/** A split as stored, with the names of a bill's lines taken out; the lines keep their order. */
export function withoutItemNames(split: string): string {
  return `case when ${split} ->> 'method' = 'itemized' then jsonb_set(${split}, '{items}', (
      select coalesce(jsonb_agg(item.value || '{"name": ""}' order by item.ordinality), '[]')
      from jsonb_array_elements(${split} -> 'items') with ordinality item)) else ${split} end`;
}

const PURGE: readonly string[] = [
  `update expense.member m set display_name = 'Former member ' || numbered.n, user_id = null, unit_id = null
   from (select id, row_number() over (order by created_at, id) as n from expense.member where group_id = $1) numbered
   where numbered.id = m.id`,
  `delete from expense.invitation where group_id = $1`,
  `update expense.expense set description = '', notes = '', tags = '{}', split = ${withoutItemNames('split')} where group_id = $1`,
  `update expense.expense_version set content = jsonb_set(content || '{"description": "", "notes": "", "tags": []}', '{split}',
     coalesce(${withoutItemNames("(content -> 'split')")}, 'null')) where group_id = $1`,
  `update expense.adjustment set reason = '' where group_id = $1`,
  `update expense.comment set text = '', mentions = '{}', deleted_at = coalesce(deleted_at, now()) where group_id = $1`,
  `delete from expense.import_content where import_id in (select id from expense.import where group_id = $1)`,
  `delete from expense.imported_row where group_id = $1`,
  `delete from expense.group_export_part where export_id in (select id from expense.group_export where group_id = $1)`,
  `delete from expense.group_export where group_id = $1`,
  `delete from expense.import where group_id = $1`,
  `update expense.category set name = '' where group_id = $1`,
  `update expense.change set changes = (
     select coalesce(jsonb_agg(case when entry.value ->> 'field' = any('{name,displayName,userId,unitId}')
       then entry.value || '{"from": null, "to": null}' else entry.value end order by entry.ordinality), '[]')
     from jsonb_array_elements(changes) with ordinality entry) where group_id = $1`,
  `delete from expense.preset where group_id = $1`,
  `delete from expense.member_merge_entry e using expense.member_merge m where m.id = e.merge_id and m.group_id = $1`,
  `delete from expense.member_merge where group_id = $1`,
  `update expense.recurring_rule set state = 'ended', problem = null, expense = jsonb_set(expense || '{"description": "", "notes": "", "tags": []}', '{split}',
     ${withoutItemNames("(expense -> 'split')")}) where group_id = $1`,
  `update expense.dispute set reason = '' where group_id = $1`,
];
