import { removeDueFiles } from '../../db/commands/expense/file-removals.ts';
import { fileStoreOf } from '../../db/files/registry.ts';
import { type FileStore, FilesUnavailable } from '../../db/files/store.ts';
import type { ActivityDeps } from '../edge.ts';

/**
 * Removes files that no row claims any more, with each sweep. Where their store is away they stay until the next one,
 * and processes are swept nonetheless.
 *
 * @param store the deployment's own by default.
 */
export async function sweepFiles(deps: Pick<ActivityDeps, 'db' | 'env' | 'logger'>, store?: FileStore): Promise<void> {
  try {
    const removed = await removeDueFiles(deps.db, store ?? (await fileStoreOf(deps.env)));
    if (removed > 0) deps.logger.info({ removed }, 'files removed');
  } catch (error) {
    if (!(error instanceof FilesUnavailable)) throw error;
    deps.logger.warn({ reason: error.message }, 'files not removed yet');
  }
}
