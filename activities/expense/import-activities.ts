import { tieBreakOf } from '../../config/secrets.ts';
import { decodeFile } from '../../db/commands/expense/decode-file.ts';
import { prepareImport } from '../../db/commands/expense/import-prepare.ts';
import { type KeyedRow, keyRows, postNextRows, type PostProgress } from '../../db/commands/expense/import-rows.ts';
import { readImportContent, readImportRow } from '../../db/commands/expense/import-store.ts';
import { finishImport, finishUndo, undoNextRows } from '../../db/commands/expense/import-undo.ts';
import { importStep } from '../../db/commands/expense/imports.ts';
import { read } from '../../db/transact.ts';
import { problem } from '../../domain/import/file.ts';
import { type FileReading, readImport } from '../../domain/import/registry.ts';
import { refusal } from '../../domain/refusal.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import { beat, isCancelled } from '../progress.ts';
import type { ExpenseActivities } from './contract.ts';

/** What the process of an import may ask of the expense service. */
export type ImportActivities = Pick<
  ExpenseActivities,
  'readImportStep' | 'prepareImport' | 'postImportRows' | 'finishImport' | 'undoImport'
>;

/** Rows of one activity, so that the process shows how far it is: some five seconds. The file is read anew for each. */
const ROWS_OF_ACTIVITY = 20_000;

type Deps = Pick<ActivityDeps, 'db' | 'dispatcher' | 'secrets'>;

/** Makes the activities of imports; see the contract. */
export function importActivities(deps: Deps): ImportActivities {
  return {
    readImportStep: ({ importId }) => importStep((text, values) => read(deps.db, text, values), importId),
    async prepareImport({ importId }) {
      const { reading, rows } = await readFile(deps, importId);
      return { outcome: await runCommand(deps, (tx) => prepareImport(tx, importId, reading, rows)) };
    },
    async postImportRows({ importId }) {
      const { groupId, rows } = await readFile(deps, importId);
      const tieBreak = (id: string): bigint => tieBreakOf(deps.secrets, id);
      let progress: PostProgress | undefined;
      const until = { row: Number.POSITIVE_INFINITY };
      do {
        progress = await runCommand(deps, (tx) => postNextRows(tx, importId, groupId, rows, tieBreak));
        if (until.row === Number.POSITIVE_INFINITY) until.row = progress.nextRow + ROWS_OF_ACTIVITY;
        beat(progress.nextRow);
      } while (progress.outcome === 'more' && progress.nextRow < until.row && !isCancelled());
      return { outcome: progress.outcome, posted: progress.nextRow, rows: rows.length };
    },
    finishImport: async ({ importId }) => ({ ended: await runCommand(deps, (tx) => finishImport(tx, importId)) }),
    async undoImport({ importId, reasonCode }) {
      while (await runCommand(deps, (tx) => undoNextRows(tx, importId))) beat(0);
      const reason = reasonCode === null ? null : problem(0, reasonCode, 'The import could not go on; what it had recorded is reversed.');
      await runCommand(deps, (tx) => finishUndo(tx, importId, reason));
    },
  };
}

/** Reads the file of an import from Postgres: it is the same each time, and so is what comes of it. */
async function readFile(deps: Deps, importId: string): Promise<{ groupId: string; reading: FileReading; rows: readonly KeyedRow[] }> {
  const query = <Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> => read<Row>(deps.db, text, values);
  const { groupId, asked, phase, problemCount, memberMap } = await readImportRow(query, importId);
  const content = await readImportContent(query, importId);
  const [group] = await query<{ currency: string; timeZone: string }>(
    'select currency, time_zone as "timeZone" from expense."group" where id = $1',
    [groupId],
  );
  if (group === undefined) throw refusal('not_found', 'There is no such group.');
  const decoded = decodeFile(content);
  if ('code' in decoded) return { groupId, reading: { ok: false, format: null, problems: [decoded] }, rows: [] };
  const reading = readImport(
    decoded.text,
    asked,
    { groupCurrency: group.currency, names: Object.keys(memberMap), dayOf: dayIn(group.timeZone) },
    phase === 'posting' && problemCount === 0,
  );
  return { groupId, reading, rows: reading.ok ? keyRows(reading.file.rows) : [] };
}

function dayIn(timeZone: string): (seconds: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (seconds) => format.format(new Date(seconds * 1000));
}
