import { refusal } from '../../../domain/refusal.ts';
import type { Scope } from '../../../domain/scopes.ts';
import type { Tx } from '../../transact.ts';
import { lockAccount } from './accounts.ts';
import { openSession } from './sessions.ts';

/** Most live personal access tokens of a person. */
export const PERSONAL_TOKENS_MAX = 50;
/** Days that a token lives where nothing is said, and at most. */
export const PERSONAL_TOKEN_DAYS = 90;
export const PERSONAL_TOKEN_DAYS_MAX = 366;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Makes a personal access token of an account.
 *
 * @param input.secretHash see `personalTokenHash` of config/personal-tokens.ts; the token itself is stored nowhere.
 * @param input.expiresAt RFC 3339, in place of `expiresInDays`; that it is in range was checked at the edge.
 * @returns its id.
 * @throws RefusalError token_limit_reached.
 */
export async function createPersonalToken(
  tx: Tx,
  userId: string,
  input: {
    name: string;
    scopes: readonly Scope[];
    expiresInDays?: number | undefined;
    expiresAt?: string | undefined;
    secretHash: string;
  },
): Promise<string> {
  // The account's row is held, so that two at once cannot both be the last one allowed.
  await lockAccount(tx, userId);
  const [count] = await tx.query<{ live: number }>(
    `select count(*)::int as live from "user".session
     where account_id = $1 and kind = 'personal' and ended_at is null and expires_at > now()`,
    [userId],
  );
  if ((count?.live ?? 0) >= PERSONAL_TOKENS_MAX)
    throw refusal('token_limit_reached', `There are ${PERSONAL_TOKENS_MAX} tokens already; end one that is not needed.`);
  const { sessionId } = openSession(tx, userId, {
    kind: 'personal',
    name: input.name,
    scopes: [...new Set(input.scopes)].toSorted(),
    secretHash: input.secretHash,
    expiresAt:
      input.expiresAt === undefined
        ? new Date(tx.now.getTime() + (input.expiresInDays ?? PERSONAL_TOKEN_DAYS) * DAY_MS)
        : new Date(input.expiresAt),
  });
  return sessionId;
}
