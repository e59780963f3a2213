import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import { refusal } from '../../../domain/refusal.ts';
import type { Account } from '../../entities/user/account.ts';
import { MailToken } from '../../entities/user/mail-token.ts';
import type { Tx } from '../../transact.ts';
import { lockAccount } from './accounts.ts';
import { endSessions } from './sessions.ts';

/** Hours for which the link of a reset mail is good. */
export const RESET_PASSWORD_HOURS = 1;
/** Reset mails for one account within an hour: room for a lost one, not a flood. */
export const RESET_MAILS_PER_HOUR = 3;

/**
 * Asks for a mail that resets a password. The same statements run whether there is such an account or not, so that neither
 * the answer nor its time tells; without an account the event names nobody.
 *
 * @param key see `emailKey` of `domain/account.ts`.
 * @returns the account, or null.
 */
export async function requestReset(tx: Tx, key: string): Promise<string | null> {
  const mailTokenId = uuidv7();
  const [row] = await tx.query<{ account_id: string }>(
    `insert into "user".mail_token (id, account_id, purpose, expires_at)
     select $1, a.id, 'reset-password', now() + make_interval(hours => $3) from "user".account a
     where a.email_key = $2 and a.state = 'active' and (
       select count(*) from "user".mail_token t
       where t.account_id = a.id and t.purpose = 'reset-password' and t.created_at > now() - interval '1 hour') < $4
     returning account_id`,
    [mailTokenId, key, RESET_PASSWORD_HOURS, RESET_MAILS_PER_HOUR],
  );
  tx.emit({ type: 'user.password_reset_requested', subjectId: row?.account_id ?? uuidv7(), data: { mailTokenId } });
  return row?.account_id ?? null;
}

/**
 * Takes the token of a reset mail.
 *
 * @returns the locked account, whose address the mail has reached.
 * @throws RefusalError token_invalid, token_used, token_expired.
 */
export async function takeResetToken(tx: Tx, mailTokenId: string): Promise<Account> {
  const token = await tx.em.findOne(MailToken, { id: mailTokenId, purpose: 'reset-password' }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (token === null) throw refusal('token_invalid', 'This is not a token of a reset mail.', '/token');
  if (token.usedAt != null) throw refusal('token_used', 'This token was used before.', '/token');
  if (token.expiresAt <= tx.now) throw refusal('token_expired', 'This token is no longer good; ask for another mail.', '/token');
  const account = await lockAccount(tx, token.accountId);
  if (account.state !== 'active') throw refusal('token_invalid', 'This is not a token of a reset mail.', '/token');
  // Whoever reset the password wants none of the other mails to do it again.
  await tx.query(`update "user".mail_token set used_at = now() where account_id = $1 and purpose = 'reset-password' and used_at is null`, [
    account.id,
  ]);
  return account;
}

/**
 * Gives a locked account another password, ends its sessions, tokens and grants, and has its owner told.
 *
 * @param options.except a session that lives on.
 */
export async function changePassword(tx: Tx, account: Account, passwordHash: string, options: { except?: string } = {}): Promise<void> {
  account.passwordHash = passwordHash;
  account.passwordChangedAt = tx.now;
  account.updatedAt = tx.now;
  await endSessions(tx, account.id, 'password_changed', options);
  tx.emit({ type: 'user.password_changed', subjectId: account.id, actorId: account.id, data: {} });
}
