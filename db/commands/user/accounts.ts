import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import { emailKey } from '../../../domain/account.ts';
import { currencyDigits } from '../../../domain/currency.ts';
import { refusal } from '../../../domain/refusal.ts';
import { Account } from '../../entities/user/account.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { createMailToken } from './mail-tokens.ts';
import { openSession, type OpenSession } from './sessions.ts';

/** What a person gives to register; the password is hashed already. */
export interface Registration {
  readonly email: string;
  readonly passwordHash: string;
  readonly displayName: string;
  readonly locale?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly defaultCurrency?: string | undefined;
  /** What the client calls itself. */
  readonly userAgent?: string | undefined;
}

/** What a person may change of their own account. */
export interface ProfileChange {
  readonly displayName?: string | undefined;
  readonly locale?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly defaultCurrency?: string | undefined;
}

/**
 * Creates an account with its first session, and asks for the mail that verifies its address.
 *
 * @throws RefusalError email_taken, unknown_currency.
 */
export async function register(tx: Tx, input: Registration): Promise<{ account: Account; session: OpenSession }> {
  const account = tx.em.create(Account, {
    id: uuidv7(),
    email: input.email,
    emailKey: emailKey(input.email),
    passwordHash: input.passwordHash,
    displayName: input.displayName,
    locale: input.locale ?? 'en',
    timeZone: input.timeZone ?? 'UTC',
    defaultCurrency: knownCurrency(input.defaultCurrency ?? 'EUR'),
  });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'account_email_key') throw refusal('email_taken', 'There is an account with this address.', '/email');
    throw error;
  }
  const session = openSession(tx, account.id, { methods: ['pwd'], userAgent: input.userAgent });
  const mailTokenId = createMailToken(tx, account.id, 'verify-email');
  tx.emit({ type: 'user.registered', subjectId: account.id, actorId: account.id, data: { mailTokenId } });
  return { account, session };
}

/**
 * Takes an account to change it.
 *
 * @throws RefusalError not_found.
 */
export async function lockAccount(tx: Tx, userId: string): Promise<Account> {
  const account = await tx.em.findOne(Account, userId, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (account === null) throw refusal('not_found', 'The account is gone.');
  return account;
}

/**
 * Changes what a locked account says of its owner. Call it with the version already compared; nothing given changes nothing.
 *
 * @throws RefusalError unknown_currency.
 */
export function updateProfile(tx: Tx, account: Account, change: ProfileChange): void {
  if (Object.values(change).every((value) => value === undefined)) return;
  if (change.displayName !== undefined) account.displayName = change.displayName;
  if (change.locale !== undefined) account.locale = change.locale;
  if (change.timeZone !== undefined) account.timeZone = change.timeZone;
  if (change.defaultCurrency !== undefined) account.defaultCurrency = knownCurrency(change.defaultCurrency);
  account.version += 1;
  account.updatedAt = tx.now;
  tx.emit({ type: 'user.updated', subjectId: account.id, actorId: account.id, data: {} });
}

function knownCurrency(code: string): string {
  try {
    currencyDigits(code);
  } catch {
    throw refusal('unknown_currency', 'This is not the code of a currency that can be spent.', '/defaultCurrency');
  }
  return code;
}
