import type { Tx } from '../../transact.ts';

/** Marks a user's own line as read; one that was read keeps its time. */
export async function markRead(tx: Tx, userId: string, notificationId: string): Promise<void> {
  await tx.query('update notification.notification set read_at = now() where id = $1 and user_id = $2 and read_at is null', [
    notificationId,
    userId,
  ]);
}

/** Marks all of a user's lines as read. @returns how many were not. */
export async function markAllRead(tx: Tx, userId: string): Promise<number> {
  const rows = await tx.query('update notification.notification set read_at = now() where user_id = $1 and read_at is null returning id', [
    userId,
  ]);
  return rows.length;
}
