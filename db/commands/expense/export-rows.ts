import { NOTHING_WRITTEN, writeBatch } from '../../../domain/export/batches.ts';
import type { ExportedGroup } from '../../../domain/export/formats.ts';
import { EXPORT_BYTES_MAX } from '../../../domain/export/group-export.ts';
import { countExported, exportedBatch, findExportedGroup, placesChanged } from '../../queries/expense/export.ts';
import type { Tx } from '../../transact.ts';
import {
  appendParts,
  endExport,
  type ExportSource,
  type HeldExport,
  lockExport,
  type PackingPosition,
  type WritingPosition,
} from './export-store.ts';

/** Expenses and postings of one transaction: some 0.1 s, so that who cancels waits no longer. */
export const WRITE_BATCH_MAX = 500;

/** How often an export begins again before it fails. */
export const RESTARTS_MAX = 5;

/** How far the writing has come. */
export interface WriteProgress {
  /** `stopped`: somebody took it back, or it is not writing any more. */
  readonly outcome: 'more' | 'end' | 'stopped';
  readonly written: number;
  readonly rows: number;
}

const PACKING_BEGINS: PackingPosition = {
  entry: 'data',
  part: null,
  crc: 0,
  size: 0,
  stored: 0,
  receiptId: null,
  at: 0,
  directoryBytes: 0,
  entries: 0,
};

/**
 * Writes the next batch of an export's rows. Where it stands, and what its format remembers, is written with the batch, so that the
 * file is the same wherever a worker was lost.
 *
 * @throws RefusalError not_found.
 */
export async function writeNextRows(tx: Tx, exportId: string): Promise<WriteProgress> {
  const held = await lockExport(tx, exportId);
  if (held.state !== 'running' || held.phase !== 'writing') return { outcome: 'stopped', written: held.writtenRows, rows: held.rows };
  const { group, position, rows } = await opened(tx, held);
  const { until, groupId, format } = held;
  const batch = await exportedBatch(tx.query, groupId, { until, after: position.after, limit: WRITE_BATCH_MAX });
  const isLast = batch.after === null;
  if (isLast && (await placesChanged(tx.query, groupId, until))) return beginAgain(tx, held, position);
  const { texts, memory } = writeBatch(format, group, position.memory, batch.rows, isLast);
  const parts = texts.map(({ section, text }) => ({ kind: 'rows' as const, section, content: Buffer.from(text, 'utf8') }));
  const added = await appendParts(tx, exportId, parts);
  if (held.storedBytes + added > EXPORT_BYTES_MAX) {
    await endExport(tx, held, { state: 'failed', failureCode: 'export_too_large' });
    return { outcome: 'stopped', written: held.writtenRows, rows };
  }
  const { restarts } = position;
  const next: WritingPosition | PackingPosition | null = !isLast
    ? { after: batch.after, memory, restarts }
    : held.receipts
      ? PACKING_BEGINS
      : null;
  const phase = !isLast ? 'writing' : held.receipts ? 'packing' : 'sealing';
  const written = held.writtenRows + batch.entries;
  // Something may have been deleted since they were counted; in the end they are what was written.
  await tx.query(
    'update expense.group_export set position = $2, phase = $3, written_rows = $4, rows = case when $5 then $4 else rows end, updated_at = $6 where id = $1',
    [exportId, next === null ? null : JSON.stringify(next), phase, written, isLast, tx.now],
  );
  return { outcome: isLast ? 'end' : 'more', written, rows };
}

/**
 * What got another day while batches were written, may be in none of them, or in two: all of it is written again, of what is recorded
 * until now. In a group that changes all the time that ends somewhen.
 */
async function beginAgain(tx: Tx, held: HeldExport, { restarts = 0 }: WritingPosition): Promise<WriteProgress> {
  if (restarts >= RESTARTS_MAX) {
    await endExport(tx, held, { state: 'failed', failureCode: 'group_changed' });
    return { outcome: 'stopped', written: held.writtenRows, rows: held.rows };
  }
  await tx.query('delete from expense.group_export_part where export_id = $1', [held.id]);
  const position: WritingPosition = { after: null, memory: NOTHING_WRITTEN, restarts: restarts + 1 };
  await tx.query(
    `update expense.group_export set until = clock_timestamp(), source = null, position = $2, written_rows = 0, stored_bytes = 0, updated_at = $3
     where id = $1`,
    [held.id, JSON.stringify(position), tx.now],
  );
  return { outcome: 'more', written: 0, rows: held.rows };
}

/** The group and the position that the batch begins with. With the first one, the group is kept as all batches name it. */
async function opened(tx: Tx, held: HeldExport): Promise<{ group: ExportedGroup; position: WritingPosition; rows: number }> {
  const begun = held.position !== null && 'memory' in held.position ? held.position : null;
  if (held.source !== null && begun !== null) return { group: groupOf(held.source), position: begun, rows: held.rows };
  const group = await findExportedGroup(tx.query, held.groupId, held.memberId);
  const rows = await countExported(tx.query, held.groupId, held.until);
  const source: ExportSource = { ...group, accounts: [...group.accounts], categories: [...group.categories] };
  await tx.query('update expense.group_export set source = $2, rows = $3 where id = $1', [held.id, JSON.stringify(source), rows]);
  return { group, position: begun ?? { after: null, memory: NOTHING_WRITTEN }, rows };
}

function groupOf(source: ExportSource): ExportedGroup {
  return { ...source, accounts: new Map(source.accounts), categories: new Map(source.categories) };
}
