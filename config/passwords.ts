import { hash, verify } from '@node-rs/argon2';
import type { Env } from './env.ts';
import { turns } from './turns.ts';

/**
 * Least passes by memory in KiB, of the sets that OWASP's Password Storage Cheat Sheet calls equal (argon2id, one lane).
 * From 46 MiB on one pass will do.
 */
const PASSES_BY_MEMORY = [
  { memoryKib: 47_104, passes: 1 },
  { memoryKib: 19_456, passes: 2 },
  { memoryKib: 12_288, passes: 3 },
  { memoryKib: 9_216, passes: 4 },
  { memoryKib: 7_168, passes: 5 },
];
/** Hashes computed at the same time: Node's pool has four threads, and others need one too. */
const AT_ONCE = 3;
/** Hashes that may wait for their turn; one takes some 20 ms. */
const WAITING_MAX = 150;

/** Thrown where more hashes are asked for than can be computed in time; answered with 503. */
export class PasswordsBusy extends Error {
  constructor() {
    super('too many sign-ins at once');
    this.name = 'PasswordsBusy';
  }
}

/** Makes and checks hashes of passwords, on threads of the pool, a few at a time. */
export interface Passwords {
  /**
   * Hashes a password.
   *
   * @param password as `passwordKey` or `checkPassword` of `domain/account.ts` gave it.
   * @returns a PHC string with algorithm, parameters and salt.
   * @throws PasswordsBusy
   */
  hash(password: string): Promise<string>;
  /**
   * Compares a password with a stored hash. The same work is done where there is none.
   *
   * @param stored PHC string, or null where the account does not exist.
   * @returns whether it fits, and whether it should be hashed anew because the parameters have grown.
   * @throws PasswordsBusy
   */
  matches(stored: string | null, password: string): Promise<{ fits: boolean; outdated: boolean }>;
  /** How many hashes were computed so far. */
  readonly computed: number;
}

/**
 * Reads the parameters from the environment.
 *
 * @throws Error where they are weaker than OWASP's least.
 */
export function createPasswords(env: Pick<Env, 'PASSWORD_MEMORY_KIB' | 'PASSWORD_PASSES' | 'PASSWORD_LANES'>): Passwords {
  // argon2id is the library's default algorithm; a test holds it to that.
  const parameters = { memoryCost: env.PASSWORD_MEMORY_KIB, timeCost: env.PASSWORD_PASSES, parallelism: env.PASSWORD_LANES };
  const least = PASSES_BY_MEMORY.find(({ memoryKib }) => parameters.memoryCost >= memoryKib)?.passes ?? Number.POSITIVE_INFINITY;
  if (parameters.timeCost < least)
    throw new Error(`PASSWORD_PASSES must be at least ${least} with PASSWORD_MEMORY_KIB ${parameters.memoryCost}`);
  const current = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;
  const inTurn = turns({ atOnce: AT_ONCE, waitingMax: WAITING_MAX }, () => new PasswordsBusy());
  let computed = 0;
  let decoy: Promise<string> | undefined;

  const compute = <T>(work: () => Promise<T>): Promise<T> =>
    inTurn(() => {
      computed += 1;
      return work();
    });
  /** Stands in for the hash of an account that does not exist; made once, and not counted. */
  const decoyHash = (): Promise<string> => (decoy ??= hash('no account has this password', parameters));

  return {
    hash: (password) => compute(() => hash(password, parameters)),
    async matches(stored, password) {
      if (stored?.startsWith('$argon2') === true)
        return { fits: await compute(() => verify(stored, password)), outdated: !stored.startsWith(current) };
      const standIn = await decoyHash();
      await compute(() => verify(standIn, password));
      return { fits: false, outdated: false };
    },
    get computed() {
      return computed;
    },
  };
}
