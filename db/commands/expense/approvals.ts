import { decideRound, timeoutEvent, voteAllowed } from '../../../domain/approval.ts';
import { type ExpenseEvent, moveExpense } from '../../../domain/expense-state.ts';
import { samePosting } from '../../../domain/expense.ts';
import { checkPeriod, moveGroup } from '../../../domain/group.ts';
import { refusal, RefusalError, unwrap } from '../../../domain/refusal.ts';
import type { ExpenseView } from '../../queries/expense/expenses.ts';
import type { GroupContext } from '../../queries/expense/group-context.ts';
import type { Tx } from '../../transact.ts';
import { closeRound, findRound, type RoundOutcome } from './approval-rounds.ts';
import { repost } from './change-expense.ts';
import {
  type ExpenseCommand,
  holdExpense,
  holdExpenseFor,
  keptVersion,
  leftMemberIn,
  refuseClosedGroup,
  reopensWhoLeft,
  writeExpense,
} from './held-expense.ts';
import { named } from './merge-checks.ts';
import { refuseLockedPeriod } from './period-lock.ts';

/** A vote, and about which version it is where its voter says so. */
export interface VoteCommand extends ExpenseCommand {
  readonly decision: 'approved' | 'rejected';
  /** The version that the voter has seen: the one that waits. */
  readonly version?: number | undefined;
}

/**
 * Takes the vote of a voter. The one that decides ends the round in its own transaction: it posts the expense, puts
 * the waiting edit in place of the version that stood, or refuses them.
 *
 * What is dated in a locked period can be rejected and withdrawn, which changes nothing, but not agreed to.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, expense_not_pending, already_voted, version_mismatch, period_locked,
 *   member_left.
 */
export async function voteOnExpense(tx: Tx, command: VoteCommand): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  const version = askedVersion(expense);
  const standing = version === null ? null : await findRound(tx.query, expense.id, version);
  if (version === null || standing === null) throw notPending(expense, command.decision);
  unwrap(voteAllowed(standing.round, standing.votes, member.id));
  refuseClosedGroup(context);
  if ((command.version ?? version) !== version)
    throw refusal('version_mismatch', `Version ${version} waits now; read it and decide anew.`, '/version');
  const asked = await askedContent(tx, expense);
  if (command.decision === 'approved') {
    refuseLockedPeriod(context, daysOf(expense, asked));
    if (chargesWhoLeft(context, expense, asked))
      throw refusal('member_left', 'A member whose balance this would change has left the group; reject or withdraw it.');
  }
  await tx.query('insert into expense.approval_vote (expense_id, version, member_id, decision, at) values ($1, $2, $3, $4, $5)', [
    expense.id,
    version,
    member.id,
    command.decision,
    tx.now,
  ]);
  tx.emit({
    type: 'expense.voted',
    subjectId: expense.id,
    groupId: expense.groupId,
    actorId: command.userId,
    data: { version, memberId: member.id, decision: command.decision },
  });
  const votes = [...standing.votes, { memberId: member.id, decision: command.decision }];
  const decision = decideRound(standing.round, votes);
  if (decision === 'approved') await approve(tx, expense, asked, version, command.userId);
  if (decision === 'rejected') await endRound(tx, expense, version, 'rejected', command.userId);
}

/**
 * Takes back what waits for approval; only whoever recorded the expense or proposed the edit may.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, expense_not_pending.
 */
export async function withdrawExpense(tx: Tx, command: ExpenseCommand): Promise<void> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  const proposer = expense.pendingVersion === null ? null : (await keptVersion(tx, expense.id, expense.pendingVersion)).by;
  if (member.id !== expense.createdBy && member.id !== proposer) throw refusal('forbidden', 'Only who recorded it may withdraw it.');
  refuseClosedGroup(context);
  const version = askedVersion(expense);
  if (version === null) throw notPending(expense, 'withdraw');
  await endRound(tx, expense, version, 'withdrawn', command.userId);
}

/**
 * Applies the time-out rule to a version that still waits and is due. Harmless when it is not.
 *
 * @param force an operator lets the time-out happen before it is due.
 * @returns how the round stands afterwards; `gone` where there is none.
 */
