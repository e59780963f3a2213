import { passwordKey } from '../../../../domain/account.ts';
import type { Account } from '../../../../db/entities/user/account.ts';
import type { Tx } from '../../../../db/transact.ts';
import { findPasswordHash } from '../../../../db/queries/user/accounts.ts';
import { Problem } from '../../../problems.ts';
import type { Deps } from '../../../deps.ts';
import type { Principal } from '../../../route.ts';

/** A sign-in counts as fresh for so many minutes. */
const FRESH_MINUTES = 10;

interface Asked {
  readonly deps: Deps;
  readonly principal: Principal;
  readonly read: Tx['query'];
}

/**
 * Wants a fresh proof of who asks, before something that protects the account is changed: the password, where one is given,
 * else a sign-in of the last ten minutes.
 *
 * @throws Problem invalid_credentials (401), reauthentication_required (403).
 */
export async function requireProof({ deps, principal, read }: Asked, password: string | undefined): Promise<void> {
  if (password === undefined) {
    const [fresh] = await read(`select id from "user".session where id = $1 and created_at > now() - make_interval(mins => $2)`, [
      principal.sessionId,
      FRESH_MINUTES,
    ]);
    if (fresh === undefined) throw new Problem('reauthentication_required', 'Send the password, or sign in anew.');
    return;
  }
  await deps.limits.consumeAccount(principal.userId);
  const hash = await findPasswordHash(read, principal.userId);
  const { fits } = await deps.passwords.matches(hash, passwordKey(password));
  if (!fits)
    throw new Problem('invalid_credentials', 'The password is wrong.', {
      entries: [{ pointer: '/password', code: 'invalid_credentials', detail: 'The password is wrong.' }],
    });
}

/** Whether an account has a password at all; one that came by another provider has none. */
export function hasPassword(account: Pick<Account, 'passwordHash'>): boolean {
  return account.passwordHash.startsWith('$argon2');
}
