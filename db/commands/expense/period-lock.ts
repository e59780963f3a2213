import { checkPeriod, reopensPeriod } from '../../../domain/group.ts';
import { addDays } from '../../../domain/recurrence.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import type { Group } from '../../entities/expense/group.ts';
import type { Member } from '../../entities/expense/member.ts';
import type { GroupContext } from '../../queries/expense/group-context.ts';
import type { Tx } from '../../transact.ts';
import { dayIn } from '../../zone-day.ts';
import { groupFacts, recordChange } from './changes.ts';
import { touchGroup } from './groups.ts';
import { by, roleOf } from './members.ts';

/** How far ahead a period may be locked, in days: a year that is planned, and not all time by a slip of the pen. */
export const LOCK_AHEAD_MAX = 366;

/**
 * Locks the period before a day of a locked group: whatever is dated in it is neither recorded, changed nor taken back
 * any more. It raises the group's version, so what is being recorded from an older look at the group looks again.
 *
 * @param until the first day that may still change; null opens all of it.
 * @throws RefusalError invalid_date beyond {@link LOCK_AHEAD_MAX}; forbidden when anybody but the owner would open what is locked;
 *   import_in_progress.
 */
export async function lockPeriod(tx: Tx, group: Group, actor: Member, until: string | null): Promise<void> {
  if (until !== null && until > addDays(dayIn(tx.now, group.timeZone), LOCK_AHEAD_MAX))
    throw refusal('invalid_date', `A period is locked at most ${LOCK_AHEAD_MAX} days ahead.`, '/until');
  const locked = group.lockedUntil ?? null;
  if (reopensPeriod(locked, until) && roleOf(actor) !== 'owner') throw refusal('forbidden', 'Only the owner opens again what is locked.');
  if (until === locked) return;
  if (until !== null && !reopensPeriod(locked, until)) await refuseWhileImporting(tx, group.id);
  const before = groupFacts(group);
  group.lockedUntil = until;
  touchGroup(tx, group);
  const note = { groupId: group.id, subject: 'group', subjectId: group.id, by: actor.id, before } as const;
  recordChange(tx, { ...note, change: 'locked', after: groupFacts(group) });
  tx.emit({ type: 'group.locked', subjectId: group.id, groupId: group.id, ...by(actor), data: { until } });
}

/** What an import records or takes back in batches was allowed when it was asked for, and may be dated in the period; it ends first. */
async function refuseWhileImporting(tx: Tx, groupId: string): Promise<void> {
  const running = await tx.query(
    `select 1 from expense.import where group_id = $1 and state = 'running' and phase in ('posting', 'undoing') limit 1`,
    [groupId],
  );
  if (running.length > 0)
    throw refusal('import_in_progress', 'An import of the group, or the undo of one, is under way; wait for its end.');
}

/**
 * Refuses to touch what is dated in the locked period of a held group. Whoever writes something that has a business day
 * calls it: with the day that it has, and the one that it would get.
 *
 * @param pointer at the day in the request, where it is there.
 * @throws RefusalError period_locked.
 */
export function refuseLockedPeriod(context: Pick<GroupContext, 'lockedUntil'>, dates: readonly string[], pointer?: string): void {
  unwrap(checkPeriod(context.lockedUntil, dates, pointer));
}
