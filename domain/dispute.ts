import type { ExpenseState } from './expense-state.ts';
import { ok, refuse, type Outcome } from './refusal.ts';
import { type Role, roleAtLeast } from './roles.ts';

/** Most characters of the reason of a dispute. */
export const DISPUTE_REASON_MAX = 500;

/** A member and what the expense has to do with them. */
export interface Disputant {
  readonly role: Role;
  /** Whether they paid, share or recorded it. */
  readonly isConcerned: boolean;
}

/** Whether a member may dispute an expense: whom it concerns, and editors; refusal `forbidden`. */
export function mayDispute({ role, isConcerned }: Disputant): Outcome<null> {
  if (isConcerned || roleAtLeast(role, 'editor')) return ok(null);
  return refuse('forbidden', 'Only who has a part in the expense, and editors, may dispute it.');
}

/** Whether an expense can be disputed now: a posted one that is not disputed yet; refusals `deleted`, `expense_not_posted`, `already_disputed`. */
export function checkDisputable(state: ExpenseState, disputed: boolean): Outcome<null> {
  if (state === 'deleted') return refuse('deleted', 'The expense is deleted.');
  if (state !== 'posted') return refuse('expense_not_posted', 'Only a posted expense can be disputed; vote on one that waits.');
  return disputed ? refuse('already_disputed', 'The expense is disputed already.') : ok(null);
}

/** Whether a member may end a dispute: who raised it, and admins; refusal `forbidden`. So nobody ends one against themselves alone. */
export function mayResolve(input: { readonly role: Role; readonly isDisputant: boolean }): Outcome<null> {
  if (input.isDisputant || roleAtLeast(input.role, 'admin')) return ok(null);
  return refuse('forbidden', 'Only who disputed the expense, and admins, may end the dispute.');
}
