import { BLOCKS_MAX } from '../../../domain/friendship.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';
import { audit } from './audit.ts';
import { endFriendship, type FriendActor } from './friends.ts';
import { lockAddresses, lockPair, setState } from './friend-rows.ts';

/**
 * Blocks a person: a friendship with them ends, requests of theirs are seen no more, and those made to them are withdrawn. They
 * are told nothing of it. Doing it again changes nothing.
 *
 * @returns whether they were not blocked before.
 * @throws RefusalError not_yourself, unknown_user, block_limit_reached.
 */
export async function blockUser(tx: Tx, actor: FriendActor, blockedId: string): Promise<boolean> {
  const { userId } = actor;
  if (blockedId === userId) throw refusal('not_yourself', 'Nobody blocks themselves.', '/userId');
  const people = await tx.query<{ key: string }>('select email_key as key from "user".account where id = any($1::uuid[])', [
    [userId, blockedId],
  ]);
  if (people.length < 2) throw refusal('unknown_user', 'There is no such user.', '/userId');
  await lockAddresses(
    tx,
    people.map(({ key }) => key),
  );
  const [{ n } = { n: 0 }] = await tx.query<{ n: number }>('select count(*)::int as n from "user".block where account_id = $1', [userId]);
  const [added] = await tx.query(
    'insert into "user".block (account_id, blocked_id) values ($1, $2) on conflict do nothing returning blocked_id',
    [userId, blockedId],
  );
  if (added === undefined) return false;
  if (n >= BLOCKS_MAX) throw refusal('block_limit_reached', `At most ${BLOCKS_MAX} people can be blocked; let one of them go first.`);
  for (const row of await lockPair(tx, userId, blockedId)) {
    if (row.state === 'accepted') await endFriendship(tx, actor, row);
    if (row.state === 'pending' && row.askerId === userId) await setState(tx, row.id, 'withdrawn');
    if (row.state === 'pending' && row.askedId === userId)
      await tx.query('update "user".friendship set unseen = true where id = $1', [row.id]);
  }
  await note(tx, actor, 'user.blocked', blockedId);
  return true;
}

/**
 * Lets a person be heard again. What was asked while they were blocked stays unseen.
 *
 * @throws RefusalError not_found where they are not blocked.
 */
export async function unblockUser(tx: Tx, actor: FriendActor, blockedId: string): Promise<void> {
  const [removed] = await tx.query('delete from "user".block where account_id = $1 and blocked_id = $2 returning blocked_id', [
    actor.userId,
    blockedId,
  ]);
  if (removed === undefined) throw refusal('not_found', 'This person is not blocked.');
  await note(tx, actor, 'user.unblocked', blockedId);
}

async function note(
  tx: Tx,
  { userId, sessionId, address }: FriendActor,
  action: 'user.blocked' | 'user.unblocked',
  subjectId: string,
): Promise<void> {
  await audit(tx, { action, actorId: userId, subjectId, sessionId, address });
}
