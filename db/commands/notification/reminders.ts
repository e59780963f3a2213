import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { checkCadence, type Cadence } from '../../../domain/reminder.ts';
import { roleAtLeast } from '../../../domain/roles.ts';
import { Reminder } from '../../entities/notification/reminder.ts';
import { brokenUnique } from '../../errors.ts';
import type { Membership } from '../../queries/membership.ts';
import { isCreditor, readDebt, readDebtor } from '../../queries/notification/debts.ts';
import type { Tx } from '../../transact.ts';
import { moveTo, planNext, touchReminder } from './reminder-plan.ts';

/** A snooze longer than this, in days, would be a stop that nobody admits. */
export const SNOOZE_DAYS_MAX = 90;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Begins to remind a member of the group of their debts. The cadence counts from now: since when a debt exists is not
 * known, as balances run over many expenses.
 *
 * @param actor an editor of the group, or a member who is owed something.
 * @returns the reminder's id.
 * @throws RefusalError unknown_member, member_has_no_account, forbidden, deleted, invalid_cadence, no_debt, reminder_exists, id_taken.
 */
export async function createReminder(
  tx: Tx,
  actor: Membership,
  input: { id?: string | undefined; memberId: string; cadence: Cadence },
): Promise<string> {
  const { groupId } = actor;
  const cadence = unwrap(checkCadence(input.cadence));
  const debtor = await readDebtor(tx.query, groupId, input.memberId);
  if (debtor === null) throw refusal('unknown_member', 'The group has no such member.', '/memberId');
  if (debtor.userId === null) throw refusal('member_has_no_account', 'A member without an account cannot be reminded.', '/memberId');
  if (!roleAtLeast(actor.role, 'editor') && !(await isCreditor(tx.query, groupId, actor.memberId)))
    throw refusal('forbidden', 'Who is owed something may remind others, and editors of the group.');
  if (debtor.groupState === 'deleted') throw refusal('deleted', 'The group is deleted; restore it first.');
  if (!debtor.isActive || (await readDebt(tx.query, groupId, input.memberId)).length === 0)
    throw refusal('no_debt', 'This member owes nothing in the group.');
  const reminder = tx.em.create(Reminder, {
    id: input.id ?? uuidv7(),
    groupId,
    memberId: input.memberId,
    cadence,
    debtSince: tx.now,
    createdBy: actor.userId,
  });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'reminder_one_live') throw refusal('reminder_exists', 'This member is being reminded already.');
    if (brokenUnique(error) === 'reminder_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  await planNext(tx, reminder, debtor.timeZone, tx.now);
  announce(tx, reminder, actor.userId);
  return reminder.id;
}

/**
 * Takes a reminder to change it.
 *
 * @throws RefusalError not_found.
 */
export async function lockReminder(tx: Tx, reminderId: string): Promise<Reminder> {
  const reminder = await tx.em.findOne(Reminder, reminderId, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (reminder === null) throw refusal('not_found', 'There is no such reminder.');
  return reminder;
}

/** What may be done to a reminder. */
export type ReminderChange =
  | { readonly kind: 'cadence'; readonly cadence: Cadence }
  | { readonly kind: 'pause' | 'resume' | 'stop' }
  | { readonly kind: 'snooze'; readonly untilIso: string };

/**
 * Changes a locked reminder. Stopping one that was stopped changes nothing.
 *
 * @throws RefusalError reminder_ended, invalid_cadence, snooze_out_of_range.
 */
export async function changeReminder(tx: Tx, reminder: Reminder, userId: string, change: ReminderChange): Promise<void> {
  if (change.kind === 'stop' && reminder.state === 'stopped') return;
  if (change.kind === 'cadence') {
    if (reminder.state === 'stopped' || reminder.state === 'done') throw refusal('reminder_ended', 'This reminder has ended.');
    reminder.cadence = unwrap(checkCadence(change.cadence));
  } else moveTo(reminder, change.kind);
  if (change.kind === 'snooze') reminder.snoozedUntil = snoozeEnd(change.untilIso, tx.now);
  const debtor = await readDebtor(tx.query, reminder.groupId, reminder.memberId);
  await planNext(tx, reminder, debtor?.timeZone ?? 'UTC', tx.now);
  touchReminder(reminder, tx.now);
  announce(tx, reminder, userId);
}

function snoozeEnd(untilIso: string, now: Date): Date {
  const until = new Date(untilIso);
  const aheadMs = until.getTime() - now.getTime();
  if (aheadMs > 0 && aheadMs <= SNOOZE_DAYS_MAX * DAY_MS) return until;
  throw refusal('snooze_out_of_range', `Snooze until a moment within the next ${SNOOZE_DAYS_MAX} days.`, '/until');
}

function announce(tx: Tx, reminder: Reminder, userId: string): void {
  tx.emit({
    type: 'reminder.changed',
    subjectId: reminder.id,
    groupId: reminder.groupId,
    actorId: userId,
    data: { memberId: reminder.memberId },
  });
}
