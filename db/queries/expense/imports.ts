import type { RowProblem } from '../../../domain/import/file.ts';
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
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

/** Reads an import. */
export async function findImport(query: Query, importId: string): Promise<ImportView | null> {
  const [row] = await query<ImportView>(
    `select id, group_id as "groupId", state, phase, coalesce(format, asked) as format, dry_run as "dryRun", rows, imported, skipped, problems,
      problem_count as "problemCount", balance_check as "balanceCheck", members, created_by as "createdBy", created_at as "createdAt",
      ended_at as "endedAt" from expense.import where id = $1`,
    [importId],
  );
  return row ?? null;
}
