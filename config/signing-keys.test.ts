// Goal: a rotation refuses nobody's token and keeps no key for longer than its tokens live. Method: the clock is an argument.
import assert from 'node:assert/strict';
import { generateSecrets, generateSigningKey, type Secrets, SIGNING_KEYS_MAX } from './secrets.ts';
import {
  currentSigningKey,
  jwks,
  LONGEST_TOKEN_SECONDS,
  NEW_KEY_WAITS_SECONDS,
  RETIRED_KEY_SECONDS,
  rotateSigningKeys,
  verificationKey,
} from './signing-keys.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);

/** Secrets whose one key is as old as those of the first deployments: it says nothing of its age. */
function oldSecrets(): Secrets {
  const { createdAt: _, ...key } = generateSigningKey(NOW);
  return { ...generateSecrets(), signingKeys: [key] };
}

describe('signing keys', () => {
  it('one without an age, as older files have it, signs and verifies', () => {
    const secrets = oldSecrets();
    const { kid } = secrets.signingKeys[0]!;
    assert.equal(currentSigningKey(secrets, NOW.getTime()).kid, kid);
    assert.ok(verificationKey(secrets, kid, later(1e9).getTime()));
  });

  it('a single new one, signs at once', () => {
    const secrets = { ...generateSecrets(), signingKeys: [generateSigningKey(NOW)] };
    assert.equal(currentSigningKey(secrets, NOW.getTime()).kid, secrets.signingKeys[0]!.kid);
  });

  it('rotated, the new one verifies at once and signs when every process knows it', () => {
    const secrets = oldSecrets();
    const former = secrets.signingKeys[0]!.kid;
    secrets.signingKeys = rotateSigningKeys(secrets.signingKeys, NOW);
    const [fresh, retired] = secrets.signingKeys;
    assert.deepEqual([secrets.signingKeys.length, retired!.kid, retired!.retiredAt], [2, former, NOW.toISOString()]);
    assert.ok(verificationKey(secrets, fresh!.kid, NOW.getTime()));
    const signerAfter = (seconds: number): string => currentSigningKey(secrets, later(seconds).getTime()).kid;
    assert.deepEqual(
      [signerAfter(0), signerAfter(NEW_KEY_WAITS_SECONDS - 0.001), signerAfter(NEW_KEY_WAITS_SECONDS)],
      [former, former, fresh!.kid],
    );
  });

  it('retired, verifies for as long as its last token lives, then neither verifies nor is published', () => {
    const secrets = oldSecrets();
    const former = secrets.signingKeys[0]!.kid;
    secrets.signingKeys = rotateSigningKeys(secrets.signingKeys, NOW);
    // Its last token was signed while the new key waited.
    const needed = NEW_KEY_WAITS_SECONDS + LONGEST_TOKEN_SECONDS;
    const published = (seconds: number): boolean => jwks(secrets, later(seconds).getTime()).keys.some(({ kid }) => kid === former);
    const verifies = (seconds: number): boolean => verificationKey(secrets, former, later(seconds).getTime()) !== undefined;
    for (const [seconds, good] of [
      [needed, true],
      [RETIRED_KEY_SECONDS - 1, true],
      [RETIRED_KEY_SECONDS, false],
    ] as const)
      assert.deepEqual([published(seconds), verifies(seconds)], [good, good], `${seconds} s`);
  });

  it('rotated again, drops the one that no token needs and keeps when the other retired', () => {
    const first = oldSecrets().signingKeys;
    const second = rotateSigningKeys(first, NOW);
    const soon = rotateSigningKeys(second, later(60));
    assert.deepEqual(
      soon.map(({ retiredAt }) => retiredAt),
      [undefined, later(60).toISOString(), NOW.toISOString()],
    );
    const late = rotateSigningKeys(second, later(RETIRED_KEY_SECONDS));
    assert.deepEqual(
      late.slice(1).map(({ kid }) => kid),
      [second[0]!.kid],
    );
  });

  it('leaked, is dropped at once', () => {
    const secrets = oldSecrets();
    const leaked = secrets.signingKeys[0]!.kid;
    secrets.signingKeys = rotateSigningKeys(secrets.signingKeys, NOW, { dropOld: true });
    assert.equal(secrets.signingKeys.length, 1);
    assert.equal(verificationKey(secrets, leaked, NOW.getTime()), undefined);
    assert.equal(currentSigningKey(secrets, NOW.getTime()).kid, secrets.signingKeys[0]!.kid);
  });

  it('rotated more often than a file holds keys, is refused instead of written', () => {
    let keys = oldSecrets().signingKeys;
    while (keys.length < SIGNING_KEYS_MAX) keys = rotateSigningKeys(keys, NOW);
    assert.throws(() => rotateSigningKeys(keys, NOW), /still verify/);
    assert.equal(rotateSigningKeys(keys, NOW, { dropOld: true }).length, 1);
  });

  it('published, show no private half', () => {
    assert.doesNotMatch(JSON.stringify(jwks(oldSecrets())), /"d":/);
  });
});
