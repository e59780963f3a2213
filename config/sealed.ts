import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Secrets } from './secrets.ts';

/** What is sealed; each has a key of its own, so that one can never be read as another. */
export type SealPurpose = 'totp' | 'oidc-verifier';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a short text for the database: AES-256-GCM, with a key derived by HKDF-SHA256 from the token secret.
 *
 * @param owner id of the row that holds it; a text moved to another row does not open there.
 * @returns base64url of nonce, tag and text.
 */
export function seal(secrets: Secrets, purpose: SealPurpose, owner: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secrets, purpose), nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/**
 * Opens what {@link seal} made.
 *
 * @throws Error where it was made with another secret, for another purpose or owner, or was changed.
 */
export function unseal(secrets: Secrets, purpose: SealPurpose, owner: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secrets, purpose), bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(owner))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}

function keyOf(secrets: Secrets, purpose: SealPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secrets.token, 'base64'), '', `safesplitx/${purpose}`, 32));
}
