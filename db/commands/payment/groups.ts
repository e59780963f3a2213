import { moveGroup, type GroupEvent, type GroupPolicy, type GroupState } from '../../../domain/group.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';

/** A group as the payment service sees it. */
export interface PaymentGroup {
  readonly id: string;
  readonly state: GroupState;
  readonly policy: GroupPolicy;
  readonly timeZone: string;
  /** Today in the group's zone, `YYYY-MM-DD`. */
  readonly today: string;
  /** The first day that may still change; null where nothing is locked. */
  readonly lockedUntil: string | null;
}

interface GroupRow {
  readonly state: GroupState;
  readonly policy: GroupPolicy;
  readonly time_zone: string;
  readonly today: string;
  readonly locked_until: string | null;
  readonly of_friends: boolean;
}

/**
 * Reads a group that takes a change.
 *
 * The ledger of two friends has nobody who could unarchive it, so what is owed in it is settled when it is closed too.
 *
 * @param event `change` for what opens something new, `settle` for paying what is owed.
 * @throws RefusalError not_found, deleted, archived.
 */
export async function groupFor(tx: Tx, groupId: string, event: Extract<GroupEvent, 'change' | 'settle'>): Promise<PaymentGroup> {
  const [row] = await tx.query<GroupRow>(
    `select state, policy, time_zone, (now() at time zone time_zone)::date::text as today, locked_until::text as locked_until,
       exists (select 1 from expense_pub.friend_ledger_v1 f where f.group_id = g.id) as of_friends
     from expense_pub.group_v1 g where id = $1`,
    [groupId],
  );
  if (row === undefined) throw refusal('not_found', 'There is no such group.');
  unwrap(moveGroup(row.state, row.of_friends ? 'settle' : event));
  return { id: groupId, state: row.state, policy: row.policy, timeZone: row.time_zone, today: row.today, lockedUntil: row.locked_until };
}

/** A member as the payment service sees it. */
export interface PaymentMember {
  readonly id: string;
  readonly userId: string | null;
  readonly role: string;
  readonly active: boolean;
}

/** Reads members of a group by their ids; those that are not there are left out. */
export async function membersOf(tx: Tx, groupId: string, memberIds: readonly string[]): Promise<ReadonlyMap<string, PaymentMember>> {
  const rows = await tx.query<{ member_id: string; user_id: string | null; role: string; state: string }>(
    'select member_id, user_id, role, state from expense_pub.membership_v1 where group_id = $1 and member_id = any($2::uuid[])',
    [groupId, memberIds],
  );
  return new Map(
    rows.map((row) => [row.member_id, { id: row.member_id, userId: row.user_id, role: row.role, active: row.state === 'active' }]),
  );
}

/** The member id of a group's owner. */
export async function ownerOf(tx: Tx, groupId: string): Promise<string | null> {
  const [row] = await tx.query<{ member_id: string }>(
    `select member_id from expense_pub.membership_v1 where group_id = $1 and role = 'owner' and state = 'active'`,
    [groupId],
  );
  return row?.member_id ?? null;
}
