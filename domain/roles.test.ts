import assert from 'node:assert/strict';
import { mayActFor, mayAddExpense, mayGrantRole, mayManageGroup, mayOwnGroup, mayRemoveMember, roleAtLeast, ROLES } from './roles.ts';

describe('roles', () => {
  it('each role is at least itself and all below', () => {
    for (const [place, role] of ROLES.entries()) {
      assert.deepEqual(
        ROLES.filter((least) => roleAtLeast(role, least)),
        ROLES.slice(place),
      );
    }
  });

  it('expenses: who may add', () => {
    assert.deepEqual(
      ROLES.filter((role) => mayAddExpense(role)),
      ['owner', 'admin', 'editor', 'contributor'],
    );
    assert.deepEqual(
      ROLES.filter((role) => mayAddExpense(role, 'admin')),
      ['owner', 'admin'],
    );
    assert.ok(!mayAddExpense('viewer', 'viewer'));
  });

  it('the group: who may manage and own it', () => {
    assert.deepEqual(ROLES.filter(mayManageGroup), ['owner', 'admin']);
    assert.deepEqual(ROLES.filter(mayOwnGroup), ['owner']);
  });

  it('acting for another: only an admin, only for one without an account', () => {
    assert.deepEqual(
      ROLES.filter((role) => mayActFor({ role, isSelf: false, hasAccount: false })),
      ['owner', 'admin'],
    );
    assert.deepEqual(
      ROLES.filter((role) => mayActFor({ role, isSelf: false, hasAccount: true })),
      [],
    );
    assert.deepEqual(
      ROLES.filter((role) => mayActFor({ role, isSelf: true, hasAccount: true })),
      [...ROLES],
    );
  });

  it('granting: every actor, present role and granted role', () => {
    const below = ['editor', 'contributor', 'viewer'];
    for (const actor of ROLES) {
      for (const present of [...ROLES, undefined]) {
        for (const granted of ROLES) {
          const outcome = mayGrantRole({ actor, present, granted });
          const grantable = actor === 'owner' ? ['admin', ...below] : actor === 'admin' ? below : [];
          assert.equal(outcome.ok, grantable.includes(granted) && (present === undefined || grantable.includes(present)));
        }
      }
    }
    const handover = mayGrantRole({ actor: 'owner', present: 'admin', granted: 'owner' });
    assert.equal(handover.ok ? '' : handover.refusal.code, 'owner_by_transfer');
  });

  it('removing: nobody removes the owner, only the owner removes an admin', () => {
    const removable = (actor: (typeof ROLES)[number]): string[] => ROLES.filter((present) => mayRemoveMember({ actor, present }).ok);
    assert.deepEqual(ROLES.map(removable), [['admin', 'editor', 'contributor', 'viewer'], ['editor', 'contributor', 'viewer'], [], [], []]);
  });
});