export async function expireRound(
  tx: Tx,
  input: { readonly expenseId: string; readonly groupId: string; readonly version: number; readonly force: boolean },
): Promise<string> {
  const { context, expense } = await holdExpense(tx, input);
  const standing = await findRound(tx.query, expense.id, input.version);
  if (standing === null) return 'gone';
  if (standing.outcome !== 'waiting' || askedVersion(expense) !== input.version) return standing.outcome;
  if (!input.force && Date.parse(standing.dueAt) > tx.now.getTime()) return 'waiting';
  const asked = await askedContent(tx, expense);
  if (timeoutEvent(standing) === 'approve' && canApprove(context, expense, asked)) {
    await approve(tx, expense, asked, input.version);
    return 'approved';
  }
  await endRound(tx, expense, input.version, 'expired');
  return 'expired';
}

/**
 * Asks a member no more who has left a group that is held for update, or has no account any more: of those who wait for a vote of
 * theirs, the others decide, and with nobody else to ask they are posted. A vote that was cast counts on. What names somebody who has
 * left, or would take out or change what they had a part in, is rejected: it cannot be posted, and they can no longer agree to it.
 */
export async function dropVoter(tx: Tx, groupId: string, memberId: string): Promise<void> {
  const rounds = await tx.query<{ expense_id: string; version: number }>(
    `with waiting as materialized (
       select r.expense_id, r.version, r.voters, e.shares as standing, v.content -> 'shares' as proposed
       from expense.approval_round r join expense.expense e on e.id = r.expense_id
       left join expense.expense_version v on v.expense_id = r.expense_id and v.version = e.pending_version
       where r.group_id = $1 and r.outcome = 'waiting' and r.closed_at is null
     ), asked as (
       update expense.approval_round r set voters = array_remove(r.voters, $2::uuid) from waiting w
       where r.expense_id = w.expense_id and r.version = w.version and $2::uuid = any(w.voters) and not exists
         (select 1 from expense.approval_vote v where v.expense_id = r.expense_id and v.version = r.version and v.member_id = $2)
       returning r.expense_id, r.version
     )
     select expense_id, version from asked union select expense_id, version from waiting
       where standing @> $3::jsonb or proposed @> $3::jsonb order by expense_id`,
    [groupId, memberId, named(memberId)],
  );
  for (const { expense_id: expenseId, version } of rounds) await decideAgain(tx, { expenseId, groupId, version });
}

/**
 * Posts what was agreed to while the group, which is held for update, took no changes, or none of that day: those who had not voted
 * have left meanwhile. Call it when a group is active again, or a period is opened.
 */
export async function postHeldBack(tx: Tx, groupId: string): Promise<void> {
  const rounds = await tx.query<{ expense_id: string; version: number }>(
    `select r.expense_id, r.version from expense.approval_round r
     where r.group_id = $1 and r.outcome = 'waiting' and r.closed_at is null
       and (select count(*) from expense.approval_vote v where v.expense_id = r.expense_id and v.version = r.version
         and v.decision = 'approved' and v.member_id = any(r.voters)) >= least(r.quorum, cardinality(r.voters))
     order by r.expense_id`,
    [groupId],
  );
  for (const { expense_id: expenseId, version } of rounds) await decideAgain(tx, { expenseId, groupId, version });
}

/** Where an approval that the others have decided on cannot be posted, the round waits on: for {@link postHeldBack}, or its time-out. */
async function decideAgain(
  tx: Tx,
  round: { readonly expenseId: string; readonly groupId: string; readonly version: number },
): Promise<void> {
  const { context, expense } = await holdExpense(tx, round);
  const standing = await findRound(tx.query, expense.id, round.version);
  if (standing === null || askedVersion(expense) !== round.version) return;
  const asked = await askedContent(tx, expense);
  if (chargesWhoLeft(context, expense, asked)) return endRound(tx, expense, round.version, 'rejected');
  const decision = decideRound(standing.round, standing.votes);
  if (decision === 'rejected') return endRound(tx, expense, round.version, 'rejected');
  if (decision === 'approved' && canApprove(context, expense, asked)) return approve(tx, expense, asked, round.version);
  emit(tx, expense, 'expense.voters_changed', round.version);
}

/** The version that voters are asked about now, or null. */
function askedVersion(expense: ExpenseView): number | null {
  if (expense.pendingVersion !== null) return expense.pendingVersion;
  return expense.state === 'pending' ? expense.version : null;
}

function notPending(expense: ExpenseView, asked: 'approved' | 'rejected' | 'withdraw'): RefusalError {
  const events: Record<typeof asked, ExpenseEvent> = { approved: 'approve', rejected: 'reject', withdraw: 'withdraw' };
  const moved = moveExpense({ state: expense.state, event: events[asked] });
  return moved.ok ? refusal('expense_not_pending', 'The expense does not wait for approval.') : new RefusalError(moved.refusal);
}

