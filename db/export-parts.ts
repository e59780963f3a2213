import { read, type Tx } from './transact.ts';
import type { ServiceDatabase } from './orm.ts';

/** Rows of one page; a page is one transaction and one part. */
export const EXPORT_PAGE_ROWS = 500;

/** A file that a service gives to somebody's export. */
export interface ExportFile {
  /** Path in the ZIP, without the service's folder. */
  readonly name: string;
  /**
   * SQL that gives one page in the order of its cursor: `cursor` (text) and `row` (jsonb). `$1`: the user, `$2`: the cursor
   * after which the page begins ('' for the first), `$3`: how many rows.
   */
  readonly sql: string;
}

/** Where the collection of an export stands: the file, the cursor in it, and the number of the next part. */
export interface ExportCursor {
  readonly file: number;
  readonly after: string;
  readonly seq: number;
}

/** Where a collection begins. */
export const EXPORT_BEGINNING: ExportCursor = { file: 0, after: '', seq: 0 };

/**
 * Writes one page of a service's files to `export_part`; a page that was written before is written again, as it is now.
 *
 * @returns where the next page begins, or null after the last file's last page.
 */
export async function writeExportPage(
  tx: Tx,
  files: readonly ExportFile[],
  { requestId, userId }: { requestId: string; userId: string },
  cursor: ExportCursor,
): Promise<ExportCursor | null> {
  const file = files[cursor.file];
  if (file === undefined) return null;
  const page = await tx.query<{ cursor: string; row: unknown }>(file.sql, [userId, cursor.after, EXPORT_PAGE_ROWS]);
  await tx.query(
    `insert into "${tx.db.service}".export_part (request_id, file, seq, rows, content) values ($1, $2, $3, $4, $5)
     on conflict (request_id, file, seq) do update set rows = excluded.rows, content = excluded.content`,
    [requestId, file.name, cursor.seq, page.length, Buffer.from(page.map(({ row }) => JSON.stringify(row, null, 1)).join(',\n'))],
  );
  if (page.length === EXPORT_PAGE_ROWS) return { file: cursor.file, after: page.at(-1)?.cursor ?? '', seq: cursor.seq + 1 };
  // Pages of an earlier try that had more of them.
  await tx.query(`delete from "${tx.db.service}".export_part where request_id = $1 and file = $2 and seq > $3`, [
    requestId,
    file.name,
    cursor.seq,
  ]);
  return cursor.file + 1 < files.length ? { file: cursor.file + 1, after: '', seq: 0 } : null;
}

/** Writes a file that is no list of rows, whole, as one part. */
export async function writeExportFile(tx: Tx, requestId: string, file: { name: string; content: Buffer }): Promise<void> {
  await tx.query(
    `insert into "${tx.db.service}".export_part (request_id, file, seq, rows, content) values ($1, $2, 0, 1, $3)
     on conflict (request_id, file, seq) do update set content = excluded.content`,
    [requestId, file.name, file.content],
  );
}

/** Deletes the parts that a service gave to an export. @returns how many. */
export async function discardExportParts(db: ServiceDatabase, requestId: string): Promise<number> {
  const gone = await read(db, `delete from "${db.service}".export_part where request_id = $1 returning 1`, [requestId]);
  return gone.length;
}
