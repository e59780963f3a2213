import { v7 as uuidv7 } from 'uuid';
import { Session } from '../../entities/user/session.ts';
import type { Tx } from '../../transact.ts';

/** A session ends by itself this many days after its last refresh. */
export const SESSION_DAYS = 60;
/** Within this, the token before the current one gets the current one again: parallel refreshes of one client agree. */
export const PREDECESSOR_SECONDS = 10;

const DAY_MS = 24 * 60 * 60 * 1000;

/** A session with the generation of its current refresh token. */
export interface OpenSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly generation: number;
}

/** Opens a session of an account. */
export function openSession(tx: Tx, userId: string): OpenSession {
  const sessionId = uuidv7();
  tx.em.create(Session, { id: sessionId, accountId: userId, expiresAt: new Date(tx.now.getTime() + SESSION_DAYS * DAY_MS) });
  return { sessionId, userId, generation: 1 };
}

/**
 * Opens a session of an account that has just proved its password, unless it was suspended or erased meanwhile.
 *
 * @returns null where the account may not sign in.
 */
export async function signIn(tx: Tx, userId: string): Promise<OpenSession | null> {
  const [active] = await tx.query(`select id from "user".account where id = $1 and state = 'active' for key share`, [userId]);
  return active === undefined ? null : openSession(tx, userId);
}

/**
 * Takes a refresh token in turn for its successor.
 *
 * The current token moves the family on; the one right before it, within {@link PREDECESSOR_SECONDS}, gets the current
 * one again; any other was stolen or kept for too long, and ends the family. That end has to be committed, so a token
 * that is no good is a value here and not a refusal.
 *
 * @returns the session with its current generation, or null.
 */
export async function refreshSession(tx: Tx, token: { sessionId: string; generation: number }): Promise<OpenSession | null> {
  // Times are Postgres's own at this moment: a request may have waited for the row while another one moved it on.
  const [row] = await tx.query<{ account_id: string; generation: number; live: boolean; fresh: boolean }>(
    `select s.account_id, s.generation,
       s.ended_at is null and s.expires_at > clock_timestamp() and a.state = 'active' as live,
       clock_timestamp() - s.rotated_at <= interval '${PREDECESSOR_SECONDS} seconds' as fresh
     from "user".session s join "user".account a on a.id = s.account_id where s.id = $1 for update of s`,
    [token.sessionId],
  );
  if (row === undefined || !row.live) return null;
  const session = { sessionId: token.sessionId, userId: row.account_id };
  if (token.generation === row.generation) {
    await tx.query(
      `update "user".session set generation = generation + 1, rotated_at = clock_timestamp(),
         expires_at = clock_timestamp() + interval '${SESSION_DAYS} days' where id = $1`,
      [token.sessionId],
    );
    return { ...session, generation: row.generation + 1 };
  }
  if (token.generation === row.generation - 1 && row.fresh) return { ...session, generation: row.generation };
  await endSession(tx, token.sessionId, 'refresh_reused');
  return null;
}

/** Ends a session; harmless when it has ended. */
export async function endSession(tx: Tx, sessionId: string, reason: 'signed_out' | 'refresh_reused'): Promise<void> {
  await tx.query(`update "user".session set ended_at = now(), end_reason = $2 where id = $1 and ended_at is null`, [sessionId, reason]);
}
