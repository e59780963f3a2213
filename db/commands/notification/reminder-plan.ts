import { unwrap } from '../../../domain/refusal.ts';
import { moveReminder, nextReminder, type QuietHours, type ReminderChannel, type ReminderEvent } from '../../../domain/reminder.ts';
import type { Reminder } from '../../entities/notification/reminder.ts';
import { offsetsOf } from '../../queries/notification/debts.ts';
import type { Tx } from '../../transact.ts';

/** Nobody is reminded of money at night; people's own hours come with their preferences. */
export const QUIET_HOURS: QuietHours = { from: '22:00', to: '08:00' };

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Works out when a reminder is due next and writes it; one that has none left is stopped. Call it after every change.
 *
 * @param at the time that counts as now: what was missed is due now, or at the end of quiet hours.
 * @returns the due time and channel while the reminder is active or snoozed.
 */
export async function planNext(
  tx: Tx,
  reminder: Reminder,
  timeZone: string,
  at: Date,
): Promise<{ atMs: number; channel: ReminderChannel } | null> {
  reminder.nextAt = null;
  if (reminder.state !== 'active' && reminder.state !== 'snoozed') return null;
  const next = nextReminder({
    cadence: reminder.cadence,
    sent: reminder.sent,
    debtSinceIso: reminder.debtSince.toISOString(),
    lastSentIso: reminder.lastSentAt?.toISOString(),
    quietHours: QUIET_HOURS,
    notBeforeMs: Math.max(at.getTime(), reminder.snoozedUntil?.getTime() ?? 0, await dayAfterOthers(tx, reminder)),
    offsetMinutesAt: offsetsOf(timeZone),
  });
  if (next === 'exhausted') {
    moveTo(reminder, 'exhaust');
    return null;
  }
  reminder.nextAt = new Date(next.atMs);
  return next;
}

/**
 * Moves a reminder to its next state.
 *
 * @throws RefusalError reminder_ended, wrong_state.
 */
export function moveTo(reminder: Reminder, event: ReminderEvent): void {
  // A snoozed one whose reminders were used up by a change of its cadence ends as an active one does.
  const from = event === 'exhaust' && reminder.state === 'snoozed' ? 'active' : reminder.state;
  reminder.state = unwrap(moveReminder(from as Parameters<typeof moveReminder>[0], event));
  if (reminder.state !== 'snoozed') reminder.snoozedUntil = null;
  if (reminder.state === 'stopped' || reminder.state === 'done') reminder.nextAt = null;
}

/** Notes a change for clients and their ETags. */
export function touchReminder(reminder: Reminder, at: Date): void {
  reminder.version += 1;
  reminder.updatedAt = at;
}

/** A reminder that was ended and made anew must not remind twice on one day. */
async function dayAfterOthers(tx: Tx, reminder: Reminder): Promise<number> {
  const [row] = await tx.query<{ last: string | null }>(
    'select max(last_sent_at) as last from notification.reminder where group_id = $1 and member_id = $2 and id <> $3',
    [reminder.groupId, reminder.memberId, reminder.id],
  );
  return row?.last == null ? 0 : Date.parse(row.last) + DAY_MS;
}
