import { LockMode } from '@mikro-orm/postgresql';
import type { Secrets } from '../../../config/secrets.ts';
import { Account } from '../../entities/user/account.ts';
import type { Tx } from '../../transact.ts';
import { audit } from './audit.ts';
import { proveSecondFactor } from './second-factor.ts';
import { openSession, type OpenSession } from './sessions.ts';

/** Why a sign-in was refused, as the client is told. */
export type SignInRefusal = 'invalid_credentials' | 'totp_required' | 'totp_invalid';

/** A sign-in whose password has been compared already. */
export interface TriedSignIn {
  /** The account whose password it was, or null. */
  readonly found: { readonly userId: string } | null;
  /** The account that was tried; absent where there is none. */
  readonly subjectId?: string | undefined;
  /** A code of the app or a recovery code. */
  readonly totp?: string | undefined;
  /** The password hashed with the parameters of today, where it was kept with older ones. */
  readonly rehashed?: string | null;
  readonly userAgent?: string | undefined;
  readonly address: string;
}

/**
 * Opens a session of an account that has proved its password and its second factor, and notes the try, whatever came of it.
 *
 * @returns the session, or why there is none. That is a value, so that what was noted is committed.
 */
export async function passwordSignIn(tx: Tx, secrets: Secrets, tried: TriedSignIn): Promise<OpenSession | SignInRefusal> {
  const { found, address } = tried;
  const about = { address, ...(tried.subjectId === undefined ? {} : { subjectId: tried.subjectId }) };
  const refused = async (reason: string, refusal: SignInRefusal): Promise<SignInRefusal> => {
    await audit(tx, { action: 'sign_in', outcome: 'refused', ...about, data: { method: 'password', reason } });
    return refusal;
  };
  if (found === null) return refused(tried.subjectId === undefined ? 'unknown' : 'password', 'invalid_credentials');
  const account = await tx.em.findOne(Account, found.userId, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (account?.state !== 'active') return refused('state', 'invalid_credentials');
  const factor = await proveSecondFactor(tx, account, secrets, tried.totp);
  if (factor === 'wanted') return 'totp_required';
  if (factor === 'wrong') return refused('second factor', 'totp_invalid');
  if (tried.rehashed != null) account.passwordHash = tried.rehashed;
  const session = openSession(tx, account.id, { methods: factor === 'none' ? ['pwd'] : ['pwd', 'otp'], userAgent: tried.userAgent });
  const who = { actorId: account.id, subjectId: account.id, sessionId: session.sessionId, address };
  if (factor === 'recovery') await audit(tx, { action: 'totp.recovery_code_used', ...who });
  await audit(tx, { action: 'sign_in', ...who, data: { method: factor === 'none' ? 'password' : `password+${factor}` } });
  return session;
}
