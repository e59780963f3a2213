import { createHmac, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Secrets } from './secrets.ts';

/** Seconds of one step, digits of a code, and bytes of a secret: what every authenticator app knows (RFC 6238). */
const STEP_SECONDS = 30;
const DIGITS = 6;
const SECRET_BYTES = 20;
/** Steps before and after the present one that are taken too, for clocks that differ. */
const WINDOW = 1;
const ISSUER = 'SafeSplitX';

/** Recovery codes that a person gets. */
export const RECOVERY_CODES = 10;
/** No letters and digits that look alike. */
const RECOVERY_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const RECOVERY_LENGTH = 24;
const RECOVERY_GROUP = 4;

/** Makes a secret for an authenticator app, in base 32. */
export function generateTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** The address that an authenticator app reads, mostly as a QR code. @param label what the app shows beside the name of the product. */
export function totpUri(secret: string, label: string): string {
  return totp(secret, label).toString();
}

/**
 * The step that a code belongs to, or null where it is none of the present ones. Whoever calls this must take each step only once.
 *
 * @param nowMs the clock.
 */
export function totpStep(secret: string, code: string, nowMs: number): number | null {
  const delta = totp(secret, '').validate({ token: code, window: WINDOW, timestamp: nowMs });
  return delta === null ? null : Math.floor(nowMs / 1000 / STEP_SECONDS) + delta;
}

/** Makes recovery codes, such as `k3fa-9xbq-t2mn-p4rd-h7wv-c8ye`: 118 bits each, so that a fast hash of them gives nothing to try. */
export function generateRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const letters = Array.from({ length: RECOVERY_LENGTH }, () => RECOVERY_ALPHABET[fairIndex(RECOVERY_ALPHABET.length)]);
    const groups = Array.from({ length: RECOVERY_LENGTH / RECOVERY_GROUP }, (_, at) =>
      letters.slice(at * RECOVERY_GROUP, (at + 1) * RECOVERY_GROUP).join(''),
    );
    return groups.join('-');
  });
}

/** What is stored of a recovery code: a keyed hash, so that the table alone gives nothing to try. */
export function recoveryCodeHash(secrets: Secrets, accountId: string, code: string): string {
  const letters = code.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return createHmac('sha256', Buffer.from(secrets.token, 'base64')).update(`recovery:${accountId}:${letters}`).digest('base64url');
}

function totp(secret: string, label: string): TOTP {
  return new TOTP({ issuer: ISSUER, label, algorithm: 'SHA1', digits: DIGITS, period: STEP_SECONDS, secret: Secret.fromBase32(secret) });
}

function fairIndex(size: number): number {
  const limit = 256 - (256 % size);
  for (;;) {
    const [byte = 255] = randomBytes(1);
    if (byte < limit) return byte % size;
  }
}
