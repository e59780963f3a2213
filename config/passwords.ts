import { hash, verify } from '@node-rs/argon2';

/** Memory of one hash in KiB: OWASP's first choice for argon2id (19 MiB, 2 passes, 1 lane). */
const MEMORY_KIB = 19_456;
/** Passes over that memory. */
const PASSES = 2;
/** Lanes of one hash; more would only help an attacker with more cores. */
const LANES = 1;

/** argon2id is the library's default algorithm; a test holds it to that. */
const PARAMETERS = { memoryCost: MEMORY_KIB, timeCost: PASSES, parallelism: LANES };

/** Stands in for the hash of an account that does not exist, so that a sign-in takes as long; made once. */
let decoy: Promise<string> | undefined;

/**
 * Hashes a password on a thread of the pool.
 *
 * @param password as `passwordKey` or `checkPassword` of `domain/account.ts` gave it.
 * @returns a PHC string with algorithm, parameters and salt.
 */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

/**
 * Compares a password with a stored hash, on a thread of the pool. The same work is done where there is no hash.
 *
 * @param stored PHC string, or null where the account does not exist.
 */
export async function passwordMatches(stored: string | null, password: string): Promise<boolean> {
  if (stored !== null && stored.startsWith('$argon2')) return verify(stored, password);
  decoy ??= hashPassword('no account has this password');
  await verify(await decoy, password);
  return false;
}
