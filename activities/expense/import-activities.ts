import { tieBreakOf } from '../../config/secrets.ts';
import { prepareImport } from '../../db/commands/expense/import-prepare.ts';
import { POST_BATCH_MAX, postNextRows, type PostProgress } from '../../db/commands/expense/import-rows.ts';
import { type HeldImport, importContent, importContentBytes, readImportRow } from '../../db/commands/expense/import-store.ts';
import { finishImport, finishUndo, undoNextRows } from '../../db/commands/expense/import-undo.ts';
import { importStep } from '../../db/commands/expense/imports.ts';
import { categoriesByName } from '../../db/queries/expense/categories.ts';
import { read } from '../../db/transact.ts';
import { problem } from '../../domain/import/file.ts';
import { refusal } from '../../domain/refusal.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import { beat, isCancelled } from '../progress.ts';
import type { ExpenseActivities } from './contract.ts';
import { type OpenFile, READ_LIMITS, type ReadLimits, withFile } from './import-file/open-file.ts';

/** What the process of an import may ask of the expense service. */
export type ImportActivities = Pick<
  ExpenseActivities,
  'readImportStep' | 'prepareImport' | 'postImportRows' | 'finishImport' | 'undoImport'
>;

/** Rows of one activity, so that the process shows how far it is: some five seconds. The file is read anew for each. */
const ROWS_OF_ACTIVITY = 20_000;

type Deps = Pick<ActivityDeps, 'db' | 'dispatcher' | 'secrets'>;

/** Makes the activities of imports; see the contract. @param limits what the reading of one file may take. */
export function importActivities(deps: Deps, limits: ReadLimits = READ_LIMITS): ImportActivities {
  const withImport = openedBy(deps, limits);
  return {
    readImportStep: ({ importId }) => importStep((text, values) => read(deps.db, text, values), importId),
    prepareImport: ({ importId }) =>
      withImport(importId, async ({ head }) => ({ outcome: await runCommand(deps, (tx) => prepareImport(tx, importId, head)) })),
    postImportRows: ({ importId }) =>
      withImport(importId, async (file, { groupId, nextRow }) => {
        if (!file.head.ok) throw refusal(file.head.problems[0]?.code ?? 'unreadable', 'The file cannot be read any more.');
        const total = file.head.rows.length;
        const tieBreak = (id: string): bigint => tieBreakOf(deps.secrets, id);
        let progress: PostProgress = { outcome: 'more', nextRow };
        do {
          const from = progress.nextRow;
          const batch = { from, rows: await file.rows(from, POST_BATCH_MAX), total };
          progress = await runCommand(deps, (tx) => postNextRows(tx, importId, groupId, batch, tieBreak));
          beat(progress.nextRow);
        } while (progress.outcome === 'more' && progress.nextRow < nextRow + ROWS_OF_ACTIVITY && !isCancelled());
        return { outcome: progress.outcome, posted: progress.nextRow, rows: total };
      }),
    finishImport: async ({ importId }) => ({ ended: await runCommand(deps, (tx) => finishImport(tx, importId)) }),
    async undoImport({ importId, reasonCode }) {
      while (await runCommand(deps, (tx) => undoNextRows(tx, importId))) beat(0);
      const reason = reasonCode === null ? null : problem(0, reasonCode, 'The import could not go on; what it had recorded is reversed.');
      await runCommand(deps, (tx) => finishUndo(tx, importId, reason));
    },
  };
}

type WithImport = <T>(importId: string, work: (file: OpenFile, held: Pick<HeldImport, 'groupId' | 'nextRow'>) => Promise<T>) => Promise<T>;

/** Opens the file of an import, which is in Postgres: it is the same each time, and so is what comes of it. */
function openedBy({ db }: Deps, limits: ReadLimits): WithImport {
  const query = <Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> => read<Row>(db, text, values);
  return async (importId, work) => {
    const held = await readImportRow(query, importId);
    const bytes = await importContentBytes(query, importId);
    const [group] = await query<{ currency: string; timeZone: string }>(
      'select currency, time_zone as "timeZone" from expense."group" where id = $1',
      [held.groupId],
    );
    if (group === undefined) throw refusal('not_found', 'There is no such group.');
    const settings = {
      asked: held.asked,
      groupCurrency: group.currency,
      names: Object.keys(held.memberMap),
      categories: await categoriesByName(query, held.groupId),
      timeZone: group.timeZone,
      isKnownGood: held.phase === 'posting' && held.problemCount === 0,
    };
    return withFile({ bytes, content: importContent(query, importId), settings }, (file) => work(file, held), limits);
  };
}
