import { createHmac, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Most signing keys of a file: the one that signs, and those that still verify. */
export const SIGNING_KEYS_MAX = 20;

const key = z.string().min(43);
const instant = z.iso.datetime({ offset: true }).optional();
const signingKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  kid: z.string().min(1).max(100),
  d: z.string(),
  x: z.string(),
  y: z.string(),
  /** When the key was made; it signs a little later, when every process has read it. Absent in older files. */
  createdAt: instant,
  /** When a newer key took its place; it verifies until its last tokens have expired. Absent while it signs. */
  retiredAt: instant,
});
const schema = z.object({
  /** ES256 private keys as JWK, the first signs, all of them verify; see config/signing-keys.ts. */
  signingKeys: z.array(signingKey).min(1).max(SIGNING_KEYS_MAX),
  /** Signs list cursors. */
  cursor: key,
  /** Keys the rotation of the odd cents, so that nobody can choose an id that dodges them. */
  tieBreak: key,
  /** Derives refresh tokens, mail tokens and invitation tokens; none of them is stored. */
  token: key,
});

/** A private key that signs tokens. */
export type SigningKey = z.infer<typeof signingKey>;

/** The keys that a deployment must keep secret and keep. */
export type Secrets = z.infer<typeof schema>;

/**
 * Reads the signing keys.
 *
 * @param file path of the JSON file.
 * @throws Error naming what is missing when the file is absent or incomplete.
 */
export function readSecrets(file: string): Secrets {
  if (file === '') throw new Error('SECRETS_FILE is not set: it names the JSON file that holds the signing keys (docs/operations.md)');
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`SECRETS_FILE: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
}

/** Makes a fresh set of keys; the starter does so once for the embedded database. */
export function generateSecrets(): Secrets {
  return schema.parse({
    signingKeys: [generateSigningKey(new Date())],
    cursor: randomBytes(32).toString('base64'),
    tieBreak: randomBytes(32).toString('base64'),
    token: randomBytes(32).toString('base64'),
  });
}

/** Makes a key that signs tokens. */
export function generateSigningKey(createdAt: Date): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { d, x, y } = privateKey.export({ format: 'jwk' });
  const kid = randomBytes(8).toString('hex');
  return signingKey.parse({ kty: 'EC', crv: 'P-256', kid, d, x, y, createdAt: createdAt.toISOString() });
}

/**
 * Derives the secret half of a token from its public id: base64url of HMAC-SHA256(key, "purpose:id").
 *
 * Nothing secret is stored: who holds the key can make the token again and compare.
 */
export function deriveToken(
  secrets: Secrets,
  purpose: 'verify-email' | 'reset-password' | 'invitation' | 'refresh' | 'unsubscribe' | 'erasure',
  id: string,
): string {
  return createHmac('sha256', Buffer.from(secrets.token, 'base64')).update(`${purpose}:${id}`).digest('base64url');
}

/**
 * Derives a key of its own for one purpose from the `token` secret: HKDF-SHA256 (RFC 5869), 32 bytes.
 *
 * So a new purpose needs no new field in the file of a deployment that exists.
 */
export function deriveKey(secrets: Secrets, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secrets.token, 'base64'), '', `safesplitx:${purpose}`, 32));
}

/** The tie-break of an expense: the first 63 bits of HMAC-SHA256(key, expense id), see `domain/split.ts`. */
export function tieBreakOf(secrets: Secrets, expenseId: string): bigint {
  return createHmac('sha256', Buffer.from(secrets.tieBreak, 'base64')).update(expenseId).digest().readBigUInt64BE(0) >> 1n;
}
