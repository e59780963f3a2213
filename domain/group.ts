import { checkApprovalPolicy, type ApprovalPolicy } from './approval.ts';
import { daysInMonth } from './business-date.ts';
import { move, type Transitions } from './machine.ts';
import type { SettlementStrategy } from './plan.ts';
import type { RefundApproval } from './refund.ts';
import { ok, refuse, type Outcome } from './refusal.ts';
import type { Role } from './roles.ts';

/** A split that a new expense starts with: its method and proportions, without amounts. */
export type DefaultSplit =
  | { readonly method: 'equal' | 'weights'; readonly among: readonly string[] }
  | { readonly method: 'percentage'; readonly parts: readonly { readonly memberId: string; readonly percent: string }[] }
  | { readonly method: 'shares'; readonly parts: readonly { readonly memberId: string; readonly shares: string }[] };

/** What a group has agreed on, in the form of the wire; everything is optional. */
export interface GroupPolicy {
  readonly approval?: ApprovalPolicy | undefined;
  /** The least role that may record expenses; `contributor` by default. */
  readonly whoMayAdd?: Role | undefined;
  /** Day of the month, 1 to 31, on which a settlement opens by itself; never when absent. */
  readonly settlementDay?: number | undefined;
  readonly settlementStrategy?: SettlementStrategy | undefined;
  readonly refundApproval?: RefundApproval | undefined;
  readonly defaultSplit?: DefaultSplit | undefined;
}

/** Checks a policy; refusal `invalid_settlement_day`, or one of the approval policy's. */
export function checkGroupPolicy(policy: GroupPolicy): Outcome<GroupPolicy> {
  const { settlementDay, approval } = policy;
  if (settlementDay !== undefined && !(Number.isInteger(settlementDay) && settlementDay >= 1 && settlementDay <= 31)) {
    return refuse('invalid_settlement_day', 'A settlement day is a day of the month, 1 to 31.', '/policy/settlementDay');
  }
  const checked = approval === undefined ? ok(null) : checkApprovalPolicy(approval);
  return checked.ok ? ok(policy) : checked;
}

/**
 * The date on which a group settles in a month: its settlement day, or the month's last day where it is shorter.
 *
 * @param month 1 to 12.
 * @returns a business day `YYYY-MM-DD`.
 */
export function settlementDateIn(settlementDay: number, year: number, month: number): string {
  const day = Math.min(settlementDay, daysInMonth(year, month));
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/**
 * Checks that none of some business days lies in the locked period of a group: before the day until which it is locked.
 *
 * @param lockedUntil the first day that may still change; null where nothing is locked.
 * @returns refusal `period_locked` with the pointer given.
 */
export function checkPeriod(lockedUntil: string | null, dates: readonly string[], pointer?: string): Outcome<null> {
  if (lockedUntil === null || dates.every((date) => date >= lockedUntil)) return ok(null);
  return refuse('period_locked', `What is dated before ${lockedUntil} is locked; the owner can reopen it.`, pointer);
}

/** Whether a lock takes back what another one locks, which only the owner may. */
export function reopensPeriod(from: string | null, to: string | null): boolean {
  return from !== null && (to === null || to < from);
}

/** States of a group. */
export const GROUP_STATES = ['active', 'archived', 'deleted'] as const;
export type GroupState = (typeof GROUP_STATES)[number];

/** What can happen to a group; `change` is everything that writes into it, `settle` paying what is owed. */
export const GROUP_EVENTS = ['change', 'settle', 'archive', 'unarchive', 'delete', 'restore'] as const;
export type GroupEvent = (typeof GROUP_EVENTS)[number];

/** The life of a group. An archived group takes no expenses, but its debts may still be paid. */
export const GROUP_TRANSITIONS: Transitions<GroupState, GroupEvent> = {
  active: { change: 'active', settle: 'active', archive: 'archived', delete: 'deleted' },
  archived: { settle: 'archived', unarchive: 'active', delete: 'deleted' },
  deleted: { restore: 'active' },
};

/** The states in which something can happen to a group. */
export function statesFor(event: GroupEvent): readonly GroupState[] {
  return GROUP_STATES.filter((state) => GROUP_TRANSITIONS[state][event] !== undefined);
}

/** Moves a group, or asks whether it takes a change; refusals `deleted`, `archived`, `not_archived`, `not_deleted`. */
export function moveGroup(state: GroupState, event: GroupEvent): Outcome<GroupState> {
  return move(GROUP_TRANSITIONS, state, event, (at, asked) => {
    if (at === 'deleted') return { code: 'deleted', detail: 'The group is deleted.' };
    if (asked === 'restore') return { code: 'not_deleted', detail: 'The group is not deleted.' };
    if (at === 'archived') return { code: 'archived', detail: 'The group is archived.' };
    return { code: 'not_archived', detail: 'The group is not archived.' };
  });
}
