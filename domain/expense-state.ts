import { move, type Transitions } from './machine.ts';
import type { Outcome, Refusal } from './refusal.ts';

/** States of an expense. */
export const EXPENSE_STATES = ['posted', 'pending', 'rejected', 'expired', 'withdrawn', 'deleted'] as const;
export type ExpenseState = (typeof EXPENSE_STATES)[number];

/**
 * What can happen to an expense.
 *
 * - `edit_post`, `edit_submit`: it is edited, and by the group's policy posts at once or waits for approval.
 * - `restore_post`, `restore_submit`: the same for one that comes back from deletion.
 * - `approve`, `reject`, `expire`, `withdraw`: the round of approval ends.
 */
export const EXPENSE_EVENTS = [
  'edit_post',
  'edit_submit',
  'restore_post',
  'restore_submit',
  'approve',
  'reject',
  'expire',
  'withdraw',
  'delete',
] as const;
export type ExpenseEvent = (typeof EXPENSE_EVENTS)[number];

const ENDED = { edit_post: 'posted', edit_submit: 'pending', delete: 'deleted' } as const;

/**
 * The life of an expense. A posted one stays posted while an edit of it waits: its old version stands until the new
 * one is approved, and stands on when that is refused.
 */
export const EXPENSE_TRANSITIONS: Transitions<ExpenseState, ExpenseEvent> = {
  posted: {
    edit_post: 'posted',
    edit_submit: 'posted',
    approve: 'posted',
    reject: 'posted',
    expire: 'posted',
    withdraw: 'posted',
    delete: 'deleted',
  },
  pending: {
    edit_post: 'posted',
    edit_submit: 'pending',
    approve: 'posted',
    reject: 'rejected',
    expire: 'expired',
    withdraw: 'withdrawn',
    delete: 'deleted',
  },
  rejected: ENDED,
  expired: ENDED,
  withdrawn: ENDED,
  deleted: { restore_post: 'posted', restore_submit: 'pending' },
};

const ENDS_ROUND: readonly ExpenseEvent[] = ['approve', 'reject', 'expire', 'withdraw'];

/**
 * Moves an expense.
 *
 * @param input.hasPendingVersion whether an edit of a posted expense waits for approval.
 * @returns the next state, or refusal `deleted`, `not_deleted`, or `expense_not_pending`.
 */
export function moveExpense(input: { state: ExpenseState; event: ExpenseEvent; hasPendingVersion?: boolean }): Outcome<ExpenseState> {
  const { state, event, hasPendingVersion = false } = input;
  if (state === 'posted' && ENDS_ROUND.includes(event) && !hasPendingVersion) return { ok: false, refusal: explain(state, event) };
  return move(EXPENSE_TRANSITIONS, state, event, explain);
}

function explain(state: ExpenseState, event: ExpenseEvent): Refusal {
  if (state === 'deleted') return { code: 'deleted', detail: 'The expense is deleted.' };
  if (event === 'restore_post' || event === 'restore_submit') return { code: 'not_deleted', detail: 'The expense is not deleted.' };
  return { code: 'expense_not_pending', detail: 'The expense does not wait for approval.' };
}
