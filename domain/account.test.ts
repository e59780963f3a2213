import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { checkPassword, emailKey, PASSWORD_CHARACTERS_MIN } from './account.ts';
import { COMMON_PASSWORDS } from './common-passwords.ts';

const codeOf = (password: string, address = 'ana@example.com'): string => {
  const checked = checkPassword(password, address);
  return checked.ok ? 'ok' : checked.refusal.code;
};

describe('account rules', () => {
  it('password, one character around each limit, is refused outside 8 to 128', () => {
    assert.deepEqual(
      [7, 8, 9, 127, 128, 129].map((length) => codeOf('x'.repeat(length))),
      ['password_too_short', 'ok', 'ok', 'ok', 'ok', 'password_too_long'],
    );
  });

  it('password, characters outside the basic plane, counts each as one', () => {
    assert.equal(codeOf('🦊'.repeat(7)), 'password_too_short');
    assert.equal(codeOf('🦊'.repeat(128)), 'ok');
  });

  it('password, typed in compatibility characters, is the same as in plain ones', () => {
    const plain = checkPassword('fi-password-1', 'ana@example.com');
    const ligature = checkPassword('ﬁ-password-1', 'ana@example.com');
    assert.deepEqual(ligature, plain);
  });

  it('password, the address itself in other letters, is refused', () => {
    assert.equal(codeOf('ANA@example.com'), 'password_is_address');
  });

  it('password, each of the 3,000 most common ones, in small letters and capitals, is refused', () => {
    const common = readFileSync(new URL('common-passwords.ts', import.meta.url), 'utf8')
      .split('`')[1]!
      .trim()
      .split(/\s+/);
    assert.equal(new Set(common).size, 3_000);
    assert.equal(COMMON_PASSWORDS, 3_000);
    for (const password of common) {
      assert.ok(password.length >= PASSWORD_CHARACTERS_MIN, 'one that is too short anyway would not count');
      assert.equal(codeOf(password), 'password_common');
      assert.equal(codeOf(password.toUpperCase()), 'password_common');
    }
  });

  it('password, a word of the product with digits and signs around it, is refused; as a part of a phrase it is not', () => {
    for (const password of ['SafeSplitX', 'safesplitx2026', '!Safe-Split-1', '2026expenses', 'Administrator#1', 'settle.up.2026'])
      assert.equal(codeOf(password), 'password_common', password);
    for (const password of ['safesplitx for lunch', 'my expenses are mine', '!!!!2026']) assert.equal(codeOf(password), 'ok', password);
  });

  it('password, of any composition, is taken', () => {
    for (const password of [
      'aaaa bbbb',
      '        x',
      '99887766x',
      'ÄÖÜäöüßß',
      '🦊🐻🐼🐨🐯🦁🐮🐷',
      '\ttab tab',
      'ONLYCAPITALSX',
      '!"§$%&/()=',
    ])
      assert.equal(codeOf(password), 'ok', password);
  });

  it('email key, of a key, is the key again', () => {
    fc.assert(fc.property(fc.emailAddress(), (address) => emailKey(emailKey(address)) === emailKey(address.toUpperCase())));
  });
});
