import { crc32, constants, deflateRawSync } from 'node:zlib';
import { EXPORTS } from '../../../domain/export/formats.ts';
import { EXPORT_BYTES_MAX, EXPORT_FILES_MAX } from '../../../domain/export/group-export.ts';
import { zipDirectoryLine, zipEnd, type ZipEntry, zipHeader, zipSizes } from '../../../domain/export/zip.ts';
import { type ExportedReceipt, nextExportedReceipt } from '../../queries/expense/group-exports.ts';
import type { Tx } from '../../transact.ts';
import { appendParts, endExport, type HeldExport, lockExport, type NewPart, type PackingPosition, type PartKind } from './export-store.ts';

/** What packing needs next; what is not in Postgres, or takes long to sum up, is got outside the transaction. */
export type PackStep =
  | { readonly needs: 'nothing'; readonly outcome: 'more' | 'end' | 'stopped'; readonly files: number }
  | { readonly needs: 'sum'; readonly files: number }
  | { readonly needs: 'receipt'; readonly receipt: ExportedReceipt; readonly files: number };

/** A receipt's file with its digest; null where the file is gone. */
export type ReceiptContent = { readonly bytes: Buffer; readonly sha256: string } | null;

/** Version of the ZIP's layout, in its manifest. */
export const GROUP_EXPORT_VERSION = 1;

/**
 * Packs the next megabyte of the data file, or the end of the ZIP, or tells what it needs for the next file. Where it stands is
 * written with what it packs, so that the ZIP is the same wherever a worker was lost.
 *
 * @throws RefusalError not_found.
 */
export async function packNext(tx: Tx, exportId: string): Promise<PackStep> {
  const held = await lockExport(tx, exportId);
  const position = packingOf(held);
  if (position === null) return { needs: 'nothing', outcome: 'stopped', files: held.files };
  switch (position.entry) {
    case 'data':
      return packData(tx, held, position);
    case 'receipts': {
      const { groupId, until } = held;
      const receipt = await nextExportedReceipt(tx.query, { groupId, until, after: position.receiptId });
      if (receipt !== null) return { needs: 'receipt', receipt, files: held.files };
      await writePosition(tx, held, { ...position, entry: 'end' });
      return { needs: 'nothing', outcome: 'more', files: held.files };
    }
    case 'end':
      return packEnd(tx, held, position);
  }
}

/** Ends the data file in the ZIP. @param sha256 of the file as it is outside the ZIP. */
export async function packSum(tx: Tx, exportId: string, sha256: string): Promise<void> {
  const held = await lockExport(tx, exportId);
  const position = packingOf(held);
  // Another worker that was taken for lost may have done it.
  if (position?.entry !== 'data') return;
  const tail = deflateRawSync(Buffer.alloc(0));
  const entry: ZipEntry = { ...dataEntry(held, position), stored: position.stored + tail.length };
  const content = Buffer.concat([tail, zipSizes(entry)]);
  const listed = { name: entry.name, bytes: entry.size, sha256 };
  await pack(tx, held, { ...position, entry: 'receipts' }, { content, entry, listed });
}

/** Packs the receipt that {@link packNext} asked for, or notes that its file is gone. */
export async function packReceipt(tx: Tx, exportId: string, receipt: ExportedReceipt, content: ReceiptContent): Promise<void> {
  const held = await lockExport(tx, exportId);
  const position = packingOf(held);
  if (position?.entry !== 'receipts' || (position.receiptId ?? '') >= receipt.id) return;
  if (held.files >= EXPORT_FILES_MAX) return endExport(tx, held, { state: 'failed', failureCode: 'export_too_large' });
  const { expenseId, date, description, total } = receipt;
  const listed = { name: nameOf(receipt), receiptId: receipt.id, expense: { id: expenseId, date, description, total } };
  const next = { ...position, receiptId: receipt.id };
  if (content === null) return pack(tx, held, next, { listed: { ...listed, missing: true } });
  const { bytes, sha256 } = content;
  const entry = storedEntry(listed.name, bytes, position.at);
  const packed = Buffer.concat([zipHeader(entry, whenOf(held)), bytes]);
  await pack(tx, held, next, { content: packed, entry, listed: { ...listed, bytes: bytes.length, sha256 } }, 1);
}

function packingOf({ state, phase, position }: HeldExport): PackingPosition | null {
  return state === 'running' && phase === 'packing' && position !== null && 'entry' in position ? position : null;
}

