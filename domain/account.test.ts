import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkPassword, emailKey } from './account.ts';

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

  it('email key, of a key, is the key again', () => {
    fc.assert(fc.property(fc.emailAddress(), (address) => emailKey(emailKey(address)) === emailKey(address.toUpperCase())));
  });
});
