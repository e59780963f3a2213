import { v7 as uuidv7 } from 'uuid';
import { emailKey } from '../../../domain/account.ts';
import { FRIENDS_MAX, type FriendshipEvent, moveFriendship, PENDING_REQUESTS_MAX, REQUEST_DAYS } from '../../../domain/friendship.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { checkDailyLimit, type DailyCount } from '../../daily-limit.ts';
import type { Tx } from '../../transact.ts';
import { audit } from './audit.ts';
import { type FriendshipRow, lockAddresses, lockPair, lockRequest, readAsked, setState } from './friend-rows.ts';

/** Who acts, and from where. */
export interface FriendActor {
  readonly userId: string;
  readonly sessionId: string;
  /** Network address. */
  readonly address: string;
}

/** What is allowed within a day. */
export interface FriendLimits {
  /** Requests of one person. */
  readonly requests: number;
  /** Requests that are mailed to one address. */
  readonly mailsToAddress: number;
}

const REQUESTS_OF_A_DAY: DailyCount = { table: '"user".friendship', whose: 'asker_id = $1', what: 'friend requests' };

/**
 * Asks the owner of an address to be a friend. What is done and answered is alike whether an account has the address or not, has
 * proved it or not, and has blocked the asker or not. Where the other one has asked already, the two are friends at once.
 *
 * @param limits how many within a day.
 * @returns the id of the request, or of the friendship.
 * @throws RefusalError not_yourself, friend_request_exists, already_friends, friend_request_limit_reached, friend_limit_reached, rate_limited.
 */
export async function askFriend(tx: Tx, actor: FriendActor, email: string, limits: FriendLimits): Promise<string> {
  const { userId } = actor;
  const key = emailKey(email);
  const [mine] = await tx.query<{ key: string }>('select email_key as key from "user".account where id = $1', [userId]);
  if (mine === undefined) throw refusal('unauthenticated', 'The account is gone.');
  if (mine.key === key) throw refusal('not_yourself', 'This is your own address.', '/email');
  await lockAddresses(tx, [mine.key, key]);
  await checkDailyLimit(tx, REQUESTS_OF_A_DAY, userId, limits.requests);
  await checkRoom(tx, userId);
  const asked = await readAsked(tx, userId, key);
  if (asked.isFriend) throw refusal('already_friends', 'You are friends already.', '/email');
  if (asked.isAsked) throw refusal('friend_request_exists', 'You have asked this address already; withdraw that request first.', '/email');
  if (asked.theirRequestId !== null) return acceptRow(tx, actor, await lockRequest(tx, asked.theirRequestId));
  const id = uuidv7();
  await tx.query(`insert into "user".friendship (id, asker_id, asked_email, asked_key, asked_id, unseen) values ($1, $2, $3, $4, $5, $6)`, [
    id,
    userId,
    email,
    key,
    asked.userId,
    asked.isUnseen,
  ]);
  const askedId = asked.isUnseen ? null : asked.userId;
  const mail = asked.today < limits.mailsToAddress;
  tx.emit({ type: 'friend.requested', subjectId: id, actorId: userId, data: { askerId: userId, askedId, mail } });
  await note(tx, actor, 'friend.requested', id, asked.userId);
  return id;
}

/**
 * Accepts a request that was made to the actor.
 *
 * @throws RefusalError not_found, forbidden, wrong_state, friend_limit_reached.
 */
export async function acceptFriend(tx: Tx, actor: FriendActor, friendshipId: string): Promise<void> {
  await acceptRow(tx, actor, await lockAsAsked(tx, actor, friendshipId));
}

/**
 * Declines a request that was made to the actor.
 *
 * @throws RefusalError not_found, forbidden, wrong_state.
 */
export async function declineFriend(tx: Tx, actor: FriendActor, friendshipId: string): Promise<void> {
  const row = await lockAsAsked(tx, actor, friendshipId);
  await changeState(tx, row, 'decline');
  await note(tx, actor, 'friend.declined', row.id, row.askerId);
}

/**
 * Ends a friendship, withdraws a request of the actor's, or declines one that was made to them. The ledger of the two stays.
 *
 * @throws RefusalError not_found where it has ended.
 */
export async function removeFriend(tx: Tx, actor: FriendActor, friendshipId: string): Promise<void> {
  const row = await lockOwn(tx, actor, friendshipId);
  if (row.state === 'accepted') return endFriendship(tx, actor, row);
  const isMine = row.askerId === actor.userId;
  await changeState(tx, row, isMine ? 'withdraw' : 'decline');
  await note(tx, actor, isMine ? 'friend.withdrawn' : 'friend.declined', row.id, isMine ? row.askedId : row.askerId);
}

/** Ends a locked friendship. */
export async function endFriendship(tx: Tx, actor: FriendActor, row: FriendshipRow): Promise<void> {
  await changeState(tx, row, 'end');
  if (row.ledgerId === null) throw new Error(`friendship ${row.id} has no ledger`);
  tx.emit({ type: 'friend.ended', subjectId: row.id, actorId: actor.userId, data: { ledgerId: row.ledgerId } });
  await note(tx, actor, 'friend.ended', row.id, row.askerId === actor.userId ? row.askedId : row.askerId);
}

/**
 * Gives an account the requests that wait for its address, which has just been proved to be its owner's. Where the account has
 * asked the same person, the two become friends.
 */
