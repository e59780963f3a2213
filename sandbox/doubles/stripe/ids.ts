import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Makes an id in Stripe's manner, such as `pi_3Kd...`.
 *
 * @param prefix what comes before the underscore.
 * @param length how many characters come after it; 24 have 142 bits.
 */
export function newId(prefix: string, length = 24): string {
  // 62 does not divide 256: the slight bias does not matter for ids of test objects.
  return `${prefix}_${Array.from(randomBytes(length), (byte) => ALPHABET[byte % 62]).join('')}`;
}

/** The present in whole seconds, as Stripe's `created`. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
