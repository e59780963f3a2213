import { v7 as uuidv7 } from 'uuid';
import { MailToken } from '../../entities/user/mail-token.ts';
import type { Tx } from '../../transact.ts';

/** Hours for which the link of a verification mail is good. */
export const VERIFY_EMAIL_HOURS = 48;

const HOUR_MS = 60 * 60 * 1000;

/** Notes a single-use token; the mail that carries it is written by the notification service. @returns its id. */
export function createMailToken(tx: Tx, userId: string, purpose: 'verify-email'): string {
  const id = uuidv7();
  tx.em.create(MailToken, {
    id,
    accountId: userId,
    purpose,
    expiresAt: new Date(tx.now.getTime() + VERIFY_EMAIL_HOURS * HOUR_MS),
    createdAt: tx.now,
  });
  return id;
}
