import type { Tx } from '../../transact.ts';
import { recordChange } from './changes.ts';

/**
 * Notices invitations of a group whose time is over; each is told of once.
 *
 * @returns how many there were.
 */
export async function expireInvitations(tx: Tx, groupId: string): Promise<number> {
  const expired = await tx.query<{ id: string }>(
    `update expense.invitation set closed_at = now()
     where group_id = $1 and closed_at is null and revoked_at is null and uses < max_uses and expires_at <= now() returning id`,
    [groupId],
  );
  for (const { id } of expired) {
    const note = { groupId, subject: 'invitation', subjectId: id, by: null, before: null } as const;
    recordChange(tx, { ...note, change: 'expired', after: null });
    tx.emit({ type: 'invitation.expired', subjectId: id, groupId, data: {} });
  }
  return expired.length;
}

/** Tells that an active group has been idle since a moment; once for each such moment. */
export async function nudgeIdleGroup(tx: Tx, groupId: string, sinceIso: string): Promise<void> {
  const nudged = await tx.query(
    `update expense."group" set nudged_at = now()
     where id = $1 and state = 'active' and (nudged_at is null or nudged_at <= $2::timestamptz) returning id`,
    [groupId, sinceIso],
  );
  if (nudged.length > 0) tx.emit({ type: 'group.idle', subjectId: groupId, groupId, data: { sinceIso } });
}
