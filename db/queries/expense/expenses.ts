import type { ExpenseContent, Share } from '../../../domain/expense.ts';
import type { FrozenRate } from '../../../domain/expense-rate.ts';
import type { ExpenseState } from '../../../domain/expense-state.ts';
import { formatAmount } from '../../../domain/money.ts';
import type { AmountPart, Split } from '../../../domain/split.ts';
import type { Query } from './groups.ts';

/** What one voter has said so far. */
export interface ApprovalView {
  readonly memberId: string;
  readonly decision: 'approved' | 'rejected' | 'waiting';
  readonly at: string | null;
}

/** The objection that stands. */
export interface DisputeView {
  /** Member id. */
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** An expense as members see it. */
export interface ExpenseView {
  readonly id: string;
  readonly groupId: string;
  readonly state: ExpenseState;
  readonly disputed: boolean;
  /** The dispute that is open; null where there is none. */
  readonly dispute: DisputeView | null;
  readonly content: ExpenseContent;
  /** Of the round that runs, else of the one that decided about this version; empty when nobody was asked. */
  readonly approvals: readonly ApprovalView[];
  /** Version of the edit that waits for approval, or null. */
  readonly pendingVersion: number | null;
  readonly createdBy: string;
  readonly version: number;
  readonly postingId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Columns of {@link toExpenseView} for a table alias `e`. */
export const EXPENSE_COLUMNS = `e.id, e.group_id, e.kind, e.state, e.disputed, e.description, e.total_minor, e.currency, e.date::text as date,
  e.category, e.payers, e.split, e.shares, e.notes, e.tags, e.rate, e.created_by, e.version, e.pending_version, e.posting_id,
  e.created_at, e.updated_at,
  case when e.disputed then (select json_build_object('by', d.opened_by, 'reason', d.reason, 'at', d.opened_at)
    from expense.dispute d where d.expense_id = e.id and d.resolved_at is null) end as dispute,
  (select json_agg(json_build_object('memberId', voter, 'decision', coalesce(v.decision, 'waiting'), 'at', v.at) order by voter)
   from expense.approval_round r cross join unnest(r.voters) as voter
   left join expense.approval_vote v on v.expense_id = r.expense_id and v.version = r.version and v.member_id = voter
   where r.expense_id = e.id and r.version = coalesce(e.pending_version, e.version)) as approvals`;

/** A row of {@link EXPENSE_COLUMNS}. */
export interface ExpenseRow {
  readonly id: string;
  readonly group_id: string;
  readonly kind: 'expense' | 'income';
  readonly state: ExpenseState;
  readonly disputed: boolean;
  readonly description: string;
  readonly total_minor: string;
  readonly currency: string;
  readonly date: string;
  readonly category: string | null;
  readonly payers: AmountPart[];
  readonly split: Split;
  readonly shares: Share[];
  readonly notes: string;
  readonly tags: string[];
  readonly rate: FrozenRate | null;
  readonly created_by: string;
  readonly version: number;
  readonly pending_version: number | null;
  readonly posting_id: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly dispute: DisputeView | null;
  readonly approvals: ApprovalView[] | null;
}

/** Turns a row into what members see. */
export function toExpenseView(row: ExpenseRow): ExpenseView {
  const { kind, description, date, category, payers, split, shares, notes, tags, rate, currency } = row;
  const total = { amount: formatAmount(BigInt(row.total_minor), currency), currency };
  return {
    id: row.id,
    groupId: row.group_id,
    state: row.state,
    disputed: row.disputed,
    dispute: row.dispute,
    content: { kind, description, total, date, category, payers, split, shares, notes, tags, rate },
    approvals: row.approvals ?? [],
    pendingVersion: row.pending_version,
    createdBy: row.created_by,
    version: row.version,
    postingId: row.posting_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Reads expenses by their ids, in the order of the ids; those that do not exist are left out. */
export async function findExpenses(query: Query, ids: readonly string[]): Promise<ExpenseView[]> {
  const rows = await query<ExpenseRow>(
    `select ${EXPENSE_COLUMNS} from unnest($1::uuid[]) with ordinality as k (id, ord) join expense.expense e on e.id = k.id order by k.ord`,
    [ids],
  );
  return rows.map(toExpenseView);
}

/** Reads an expense. */
export async function findExpense(query: Query, id: string): Promise<ExpenseView | null> {
  return (await findExpenses(query, [id]))[0] ?? null;
}

/** One version of an expense, for its history. */
export interface VersionView {
  readonly version: number;
  readonly change: 'created' | 'edited' | 'deleted' | 'restored' | 'merged' | 'unmerged' | 'moved';
  readonly content: ExpenseContent;
  /** Member id, or null where the clock did it. */
  readonly by: string | null;
  readonly at: string;
  /** How the asking about this version ended; null when nobody was asked. */
  readonly outcome: string | null;
}

/**
 * Every version of an expense that was made in the group that it is in, the first one first: what it was in another group, stays there.
 * An expense that was never changed has the one that it shows.
 */
export async function findVersions(query: Query, expense: ExpenseView): Promise<VersionView[]> {
  const rows = await query<{
    version: number;
    change: VersionView['change'];
    content: ExpenseContent | null;
    by: string | null;
    at: string;
    outcome: string | null;
  }>(
    `select v.version, v.change, v.content, v.actor_member_id as by, v.at, r.outcome
     from (select expense_id, version, change, content, actor_member_id, at from expense.expense_version where expense_id = $1 and group_id = $2
           union all
           select id, version, 'created', null, created_by, created_at from expense.expense e
           where id = $1 and not exists (select 1 from expense.expense_version v where v.expense_id = e.id)) v
     left join expense.approval_round r on r.expense_id = v.expense_id and r.version = v.version
     order by v.version`,
    [expense.id, expense.groupId],
  );
  return rows.map((row) => ({ ...row, content: row.content ?? expense.content }));
}
