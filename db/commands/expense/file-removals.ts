import type { ServiceDatabase } from '../../orm.ts';
import { type FileKey, fileKey, type FileStore } from '../../files/store.ts';
import { transact, type Tx } from '../../transact.ts';

/** An upload that has not been claimed after this was given up or died; no request lives nearly as long. */
const UPLOAD_MINUTES = 60;
/** Files of one round; the next one goes on. */
const ROUND_MAX = 200;

/**
 * Announces a file that is about to be written: should whoever writes it die before its row is there, it is removed.
 * Commits at once, so call it outside the command that claims the file.
 */
export async function announceFile(db: ServiceDatabase, key: FileKey): Promise<void> {
  await db.pool.query(`insert into expense.file_removal (key, due_at) values ($1, now() + interval '${UPLOAD_MINUTES} minutes')`, [key]);
}

/**
 * Claims an announced file in the transaction that writes its row.
 *
 * @throws Error when it was given up meanwhile, which takes an hour.
 */
export async function claimFile(tx: Tx, key: FileKey): Promise<void> {
  const claimed = await tx.query('delete from expense.file_removal where key = $1 returning key', [key]);
  if (claimed.length === 0) throw new Error('an upload took so long that its file was given up');
}

/** Lets files go in the transaction that deletes their rows; they are removed after its commit. */
export async function releaseFiles(tx: Tx, keys: readonly FileKey[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.query(
    `insert into expense.file_removal (key, due_at) select unnest($1::text[]), now()
     on conflict (key) do update set due_at = excluded.due_at`,
    [keys],
  );
}

/**
 * Removes the files whose time has come. Each goes in a transaction of its own that holds its row, so nobody claims a
 * file that is being removed, and one that cannot be removed stands for the next round.
 *
 * @returns how many were removed.
 * @throws FilesUnavailable
 */
export async function removeDueFiles(db: ServiceDatabase, files: FileStore, most = ROUND_MAX): Promise<number> {
  for (let removed = 0; removed < most; removed++) {
    const { value: found } = await transact(db, async (tx) => {
      const [row] = await tx.query<{ key: string }>(
        'select key from expense.file_removal where due_at <= now() order by due_at limit 1 for update skip locked',
      );
      if (row === undefined) return false;
      await files.remove(fileKey(row.key));
      await tx.query('delete from expense.file_removal where key = $1', [row.key]);
      return true;
    });
    if (!found) return removed;
  }
  return most;
}
