import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Makes the secret of a confidential application: 256 random bits. */
export function generateClientSecret(): string {
  return `ssx_app_${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a secret: its SHA-256. It has 256 random bits, so a slow hash would add nothing. */
export function clientSecretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether a secret is the one of a hash; takes the same time for every wrong one. */
export function isClientSecret(secret: string, hash: string): boolean {
  const [given, kept] = [Buffer.from(clientSecretHash(secret)), Buffer.from(hash)];
  return given.length === kept.length && timingSafeEqual(given, kept);
}
