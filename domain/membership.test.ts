import assert from 'node:assert/strict';
import { checkGrant, invitationState } from './membership.ts';
import { ROLES } from './roles.ts';

describe('membership rules', () => {
  it('grant, every role by every role, is given up to the own one and never owner', () => {
    const table = ROLES.map((giver) => ROLES.filter((role) => checkGrant(giver, role).ok).join());
    assert.deepEqual(table, [
      'admin,editor,contributor,viewer',
      'admin,editor,contributor,viewer',
      'editor,contributor,viewer',
      'contributor,viewer',
      'viewer',
    ]);
  });

  it('invitation, at its limits, is open until the last use and the last moment', () => {
    const at = (uses: number, ms: number, revoked = false): string =>
      invitationState({ uses, maxUses: 2, revoked, expiresAt: new Date(1_000) }, new Date(ms));
    assert.deepEqual(
      [at(1, 999), at(1, 1_000), at(2, 999), at(2, 1_000), at(2, 1_000, true)],
      ['open', 'expired', 'used_up', 'used_up', 'revoked'],
    );
  });
});
