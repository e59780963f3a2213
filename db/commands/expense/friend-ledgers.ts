import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import type { EventType } from '../../../domain/events.ts';
import { type GroupEvent, type GroupState, moveGroup } from '../../../domain/group.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { PublishedEvent } from '../../consume.ts';
import { Group } from '../../entities/expense/group.ts';
import { Member } from '../../entities/expense/member.ts';
import { SystemAccount } from '../../entities/expense/system-account.ts';
import type { Tx } from '../../transact.ts';
import { groupFacts, memberFacts, recordChange } from './changes.ts';
import { touchGroup } from './groups.ts';

/** Events of the user service that ledgers of friends follow. */
export const FRIENDSHIP_EVENTS: readonly EventType[] = ['friend.accepted', 'friend.ended'];

/** The name as it is kept; each of the two is shown the name of the other one. */
const LEDGER_NAME = 'Friends';

/**
 * Opens the ledger of two people who have become friends, opens it again for those who were friends before, and closes it when
 * a friendship ends. The id comes with the event, so doing it again changes nothing.
 */
export async function followFriendships(tx: Tx, events: readonly PublishedEvent[]): Promise<void> {
  for (const event of events) {
    if (event.type === 'friend.accepted') await openLedger(tx, event.data);
    if (event.type === 'friend.ended') await closeLedger(tx, event.data.ledgerId);
  }
}

/**
 * Refuses what makes or unmakes members of a group that is the ledger of two friends.
 *
 * @throws RefusalError friend_ledger.
 */
export function refuseFriendLedger(group: Group): void {
  if (group.kind === 'friends')
    throw refusal('friend_ledger', 'This is the ledger of two friends: nobody else joins it, and it closes with the friendship alone.');
}

interface Opening {
  readonly askerId: string;
  readonly askedId: string;
  readonly ledgerId: string;
  readonly currency: string;
}

async function openLedger(tx: Tx, { askerId, askedId, ledgerId, currency }: Opening): Promise<void> {
  const known = await lockLedger(tx, ledgerId);
  if (known !== null) return changeState(tx, known, 'unarchive');
  const people = await tx.query<{ user_id: string; display_name: string; time_zone: string }>(
    'select user_id, display_name, time_zone from user_pub.contact_v1 where user_id = any($1::uuid[])',
    [[askerId, askedId]],
  );
  const [asker, asked] = [askerId, askedId].map((userId) => people.find(({ user_id: id }) => id === userId));
  // An account that is gone by now keeps no ledger.
  if (asker === undefined || asked === undefined) return;
  const group = tx.em.create(Group, {
    id: ledgerId,
    name: LEDGER_NAME,
    kind: 'friends',
    currency,
    timeZone: asker.time_zone,
    policy: {},
    createdBy: askerId,
  });
  await tx.em.flush();
  // Both record and correct; neither has a say over the other, so there is no owner.
  const members = [asker, asked].map((person) =>
    tx.em.create(Member, { id: uuidv7(), groupId: ledgerId, userId: person.user_id, displayName: person.display_name, role: 'editor' }),
  );
  for (const kind of ['rounding', 'fees', 'conversion']) tx.em.create(SystemAccount, { id: uuidv7(), groupId: ledgerId, kind });
  await tx.em.flush();
  const note = { groupId: ledgerId, by: null, before: null };
  recordChange(tx, { ...note, subject: 'group', subjectId: ledgerId, change: 'created', after: groupFacts(group) });
  for (const member of members)
    recordChange(tx, { ...note, subject: 'member', subjectId: member.id, change: 'joined', after: memberFacts(member) });
  tx.emit({ type: 'group.created', subjectId: ledgerId, groupId: ledgerId, data: {} });
}

async function closeLedger(tx: Tx, ledgerId: string): Promise<void> {
  const known = await lockLedger(tx, ledgerId);
  if (known !== null) changeState(tx, known, 'archive');
}

/** Archives or opens again; nothing changes where the ledger is so already. Nobody is told: who ends a friendship does so quietly. */
function changeState(tx: Tx, group: Group, event: Extract<GroupEvent, 'archive' | 'unarchive'>): void {
  const moved = moveGroup(group.state as GroupState, event);
  if (!moved.ok) return;
  const before = groupFacts(group);
  group.state = moved.value;
  group.archivedAt = moved.value === 'archived' ? tx.now : null;
  touchGroup(tx, group);
  const change = event === 'archive' ? 'archived' : 'unarchived';
  recordChange(tx, { groupId: group.id, subject: 'group', subjectId: group.id, change, by: null, before, after: groupFacts(group) });
  tx.emit({ type: 'group.updated', subjectId: group.id, groupId: group.id, data: {} });
}

function lockLedger(tx: Tx, ledgerId: string): Promise<Group | null> {
  return tx.em.findOne(Group, { id: ledgerId, kind: 'friends' }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}