async function packData(tx: Tx, held: HeldExport, position: PackingPosition): Promise<PackStep> {
  const [section, seq] = position.part ?? [-1, -1];
  const [part] = await tx.query<{ section: number; seq: number; content: Buffer }>(
    `select section, seq, content from expense.group_export_part where export_id = $1 and kind = 'rows' and (section, seq) > ($2, $3)
     order by section, seq limit 1`,
    [held.id, section, seq],
  );
  if (part === undefined && position.part !== null) return { needs: 'sum', files: held.files };
  const content = part?.content ?? Buffer.alloc(0);
  // Each part ends at a byte, so parts that were deflated one by one are one stream.
  const deflated = deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH });
  const header = position.part === null ? zipHeader(dataEntry(held, position), whenOf(held)) : Buffer.alloc(0);
  await pack(
    tx,
    held,
    {
      ...position,
      part: part === undefined ? [0, 0] : [part.section, part.seq],
      crc: crc32(content, position.crc),
      size: position.size + content.length,
      stored: position.stored + deflated.length,
    },
    { content: Buffer.concat([header, deflated]) },
  );
  return { needs: 'nothing', outcome: 'more', files: held.files };
}

async function packEnd(tx: Tx, held: HeldExport, position: PackingPosition): Promise<PackStep> {
  const lines = await joined(tx, held.id, 'manifest');
  const head = {
    format: 'safesplitx-group-export',
    version: GROUP_EXPORT_VERSION,
    groupId: held.groupId,
    createdAt: whenOf(held).toISOString(),
  };
  const data = { data: held.format, rows: held.rows, receipts: held.files };
  // The lines are JSON already, each with a comma behind it.
  const open = JSON.stringify({ ...head, ...data }, null, 1).slice(0, -2);
  const manifest = Buffer.from(`${open},\n "files": [\n${lines.toString('utf8').slice(0, -2)}\n ]\n}\n`, 'utf8');
  const entry = storedEntry('manifest.json', manifest, position.at);
  const directory = Buffer.concat([await joined(tx, held.id, 'directory'), zipDirectoryLine(entry, whenOf(held))]);
  const at = position.at + zipHeader(entry, whenOf(held)).length + manifest.length;
  const end = zipEnd({ entries: position.entries + 1, bytes: directory.length, at });
  const content = Buffer.concat([zipHeader(entry, whenOf(held)), manifest, directory, end]);
  await appendParts(tx, held.id, [{ kind: 'zip', section: 0, content }]);
  await tx.query(`update expense.group_export set phase = 'sealing', position = null, updated_at = $2 where id = $1`, [held.id, tx.now]);
  return { needs: 'nothing', outcome: 'end', files: held.files };
}

/** What is added to a ZIP in one transaction. */
interface Packed {
  readonly content?: Buffer;
  /** The file that ends with it. */
  readonly entry?: ZipEntry;
  /** What the manifest says of that. */
  readonly listed?: object;
}

async function pack(tx: Tx, held: HeldExport, position: PackingPosition, packed: Packed, files = 0): Promise<void> {
  const line = packed.entry === undefined ? Buffer.alloc(0) : Buffer.from(zipDirectoryLine(packed.entry, whenOf(held)));
  const listed = packed.listed === undefined ? '' : `  ${JSON.stringify(packed.listed)},\n`;
  const content = packed.content ?? Buffer.alloc(0);
  const parts: readonly NewPart[] = [
    { kind: 'zip', section: 0, content },
    { kind: 'directory', section: 0, content: line },
    { kind: 'manifest', section: 0, content: Buffer.from(listed, 'utf8') },
  ];
  const added = await appendParts(tx, held.id, parts);
  if (held.storedBytes + added > EXPORT_BYTES_MAX) return endExport(tx, held, { state: 'failed', failureCode: 'export_too_large' });
  const next: PackingPosition = {
    ...position,
    at: position.at + content.length,
    directoryBytes: position.directoryBytes + line.length,
    entries: position.entries + (packed.entry === undefined ? 0 : 1),
  };
  await writePosition(tx, held, next, files);
}

async function writePosition(tx: Tx, { id }: HeldExport, position: PackingPosition, files = 0): Promise<void> {
  await tx.query('update expense.group_export set position = $2, files = files + $3, updated_at = $4 where id = $1', [
    id,
    JSON.stringify(position),
    files,
    tx.now,
  ]);
}

async function joined(tx: Tx, exportId: string, kind: PartKind): Promise<Buffer> {
  const parts = await tx.query<{ content: Buffer }>(
    'select content from expense.group_export_part where export_id = $1 and kind = $2 order by section, seq',
    [exportId, kind],
  );
  return Buffer.concat(parts.map(({ content }) => content));
}

function dataEntry({ groupId, format }: HeldExport, { crc, size, stored }: PackingPosition): ZipEntry {
  return { name: `${groupId}.${EXPORTS[format].extension}`, at: 0, crc, size, stored, deflated: true };
}

/** Pictures and PDFs are compressed already. */
function storedEntry(name: string, content: Buffer, at: number): ZipEntry {
  return { name, at, crc: crc32(content), size: content.length, stored: content.length, deflated: false };
}

/** The moment of the export: the same each time, so that the same content makes the same ZIP. */
function whenOf({ until }: HeldExport): Date {
  return new Date(until);
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'application/pdf': 'pdf',
};

/** By day, so that they stand in the order of the data file. */
function nameOf({ id, date, contentType }: ExportedReceipt): string {
  return `receipts/${date}-${id}.${EXTENSIONS[contentType] ?? 'bin'}`;
}
