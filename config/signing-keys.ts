import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { generateSigningKey, SIGNING_KEYS_MAX, type Secrets, type SigningKey } from './secrets.ts';

/** Longest life of anything that is signed: the ID token of an application, in seconds. */
export const LONGEST_TOKEN_SECONDS = 3_600;
/** Clocks of processes differ by less than this, in seconds. */
const CLOCK_MARGIN_SECONDS = 600;
/** A retired key verifies for this long, in seconds; by then the last token it signed has expired. */
export const RETIRED_KEY_SECONDS = LONGEST_TOKEN_SECONDS + CLOCK_MARGIN_SECONDS;
/** A new key signs from this age on, in seconds: by then every process has read it and verifies it. */
export const NEW_KEY_WAITS_SECONDS = 5;

/** Reading a key costs more than a signature, so it is done once for each. */
const privateKeys = new WeakMap<SigningKey, KeyObject>();
const publicKeys = new WeakMap<SigningKey, KeyObject>();

/** The key that signs now, with its id: the first that every process knows. */
export function currentSigningKey(secrets: Secrets, nowMs = Date.now()): { kid: string; key: KeyObject } {
  const known = secrets.signingKeys.find(
    ({ createdAt }) => createdAt === undefined || ageSeconds(createdAt, nowMs) >= NEW_KEY_WAITS_SECONDS,
  );
  // Where all are new there is no older one that somebody else could still rely on.
  const chosen = known ?? secrets.signingKeys[0];
  if (chosen === undefined) throw new Error('no signing key');
  const key = privateKeys.get(chosen) ?? createPrivateKey({ key: chosen, format: 'jwk' });
  privateKeys.set(chosen, key);
  return { kid: chosen.kid, key };
}

/** The public key of an id, or undefined where it is not ours or has been retired for longer than any token lives. */
export function verificationKey(secrets: Secrets, kid: string, nowMs = Date.now()): KeyObject | undefined {
  const found = secrets.signingKeys.find((one) => one.kid === kid);
  if (found === undefined || !isGood(found, nowMs)) return undefined;
  const { kty, crv, x, y } = found;
  const key = publicKeys.get(found) ?? createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
  publicKeys.set(found, key);
  return key;
}

/** The document of `/.well-known/jwks.json`: public halves only. */
export function jwks(secrets: Secrets, nowMs = Date.now()): { keys: Record<string, string>[] } {
  const good = secrets.signingKeys.filter((key) => isGood(key, nowMs));
  return { keys: good.map(({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' })) };
}

/**
 * Puts a new key in front, retires the one that signed, and drops those that no token needs any more.
 *
 * @param options `dropOld` drops every other key at once, because one of them leaked: whoever is signed in has to refresh.
 * @throws Error where more keys would be kept than a file may hold.
 */
export function rotateSigningKeys(keys: readonly SigningKey[], now: Date, options: { dropOld?: boolean } = {}): SigningKey[] {
  const retired = keys.map((key) => ({ ...key, retiredAt: key.retiredAt ?? now.toISOString() }));
  const kept = options.dropOld === true ? [] : retired.filter((key) => isGood(key, now.getTime()));
  if (kept.length >= SIGNING_KEYS_MAX)
    throw new Error(`${kept.length} keys still verify tokens; a former one is dropped ${RETIRED_KEY_SECONDS} s after it retired`);
  return [generateSigningKey(now), ...kept];
}

function isGood({ retiredAt }: SigningKey, nowMs: number): boolean {
  return retiredAt === undefined || ageSeconds(retiredAt, nowMs) < RETIRED_KEY_SECONDS;
}

function ageSeconds(iso: string, nowMs: number): number {
  return (nowMs - Date.parse(iso)) / 1000;
}
