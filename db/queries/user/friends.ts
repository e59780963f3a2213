import { REQUEST_DAYS } from '../../../domain/friendship.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** A friend, or a request that waits, as one of the two sees it. Of who was asked and has not accepted only the address is known. */
export interface FriendView {
  readonly id: string;
  readonly state: 'pending' | 'accepted';
  readonly direction: 'incoming' | 'outgoing';
  readonly userId: string | null;
  readonly displayName: string | null;
  readonly email: string | null;
  /** The group that is the ledger of the two; null until it is open. */
  readonly groupId: string | null;
  readonly createdAt: string;
  readonly acceptedAt: string | null;
}

/** Whom somebody wants to hear nothing of. */
export interface BlockView {
  readonly userId: string;
  readonly displayName: string;
  readonly createdAt: string;
}

const COLUMNS = `f.id, f.state, case when f.asker_id = $1 then 'outgoing' else 'incoming' end as direction,
  case when k.is_known then o.id end as "userId", case when k.is_known then o.display_name end as "displayName",
  case when not k.is_known then f.asked_email when o.email_verified_at is not null then o.email end as email,
  g.id as "groupId", f.created_at as "createdAt", f.accepted_at as "acceptedAt"`;
const FROM = `"user".friendship f
  cross join lateral (select f.state = 'accepted' or f.asked_id is not distinct from $1 as is_known) k
  left join "user".account o on o.id = case when f.asker_id = $1 then f.asked_id else f.asker_id end
  left join expense_pub.group_v1 g on g.id = f.ledger_id and f.state = 'accepted'`;
const SEEN = `(f.asker_id = $1 or (f.asked_id = $1 and not f.unseen))
  and (f.state = 'accepted' or (f.state = 'pending' and f.created_at > now() - make_interval(days => ${REQUEST_DAYS})))`;

/** What narrows a list of friends. */
export interface FriendFilter {
  readonly state?: FriendView['state'] | undefined;
  readonly direction?: FriendView['direction'] | undefined;
}

/** Friends and requests of a person, the newest first; one more than the page, to tell whether it goes on. */
export function listFriends(query: Tx['query'], userId: string, filter: FriendFilter, page: PageRequest): Promise<FriendView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  return query<FriendView>(
    `select ${COLUMNS} from ${FROM} where ${SEEN} and ($2::text is null or f.state = $2)
       and ($3::text is null or $3 = case when f.asker_id = $1 then 'outgoing' else 'incoming' end)
       and ($4::timestamptz is null or (f.created_at, f.id) < ($4, $5::uuid))
     order by f.created_at desc, f.id desc limit $6`,
    [userId, filter.state ?? null, filter.direction ?? null, createdAt, id, page.limit + 1],
  );
}

/** A friend or a request of a person, or null. */
export async function findFriend(query: Tx['query'], userId: string, friendshipId: string): Promise<FriendView | null> {
  const [row] = await query<FriendView>(`select ${COLUMNS} from ${FROM} where ${SEEN} and f.id = $2`, [userId, friendshipId]);
  return row ?? null;
}

/** Whom a person has blocked, the newest first; one more than the page. */
export function listBlocks(query: Tx['query'], userId: string, page: PageRequest): Promise<BlockView[]> {
  const [createdAt, blockedId] = page.after ?? [null, null];
  return query<BlockView>(
    `select b.blocked_id as "userId", a.display_name as "displayName", b.created_at as "createdAt"
     from "user".block b join "user".account a on a.id = b.blocked_id
     where b.account_id = $1 and ($2::timestamptz is null or (b.created_at, b.blocked_id) < ($2, $3::uuid))
     order by b.created_at desc, b.blocked_id desc limit $4`,
    [userId, createdAt, blockedId, page.limit + 1],
  );
}

/** Somebody whom a person has blocked, or null. */
export async function findBlock(query: Tx['query'], userId: string, blockedId: string): Promise<BlockView | null> {
  const [row] = await query<BlockView>(
    `select b.blocked_id as "userId", a.display_name as "displayName", b.created_at as "createdAt"
     from "user".block b join "user".account a on a.id = b.blocked_id where b.account_id = $1 and b.blocked_id = $2`,
    [userId, blockedId],
  );
  return row ?? null;
}
