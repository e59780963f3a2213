import { type FriendshipState } from '../../../domain/friendship.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Tx } from '../../transact.ts';

/** A request or friendship, as commands need it. */
export interface FriendshipRow {
  readonly id: string;
  readonly askerId: string;
  /** The account that has proved the address; null while none has. */
  readonly askedId: string | null;
  readonly state: FriendshipState;
  /** The asked one has blocked the asker, or the other way round. */
  readonly unseen: boolean;
  readonly ledgerId: string | null;
}

const COLUMNS = `id, asker_id as "askerId", asked_id as "askedId", state, unseen, ledger_id as "ledgerId"`;

/** A number of its own for locks on addresses. */
const ADDRESS_LOCKS = 22;

/**
 * Takes addresses until the end of the transaction: requests between two people, and the proof of an address, then come one after
 * the other. Always in one order, so that nobody waits in a ring.
 *
 * @param keys see `emailKey` of `domain/account.ts`.
 */
export async function lockAddresses(tx: Tx, keys: readonly string[]): Promise<void> {
  for (const key of keys.toSorted()) await tx.query('select pg_advisory_xact_lock(hashtextextended($1, $2))', [key, ADDRESS_LOCKS]);
}

/** @throws RefusalError not_found. */
export async function lockRequest(tx: Tx, friendshipId: string): Promise<FriendshipRow> {
  const [row] = await tx.query<FriendshipRow>(`select ${COLUMNS} from "user".friendship where id = $1 for update`, [friendshipId]);
  if (row === undefined) throw refusal('not_found', 'There is no such friend.');
  return row;
}

/** Every row between two people, locked, the newest first. */
export function lockPair(tx: Tx, one: string, other: string): Promise<FriendshipRow[]> {
  return tx.query<FriendshipRow>(
    `select ${COLUMNS} from "user".friendship where (asker_id, asked_id) in (($1, $2), ($2, $1)) order by id desc for update`,
    [one, other],
  );
}

/** Writes the state that a locked row was moved to. The address that was asked is needed no longer. */
export async function setState(tx: Tx, friendshipId: string, state: FriendshipState): Promise<void> {
  await tx.query(`update "user".friendship set state = $2, closed_at = now(), asked_email = '', asked_key = '' where id = $1`, [
    friendshipId,
    state,
  ]);
}

/** What is known of the owner of an address by who asks them. */
export interface Asked {
  /** Null where no account has proved the address. */
  readonly userId: string | null;
  /** One of the two has blocked the other. */
  readonly isUnseen: boolean;
  readonly isFriend: boolean;
  /** The same address was asked before and has not answered. */
  readonly isAsked: boolean;
  /** Requests that were made to them within a day. */
  readonly today: number;
  /** A request of theirs that waits for the asker. */
  readonly theirRequestId: string | null;
}

/** One statement, whoever has the address. Call it with the addresses locked. */
export async function readAsked(tx: Tx, askerId: string, key: string): Promise<Asked> {
  const [row] = await tx.query<Asked>(
    `with asked as (
       select a.id, exists (select 1 from "user".block b where (b.account_id, b.blocked_id) in ((a.id, $1::uuid), ($1, a.id))) as unseen
       from (select 1) one left join "user".account a on a.email_key = $2 and a.email_verified_at is not null
     )
     select asked.id as "userId", asked.unseen as "isUnseen",
       exists (select 1 from "user".friendship f where f.state = 'accepted' and (f.asker_id, f.asked_id) in (($1, asked.id), (asked.id, $1))) as "isFriend",
       exists (select 1 from "user".friendship f where f.state = 'pending' and f.asker_id = $1 and f.asked_key = $2) as "isAsked",
       (select count(*)::int from "user".friendship f where f.asked_id = asked.id and not f.unseen and f.created_at > now() - interval '1 day') as today,
       (select f.id from "user".friendship f where f.state = 'pending' and f.asker_id = asked.id and f.asked_id = $1 and not asked.unseen) as "theirRequestId"
     from asked`,
    [askerId, key],
  );
  if (row === undefined) throw new Error('a statement that always gives a row gave none');
  return row;
}
