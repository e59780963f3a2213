import { v7 as uuidv7 } from 'uuid';
import type { Scope } from '../../../domain/scopes.ts';
import { Session } from '../../entities/user/session.ts';
import type { Tx } from '../../transact.ts';

/** A session ends by itself this many days after its last refresh. */
export const SESSION_DAYS = 60;
/** However often it is refreshed, a session ends this many days after the sign-in; then the person signs in again. */
export const SESSION_DAYS_MAX = 365;
/** Within this, the token before the current one gets the current one again: parallel refreshes of one client agree. */
export const PREDECESSOR_SECONDS = 10;

/** Most characters that are kept of what a client calls itself. */
export const USER_AGENT_MAX = 200;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Why a session ended; `ended` is its owner's own choice from a list. */
export type SessionEnd = 'signed_out' | 'ended' | 'refresh_reused' | 'password_changed' | 'suspended' | 'erased' | 'revoked';

/** A session with the generation of its current refresh token. */
export interface OpenSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly generation: number;
}

/** What is known of a session when it opens; a `sign-in` of {@link SESSION_DAYS} where nothing is said. */
export interface SessionOptions {
  readonly kind?: 'sign-in' | 'personal' | 'application';
  /** How the person proved who they are, in the words of RFC 8176: `pwd`, `otp`, `fed`. */
  readonly methods?: readonly string[] | undefined;
  /** What the client calls itself; cut to {@link USER_AGENT_MAX} characters. */
  readonly userAgent?: string | undefined;
  /** What a session other than a sign-in may do. */
  readonly scopes?: readonly Scope[] | undefined;
  /** The application that a person allowed to act for them. */
  readonly applicationId?: string | undefined;
  readonly name?: string | undefined;
  /** SHA-256 of a personal access token. */
  readonly secretHash?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/** Opens a session of an account; its row is written with the next flush or query of the transaction. */
export function openSession(tx: Tx, userId: string, options: SessionOptions = {}): OpenSession {
  const sessionId = uuidv7();
  tx.em.create(Session, {
    id: sessionId,
    accountId: userId,
    kind: options.kind ?? 'sign-in',
    methods: options.methods === undefined ? null : [...options.methods],
    userAgent: shortUserAgent(options.userAgent),
    scopes: options.scopes === undefined ? null : [...options.scopes],
    applicationId: options.applicationId ?? null,
    name: options.name ?? null,
    secretHash: options.secretHash ?? null,
    expiresAt: options.expiresAt ?? new Date(tx.now.getTime() + SESSION_DAYS * DAY_MS),
  });
  return { sessionId, userId, generation: 1 };
}

/**
 * Opens a session of an account that has just proved who it is, unless it was suspended or erased meanwhile.
 *
 * @returns null where the account may not sign in.
 */
export async function signIn(tx: Tx, userId: string, options: SessionOptions = {}): Promise<OpenSession | null> {
  const [active] = await tx.query(`select id from "user".account where id = $1 and state = 'active' for key share`, [userId]);
  return active === undefined ? null : openSession(tx, userId, options);
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
       s.kind = 'sign-in' and s.ended_at is null and s.expires_at > clock_timestamp() and a.state = 'active'
         and s.created_at > clock_timestamp() - interval '${SESSION_DAYS_MAX} days' as live,
       clock_timestamp() - s.rotated_at <= interval '${PREDECESSOR_SECONDS} seconds' as fresh
     from "user".session s join "user".account a on a.id = s.account_id where s.id = $1 for update of s`,
    [token.sessionId],
  );
  if (row === undefined || !row.live) return null;
  const session = { sessionId: token.sessionId, userId: row.account_id };
  if (token.generation === row.generation) {
    await tx.query(
      `update "user".session set generation = generation + 1, rotated_at = clock_timestamp(),
         expires_at = least(clock_timestamp() + interval '${SESSION_DAYS} days', created_at + interval '${SESSION_DAYS_MAX} days') where id = $1`,
      [token.sessionId],
    );
    return { ...session, generation: row.generation + 1 };
  }
  if (token.generation === row.generation - 1 && row.fresh) return { ...session, generation: row.generation };
  await endSession(tx, token.sessionId, 'refresh_reused');
  return null;
}

/** Ends a session; harmless when it has ended. Its tokens are refused on every process within a second. */
export async function endSession(tx: Tx, sessionId: string, reason: SessionEnd): Promise<void> {
  await tx.query(`update "user".session set ended_at = now(), end_reason = $2 where id = $1 and ended_at is null`, [sessionId, reason]);
}

/**
 * Ends the live sessions of an account.
 *
 * @param options `except` lets one session live on; `kinds` ends only these, all three where nothing is said.
 * @returns how many ended.
 */
export async function endSessions(
  tx: Tx,
  userId: string,
  reason: SessionEnd,
  options: { except?: string | undefined; kinds?: readonly NonNullable<SessionOptions['kind']>[] } = {},
): Promise<number> {
  const ended = await tx.query(
    `update "user".session set ended_at = now(), end_reason = $2
     where account_id = $1 and ended_at is null and ($3::uuid is null or id <> $3) and ($4::text[] is null or kind = any($4)) returning id`,
    [userId, reason, options.except ?? null, options.kinds ?? null],
  );
  return ended.length;
}

function shortUserAgent(userAgent: string | undefined): string | null {
  // The limit may fall into a surrogate pair, of which Postgres keeps no half.
  const short = userAgent?.trim().slice(0, USER_AGENT_MAX).toWellFormed() ?? '';
  return short === '' ? null : short;
}
