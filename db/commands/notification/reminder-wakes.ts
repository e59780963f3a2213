import type { EventType } from '../../../domain/events.ts';
import type { PublishedEvent } from '../../consume.ts';
import type { Tx } from '../../transact.ts';

/** Events of the expense service after which a debt may be gone, or its group. */
export const DEBT_EVENTS: readonly EventType[] = [
  'expense.posted',
  'expense.approved',
  'expense.updated',
  'expense.deleted',
  'expense.restored',
  'expense.moved',
  'expense.moved_away',
  'adjustment.posted',
  'import.ended',
  'ledger.transfer_posted',
  'ledger.refund_posted',
  'member.left',
  'member.merged',
  'member.unmerged',
  'group.state_changed',
];

/** Events of the user service after which a reminder may be due at another time: the zone is part of the profile. */
export const ZONE_EVENTS: readonly EventType[] = ['user.updated'];

const LIVE = `r.state in ('active', 'paused', 'snoozed')`;

/**
 * Wakes the reminders whose debt is gone by now, or whose debtor or group is: one look for the whole batch. A debt that
 * only changed needs no wake-up, since the amounts are read when a reminder is due.
 */
export async function wakeSettledReminders(tx: Tx, events: readonly PublishedEvent[]): Promise<void> {
  const groupIds = [...new Set(events.flatMap(({ groupId }) => groupId ?? []))];
  await wake(
    tx,
    `select r.id, r.group_id, r.member_id from notification.reminder r
     left join expense_pub.membership_v1 m on m.member_id = r.member_id
     where r.group_id = any ($1::uuid[]) and ${LIVE} and (m.state is distinct from 'active' or m.group_state = 'deleted'
       or not exists (select 1 from expense_pub.balance_v1 b where b.group_id = r.group_id and b.account_id = r.member_id and b.net < 0))`,
    groupIds,
  );
}

/** Wakes the reminders of users whose profile changed, so that they are planned in the zone that counts now. */
export async function wakeMovedReminders(tx: Tx, events: readonly PublishedEvent[]): Promise<void> {
  await wake(
    tx,
    `select r.id, r.group_id, r.member_id from expense_pub.membership_v1 m
     join notification.reminder r on r.group_id = m.group_id and r.member_id = m.member_id and ${LIVE} where m.user_id = any ($1::uuid[])`,
    [...new Set(events.map(({ subjectId }) => subjectId))],
  );
}

async function wake(tx: Tx, text: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = await tx.query<{ id: string; group_id: string; member_id: string }>(text, [ids]);
  for (const row of rows)
    tx.emit({ type: 'reminder.changed', subjectId: row.id, groupId: row.group_id, data: { memberId: row.member_id } });
}
