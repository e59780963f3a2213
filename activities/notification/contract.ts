import type { PersonActivities, PersonInput } from '../shared/contract.ts';

/**
 * What workflows may ask of the notification service. Plain JSON types only; amounts are decimal strings; times are
 * RFC 3339. None of them refuses: a business "no" is part of the result.
 */
export interface NotificationActivities extends PersonActivities {
  /** Takes back the recipient's outstanding wake-up and says what is due; at most 50 messages. */
  lookAtDeliveries(input: RecipientInput): Promise<DueDeliveriesResult>;
  /**
   * Sends messages of one channel and letter as one, and notes what became of them. Messages that are no longer
   * pending are left out, so doing it twice sends nothing twice; a crash between the mail server's acceptance and our
   * note sends a second copy with the same Message-ID.
   */
  sendLetter(input: SendLetterInput): Promise<SendLetterResult>;
  /** Lets everything of a recipient that failed be tried again at once. */
  reviveDeliveries(input: RecipientInput): Promise<{ readonly revived: number }>;
  /**
   * Tells a person at their verified address that the erasure of their account was asked for, and how it can be followed without
   * signing in. The letter is written once; a mail server that is away does not hold the erasure up.
   */
  announceErasure(input: PersonInput & { readonly nowIso: string }): Promise<{ readonly outcome: string }>;
  /** Reads the debt again, reminds when it is time, and says when to come back. At most one reminder per due time. */
  stepReminder(input: StepReminderInput): Promise<ReminderStepResult>;
  /** Ends the member's live reminder in the group, if there is one. */
  stopReminder(input: StepReminderInput): Promise<{ readonly state: string }>;
}

/** A recipient, at a moment. */
export interface RecipientInput {
  readonly recipientId: string;
  /** The workflow's time; the database's own counts where that is later. */
  readonly nowIso: string;
}

export interface DueDeliveriesResult {
  readonly due: readonly { readonly channel: string; readonly letter: string; readonly deliveryIds: readonly string[] }[];
  /** When the next message is due that is not yet. */
  readonly nextAtIso: string | null;
  /** Dead letters that an operator may still revive, and until when. */
  readonly dead: number;
  readonly deadUntilIso: string | null;
}

export interface SendLetterInput {
  readonly channel: string;
  readonly letter: string;
  readonly deliveryIds: readonly string[];
  readonly nowIso: string;
}

export interface SendLetterResult {
  /** `nothing`: none of them was pending any more. */
  readonly outcome: 'sent' | 'suppressed' | 'retry' | 'refused' | 'nothing';
  /** Why not, such as `smtp_550`. */
  readonly code: string | null;
}

/** A member's reminder in a group, at a moment. */
export interface StepReminderInput {
  readonly groupId: string;
  readonly memberId: string;
  readonly nowIso: string;
}

export interface ReminderStepResult {
  readonly reminderId: string | null;
  /** `none`: there never was one. */
  readonly state: 'active' | 'paused' | 'snoozed' | 'stopped' | 'done' | 'none';
  /** Reminders sent so far, and of how many. */
  readonly sent: number;
  readonly max: number;
  /** When the process acts next by itself; null while it is paused and when it has ended. */
  readonly nextAtIso: string | null;
  /** The channel of the reminder that this step sent. */
  readonly remindedBy: string | null;
}
