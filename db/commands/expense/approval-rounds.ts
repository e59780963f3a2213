import { APPROVAL_TIMEOUT_HOURS, type ApprovalRound, openRound, type Vote } from '../../../domain/approval.ts';
import type { ExpenseContent } from '../../../domain/expense.ts';
import { moneyFromWire } from '../../../domain/money.ts';
import { unwrap } from '../../../domain/refusal.ts';
import type { GroupContext } from '../../queries/expense/group-context.ts';
import type { Tx } from '../../transact.ts';

const HOUR_MS = 3_600_000;

/**
 * The round that a group's policy asks for about some content, or null when it posts at once.
 *
 * @param rateToLimit of `rateToLimit`, where the policy's limit is in another currency.
 */
export function roundFor(context: GroupContext, content: ExpenseContent, creatorId: string, rateToLimit?: string): ApprovalRound | null {
  const policy = context.policy.approval;
  if (policy === undefined || policy.mode === 'none') return null;
  return openRound({
    policy,
    total: unwrap(moneyFromWire(content.total)),
    rateToLimit,
    members: [...context.members.values()]
      .filter((member) => member.active)
      .map((member) => ({ memberId: member.id, hasAccount: member.userId !== null })),
    payers: content.payers.map((payer) => payer.memberId),
    sharers: content.shares.map((share) => share.memberId),
    creatorId,
  });
}

/** Opens the asking about one version of an expense; its time-out runs from now. */
export async function openExpenseRound(
  tx: Tx,
  context: GroupContext,
  expense: { readonly id: string; readonly version: number },
  round: ApprovalRound,
): Promise<void> {
  const policy = context.policy.approval;
  const due = new Date(tx.now.getTime() + (policy?.timeoutHours ?? APPROVAL_TIMEOUT_HOURS) * HOUR_MS);
  await tx.query(
    `insert into expense.approval_round (expense_id, version, group_id, mode, quorum, voters, on_timeout, due_at, opened_at)
     values ($1, $2, $3, $4, $5, $6::uuid[], $7, $8, $9)`,
    [expense.id, expense.version, context.groupId, round.mode, round.quorum, round.voters, policy?.onTimeout ?? 'reject', due, tx.now],
  );
}

/** How a round ended. */
export type RoundOutcome = 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'voided';

/** Closes a round. */
export async function closeRound(tx: Tx, expenseId: string, version: number, outcome: RoundOutcome): Promise<void> {
  await tx.query(
    `update expense.approval_round set outcome = $3, closed_at = $4 where expense_id = $1 and version = $2 and outcome = 'waiting'`,
    [expenseId, version, outcome, tx.now],
  );
}

/** A round as it stands, with the votes so far. */
export interface StandingRound {
  readonly round: ApprovalRound;
  readonly votes: readonly Vote[];
  readonly outcome: string;
  readonly onTimeout: 'reject' | 'approve';
  readonly dueAt: string;
}

/** Reads a round; null when nobody was asked about that version. */
export async function findRound(query: Tx['query'], expenseId: string, version: number): Promise<StandingRound | null> {
  const [row] = await query<{
    mode: ApprovalRound['mode'];
    voters: string[];
    quorum: number | null;
    outcome: string;
    on_timeout: 'reject' | 'approve';
    due_at: string;
    votes: Vote[] | null;
  }>(
    `select r.mode, array_to_json(r.voters) as voters, r.quorum, r.outcome, r.on_timeout, r.due_at,
      (select json_agg(json_build_object('memberId', v.member_id, 'decision', v.decision)) from expense.approval_vote v
       where v.expense_id = r.expense_id and v.version = r.version) as votes
     from expense.approval_round r where r.expense_id = $1 and r.version = $2`,
    [expenseId, version],
  );
  if (row === undefined) return null;
  const { mode, voters, quorum, outcome, on_timeout: onTimeout, due_at: dueAt, votes } = row;
  return { round: { mode, voters, quorum: quorum ?? voters.length }, votes: votes ?? [], outcome, onTimeout, dueAt };
}
