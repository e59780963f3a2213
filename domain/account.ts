import { isCommonPassword } from './common-passwords.ts';
import { ok, refuse } from './refusal.ts';
import type { Outcome } from './refusal.ts';

/** Fewest characters of a password; NIST SP 800-63B asks for eight at least. */
export const PASSWORD_CHARACTERS_MIN = 8;
/** Most characters of a password: any passphrase fits, and hashing stays bounded. */
export const PASSWORD_CHARACTERS_MAX = 128;

/** Words of this product, its parts and its roles: whoever guesses passwords of it begins with these and a number. */
export const CONTEXT_WORDS: readonly string[] = [
  'safesplitx',
  'safesplit',
  'splitx',
  'splitexpense',
  'splitexpenses',
  'sharedexpense',
  'sharedexpenses',
  'groupexpense',
  'groupexpenses',
  'expense',
  'expenses',
  'settleup',
  'settlement',
  'settlements',
  'contributor',
  'administrator',
];

/**
 * The form of an address that tells accounts apart: NFKC, without surrounding space, in lower case.
 *
 * The address itself is kept as typed, since mail is sent to that.
 */
export function emailKey(address: string): string {
  return address.normalize('NFKC').trim().toLowerCase();
}

/** The form of a password that is hashed: the same text typed on another keyboard gives the same characters. */
export function passwordKey(password: string): string {
  return password.normalize('NFKC');
}

/**
 * Checks a new password: 8 to 128 characters after NFKC, not the address itself, none of the most common ones, and not a
 * word of the product with nothing but digits and signs around it. Which characters is up to its owner.
 *
 * @returns the form to hash, or a refusal at `pointer`: `password_too_short`, `password_too_long`, `password_is_address`,
 *   `password_common`.
 */
export function checkPassword(password: string, address: string, pointer = '/password'): Outcome<string> {
  const normalized = passwordKey(password);
  const characters = Array.from(normalized).length;
  if (characters < PASSWORD_CHARACTERS_MIN)
    return refuse('password_too_short', `A password has at least ${PASSWORD_CHARACTERS_MIN} characters.`, pointer);
  if (characters > PASSWORD_CHARACTERS_MAX)
    return refuse('password_too_long', `A password has at most ${PASSWORD_CHARACTERS_MAX} characters.`, pointer);
  if (emailKey(password) === emailKey(address))
    return refuse('password_is_address', 'The password must not be the address itself.', pointer);
  if (isCommonPassword(normalized) || CONTEXT_WORDS.includes(normalized.toLowerCase().replaceAll(/[^\p{L}]/gu, '')))
    return refuse('password_common', 'This is one of the passwords that everybody tries first; choose another one.', pointer);
  return ok(normalized);
}
