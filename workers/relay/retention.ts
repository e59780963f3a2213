import type { ServiceDatabase } from '../../db/orm.ts';
import { deleteOldAnswers, deleteOldEvents, giveUpOldRequests } from '../../db/relay.ts';
import { pause } from './bell.ts';

/** Rows of one statement; small, so that no lock is held long. */
const BATCH_MAX = 1_000;
const EVERY_MS = 10 * 60 * 1000;
/** Between two batches, so that cleaning up never takes the disk from those who work. */
const BREATH_MS = 50;

/** Deletes or gives up what is past its time, now and then, until the signal aborts. */
export async function retain(db: ServiceDatabase, signal: AbortSignal): Promise<void> {
  // Services begin at different moments.
  await pause(Math.random() * 60_000, signal);
  while (!signal.aborted) {
    for (const remove of [deleteOldEvents, deleteOldAnswers, giveUpOldRequests]) {
      while (!signal.aborted && (await remove(db, BATCH_MAX)) === BATCH_MAX) await pause(BREATH_MS, signal);
    }
    await pause(EVERY_MS, signal);
  }
}
