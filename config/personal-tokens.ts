import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What every personal access token begins with, so that scanners of published code know it. */
export const PERSONAL_TOKEN_PREFIX = 'ssx_pat_';
/** Random characters of a token: 178 bits. */
const RANDOM_LENGTH = 30;
/** Room for a CRC-32 in base 62. */
const CHECKSUM_LENGTH = 6;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Bytes from here on are left out, so that every character is as likely as the others. */
const FAIR_BYTE_MAX = 256 - (256 % BASE62.length);
const PERSONAL_TOKEN = new RegExp(`^${PERSONAL_TOKEN_PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** Makes a personal access token: prefix, 30 random characters, and a checksum over both. It is shown once and never stored. */
export function generatePersonalToken(): string {
  let random = '';
  while (random.length < RANDOM_LENGTH) {
    for (const byte of randomBytes(RANDOM_LENGTH)) {
      if (byte < FAIR_BYTE_MAX && random.length < RANDOM_LENGTH) random += BASE62[byte % BASE62.length];
    }
  }
  const body = PERSONAL_TOKEN_PREFIX + random;
  return body + checksum(body);
}

/** Whether a text is written like a token of ours: a slip of the pen is refused here, without any query. */
export function isPersonalToken(text: string): boolean {
  return PERSONAL_TOKEN.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** What is stored of a token. It has 178 random bits, so nobody finds it by trying and a plain SHA-256 is enough. */
export function personalTokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    text = (BASE62[rest % BASE62.length] ?? '') + text;
    rest = Math.floor(rest / BASE62.length);
  }
  return text;
}
