import type { AttemptWork, TransferWork } from '../../db/queries/payment/transfer-work.ts';
import { isTransferEnded } from '../../domain/transfer.ts';
import type { WaitKind } from './contract.ts';

/** After these days an unconfirmed manual payment is told to both and to the group's owner. */
export const CONFIRMATION_DAYS = 7;
/** A payer has this long for a further step, then the try is cancelled at the gateway. */
export const ACTION_HOURS = 24;

/** What is to be done for a transfer now. */
export type Decision =
  /** `send`: try, under the stored key. `ask`: look how it stands. `cancel`: end it at the gateway. */
  | { readonly do: 'send' | 'ask' | 'cancel'; readonly attempt: AttemptWork; readonly why: string }
  | { readonly do: 'cancelLeg' | 'noticeOverdue' | 'ended' }
  | { readonly do: 'seen'; readonly attemptIds: readonly string[] }
  | { readonly do: 'post'; readonly attempt: AttemptWork }
  | { readonly do: 'wait'; readonly kind: WaitKind; readonly untilIso: string | null };

/**
 * Decides what to do for a transfer, from its row alone.
 *
 * @param nowIso the workflow's time.
 * @param asked ids of attempts about which the gateway has been asked in this look: they are not asked twice.
 */
export function decideTransfer(work: TransferWork, nowIso: string, asked: ReadonlySet<string>): Decision {
  const stale = work.attempts.find((attempt, index) => attempt.state === 'declined' && (index > 0 || work.cancelRequested));
  if (stale !== undefined && !asked.has(stale.id)) return { do: 'cancel', attempt: stale, why: 'put away' };
  const captured = work.attempts.find((attempt) => attempt.state === 'captured');
  if (captured !== undefined && work.state === 'processing') return { do: 'post', attempt: captured };
  const reported = work.attempts.filter((attempt) => attempt.reported);
  // Money that arrives after a final failure is never passed over.
  const told = reported.find((attempt) => (attempt.state === 'declined' || attempt.state === 'canceled') && !asked.has(attempt.id));
  if (told !== undefined) return { do: 'ask', attempt: told, why: 'reported' };
  const settled = reported.filter((attempt) => attempt.state === 'succeeded' || attempt.state === 'captured' || asked.has(attempt.id));
  if (settled.length > 0) return { do: 'seen', attemptIds: settled.map((attempt) => attempt.id) };
  // Money that came although the transfer had ended waits for a person, and is not to be forgotten with it.
  if (isTransferEnded(work.state))
    return work.attempts.some((attempt) => attempt.state === 'quarantined')
      ? { do: 'wait', kind: 'operator', untilIso: null }
      : { do: 'ended' };
  const open = work.attempts.find((attempt) => !['succeeded', 'canceled', 'declined'].includes(attempt.state));
  if (open !== undefined) return decideOpen(work, open, nowIso, asked);
  if (work.cancelRequested && stale === undefined) return { do: 'cancelLeg' };
  // A leg waits for its payer in view of the operators; what stands alone is woken when somebody pays again.
  if (work.settlementId !== null) return { do: 'wait', kind: stale === undefined ? 'person' : 'unknown', untilIso: null };
  return stale === undefined ? { do: 'ended' } : { do: 'wait', kind: 'unknown', untilIso: null };
}

function decideOpen(work: TransferWork, attempt: AttemptWork, nowIso: string, asked: ReadonlySet<string>): Decision {
  const wasAsked = asked.has(attempt.id);
  switch (attempt.state) {
    case 'awaiting_confirmation':
      return decideConfirmation(work, attempt, nowIso);
    case 'quarantined':
    case 'captured':
      return { do: 'wait', kind: 'operator', untilIso: null };
    case 'requires_action':
      return decideAction(work, attempt, nowIso, wasAsked);
    case 'unknown':
      return wasAsked ? { do: 'wait', kind: 'unknown', untilIso: null } : { do: 'ask', attempt, why: 'unknown' };
    case 'created':
    case 'sent':
      if (attempt.tries > attempt.answeredTry) return decideUnanswered(attempt, nowIso, wasAsked);
      return wasAsked ? { do: 'wait', kind: 'gateway', untilIso: null } : { do: 'ask', attempt, why: 'processing' };
    case 'succeeded':
    case 'declined':
    case 'canceled':
      return { do: 'wait', kind: 'person', untilIso: null };
  }
}

/** While the gateway knows the key, sending is asking; afterwards the gateway is asked by our reference. */
function decideUnanswered(attempt: AttemptWork, nowIso: string, wasAsked: boolean): Decision {
  if (wasAsked) return { do: 'wait', kind: 'later', untilIso: null };
  return isKeyKept(attempt, nowIso) ? { do: 'send', attempt, why: 'stored' } : { do: 'ask', attempt, why: 'key no longer kept' };
}

function decideConfirmation(work: TransferWork, attempt: AttemptWork, nowIso: string): Decision {
  if (work.state === 'disputed' || attempt.overdueNoticed) return { do: 'wait', kind: 'receiver', untilIso: null };
  const deadlineIso = later(attempt.sentAtIso, CONFIRMATION_DAYS * 24);
  return nowIso >= deadlineIso ? { do: 'noticeOverdue' } : { do: 'wait', kind: 'receiver', untilIso: deadlineIso };
}

function decideAction(work: TransferWork, attempt: AttemptWork, nowIso: string, wasAsked: boolean): Decision {
  if (wasAsked) return { do: 'wait', kind: 'payer', untilIso: null };
  const over = work.cancelRequested || nowIso >= later(attempt.sentAtIso, ACTION_HOURS);
  return over ? { do: 'cancel', attempt, why: 'the payer did not act' } : { do: 'ask', attempt, why: 'waits for the payer' };
}

/** Whether the gateway still knows the attempt's key, so that sending again is the same as asking. */
export function isKeyKept(attempt: AttemptWork, nowIso: string): boolean {
  return Date.parse(nowIso) < Date.parse(attempt.keptUntilIso);
}

function later(iso: string, hours: number): string {
  return new Date(Date.parse(iso) + hours * 3_600_000).toISOString();
}