export async function claimFriendRequests(tx: Tx, account: { readonly id: string; readonly key: string }): Promise<void> {
  await lockAddresses(tx, [account.key]);
  const claimed = await tx.query<{ id: string; askerId: string; unseen: boolean }>(
    `update "user".friendship f set asked_id = $1,
       unseen = exists (select 1 from "user".block b where (b.account_id, b.blocked_id) in (($1, f.asker_id), (f.asker_id, $1)))
     where asked_key = $2 and state = 'pending' and asked_id is null and asker_id <> $1
       and created_at > now() - make_interval(days => ${REQUEST_DAYS})
     returning id, asker_id as "askerId", unseen`,
    [account.id, account.key],
  );
  for (const { id, askerId, unseen } of claimed) {
    if (unseen) continue;
    const pair = await lockPair(tx, account.id, askerId);
    const mine = pair.find((row) => row.state === 'pending' && row.askerId === account.id);
    const theirs = pair.find((row) => row.id === id);
    if (mine !== undefined && !mine.unseen && theirs?.state === 'pending') await becomeFriends(tx, account.id, theirs, pair);
    else tx.emit({ type: 'friend.requested', subjectId: id, actorId: askerId, data: { askerId, askedId: account.id, mail: true } });
  }
}

async function acceptRow(tx: Tx, actor: FriendActor, row: FriendshipRow): Promise<string> {
  await checkFriendRoom(tx, actor.userId);
  const pair = await lockPair(tx, row.askerId, actor.userId);
  await becomeFriends(tx, actor.userId, pair.find(({ id }) => id === row.id) ?? row, pair);
  await note(tx, actor, 'friend.accepted', row.id, row.askerId);
  return row.id;
}

/** @param pair every row between the two, locked. */
async function becomeFriends(tx: Tx, acceptedBy: string, row: FriendshipRow, pair: readonly FriendshipRow[]): Promise<void> {
  unwrap(moveFriendship(row.state, 'accept'));
  for (const other of pair) if (other.id !== row.id && other.state === 'pending') await changeState(tx, other, 'withdraw');
  // Who were friends before find their ledger again.
  const ledgerId = pair.find((other) => other.ledgerId !== null)?.ledgerId ?? uuidv7();
  const [opened] = await tx.query<{ askedId: string; currency: string }>(
    `update "user".friendship f set state = 'accepted', accepted_at = now(), ledger_id = $2, unseen = false, asked_email = '', asked_key = ''
     from "user".account a left join "user".preference p on p.account_id = a.id
     where f.id = $1 and a.id = f.asker_id
     returning asked_id as "askedId", coalesce(p.settings ->> 'groupCurrency', a.default_currency) as currency`,
    [row.id, ledgerId],
  );
  if (opened === undefined) throw new Error(`friendship ${row.id} vanished under its lock`);
  tx.emit({
    type: 'friend.accepted',
    subjectId: row.id,
    actorId: acceptedBy,
    data: { askerId: row.askerId, askedId: opened.askedId, ledgerId, currency: opened.currency },
  });
}

async function changeState(tx: Tx, row: FriendshipRow, event: FriendshipEvent): Promise<void> {
  await setState(tx, row.id, unwrap(moveFriendship(row.state, event)));
}

/** A row that the actor may see, locked. */
async function lockOwn(tx: Tx, { userId }: FriendActor, friendshipId: string): Promise<FriendshipRow> {
  const row = await lockRequest(tx, friendshipId);
  const isSeen = row.askerId === userId || (row.askedId === userId && !row.unseen);
  if (!isSeen || (row.state !== 'pending' && row.state !== 'accepted')) throw refusal('not_found', 'There is no such friend.');
  return row;
}

async function lockAsAsked(tx: Tx, actor: FriendActor, friendshipId: string): Promise<FriendshipRow> {
  const row = await lockOwn(tx, actor, friendshipId);
  if (row.askedId !== actor.userId) throw refusal('forbidden', 'The one who was asked answers a request.');
  return row;
}

async function checkRoom(tx: Tx, userId: string): Promise<void> {
  await tx.query(
    `update "user".friendship set state = 'withdrawn', closed_at = now(), asked_email = '', asked_key = ''
     where asker_id = $1 and state = 'pending' and created_at <= now() - make_interval(days => ${REQUEST_DAYS})`,
    [userId],
  );
  const [{ n } = { n: 0 }] = await tx.query<{ n: number }>(
    `select count(*)::int as n from "user".friendship where asker_id = $1 and state = 'pending'`,
    [userId],
  );
  if (n >= PENDING_REQUESTS_MAX)
    throw refusal('friend_request_limit_reached', `At most ${PENDING_REQUESTS_MAX} requests wait for an answer; withdraw one first.`);
  await checkFriendRoom(tx, userId);
}

async function checkFriendRoom(tx: Tx, userId: string): Promise<void> {
  const [{ n } = { n: 0 }] = await tx.query<{ n: number }>(
    `select count(*)::int as n from "user".friendship where state = 'accepted' and (asker_id = $1 or asked_id = $1)`,
    [userId],
  );
  if (n >= FRIENDS_MAX) throw refusal('friend_limit_reached', `Nobody has more than ${FRIENDS_MAX} friends here.`);
}

async function note(
  tx: Tx,
  { userId, sessionId, address }: FriendActor,
  action: 'friend.requested' | 'friend.accepted' | 'friend.declined' | 'friend.withdrawn' | 'friend.ended',
  friendshipId: string,
  subjectId: string | null,
): Promise<void> {
  const subject = subjectId === null ? {} : { subjectId };
  await audit(tx, { action, actorId: userId, sessionId, address, ...subject, data: { friendshipId } });
}
