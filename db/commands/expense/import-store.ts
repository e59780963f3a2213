import type { RowProblem } from '../../../domain/import/file.ts';
import type { ImportFormatName } from '../../../domain/import/registry.ts';
import { refusal, type RefusalError } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';
import { recordChange } from './changes.ts';
import { by } from './members.ts';

/** Problems that are kept of one file; what is beyond is counted. About a megabyte of an answer. */
export const PROBLEMS_KEPT_MAX = 10_000;

/** An import as its commands need it. */
export interface HeldImport {
  readonly id: string;
  readonly groupId: string;
  readonly createdBy: string;
  readonly userId: string;
  readonly asked: ImportFormatName | 'auto';
  readonly dryRun: boolean;
  readonly skipBadRows: boolean;
  readonly memberMap: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, string>>;
  readonly newMembers: readonly string[];
  readonly state: 'running' | 'done' | 'failed' | 'undone';
  readonly phase: 'reading' | 'posting' | 'undoing' | null;
  readonly undoRequested: boolean;
  /** Member who asked for the undo; null where nobody did. */
  readonly undoBy: string | null;
  /** Rows before this day were locked when the file was read, and are left out. */
  readonly skipBefore: string | null;
  readonly nextRow: number;
  readonly problems: readonly RowProblem[];
  readonly problemCount: number;
  readonly createdAt: string;
}

const COLUMNS = `i.id, i.group_id as "groupId", i.created_by as "createdBy", i.user_id as "userId", i.asked, i.dry_run as "dryRun",
  i.skip_bad_rows as "skipBadRows", i.member_map as "memberMap", i.members, array_to_json(i.new_members) as "newMembers", i.state, i.phase,
  i.undo_requested_at is not null as "undoRequested", i.undo_by as "undoBy", i.skip_before::text as "skipBefore", i.next_row as "nextRow", i.problems, i.problem_count as "problemCount", i.created_at as "createdAt"`;

/** Reads an import. @throws RefusalError not_found. */
export async function readImportRow(query: Tx['query'], importId: string): Promise<HeldImport> {
  const [row] = await query<HeldImport>(`select ${COLUMNS} from expense.import i where i.id = $1`, [importId]);
  if (row === undefined) throw refusal('not_found', 'There is no such import.');
  return row;
}

/** Takes an import to change it; call it with its group already held. @throws RefusalError not_found. */
export async function lockImport(tx: Tx, importId: string): Promise<HeldImport> {
  await tx.query('select id from expense.import where id = $1 for update', [importId]);
  return readImportRow(tx.query, importId);
}

/** Bytes of a file that are read at once: as text of the protocol they are twice as many, and the driver keeps them a while. */
const SLICE_BYTES = 1_048_576;

/** How large a running import's file is, in bytes. @throws RefusalError not_found when the import has ended. */
export async function importContentBytes(query: Tx['query'], importId: string): Promise<number> {
  const [row] = await query<{ bytes: number }>('select octet_length(content) as bytes from expense.import_content where import_id = $1', [
    importId,
  ]);
  if (row === undefined) throw contentGone();
  return row.bytes;
}

/** The bytes of a running import's file, a megabyte at a time. @throws RefusalError not_found when the import has ended. */
export async function* importContent(query: Tx['query'], importId: string): AsyncGenerator<Buffer, void> {
  for (let from = 1; ; from += SLICE_BYTES) {
    const [row] = await query<{ slice: Buffer }>(
      'select substring(content from $2 for $3) as slice from expense.import_content where import_id = $1',
      [importId, from, SLICE_BYTES],
    );
    if (row === undefined) throw contentGone();
    yield row.slice;
    if (row.slice.length < SLICE_BYTES) return;
  }
}

function contentGone(): RefusalError {
  return refusal('not_found', 'The file of this import is gone.');
}

/** How an import ended. */
export interface ImportEnd {
  readonly state: 'done' | 'failed' | 'undone';
  /** Member who ended it; nobody where a process or an operator did. */
  readonly by: string | null;
  /** Beyond those that were noted already. */
  readonly problems?: readonly RowProblem[];
}

/** Ends a locked import: its file goes, and its group is told unless nothing was written. */
export async function endImport(tx: Tx, held: HeldImport, end: ImportEnd): Promise<void> {
  await tx.query('delete from expense.import_content where import_id = $1', [held.id]);
  const problems = end.problems ?? [];
  const [row] = await tx.query<{ imported: number }>(
    `update expense.import set state = $2, phase = null, updated_at = $3, ended_at = $3, problems = problems || $4::jsonb,
      problem_count = problem_count + $5 where id = $1 returning imported`,
    // The first says why it ended, and is told in any case.
    [held.id, end.state, tx.now, JSON.stringify(problems.slice(0, Math.max(1, PROBLEMS_KEPT_MAX - held.problems.length))), problems.length],
  );
  if (held.dryRun || (end.state === 'done' && row?.imported === 0) || end.state === 'failed') return;
  const [member = null] = await tx.query<{ id: string; userId: string | null }>(
    'select id, user_id as "userId" from expense.member where id = $1',
    [end.by],
  );
  const change = { groupId: held.groupId, subject: 'import', subjectId: held.id, before: null, after: null } as const;
  recordChange(tx, { ...change, change: end.state, by: end.by });
  tx.emit({ type: 'import.ended', subjectId: held.id, groupId: held.groupId, ...by(member), data: { state: end.state } });
}
