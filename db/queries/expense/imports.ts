import type { RowProblem } from '../../../domain/import/file.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** An import as members see it. */
export interface ImportView {
  readonly id: string;
  readonly groupId: string;
  readonly state: 'running' | 'done' | 'failed' | 'undone';
  readonly phase: 'reading' | 'posting' | 'undoing' | null;
  readonly format: string;
  readonly dryRun: boolean;
  readonly rows: number;
  readonly imported: number;
  readonly skipped: number;
  readonly problems: readonly RowProblem[];
  readonly problemCount: number;
  readonly balanceCheck: 'matches' | 'differs' | 'none';
  readonly members: Readonly<Record<string, string>>;
  /** Keys of categories that it added, or would add. */
  readonly newCategories: readonly string[];
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

/** An import in a list: what is wrong with its rows, and who its names are, it tells by itself. */
export type ImportSummary = Omit<ImportView, 'problems' | 'members'>;

const SUMMARY = `id, group_id as "groupId", state, phase, coalesce(format, asked) as format, dry_run as "dryRun", rows, imported, skipped,
  problem_count as "problemCount", balance_check as "balanceCheck", new_categories as "newCategories", created_by as "createdBy", created_at as "createdAt", ended_at as "endedAt"`;

/** Imports of a group, the newest first; one more than the page, to tell whether it goes on. */
export async function listImports(query: Query, groupId: string, page: PageRequest): Promise<ImportSummary[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<ImportSummary>(
    `select ${SUMMARY} from expense.import where group_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
     order by created_at desc, id desc limit $4`,
    [groupId, createdAt, id, page.limit + 1],
  );
}

/** Reads an import. */
export async function findImport(query: Query, importId: string): Promise<ImportView | null> {
  const [row] = await query<ImportView>(`select ${SUMMARY}, problems, members from expense.import where id = $1`, [importId]);
  return row ?? null;
}
