import { recoveryCodeHash, totpStep } from '../../../config/totp.ts';
import { seal, unseal } from '../../../config/sealed.ts';
import type { Secrets } from '../../../config/secrets.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Account } from '../../entities/user/account.ts';
import type { Tx } from '../../transact.ts';

/** A secret that was asked for and not confirmed is good for so many minutes. */
export const TOTP_PENDING_MINUTES = 15;
/** After so many wrong codes in a row, codes of the app are not looked at for {@link TOTP_REST_HOURS}; recovery codes still are. */
export const TOTP_MISSES_MAX = 20;
export const TOTP_REST_HOURS = 24;

/** How a second factor was proved, or why not. */
export type SecondFactor = 'none' | 'totp' | 'recovery' | 'wanted' | 'wrong';

/**
 * Notes a new secret; it counts once its first code was given.
 *
 * @throws RefusalError totp_enabled.
 */
export function askForTotp(tx: Tx, account: Account, secrets: Secrets, secret: string): void {
  if (account.totpEnabledAt != null) throw refusal('totp_enabled', 'A second factor is enabled already; disable it first.');
  account.totpSecret = seal(secrets, 'totp', account.id, secret);
  account.totpAskedAt = tx.now;
}

/**
 * Enables the second factor with the first code of its secret.
 *
 * @param recoveryCodes the ones that stand in for a lost app; former ones go.
 * @throws RefusalError totp_enabled, totp_not_asked, totp_invalid.
 */
export async function enableTotp(
  tx: Tx,
  account: Account,
  secrets: Secrets,
  code: string,
  recoveryCodes: readonly string[],
): Promise<void> {
  if (account.totpEnabledAt != null) throw refusal('totp_enabled', 'A second factor is enabled already.');
  const askedAt = account.totpAskedAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  if (account.totpSecret == null || tx.now.getTime() - askedAt > TOTP_PENDING_MINUTES * 60_000)
    throw refusal('totp_not_asked', 'No second factor is being set up; ask for a secret first.');
  const step = totpStep(unseal(secrets, 'totp', account.id, account.totpSecret), code, tx.now.getTime());
  if (step === null) throw refusal('totp_invalid', 'This is not a present code of the secret.', '/code');
  account.totpEnabledAt = tx.now;
  account.totpLastStep = BigInt(step);
  await tx.query('delete from "user".recovery_code where account_id = $1', [account.id]);
  await tx.query('insert into "user".recovery_code (account_id, hash) select $1, unnest($2::text[])', [
    account.id,
    recoveryCodes.map((recoveryCode) => recoveryCodeHash(secrets, account.id, recoveryCode)),
  ]);
}

/** Disables the second factor, and forgets its secret and codes. */
export async function disableTotp(tx: Tx, account: Account): Promise<void> {
  account.totpSecret = null;
  account.totpAskedAt = null;
  account.totpEnabledAt = null;
  account.totpLastStep = null;
  account.totpMisses = 0;
  account.totpMissedAt = null;
  await tx.query('delete from "user".recovery_code where account_id = $1', [account.id]);
}

/**
 * Holds a sign-in to the second factor of a locked account. Each code of an app, and each recovery code, is taken once.
 *
 * Six digits can be guessed in time, by whoever has the password already: after {@link TOTP_MISSES_MAX} misses in a row they
 * are refused for a day, right ones too. A recovery code cannot be guessed, so it always counts, and makes good for the misses.
 *
 * @param given what the person typed: a code of the app, or a recovery code.
 * @returns `wrong` as a value, so that the miss is committed.
 */
export async function proveSecondFactor(tx: Tx, account: Account, secrets: Secrets, given: string | undefined): Promise<SecondFactor> {
  if (account.totpEnabledAt == null || account.totpSecret == null) return 'none';
  if (given === undefined) return 'wanted';
  const rests = account.totpMisses >= TOTP_MISSES_MAX && tx.now.getTime() - (account.totpMissedAt?.getTime() ?? 0) < REST_MS;
  const code = given.replaceAll(' ', '');
  const step = rests ? null : totpStep(unseal(secrets, 'totp', account.id, account.totpSecret), code, tx.now.getTime());
  if (step !== null && BigInt(step) > (account.totpLastStep ?? -1n)) {
    account.totpLastStep = BigInt(step);
    account.totpMisses = 0;
    return 'totp';
  }
  const used = await tx.query(
    'update "user".recovery_code set used_at = now() where account_id = $1 and hash = $2 and used_at is null returning hash',
    [account.id, recoveryCodeHash(secrets, account.id, given)],
  );
  if (used.length > 0) {
    account.totpMisses = 0;
    return 'recovery';
  }
  if (!rests) {
    // A rest that is over gives one more try a day, and not another twenty.
    account.totpMisses = Math.min(account.totpMisses + 1, TOTP_MISSES_MAX);
    account.totpMissedAt = tx.now;
  }
  return 'wrong';
}

const REST_MS = TOTP_REST_HOURS * 60 * 60 * 1000;
