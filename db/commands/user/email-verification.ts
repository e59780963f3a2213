import { LockMode } from '@mikro-orm/postgresql';
import { refusal } from '../../../domain/refusal.ts';
import type { Account } from '../../entities/user/account.ts';
import { MailToken } from '../../entities/user/mail-token.ts';
import { checkDailyLimit, type DailyCount } from '../../daily-limit.ts';
import type { Tx } from '../../transact.ts';
import { lockAccount } from './accounts.ts';
import { claimFriendRequests } from './friends.ts';
import { createMailToken } from './mail-tokens.ts';

/** Verification mails for one account within an hour, with that of the registration: room for a lost mail, not a flood. */
export const VERIFY_EMAILS_PER_HOUR = 5;

const MAILS_OF_A_DAY: DailyCount = {
  table: '"user".mail_token',
  whose: `account_id = $1 and purpose = 'verify-email'`,
  what: 'verification mails',
};

/**
 * Asks for another verification mail. An address that is verified already gets none.
 *
 * @param dailyMax mails for one account within a day, with that of the registration.
 * @returns seconds to wait where too many were asked for within the hour, 0 otherwise.
 * @throws RefusalError rate_limited where too many were within the day.
 */
export async function requestVerification(tx: Tx, userId: string, dailyMax: number): Promise<number> {
  const account = await lockAccount(tx, userId);
  if (account.emailVerifiedAt != null) return 0;
  await checkDailyLimit(tx, MAILS_OF_A_DAY, userId, dailyMax);
  const recent = await tx.query<{ seconds: number }>(
    `select ceil(extract(epoch from created_at + interval '1 hour' - now()))::int as seconds from "user".mail_token
     where account_id = $1 and purpose = 'verify-email' and created_at > now() - interval '1 hour' order by created_at desc limit $2`,
    [userId, VERIFY_EMAILS_PER_HOUR],
  );
  if (recent.length === VERIFY_EMAILS_PER_HOUR) return Math.max(1, recent.at(-1)?.seconds ?? 1);
  const mailTokenId = createMailToken(tx, userId, 'verify-email');
  tx.emit({ type: 'user.verification_requested', subjectId: userId, actorId: userId, data: { mailTokenId } });
  return 0;
}

/**
 * Uses the token of a verification mail: the account's address counts as verified from now on.
 *
 * @returns the account's id.
 * @throws RefusalError token_invalid, token_used, token_expired.
 */
export async function verifyEmail(tx: Tx, mailTokenId: string): Promise<string> {
  const token = await tx.em.findOne(MailToken, { id: mailTokenId, purpose: 'verify-email' }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (token === null) throw refusal('token_invalid', 'This is not a token of a verification mail.', '/token');
  if (token.usedAt != null) throw refusal('token_used', 'This token was used before.', '/token');
  if (token.expiresAt <= tx.now) throw refusal('token_expired', 'This token is no longer good; ask for another mail.', '/token');
  token.usedAt = tx.now;
  const account = await lockAccount(tx, token.accountId);
  await markVerified(tx, account);
  return account.id;
}

/**
 * Notes that a locked account's address is its owner's: a mail to it was read. Requests that wait for the address are its from now
 * on. Nothing changes where that was known.
 */
export async function markVerified(tx: Tx, account: Account): Promise<void> {
  if (account.emailVerifiedAt != null) return;
  account.emailVerifiedAt = tx.now;
  account.version += 1;
  account.updatedAt = tx.now;
  tx.emit({ type: 'user.email_verified', subjectId: account.id, actorId: account.id, data: {} });
  await claimFriendRequests(tx, { id: account.id, key: account.emailKey });
}
