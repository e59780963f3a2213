/**
 * The catalogue of domain events: what each means, whose subject it is, and which process it wakes.
 *
 * A new event is one line in {@link EventData} and, where a process must follow it, one in {@link EVENT_PROCESS}.
 * Data holds ids, states, versions and amounts as decimal strings; never names, addresses or texts.
 */
export interface EventData {
  // user: subject is the account
  'user.registered': { mailTokenId: string };
  'user.verification_requested': { mailTokenId: string };
  'user.email_verified': Record<string, never>;
  /** Somebody asked for a mail that resets a password; where there is no such account the subject is nobody. */
  'user.password_reset_requested': { mailTokenId: string };
  'user.password_changed': Record<string, never>;
  'user.updated': Record<string, never>;
  // user: subject is the request, or the friendship that it became
  /** Who was asked is null while no account has proved the address, or where one of the two has blocked the other. `mail`: their address has not had enough of such mails today. */
  'friend.requested': { askerId: string; askedId: string | null; mail: boolean };
  /** The ledger of the two is opened, or opened again, under this id. */
  'friend.accepted': { askerId: string; askedId: string; ledgerId: string; currency: string };
  'friend.ended': { ledgerId: string };
  'user.export_requested': { requestId: string };
  'user.export_ready': { requestId: string };
  /** A newer export of the same account is ready: this one's time is over. */
  'user.export_replaced': { requestId: string };
  'user.erasure_requested': { requestId: string };
  'user.request_cancelled': { requestId: string; kind: 'export' | 'erasure' };
  /** The person is a pseudonym everywhere; nothing of theirs is left but what the ledger needs. */
  'user.erased': { requestId: string };
  // expense: subject is the group, member, invitation, expense, adjustment or posting named first in the type
  'group.created': Record<string, never>;
  'group.updated': Record<string, never>;
  'group.state_changed': { state: string };
  /** Nothing dated before this day changes any more; null: all of it may again. */
  'group.locked': { until: string | null };
  /** Nothing has happened in the group since that moment, for as long as an idle group is left alone. */
  'group.idle': { sinceIso: string };
  'member.added': { userId: string | null };
  'member.changed': { userId: string | null };
  'member.left': { userId: string | null };
  /** Its subject turned out to be another member: what it shared, and its account if it had one, are that one's now. */
  'member.merged': { intoMemberId: string; userId: string | null };
  /** An operator took a merge back. */
  'member.unmerged': { intoMemberId: string; userId: string | null; mergeId: string };
  'invitation.created': { mail: boolean };
  'invitation.accepted': { memberId: string };
  'invitation.revoked': Record<string, never>;
  'invitation.expired': Record<string, never>;
  'expense.posted': { version: number };
  'expense.pending': { version: number };
  'expense.voted': { version: number; memberId: string; decision: string };
  'expense.approved': { version: number };
  'expense.rejected': { version: number };
  'expense.expired': { version: number };
  'expense.withdrawn': { version: number };
  /** The asking about a version ended without a decision, because the expense was edited again or deleted. */
  'expense.voided': { version: number };
  /** Somebody who was asked has left; the others decide. */
  'expense.voters_changed': { version: number };
  /** Voters have not voted yet and the time-out comes near. */
  'expense.vote_reminder': { version: number; memberIds: readonly string[] };
  'expense.updated': { version: number };
  'expense.deleted': { version: number };
  'expense.restored': { version: number };
  /** It came from another group, whose news of it is `expense.moved_away`. */
  'expense.moved': { version: number };
  'expense.moved_away': { version: number };
  'expense.receipt_added': { receiptId: string };
  'expense.receipt_removed': { receiptId: string };
  /** Somebody wrote about an expense, and named these members in it. */
  'expense.commented': { commentId: string; memberIds: readonly string[] };
  /** A comment was changed and names these members now. */
  'expense.mentioned': { commentId: string; memberIds: readonly string[] };
  /** A member objects; no balance moves by it. */
  'expense.disputed': { version: number; memberId: string };
  'expense.dispute_resolved': { version: number; memberId: string };
  /** A rule was made or changed, paused, resumed or ended: its process looks again. */
  'recurring.changed': { state: string };
  /** An expense will be recorded on that business day. */
  'recurring.upcoming': { date: string };
  /** A slot could not be recorded: the rule is paused until somebody looks. The member is who made it. */
  'recurring.halted': { date: string; code: string; memberId: string };
  'adjustment.posted': Record<string, never>;
  'import.requested': Record<string, never>;
  'import.undo_requested': Record<string, never>;
  /** Everything of a file is recorded, or is reversed again. */
  'import.ended': { state: string };
  'export.requested': Record<string, never>;
  /** It was cancelled, or its file is gone: its process looks again. */
  'export.changed': { state: string };
  /** The file that this person asked for is there, or will not be. */
  'export.ended': { state: string; userId: string };
  /** The budgets of a group were set; the subject is the group. */
  'budget.changed': Record<string, never>;
  /** So much of a budget is spent in the period that began on that day. */
  'budget.reached': {
    periodStart: string;
    percent: number;
    spent: { amount: string; currency: string };
    amount: { amount: string; currency: string };
  };
  'ledger.transfer_posted': { transferId: string };
  'ledger.refund_posted': { refundId: string };
  // payment: subject is the settlement, transfer, refund or user
  'settlement.opened': Record<string, never>;
  'settlement.planned': { transfers: number };
  'settlement.cancel_requested': Record<string, never>;
  'settlement.ended': { state: string };
  /** The due date has come and legs are unpaid: what starts reminders. */
  'settlement.due': { transfers: number };
  'transfer.opened': { settlementId: string | null };
  'transfer.pay_requested': { settlementId: string | null };
  'transfer.confirmation_wanted': { settlementId: string | null };
  'transfer.confirmed': { settlementId: string | null };
  'transfer.disputed': { settlementId: string | null };
  'transfer.succeeded': { settlementId: string | null };
  'transfer.part_paid': { settlementId: string | null };
  'transfer.failed': { settlementId: string | null; failureCode: string };
  'transfer.unknown': { settlementId: string | null };
  'transfer.quarantined': { settlementId: string | null };
  'transfer.action_required': { settlementId: string | null };
  'transfer.cancelled': { settlementId: string | null };
  'transfer.gateway_reported': { settlementId: string | null };
  'transfer.remind_requested': { settlementId: string | null };
  /** The settlement was cancelled: this unpaid leg is too, once the gateway no longer holds a declined payment of it. */
  'transfer.cancel_requested': { settlementId: string | null };
  /** A manual payment was not confirmed in time: shown to both and to the group's owner. */
  'transfer.confirmation_overdue': { settlementId: string | null };
  'refund.requested': { paymentId: string };
  'refund.approved': { paymentId: string };
  'refund.rejected': { paymentId: string };
  'refund.succeeded': { paymentId: string };
  'refund.failed': { paymentId: string };
  'refund.gateway_reported': { paymentId: string };
  'payout_account.updated': { gateway: string };
  // notification: subject is the recipient
  /** Deliveries to a recipient are due and no wake-up of theirs is outstanding. */
  'delivery.wanted': Record<string, never>;
  // notification: subject is the reminder
  'reminder.changed': { memberId: string };
  'reminder.due': { memberId: string; userId: string; channel: string; amounts: readonly { amount: string; currency: string }[] };
}

