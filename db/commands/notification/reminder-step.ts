import { LockMode } from '@mikro-orm/postgresql';
import { v5 as uuidv5 } from 'uuid';
import type { MoneyWire } from '../../../domain/money.ts';
import type { ReminderChannel, ReminderState } from '../../../domain/reminder.ts';
import { Reminder } from '../../entities/notification/reminder.ts';
import { readDebt, readDebtor, type Debtor } from '../../queries/notification/debts.ts';
import type { Tx } from '../../transact.ts';
import { WAKE_PENDING } from './notices.ts';
import { moveTo, planNext, touchReminder } from './reminder-plan.ts';

/** Where a reminder stands after a step of its process. */
export interface ReminderStep {
  readonly reminderId: string | null;
  readonly state: ReminderState | 'none';
  readonly sent: number;
  readonly max: number;
  readonly nextAt: Date | null;
  readonly remindedBy: ReminderChannel | null;
}

const LIVE: ReminderState[] = ['active', 'paused', 'snoozed'];

/**
 * Reads the debt again and does what is due: ends the reminder when the debt is gone, ends a snooze, or reminds. The
 * row's lock and its count make a second step at the same moment remind nobody.
 *
 * @param at the time that counts as now.
 */
export async function stepReminder(tx: Tx, who: { groupId: string; memberId: string }, at: Date): Promise<ReminderStep> {
  const reminder = await lockLive(tx, who);
  if (reminder === null) return lastOf(tx, who);
  const before = shownOf(reminder);
  const remindedBy = await advance(tx, reminder, at);
  if (shownOf(reminder) !== before) touchReminder(reminder, at);
  return { ...stepOf(reminder), remindedBy };
}

/**
 * Ends a member's live reminder by an operator's wish.
 *
 * @returns its state, or that of the last one.
 */
export async function stopLiveReminder(tx: Tx, who: { groupId: string; memberId: string }, at: Date): Promise<ReminderState | 'none'> {
  const reminder = await lockLive(tx, who);
  if (reminder === null) return (await lastOf(tx, who)).state;
  moveTo(reminder, 'stop');
  touchReminder(reminder, at);
  return reminder.state as ReminderState;
}

async function advance(tx: Tx, reminder: Reminder, at: Date): Promise<ReminderChannel | null> {
  const debtor = await readDebtor(tx.query, reminder.groupId, reminder.memberId);
  if (debtor?.userId == null || !debtor.isActive || debtor.groupState === 'deleted') {
    moveTo(reminder, 'stop');
    return null;
  }
  const debt = await readDebt(tx.query, reminder.groupId, reminder.memberId);
  if (debt.length === 0) {
    moveTo(reminder, 'debt_gone');
    return null;
  }
  if (reminder.state === 'snoozed' && reminder.snoozedUntil != null && reminder.snoozedUntil <= at) moveTo(reminder, 'wake');
  const next = await planNext(tx, reminder, debtor.timeZone, at);
  if (next === null || reminder.state !== 'active' || next.atMs > at.getTime()) return null;
  // A mail to an address that nobody verified would not go out, and the reminder would be lost.
  const channel = next.channel === 'email' && debtor.emailVerified ? 'email' : 'inApp';
  reminder.sent += 1;
  reminder.lastSentAt = at;
  await remind(tx, reminder, { debtor, userId: debtor.userId, debt, channel, at });
  await planNext(tx, reminder, debtor.timeZone, at);
  return channel;
}

interface Due {
  readonly debtor: Debtor;
  readonly userId: string;
  readonly debt: readonly MoneyWire[];
  readonly channel: ReminderChannel;
  readonly at: Date;
}

async function remind(tx: Tx, reminder: Reminder, { userId, debt, channel, at }: Due): Promise<void> {
  const { id, groupId, memberId, sent } = reminder;
  // The same for the same reminder and number, so that no way of running this twice adds a second one.
  const eventId = uuidv5(String(sent), id);
  const data = JSON.stringify({ memberId, number: sent, amounts: debt });
  if (channel === 'inApp') {
    await tx.query(
      `insert into notification.notification (id, user_id, type, group_id, subject_id, data, event_id, created_at)
       values (gen_random_uuid(), $1, 'reminder.due', $2, $3, $4, $5, $6) on conflict (event_id, user_id, type) do nothing`,
      [userId, groupId, id, data, eventId, at.toISOString()],
    );
  } else {
    const woken = await tx.query(
      `with pending as (
         insert into notification.delivery (id, recipient_id, channel, template, subject_id, group_id, data, event_id)
         values (gen_random_uuid(), $1, $6, 'debt-reminder', $3, $2, $4, $5) on conflict (event_id, recipient_id, channel, template) do nothing
         returning recipient_id
       ) ${WAKE_PENDING}`,
      [userId, groupId, id, data, eventId, channel],
    );
    if (woken.length > 0) tx.emit({ type: 'delivery.wanted', subjectId: userId, data: {} });
  }
  tx.emit({ type: 'reminder.due', subjectId: id, groupId, data: { memberId, userId, channel, amounts: debt } });
}

function lockLive(tx: Tx, { groupId, memberId }: { groupId: string; memberId: string }): Promise<Reminder | null> {
  return tx.em.findOne(Reminder, { groupId, memberId, state: { $in: LIVE } }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

async function lastOf(tx: Tx, { groupId, memberId }: { groupId: string; memberId: string }): Promise<ReminderStep> {
  const [last] = await tx.em.find(Reminder, { groupId, memberId }, { orderBy: { createdAt: 'desc', id: 'desc' }, limit: 1 });
  if (last === undefined) return { reminderId: null, state: 'none', sent: 0, max: 0, nextAt: null, remindedBy: null };
  return stepOf(last);
}

function stepOf(reminder: Reminder): ReminderStep {
  return {
    reminderId: reminder.id,
    state: reminder.state as ReminderState,
    sent: reminder.sent,
    max: reminder.cadence.max,
    nextAt: (reminder.state === 'snoozed' ? reminder.snoozedUntil : reminder.nextAt) ?? null,
    remindedBy: null,
  };
}

/** What clients see of it, to tell whether a step changed anything. */
function shownOf(reminder: Reminder): string {
  return JSON.stringify([reminder.state, reminder.sent, reminder.nextAt, reminder.snoozedUntil]);
}
