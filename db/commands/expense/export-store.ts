import type { WriterMemory } from '../../../domain/export/batches.ts';
import type { ExportedGroup, ExportFormatName } from '../../../domain/export/formats.ts';
import type { ExportState } from '../../../domain/export/group-export.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { ExportPlace } from '../../queries/expense/export.ts';
import type { Tx } from '../../transact.ts';

/** What the process of an export is at: rows of the data file, the ZIP around it and the receipts, or the sum over what it wrote. */
export type ExportPhase = 'writing' | 'packing' | 'sealing';

/** Kinds of parts; `rows` and `zip` are files, the others what the ZIP's end is made from. */
export type PartKind = 'rows' | 'zip' | 'directory' | 'manifest';

/** A group as it is kept while an export of it runs: maps do not survive JSON. */
export type ExportSource = Omit<ExportedGroup, 'accounts' | 'categories'> & {
  readonly accounts: readonly (readonly [id: string, account: { readonly label: string; readonly weight: string }])[];
  readonly categories: readonly (readonly [key: string, name: string])[];
};

/** Where the writing of rows stands. */
export interface WritingPosition {
  readonly after: ExportPlace | null;
  readonly memory: WriterMemory;
  /** How often it began again, as rows had changed their places. */
  readonly restarts?: number;
}

/** Where the packing of a ZIP stands: in its data file, then among the receipts. */
export interface PackingPosition {
  readonly entry: 'data' | 'receipts' | 'end';
  /** The last part of the data file that is in. */
  readonly part: readonly [section: number, seq: number] | null;
  /** Of the data file so far. */
  readonly crc: number;
  readonly size: number;
  readonly stored: number;
  /** The last receipt that was looked at. */
  readonly receiptId: string | null;
  /** Bytes of the ZIP so far, and of its directory. */
  readonly at: number;
  readonly directoryBytes: number;
  readonly entries: number;
}

/** An export as its commands need it. */
export interface HeldExport {
  readonly id: string;
  readonly groupId: string;
  readonly userId: string;
  readonly memberId: string;
  readonly format: ExportFormatName;
  readonly receipts: boolean;
  readonly state: ExportState;
  readonly phase: ExportPhase | null;
  readonly kept: boolean;
  /** What was recorded later is not in it. */
  readonly until: string;
  readonly source: ExportSource | null;
  readonly position: WritingPosition | PackingPosition | null;
  readonly nextPart: number;
  readonly storedBytes: number;
  readonly rows: number;
  readonly writtenRows: number;
  readonly files: number;
  readonly expiresAt: string | null;
  /** Whether the time of its file is over. */
  readonly due: boolean;
}

const COLUMNS = `id, group_id as "groupId", user_id as "userId", member_id as "memberId", format, receipts, state, phase, kept, until::text as until,
  source, position, next_part as "nextPart", stored_bytes::float8 as "storedBytes", rows, written_rows as "writtenRows", files,
  expires_at as "expiresAt", coalesce(expires_at <= clock_timestamp(), false) as due`;

/** Reads an export. @throws RefusalError not_found. */
export async function readExport(query: Tx['query'], exportId: string): Promise<HeldExport> {
  const [row] = await query<HeldExport>(`select ${COLUMNS} from expense.group_export where id = $1`, [exportId]);
  if (row === undefined) throw refusal('not_found', 'There is no such export.');
  return row;
}

/** Takes an export to change it. @throws RefusalError not_found. */
export async function lockExport(tx: Tx, exportId: string): Promise<HeldExport> {
  await tx.query('select id from expense.group_export where id = $1 for update', [exportId]);
  return readExport(tx.query, exportId);
}

/** Bytes of one row of the parts. */
const PART_BYTES = 1024 * 1024;

/** Bytes that an export writes next, in the order of a section's. */
export interface NewPart {
  readonly kind: PartKind;
  readonly section: number;
  readonly content: Uint8Array;
}

/**
 * Writes parts of a held export, each in pieces of a megabyte, and counts them.
 *
 * @returns bytes that were added.
 */