export type EventType = keyof EventData;

/** An event as a command writes it. */
export type DomainEvent = {
  [T in EventType]: {
    readonly type: T;
    readonly subjectId: string;
    readonly groupId?: string;
    /** The user whose command it was; absent where the clock or a gateway was the cause. */
    readonly actorId?: string;
    readonly data: EventData[T];
  };
}[EventType];

/** The processes that wait, retry or span services; each is a workflow of the same name. */
export type ProcessName =
  | 'groupLifecycle'
  | 'expenseApproval'
  | 'importGroup'
  | 'exportData'
  | 'recurringExpense'
  | 'settlement'
  | 'transfer'
  | 'refund'
  | 'reminderCadence'
  | 'delivery'
  | 'exportAccount'
  | 'eraseAccount';

/** A process to wake: its name and the business key that its workflow id is built from. */
export interface ProcessRef {
  readonly process: ProcessName;
  readonly key: string;
}

type Wakes = { [T in EventType]?: (event: Extract<DomainEvent, { type: T }>) => ProcessRef | null };

const group = (event: DomainEvent): ProcessRef | null =>
  event.groupId === undefined ? null : { process: 'groupLifecycle', key: event.groupId };
const approval = (event: DomainEvent): ProcessRef => ({ process: 'expenseApproval', key: event.subjectId });
const importGroup = (event: DomainEvent): ProcessRef => ({ process: 'importGroup', key: event.subjectId });
const exportData = (event: DomainEvent): ProcessRef => ({ process: 'exportData', key: event.subjectId });
const recurring = (event: DomainEvent): ProcessRef => ({ process: 'recurringExpense', key: event.subjectId });
const settlement = (event: DomainEvent): ProcessRef => ({ process: 'settlement', key: event.subjectId });
const transfer = (event: DomainEvent): ProcessRef => ({ process: 'transfer', key: event.subjectId });
const refund = (event: DomainEvent): ProcessRef => ({ process: 'refund', key: event.subjectId });
const exporting = (event: { data: { requestId: string } }): ProcessRef => ({ process: 'exportAccount', key: event.data.requestId });
const erasing = (event: { data: { requestId: string } }): ProcessRef => ({ process: 'eraseAccount', key: event.data.requestId });
/** The end of a transfer concerns the settlement that it is a leg of. */
const parent = (event: { data: { settlementId: string | null } }): ProcessRef | null =>
  event.data.settlementId === null ? null : { process: 'settlement', key: event.data.settlementId };