/** The days on which an approval changes balances: that of what is asked about, and of what it replaces. */
function daysOf(expense: ExpenseView, asked: ExpenseView['content']): string[] {
  return expense.postingId === null ? [asked.date] : [asked.date, expense.content.date];
}

/** Silence counts as consent only where the expense could still be posted: in an active group, in an open period, with everybody there. */
function canApprove(context: GroupContext, expense: ExpenseView, asked: ExpenseView['content']): boolean {
  if (!moveGroup(context.state, 'change').ok || !checkPeriod(context.lockedUntil, daysOf(expense, asked)).ok) return false;
  return !chargesWhoLeft(context, expense, asked);
}

/** Whether an approval would change the balance of somebody who has left; new words about what stands change none. */
function chargesWhoLeft(context: GroupContext, expense: ExpenseView, asked: ExpenseView['content']): boolean {
  if (expense.postingId !== null && samePosting(expense.content, asked)) return false;
  return leftMemberIn(context, asked) || (expense.postingId !== null && reopensWhoLeft(context, expense.content, asked));
}

async function askedContent(tx: Tx, expense: ExpenseView): Promise<ExpenseView['content']> {
  return expense.pendingVersion === null ? expense.content : (await keptVersion(tx, expense.id, expense.pendingVersion)).content;
}

async function approve(tx: Tx, expense: ExpenseView, asked: ExpenseView['content'], version: number, userId?: string): Promise<void> {
  const state = unwrap(moveExpense({ state: expense.state, event: 'approve', hasPendingVersion: expense.pendingVersion !== null }));
  const postingId = await repost(tx, expense, asked, version);
  const replaced = expense.pendingVersion === null ? null : asked;
  await writeExpense(tx, expense.id, { state, version, pendingVersion: null, postingId, content: replaced });
  await closeRound(tx, expense.id, version, 'approved');
  emit(tx, expense, 'expense.approved', version, userId);
  emit(tx, expense, expense.state === 'posted' ? 'expense.updated' : 'expense.posted', version, userId);
}

const ROUND_ENDS = {
  rejected: { event: 'reject', type: 'expense.rejected' },
  expired: { event: 'expire', type: 'expense.expired' },
  withdrawn: { event: 'withdraw', type: 'expense.withdrawn' },
} as const satisfies Partial<Record<RoundOutcome, { event: ExpenseEvent; type: string }>>;

/** Ends a round without posting: a new expense takes the outcome as its state, of an edit the old version stands. */
async function endRound(tx: Tx, expense: ExpenseView, version: number, outcome: keyof typeof ROUND_ENDS, userId?: string): Promise<void> {
  const { event, type } = ROUND_ENDS[outcome];
  const state = unwrap(moveExpense({ state: expense.state, event, hasPendingVersion: expense.pendingVersion !== null }));
  await writeExpense(tx, expense.id, {
    state,
    version: expense.version,
    pendingVersion: null,
    postingId: expense.postingId,
    content: null,
  });
  await closeRound(tx, expense.id, version, outcome);
  emit(tx, expense, type, version, userId);
}

type RoundEvent =
  | 'expense.voters_changed'
  | 'expense.approved'
  | 'expense.rejected'
  | 'expense.expired'
  | 'expense.withdrawn'
  | 'expense.posted'
  | 'expense.updated';

function emit(tx: Tx, expense: ExpenseView, type: RoundEvent, version: number, userId?: string): void {
  const actor = userId === undefined ? {} : { actorId: userId };
  tx.emit({ type, subjectId: expense.id, groupId: expense.groupId, ...actor, data: { version } });
}

/**
 * Reminds those who have not voted on a version that still waits, once per version.
 *
 * @returns how many are reminded.
 */
export async function remindVoters(
  tx: Tx,
  input: { readonly expenseId: string; readonly groupId: string; readonly version: number },
): Promise<number> {
  const { expense } = await holdExpense(tx, input);
  const standing = await findRound(tx.query, expense.id, input.version);
  if (standing === null || standing.outcome !== 'waiting') return 0;
  const noted = await tx.query(
    'update expense.approval_round set reminded_at = $3 where expense_id = $1 and version = $2 and reminded_at is null returning version',
    [expense.id, input.version, tx.now],
  );
  const voted = new Set(standing.votes.map((vote) => vote.memberId));
  const memberIds = standing.round.voters.filter((memberId) => !voted.has(memberId));
  if (noted.length === 0 || memberIds.length === 0) return 0;
  tx.emit({ type: 'expense.vote_reminder', subjectId: expense.id, groupId: expense.groupId, data: { version: input.version, memberIds } });
  return memberIds.length;
}