export async function appendParts(tx: Tx, exportId: string, parts: readonly NewPart[]): Promise<number> {
  let added = 0;
  for (const { kind, section, content } of parts)
    for (let start = 0; start < content.length; start += PART_BYTES) {
      const piece = Buffer.from(content.subarray(start, start + PART_BYTES));
      added += piece.length;
      await tx.query(
        `with next as (update expense.group_export set next_part = next_part + 1, stored_bytes = stored_bytes + $4 where id = $1 returning next_part)
         insert into expense.group_export_part (export_id, kind, section, seq, content) select $1, $2, $3, next_part, $5 from next`,
        [exportId, kind, section, piece.length, piece],
      );
    }
  return added;
}

/** How an export ends that has no file, or has one no more. */
export interface ExportEnd {
  readonly state: 'failed' | 'cancelled' | 'expired';
  readonly failureCode?: string;
}

/**
 * Ends a held export that runs or is done: nobody gets its file from this moment on, its process deletes the parts, and who asked is
 * told where it failed.
 */
export async function endExport(
  tx: Tx,
  { id, groupId, userId }: Pick<HeldExport, 'id' | 'groupId' | 'userId'>,
  end: ExportEnd,
): Promise<void> {
  const { state, failureCode = null } = end;
  await tx.query(
    `update expense.group_export set state = $2, failure_code = $3, phase = null, source = null, position = null, bytes = null, sha256 = null,
       expires_at = null, ended_at = coalesce(ended_at, $4), updated_at = $4 where id = $1`,
    [id, state, failureCode, tx.now],
  );
  tx.emit({ type: 'export.changed', subjectId: id, groupId, data: { state } });
  if (state === 'failed') tx.emit({ type: 'export.ended', subjectId: id, groupId, data: { state, userId } });
}

/**
 * Ends the exports of a group whose group is held: those of a person who leaves it, or all of them when a name in them has to go.
 *
 * @param failureCode why those that run fail; without one they are cancelled.
 */
export async function dropExports(
  tx: Tx,
  where: { readonly groupId: string; readonly userId?: string },
  failureCode?: string,
): Promise<void> {
  const held = await tx.query<Pick<HeldExport, 'id' | 'groupId' | 'userId' | 'state'>>(
    `select id, group_id as "groupId", user_id as "userId", state from expense.group_export
     where group_id = $1 and ($2::uuid is null or user_id = $2) and state in ('running', 'done') order by id for update`,
    [where.groupId, where.userId ?? null],
  );
  const ended: ExportEnd = failureCode === undefined ? { state: 'cancelled' } : { state: 'failed', failureCode };
  for (const one of held) await endExport(tx, one, one.state === 'done' ? { state: 'expired' } : ended);
}

/** Parts that one transaction deletes: some hundred megabytes. */
const DISCARD_MAX = 100;

/**
 * Deletes some of the parts that an export does not need: of one that is done all but its file, of one that ended without a file all.
 * After the last of those, nothing is kept of it.
 *
 * @returns whether there may be more.
 */
export async function discardParts(tx: Tx, exportId: string): Promise<boolean> {
  const held = await lockExport(tx, exportId);
  if (held.state === 'running') return false;
  const file = held.state === 'done' ? fileKind(held) : null;
  const gone = await tx.query(
    `delete from expense.group_export_part p using (
       select kind, section, seq from expense.group_export_part where export_id = $1 and kind is distinct from $2 limit ${DISCARD_MAX}) taken
     where p.export_id = $1 and p.kind = taken.kind and p.section = taken.section and p.seq = taken.seq returning 1`,
    [exportId, file],
  );
  if (gone.length > 0) return true;
  if (file === null) await tx.query('update expense.group_export set kept = false where id = $1', [exportId]);
  return false;
}

/** The parts that are the file which is served. */
export function fileKind({ receipts }: Pick<HeldExport, 'receipts'>): 'rows' | 'zip' {
  return receipts ? 'zip' : 'rows';
}
