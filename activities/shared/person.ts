import { discardExportParts, EXPORT_BEGINNING, type ExportCursor, type ExportFile, writeExportPage } from '../../db/export-parts.ts';
import { read, type Tx } from '../../db/transact.ts';
import { type ActivityDeps, inSteps, runCommand } from '../edge.ts';
import type { PersonActivities } from './contract.ts';

/** What a service knows of a person, and how it lets go of them. */
export interface PersonData {
  readonly files: readonly ExportFile[];
  /** Does one step of an erasure in its transaction; 0 when nothing is left to do. */
  erase(tx: Tx, userId: string): Promise<number>;
  /** Counts what is left. */
  traces(query: Tx['query'], userId: string): Promise<number>;
}

/** Steps of one erasure, each of them up to a thousand rows or a group; a person with more is looked at by an operator. */
const STEPS_MAX = 100_000;

/** Makes a service's activities for exports and erasures; see the contract. */
export function personActivities(deps: Pick<ActivityDeps, 'db' | 'dispatcher'>, data: PersonData): PersonActivities {
  return {
    async collectExport(input) {
      await inSteps<ExportCursor>((cursor) => runCommand(deps, (tx) => writeExportPage(tx, data.files, input, cursor)), EXPORT_BEGINNING);
      return { files: data.files.length };
    },
    discardExport: async ({ requestId }) => void (await discardExportParts(deps.db, requestId)),
    async erasePerson({ userId }) {
      let erased = 0;
      await inSteps<{ step: number; erased: number }>(
        async (cursor) => {
          const rows = await runCommand(deps, (tx) => data.erase(tx, userId));
          erased = cursor.erased + rows;
          if (rows === 0) return null;
          if (cursor.step >= STEPS_MAX) throw new Error(`an erasure takes more than ${STEPS_MAX} steps`);
          return { step: cursor.step + 1, erased };
        },
        { step: 1, erased: 0 },
      );
      return { erased };
    },
    countTraces: async ({ userId }) => ({ left: await data.traces((text, values) => read(deps.db, text, values), userId) }),
  };
}
