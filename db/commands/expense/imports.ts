import { v7 as uuidv7 } from 'uuid';
import type { GroupState } from '../../../domain/group.ts';
import type { ImportFormatName } from '../../../domain/import/registry.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';
import { loadGroupContexts } from '../../queries/expense/group-context.ts';
import { binaryKindOf } from './decode-file.ts';
import { lockGroup } from './groups.ts';
import { lockImport, readImportRow } from './import-store.ts';
import { refuseUndoOfWhoLeft } from './import-undo.ts';
import { actingMember } from './members.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { holdGroup, memberIn } from './record.ts';
import { roleAtLeast, type Role } from '../../../domain/roles.ts';

/** Imports of one group that may run at once: bounds the files that wait in the database to 100 MB a group. */
export const RUNNING_IMPORTS_MAX = 5;

/** A file as a caller sends it. */
export interface NewImport {
  readonly groupId: string;
  readonly userId: string;
  readonly id?: string | undefined;
  readonly format: ImportFormatName | 'auto';
  readonly content: Buffer;
  readonly dryRun: boolean;
  readonly skipBadRows: boolean;
  /** Member ids by names of the file. */
  readonly memberMap: Readonly<Record<string, string>>;
  readonly least: Role;
  readonly states: readonly GroupState[];
}

/**
 * Opens an import: keeps the file, and has `importGroup` read it.
 *
 * @returns the import's id.
 * @throws RefusalError not_found, forbidden, archived, deleted, id_taken, unknown_member, member_not_active,
 *   import_limit_reached, not_text.
 */
export async function openImport(tx: Tx, command: NewImport): Promise<string> {
  const group = await lockGroup(tx, command.groupId, command.states);
  const actor = await actingMember(tx, group, command.userId, command.least);
  await checkMemberMap(tx, command);
  const kind = binaryKindOf(command.content);
  if (kind !== null) throw refusal('not_text', `The file is ${kind}, not CSV or JSON.`, '/file');
  const [running] = await tx.query<{ n: number }>(
    `select count(*)::int as n from expense.import where group_id = $1 and state = 'running'`,
    [command.groupId],
  );
  if ((running?.n ?? 0) >= RUNNING_IMPORTS_MAX)
    throw refusal('import_limit_reached', `At most ${RUNNING_IMPORTS_MAX} imports of a group run at once; wait for one to end.`);
  const id = command.id ?? uuidv7();
  const inserted = await tx.query(
    `insert into expense.import (id, group_id, created_by, user_id, asked, dry_run, skip_bad_rows, member_map, phase, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'reading', $9, $9) on conflict (id) do nothing returning id`,
    [
      id,
      command.groupId,
      actor.id,
      command.userId,
      command.format,
      command.dryRun,
      command.skipBadRows,
      JSON.stringify({ ...(await namesWithCommas(tx, command.groupId)), ...command.memberMap }),
      tx.now,
    ],
  );
  if (inserted.length === 0) throw refusal('id_taken', 'This id is in use.', '/id');
  await tx.query('insert into expense.import_content (import_id, content) values ($1, $2)', [id, command.content]);
  tx.emit({ type: 'import.requested', subjectId: id, groupId: command.groupId, actorId: command.userId, data: {} });
  return id;
}

/**
 * Active members by their names, as far as these have commas and are nobody else's: some formats join names by commas, and
 * a file may be read several times, so what the group knows then is kept with the import.
 */
async function namesWithCommas(tx: Tx, groupId: string): Promise<Record<string, string>> {
  const rows = await tx.query<{ name: string; id: string }>(
    `select display_name as name, min(id::text) as id from expense.member
     where group_id = $1 and state = 'active' and display_name like '%,%' group by display_name having count(*) = 1`,
    [groupId],
  );
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]));
}

async function checkMemberMap(tx: Tx, { groupId, memberMap }: NewImport): Promise<void> {
  const context = (await loadGroupContexts(tx.query, [groupId])).get(groupId);
  for (const [name, memberId] of Object.entries(memberMap)) {
    const pointer = `/memberMap/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const member = context?.members.get(memberId);
    if (member === undefined) throw refusal('unknown_member', 'This is not a member of the group.', pointer);
    if (!member.active) throw refusal('member_not_active', 'This member has left the group.', pointer);
  }
}

/**
 * Asks for an import to be undone: one that runs stops at its next batch, and what it recorded is reversed. Asked again
 * while it is being undone, nothing changes.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, period_locked, member_left, wrong_state.
 */
export async function requestUndo(
  tx: Tx,
  command: { readonly importId: string; readonly groupId: string; readonly userId: string; readonly least: Role },
): Promise<void> {
  const context = await holdGroup(tx, command.groupId);
  const member = memberIn(context, command.userId);
  if (!roleAtLeast(member.role, command.least)) throw refusal('forbidden', 'Your role does not allow this.');
  if (context.state !== 'active') throw refusal(context.state, `The group is ${context.state}.`);
  const held = await lockImport(tx, command.importId);
  if (held.dryRun) throw refusal('wrong_state', 'A dry run records nothing, so there is nothing to undo.');
  if (held.state === 'failed' || held.state === 'undone')
    throw refusal('wrong_state', `This import has ${held.state === 'failed' ? 'failed' : 'been undone'}; there is nothing to undo.`);
  if (held.undoRequested) return;
  refuseLockedPeriod(context, await earliestDay(tx, held.id));
  await refuseUndoOfWhoLeft(tx, context, held.id);
  await tx.query(
    `update expense.import set state = 'running', phase = case when state = 'done' then 'undoing' else phase end, undo_requested_at = $2, updated_at = $2,
      undo_by = $3, ended_at = null where id = $1`,
    [held.id, tx.now, member.id],
  );
  tx.emit({ type: 'import.undo_requested', subjectId: held.id, groupId: held.groupId, actorId: command.userId, data: {} });
}

/** The earliest day of what an import recorded and still stands; none where nothing does. */
async function earliestDay(tx: Tx, importId: string): Promise<string[]> {
  const [row] = await tx.query<{ day: string | null }>(
    `select min(e.date)::text as day from expense.imported_row r join expense.expense e on e.id = r.expense_id
     where r.import_id = $1 and e.state <> 'deleted'`,
    [importId],
  );
  return row?.day == null ? [] : [row.day];
}

/** What the process of an import does next. */
export interface ImportStep {
  readonly groupId: string;
  readonly state: 'running' | 'done' | 'failed' | 'undone';
  readonly next: 'read' | 'post' | 'undo' | 'nothing';
}

/** Tells what an import waits for. @throws RefusalError not_found. */
export async function importStep(query: Tx['query'], importId: string): Promise<ImportStep> {
  const { groupId, state, phase, undoRequested } = await readImportRow(query, importId);
  if (state !== 'running') return { groupId, state, next: 'nothing' };
  if (undoRequested || phase === 'undoing') return { groupId, state, next: 'undo' };
  return { groupId, state, next: phase === 'posting' ? 'post' : 'read' };
}
