import { expireRound, remindVoters } from '../../db/commands/expense/approvals.ts';
import { read } from '../../db/transact.ts';
import { refusal } from '../../domain/refusal.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { ExpenseActivities } from './contract.ts';

type ApprovalActivities = Pick<ExpenseActivities, 'readApproval' | 'remindVoters' | 'expireApproval'>;

/** Voters whose answers an operator is shown one by one; of more, only the numbers. */
const ANSWERS_SHOWN_MAX = 50;

/** What the workflow `expenseApproval` does, and what it looks at. */
export function approvalActivities(deps: ActivityDeps): ApprovalActivities {
  return {
    async readApproval({ expenseId }) {
      const row = await findApproval(deps, expenseId);
      if (row === undefined) throw refusal('not_found', 'There is no such expense.');
      return {
        state: row.waiting ? 'waiting' : 'ended',
        version: row.version,
        groupId: row.group_id,
        dueAtIso: new Date(row.due_at ?? 0).toISOString(),
        remindAtIso: row.remind_at === null ? null : new Date(row.remind_at).toISOString(),
        voters: row.voters,
        voted: row.voted,
        answers: row.answers ?? [],
        onTimeout: row.on_timeout ?? 'reject',
      };
    },
    async remindVoters({ expenseId, version }) {
      const { group_id: groupId } = await existing(deps, expenseId);
      return { reminded: await runCommand(deps, (tx) => remindVoters(tx, { expenseId, groupId, version })) };
    },
    async expireApproval({ expenseId, version, force }) {
      const { group_id: groupId } = await existing(deps, expenseId);
      return { outcome: await runCommand(deps, (tx) => expireRound(tx, { expenseId, groupId, version, force })) };
    },
  };
}

interface ApprovalRow {
  readonly group_id: string;
  readonly version: number;
  readonly waiting: boolean;
  readonly due_at: string | null;
  /** Halfway to the time-out, until it is done: late enough not to nag, early enough to act on. */
  readonly remind_at: string | null;
  readonly voters: number;
  readonly voted: number;
  readonly answers: { memberId: string; decision: 'approved' | 'rejected' | 'waiting' }[] | null;
  readonly on_timeout: 'reject' | 'approve' | null;
}

async function existing(deps: ActivityDeps, expenseId: string): Promise<ApprovalRow> {
  const row = await findApproval(deps, expenseId);
  if (row === undefined) throw refusal('not_found', 'There is no such expense.');
  return row;
}

async function findApproval(deps: ActivityDeps, expenseId: string): Promise<ApprovalRow | undefined> {
  const [row] = await read<ApprovalRow>(
    deps.db,
    `select e.group_id, coalesce(e.pending_version, e.version) as version, coalesce(r.outcome = 'waiting', false) as waiting, r.due_at,
      case when r.reminded_at is null then r.opened_at + (r.due_at - r.opened_at) / 2 end as remind_at,
      coalesce(cardinality(r.voters), 0) as voters,
      (select json_agg(json_build_object('memberId', voter, 'decision', coalesce(v.decision, 'waiting')) order by voter)
       from unnest(r.voters[1:${ANSWERS_SHOWN_MAX}]) as voter
       left join expense.approval_vote v on v.expense_id = r.expense_id and v.version = r.version and v.member_id = voter) as answers, r.on_timeout,
      (select count(*)::int from expense.approval_vote v where v.expense_id = r.expense_id and v.version = r.version) as voted
     from expense.expense e
     left join expense.approval_round r on r.expense_id = e.id and r.version = coalesce(e.pending_version, e.version)
     where e.id = $1`,
    [expenseId],
  );
  return row;
}
