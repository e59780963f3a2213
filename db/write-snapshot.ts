import { writeFile } from 'node:fs/promises';
import { SNAPSHOT_FILE, snapshotOf } from './snapshot.ts';

// `node db/write-snapshot.ts`: after a change of entities, beside its migration. Needs no database.
await writeFile(SNAPSHOT_FILE, await snapshotOf());
