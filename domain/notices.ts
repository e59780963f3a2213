import type { EventType } from './events.ts';

/** Letters that are sent by mail, each a file of words in activities/notification/letters/. */
export const LETTERS = [
  'verify-email',
  'reset-password',
  'password-changed',
  'invitation',
  'expense-vote',
  'settlement-payment',
  'transfer-confirmation',
  'transfer-reminder',
  'refund-approval',
  'debt-reminder',
  'budget-alert',
  'friend-request',
  'export-ready',
  'group-export-ready',
  'erasure-asked',
] as const;
export type LetterName = (typeof LETTERS)[number];

/**
 * The letters that may go to an address nobody has verified yet: the one that verifies it, the one that
 * resets a password, that the password has changed, and an invitation.
 */
export const LETTERS_TO_UNVERIFIED: readonly LetterName[] = ['verify-email', 'reset-password', 'password-changed', 'invitation'];

/**
 * Who is told of an event.
 *
 * - `account`: the account that is the event's subject.
 * - `invited`: whoever the invitation is for; known by its address alone.
 * - `sharers`: members with a part in the expense; `otherSharers`: those of them who did not record it.
 * - `mentioned`: members whom a comment names; `commentWatchers`: all others with a share in its expense, who recorded it or have
 *   written about it.
 * - `voters`: members who were asked about this version and have not answered; `expenseCreator`: who recorded it.
 * - `groupMembers`: every active member; `othersOfMember`: all but the member that the event is about.
 * - `settlementParties`: who pays or receives in the settlement (mail to those who pay); `settlementPayers`: who still pays.
 * - `transferPayer`, `transferReceiver`, `transferParties`; `transferWatchers`: the parties and the group's owner.
 * - `refundApprover`: who decides; `refundParties`: payer and receiver of the payment.
 * - `exportAsker`: whom the event names, while they are in the group (mail where the file is there).
 * - `ruleMaker`: the member whom the event names, and the group's owner.
 * - `askedFriend`: who has the address that was asked, once that is proved; `askingFriend`: who asked.
 *
 * For a member without an account, where somebody has to act, the group's owner and admins are told. Whoever caused
 * the event is not told of it.
 */
export type Audience =
  | 'account'
  | 'invited'
  | 'sharers'
  | 'otherSharers'
  | 'mentioned'
  | 'commentWatchers'
  | 'voters'
  | 'expenseCreator'
  | 'groupMembers'
  | 'othersOfMember'
  | 'settlementParties'
  | 'settlementPayers'
  | 'transferPayer'
  | 'transferReceiver'
  | 'transferParties'
  | 'transferWatchers'
  | 'refundApprover'
  | 'refundParties'
  | 'ruleMaker'
  | 'exportAsker'
  | 'askedFriend'
  | 'askingFriend';

/** Kinds of lines in the inbox. */
export const NOTICE_TYPES = [
  'expense.posted',
  'expense.updated',
  'expense.deleted',
  'expense.restored',
  'expense.moved',
  'expense.commented',
  'expense.mentioned',
  'expense.vote_wanted',
  'expense.vote_reminder',
  'expense.approved',
  'expense.rejected',
  'expense.expired',
  'expense.disputed',
  'expense.dispute_resolved',
  'recurring.upcoming',
  'recurring.halted',
  'member.added',
  'member.left',
  'member.merged',
  'member.unmerged',
  'group.state_changed',
  'group.idle',
  'group.locked',
  'import.ended',
  'export.ended',
  'budget.reached',
  'settlement.planned',
  'settlement.due',
  'settlement.ended',
  'transfer.confirmation_wanted',
  'transfer.confirmation_overdue',
  'transfer.succeeded',
  'transfer.part_paid',
  'transfer.failed',
  'transfer.unknown',
  'transfer.disputed',
  'transfer.cancelled',
  'transfer.action_required',
  'transfer.remind_requested',
  'refund.requested',
  'refund.rejected',
  'refund.succeeded',
  'refund.failed',
  'reminder.due',
  'friend.requested',
  'friend.accepted',
] as const;
export type NoticeType = (typeof NOTICE_TYPES)[number];

/** One thing that follows an event: who is told, and over what. */
export interface Notice {
  readonly to: Audience;
  /** The line in their inbox, if any. */
  readonly inbox?: NoticeType;
  /** The letter to their verified address, if any. */
  readonly mail?: LetterName;
}

