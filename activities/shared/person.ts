import {
  discardExportParts,
  EXPORT_BEGINNING,
  type ExportCursor,
  type ExportFile,
  writeExportFile,
  writeExportPage,
} from '../../db/export-parts.ts';
import { read, type Tx } from '../../db/transact.ts';
import { type ActivityDeps, inSteps, runCommand } from '../edge.ts';
import type { PersonActivities, PersonInput } from './contract.ts';

/** A file that the person gave to a service, which goes into their export as it is. */
export interface PersonFile {
  readonly id: string;
  /** Its path in the ZIP, without the service's folder. */
  readonly name: string;
  readonly content: Buffer;
}

/** What a service knows of a person, and how it lets go of them. */
export interface PersonData {
  readonly files: readonly ExportFile[];
  /** The person's file after another one, in the order of their ids; null when there is no more. */
  nextFile?(userId: string, after: string): Promise<PersonFile | null>;
  /** Does what is left to do outside the database once all steps are done. */
  afterErasure?(): Promise<void>;
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
      await inSteps<ExportCursor>((cursor) => collectStep(deps, data, input, cursor), EXPORT_BEGINNING);
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
      await data.afterErasure?.();
      return { erased };
    },
    countTraces: async ({ userId }) => ({ left: await data.traces((text, values) => read(deps.db, text, values), userId) }),
  };
}

/** A page of the service's tables, and after them one of the person's own files at a time. */
async function collectStep(
  deps: Pick<ActivityDeps, 'db' | 'dispatcher'>,
  data: PersonData,
  input: PersonInput,
  cursor: ExportCursor,
): Promise<ExportCursor | null> {
  const own = data.files.length;
  if (cursor.file < own) {
    const next = await runCommand(deps, (tx) => writeExportPage(tx, data.files, input, cursor));
    return next ?? (data.nextFile === undefined ? null : { file: own, after: '', seq: 0 });
  }
  const file = (await data.nextFile?.(input.userId, cursor.after)) ?? null;
  if (file === null) return null;
  await runCommand(deps, (tx) => writeExportFile(tx, input.requestId, file));
  return { file: own, after: file.id, seq: 0 };
}
