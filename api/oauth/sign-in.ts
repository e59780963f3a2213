import { passwordSignIn, type SignInRefusal } from '../../db/commands/user/password-sign-in.ts';
import type { OpenSession } from '../../db/commands/user/sessions.ts';
import { findCredentials } from '../../db/queries/user/accounts.ts';
import { read, transact } from '../../db/transact.ts';
import { emailKey, passwordKey } from '../../domain/account.ts';
import { databaseOf, type Deps } from '../deps.ts';

/** Most characters of an address and of a password on the page, as at `POST /v1/auth/login`. */
const EMAIL_MAX = 254;
const PASSWORD_MAX = 1024;

/**
 * Signs a person in on the page, by the command and under the limits of `POST /v1/auth/login`.
 *
 * @throws Problem rate_limited (429); PasswordsBusy.
 */
export async function signInOnPage(
  deps: Deps,
  form: { email: string; password: string; totp: string },
  about: { address: string; userAgent: string | undefined },
): Promise<OpenSession | SignInRefusal> {
  const { email, password, totp } = form;
  if (email.length > EMAIL_MAX || password.length > PASSWORD_MAX || password === '' || `${email}${password}${totp}`.includes('\0'))
    return 'invalid_credentials';
  const database = databaseOf(deps, 'user');
  const key = emailKey(email);
  await deps.limits.consumeAccount(key);
  const found = await findCredentials((text, values) => read(database, text, values), key);
  const { fits, outdated } = await deps.passwords.matches(found?.passwordHash ?? null, passwordKey(password));
  const rehashed = fits && outdated ? await deps.passwords.hash(passwordKey(password)) : null;
  const tried = { found: fits ? found : null, subjectId: found?.userId, totp: totp === '' ? undefined : totp, rehashed, ...about };
  const { value, events } = await transact(database, (tx) => passwordSignIn(tx, deps.secrets, tried));
  deps.dispatcher.dispatch(events);
  return value;
}
