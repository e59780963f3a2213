import DataLoader from 'dataloader';
import type { ServiceDatabase } from '../orm.ts';
import { read } from '../transact.ts';

/** A user's membership of a group, from the published view: what authorisation everywhere reads. */
export interface Membership {
  readonly groupId: string;
  readonly memberId: string;
  readonly userId: string;
  readonly role: 'owner' | 'admin' | 'editor' | 'contributor' | 'viewer';
  readonly groupState: 'active' | 'archived' | 'deleted';
}

/** Looks memberships up; requests of one tick share one query. */
export interface MembershipReader {
  /** The active membership of a user in a group, or null. */
  find(groupId: string, userId: string): Promise<Membership | null>;
}

interface Row {
  group_id: string;
  member_id: string;
  user_id: string;
  role: Membership['role'];
  group_state: Membership['groupState'];
}

/** Reads memberships through a service's own connection. */
export function membershipReader(db: ServiceDatabase): MembershipReader {
  const loader = new DataLoader<{ groupId: string; userId: string }, Membership | null, string>((keys) => load(db, keys), {
    cache: false,
    maxBatchSize: 500,
    batchScheduleFn: (run) => setImmediate(run),
  });
  return { find: (groupId, userId) => loader.load({ groupId, userId }) };
}

async function load(db: ServiceDatabase, keys: readonly { groupId: string; userId: string }[]): Promise<(Membership | null)[]> {
  const rows = await read<Row>(
    db,
    `select m.group_id, m.member_id, m.user_id, m.role, m.group_state
     from unnest($1::uuid[], $2::uuid[]) as k (group_id, user_id)
     join expense_pub.membership_v1 m on m.group_id = k.group_id and m.user_id = k.user_id and m.state = 'active'`,
    [keys.map((key) => key.groupId), keys.map((key) => key.userId)],
  );
  const found = new Map(rows.map((row) => [`${row.group_id}/${row.user_id}`, row]));
  return keys.map((key) => {
    const row = found.get(`${key.groupId}/${key.userId}`);
    return row === undefined
      ? null
      : { groupId: row.group_id, memberId: row.member_id, userId: row.user_id, role: row.role, groupState: row.group_state };
  });
}
