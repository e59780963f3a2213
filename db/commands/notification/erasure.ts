import type { Tx } from '../../transact.ts';
import { stopLiveReminder } from './reminder-step.ts';

/**
 * Takes a person out of the notification service: reminders of their debts stop, their inbox, messages and wake-ups go.
 *
 * @returns how many rows were changed; 0 when nothing is left to do.
 */
export async function eraseRecipient(tx: Tx, userId: string): Promise<number> {
  const reminders = await tx.query<{ group_id: string; member_id: string }>(
    `select r.group_id, r.member_id from notification.reminder r join expense_pub.membership_v1 m on m.member_id = r.member_id
     where m.user_id = $1 and ${LIVE} order by r.id`,
    [userId],
  );
  for (const { group_id: groupId, member_id: memberId } of reminders) {
    await stopLiveReminder(tx, { groupId, memberId }, tx.now);
    // Its process ends with the state that it reads.
    const [{ id } = { id: memberId }] = await tx.query<{ id: string }>(
      `select id from notification.reminder where group_id = $1 and member_id = $2 order by created_at desc limit 1`,
      [groupId, memberId],
    );
    tx.emit({ type: 'reminder.changed', subjectId: id, groupId, data: { memberId } });
  }
  let rows = reminders.length;
  for (const statement of STATEMENTS) rows += (await tx.query(statement, [userId])).length;
  return rows;
}

/** Traces of a person that are left in the notification service. */
export async function countNotificationTraces(query: Tx['query'], userId: string): Promise<number> {
  const [row] = await query<{ n: number }>(
    `select ((select count(*) from notification.notification where user_id = $1) + (select count(*) from notification.delivery where recipient_id = $1)
       + (select count(*) from notification.wake where recipient_id = $1) + (select count(*) from notification.idempotency where user_id = $1)
       + (select count(*) from notification.reminder r join expense_pub.membership_v1 m on m.member_id = r.member_id where m.user_id = $1 and ${LIVE}))::int as n`,
    [userId],
  );
  return row?.n ?? 0;
}

const LIVE = `r.state in ('active', 'paused', 'snoozed')`;

/** `$1` is the user. Each gives the rows that it changed; a second time there are none. */
const STATEMENTS: readonly string[] = [
  `delete from notification.notification where user_id = $1 returning 1`,
  `delete from notification.delivery where recipient_id = $1 returning 1`,
  `delete from notification.wake where recipient_id = $1 returning 1`,
  `delete from notification.idempotency where user_id = $1 returning 1`,
];