/** What people are told, by event. A new notice is one line here, and a letter where it has one. */
export const NOTICES: { readonly [T in EventType]?: readonly Notice[] } = {
  'user.registered': [{ to: 'account', mail: 'verify-email' }],
  'user.verification_requested': [{ to: 'account', mail: 'verify-email' }],
  'user.password_reset_requested': [{ to: 'account', mail: 'reset-password' }],
  'user.password_changed': [{ to: 'account', mail: 'password-changed' }],
  'friend.requested': [{ to: 'askedFriend', inbox: 'friend.requested', mail: 'friend-request' }],
  'friend.accepted': [{ to: 'askingFriend', inbox: 'friend.accepted' }],
  'user.export_ready': [{ to: 'account', mail: 'export-ready' }],
  'invitation.created': [{ to: 'invited', mail: 'invitation' }],
  'group.state_changed': [{ to: 'groupMembers', inbox: 'group.state_changed' }],
  'group.idle': [{ to: 'groupMembers', inbox: 'group.idle' }],
  'group.locked': [{ to: 'groupMembers', inbox: 'group.locked' }],
  'import.ended': [{ to: 'groupMembers', inbox: 'import.ended' }],
  'export.ended': [{ to: 'exportAsker', inbox: 'export.ended', mail: 'group-export-ready' }],
  'budget.reached': [{ to: 'groupMembers', inbox: 'budget.reached', mail: 'budget-alert' }],
  'member.added': [{ to: 'othersOfMember', inbox: 'member.added' }],
  'member.left': [{ to: 'othersOfMember', inbox: 'member.left' }],
  'member.merged': [{ to: 'groupMembers', inbox: 'member.merged' }],
  'member.unmerged': [{ to: 'groupMembers', inbox: 'member.unmerged' }],
  'expense.posted': [{ to: 'otherSharers', inbox: 'expense.posted' }],
  'expense.updated': [{ to: 'sharers', inbox: 'expense.updated' }],
  'expense.deleted': [{ to: 'sharers', inbox: 'expense.deleted' }],
  'expense.restored': [{ to: 'sharers', inbox: 'expense.restored' }],
  'expense.moved': [{ to: 'sharers', inbox: 'expense.moved' }],
  'expense.commented': [
    { to: 'mentioned', inbox: 'expense.mentioned' },
    { to: 'commentWatchers', inbox: 'expense.commented' },
  ],
  'expense.mentioned': [{ to: 'mentioned', inbox: 'expense.mentioned' }],
  'expense.pending': [{ to: 'voters', inbox: 'expense.vote_wanted', mail: 'expense-vote' }],
  'expense.vote_reminder': [{ to: 'voters', inbox: 'expense.vote_reminder', mail: 'expense-vote' }],
  // The posting that follows an approval is an event of its own.
  'expense.approved': [{ to: 'expenseCreator', inbox: 'expense.approved' }],
  'expense.rejected': [{ to: 'expenseCreator', inbox: 'expense.rejected' }],
  'expense.expired': [{ to: 'expenseCreator', inbox: 'expense.expired' }],
  'expense.disputed': [
    { to: 'sharers', inbox: 'expense.disputed' },
    { to: 'expenseCreator', inbox: 'expense.disputed' },
  ],
  'expense.dispute_resolved': [
    { to: 'sharers', inbox: 'expense.dispute_resolved' },
    { to: 'expenseCreator', inbox: 'expense.dispute_resolved' },
  ],
  'recurring.upcoming': [{ to: 'groupMembers', inbox: 'recurring.upcoming' }],
  'recurring.halted': [{ to: 'ruleMaker', inbox: 'recurring.halted' }],
  'settlement.planned': [{ to: 'settlementParties', inbox: 'settlement.planned', mail: 'settlement-payment' }],
  'settlement.due': [{ to: 'settlementPayers', inbox: 'settlement.due', mail: 'settlement-payment' }],
  'settlement.ended': [{ to: 'settlementParties', inbox: 'settlement.ended' }],
  'transfer.confirmation_wanted': [{ to: 'transferReceiver', inbox: 'transfer.confirmation_wanted', mail: 'transfer-confirmation' }],
  'transfer.confirmation_overdue': [{ to: 'transferWatchers', inbox: 'transfer.confirmation_overdue' }],
  'transfer.succeeded': [{ to: 'transferParties', inbox: 'transfer.succeeded' }],
  'transfer.part_paid': [{ to: 'transferParties', inbox: 'transfer.part_paid' }],
  'transfer.failed': [{ to: 'transferPayer', inbox: 'transfer.failed' }],
  'transfer.unknown': [{ to: 'transferPayer', inbox: 'transfer.unknown' }],
  'transfer.disputed': [{ to: 'transferWatchers', inbox: 'transfer.disputed' }],
  'transfer.cancelled': [{ to: 'transferParties', inbox: 'transfer.cancelled' }],
  'transfer.action_required': [{ to: 'transferPayer', inbox: 'transfer.action_required' }],
  'transfer.remind_requested': [{ to: 'transferPayer', inbox: 'transfer.remind_requested', mail: 'transfer-reminder' }],
  'refund.requested': [{ to: 'refundApprover', inbox: 'refund.requested', mail: 'refund-approval' }],
  'refund.rejected': [{ to: 'refundParties', inbox: 'refund.rejected' }],
  'refund.succeeded': [{ to: 'refundParties', inbox: 'refund.succeeded' }],
  'refund.failed': [{ to: 'refundParties', inbox: 'refund.failed' }],
};

/** Which service publishes an event, by the first word of its type. */
const SOURCE_OF: Readonly<Record<string, 'user' | 'expense' | 'payment'>> = {
  user: 'user',
  friend: 'user',
  group: 'expense',
  member: 'expense',
  invitation: 'expense',
  expense: 'expense',
  import: 'expense',
  export: 'expense',
  budget: 'expense',
  recurring: 'expense',
  settlement: 'payment',
  transfer: 'payment',
  refund: 'payment',
};

/** The events of a service that somebody is told of. */
export function noticedEventsOf(service: 'user' | 'expense' | 'payment'): EventType[] {
  return (Object.keys(NOTICES) as EventType[]).filter((type) => SOURCE_OF[type.split('.')[0] ?? ''] === service);
}
