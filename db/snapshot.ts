import { fileURLToPath } from 'node:url';
import { openOwner } from './orm.ts';

/** The committed snapshot: the tables that the newest migration leaves, so that a review sees what a change of entities does. */
export const SNAPSHOT_FILE = fileURLToPath(new URL('migrations/.snapshot.json', import.meta.url));

/**
 * Describes every table of the entities, as the committed snapshot holds them; connects to nothing.
 *
 * @returns the file's whole text.
 */
export async function snapshotOf(): Promise<string> {
  const orm = await openOwner('postgres://localhost:1/nowhere');
  try {
    return `${JSON.stringify(orm.schema.getTargetSchema(), null, 2)}\n`;
  } finally {
    await orm.close(true);
  }
}