/** Which process an event wakes. Waking is signal-with-start, so it is harmless to do it twice. */
export const EVENT_PROCESS: Wakes = {
  'group.created': group,
  'group.updated': group,
  'group.state_changed': group,
  'member.added': group,
  'member.left': group,
  'member.merged': group,
  'member.unmerged': group,
  'invitation.created': group,
  'expense.pending': approval,
  'expense.voted': approval,
  'expense.approved': approval,
  'expense.rejected': approval,
  'expense.withdrawn': approval,
  'expense.voided': approval,
  'expense.voters_changed': approval,
  'import.requested': importGroup,
  'import.undo_requested': importGroup,
  'export.requested': exportData,
  'export.changed': exportData,
  'recurring.changed': recurring,
  'settlement.opened': settlement,
  'settlement.cancel_requested': settlement,
  'transfer.opened': transfer,
  'transfer.pay_requested': transfer,
  'transfer.confirmed': transfer,
  'transfer.gateway_reported': transfer,
  'transfer.cancel_requested': transfer,
  'transfer.disputed': transfer,
  'transfer.succeeded': parent,
  'transfer.cancelled': parent,
  'transfer.part_paid': parent,
  'refund.requested': refund,
  'refund.approved': refund,
  'refund.rejected': refund,
  'refund.gateway_reported': refund,
  'user.export_requested': exporting,
  'user.export_replaced': exporting,
  'user.erasure_requested': erasing,
  'user.request_cancelled': (event) => (event.data.kind === 'export' ? exporting(event) : erasing(event)),
  'delivery.wanted': (event) => ({ process: 'delivery', key: event.subjectId }),
  'reminder.changed': (event) =>
    event.groupId === undefined ? null : { process: 'reminderCadence', key: `${event.groupId}/${event.data.memberId}` },
};

/** The process that an event wakes, or null. */
export function processOf(event: DomainEvent): ProcessRef | null {
  const wakes = EVENT_PROCESS[event.type] as ((event: DomainEvent) => ProcessRef | null) | undefined;
  return wakes?.(event) ?? null;
}

const WORKFLOW_PREFIX: Record<ProcessName, string> = {
  groupLifecycle: 'group',
  expenseApproval: 'expense-approval',
  importGroup: 'import',
  exportData: 'export',
  recurringExpense: 'recurring',
  settlement: 'settlement',
  transfer: 'transfer',
  refund: 'refund',
  reminderCadence: 'reminder',
  delivery: 'delivery',
  exportAccount: 'export-account',
  eraseAccount: 'erase-account',
};

/** The workflow id of a process: says what it is to operators, and makes a second start harmless. */
export function workflowId(process: ProcessName, key: string): string {
  return `${WORKFLOW_PREFIX[process]}/${key}`;
}
