import { v7 as uuidv7 } from 'uuid';
import type { ExportFormatName } from '../../../domain/export/formats.ts';
import {
  EXPORT_BYTES_MAX,
  EXPORT_FILE_DAYS,
  KEPT_EXPORTS_MAX,
  RUNNING_EXPORTS_MAX,
  RUNNING_EXPORTS_OF_PERSON_MAX,
} from '../../../domain/export/group-export.ts';
import type { ExportState } from '../../../domain/export/group-export.ts';
import type { GroupState } from '../../../domain/group.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Role } from '../../../domain/roles.ts';
import type { Tx } from '../../transact.ts';
import { endExport, type HeldExport, lockExport, readExport } from './export-store.ts';
import { lockGroup } from './groups.ts';
import { actingMember } from './members.ts';

/** A number of its own for the locks of this file, so that they meet no others. */
const LOCKS = 60;

/** An export as a caller asks for it. */
export interface NewExport {
  readonly groupId: string;
  readonly userId: string;
  readonly id?: string | undefined;
  readonly format: ExportFormatName;
  readonly receipts: boolean;
  readonly least: Role;
  readonly states: readonly GroupState[];
}

/**
 * Opens an export: what is recorded until now is what `exportData` writes.
 *
 * @returns the export's id.
 * @throws RefusalError not_found, forbidden, archived, deleted, id_taken, export_limit_reached.
 */
export async function openExport(tx: Tx, command: NewExport): Promise<string> {
  const group = await lockGroup(tx, command.groupId, command.states);
  const actor = await actingMember(tx, group, command.userId, command.least);
  await refuseTooMany(tx, command);
  const id = command.id ?? uuidv7();
  const inserted = await tx.query(
    `insert into expense.group_export (id, group_id, user_id, member_id, format, receipts, until, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $7) on conflict (id) do nothing returning id`,
    [id, command.groupId, command.userId, actor.id, command.format, command.receipts, tx.now],
  );
  if (inserted.length === 0) throw refusal('id_taken', 'This id is in use.', '/id');
  tx.emit({ type: 'export.requested', subjectId: id, groupId: command.groupId, actorId: command.userId, data: {} });
  return id;
}

async function refuseTooMany(tx: Tx, { groupId, userId }: NewExport): Promise<void> {
  // Held for the person in all their groups, so that two at once do not both take the last place.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, $2))', [userId, LOCKS]);
  const [running] = await tx.query<{ here: number; all: number }>(
    `select count(*) filter (where group_id = $1)::int as here, count(*)::int as all from expense.group_export where user_id = $2 and state = 'running'`,
    [groupId, userId],
  );
  const { here, all } = running ?? { here: 0, all: 0 };
  const limit =
    here >= RUNNING_EXPORTS_MAX
      ? `${RUNNING_EXPORTS_MAX} exports of yours of a group`
      : `${RUNNING_EXPORTS_OF_PERSON_MAX} exports of yours`;
  if (here >= RUNNING_EXPORTS_MAX || all >= RUNNING_EXPORTS_OF_PERSON_MAX)
    throw refusal('export_limit_reached', `At most ${limit} run at once; wait for one to end.`);
}

/**
 * Takes an export back: one that runs stops at its next batch, and the file of one that is done can be had no more.
 *
 * @throws RefusalError not_found, wrong_state.
 */
export async function cancelExport(tx: Tx, exportId: string): Promise<void> {
  const held = await lockExport(tx, exportId);
  if (held.state !== 'running' && held.state !== 'done') throw refusal('wrong_state', `This export is ${held.state} already.`);
  await endExport(tx, held, { state: 'cancelled' });
}

/** The same for its process: one that has ended stays as it is. @param reasonCode why it cannot go on; null where an operator asked. */
export async function stopExport(tx: Tx, exportId: string, reasonCode: string | null): Promise<void> {
  const held = await lockExport(tx, exportId);
  if (held.state !== 'running' && held.state !== 'done') return;
  await endExport(tx, held, reasonCode === null ? { state: 'cancelled' } : { state: 'failed', failureCode: reasonCode });
}

/** What the process of an export does next. */
export interface ExportStep {
  readonly groupId: string;
  readonly state: ExportState;
  /** `wait`: for the end of its file's time; `discard`: parts that nobody needs. */
  readonly next: 'write' | 'pack' | 'seal' | 'wait' | 'discard' | 'nothing';
  readonly expiresAtIso: string | null;
}

const NEXT = { writing: 'write', packing: 'pack', sealing: 'seal' } as const;

/** Tells what an export waits for. @throws RefusalError not_found. */
export async function exportStep(query: Tx['query'], exportId: string): Promise<ExportStep> {
  const { groupId, state, phase, kept, expiresAt } = await readExport(query, exportId);
  const expiresAtIso = expiresAt === null ? null : new Date(expiresAt).toISOString();
  if (phase !== null) return { groupId, state, next: NEXT[phase], expiresAtIso };
  return { groupId, state, next: state === 'done' ? 'wait' : kept ? 'discard' : 'nothing', expiresAtIso };
}

/**
 * Ends an export whose file is whole and tells who asked. Where that is one too many of theirs, or too much, the oldest go.
 *
 * @returns its state; other than `done` where it was cancelled meanwhile.
 */
export async function sealExport(
  tx: Tx,
  exportId: string,
  file: { readonly bytes: number; readonly sha256: string },
): Promise<ExportState> {
  const { userId } = await readExport(tx.query, exportId);
  // All of the person's, in one order, so that two that end at once do not wait for each other in a circle.
  await tx.query(`select id from expense.group_export where user_id = $1 and state in ('running', 'done') order by id for update`, [
    userId,
  ]);
  const held = await readExport(tx.query, exportId);
  if (held.state !== 'running' || held.phase !== 'sealing') return held.state;
  await tx.query(
    `update expense.group_export set state = 'done', phase = null, source = null, position = null, bytes = $2, sha256 = $3,
       expires_at = now() + make_interval(days => ${EXPORT_FILE_DAYS}), ended_at = now(), updated_at = now() where id = $1`,
    [exportId, file.bytes, file.sha256],
  );
  const surplus = await tx.query<Pick<HeldExport, 'id' | 'groupId' | 'userId'>>(
    `select id, group_id as "groupId", user_id as "userId" from (
       select e.*, row_number() over newest as place, sum(bytes) over newest as total from expense.group_export e
       where user_id = $1 and state = 'done' window newest as (order by ended_at desc, id desc)) mine
     where place > ${KEPT_EXPORTS_MAX} or total > ${EXPORT_BYTES_MAX} order by id`,
    [userId],
  );
  for (const one of surplus) await endExport(tx, one, { state: 'expired' });
  tx.emit({ type: 'export.ended', subjectId: exportId, groupId: held.groupId, data: { state: 'done', userId } });
  return 'done';
}

/** Ends an export whose time is over. @returns its state; `done` where it is not time yet. */
export async function expireExport(tx: Tx, exportId: string): Promise<ExportState> {
  const held = await lockExport(tx, exportId);
  if (held.state !== 'done' || !held.due) return held.state;
  await endExport(tx, held, { state: 'expired' });
  return 'expired';
}
