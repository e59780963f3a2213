// Goal: a standing lets in whom it names and nobody else, and says so in words.
import assert from 'node:assert/strict';
import { type Role, ROLES } from './roles.ts';
import { describeStanding, hasStanding, leastRoleOf, type StandingName, STANDINGS } from './standing.ts';

const rolesWith = (name: StandingName, isA: boolean): Role[] => ROLES.filter((role) => hasStanding(STANDINGS[name], role, () => isA));

describe('standings', () => {
  it('a role, is had by it and the stronger ones, whatever they are to the thing', () => {
    for (const [place, least] of ROLES.entries()) {
      for (const isA of [false, true]) assert.deepEqual(rolesWith(least, isA), ROLES.slice(0, place + 1));
      assert.equal(leastRoleOf(least), least);
    }
  });

  it('an expense, is edited by editors, and by contributors who recorded it', () => {
    assert.deepEqual(rolesWith('editor or creator', false), ['owner', 'admin', 'editor']);
    assert.deepEqual(rolesWith('editor or creator', true), ['owner', 'admin', 'editor', 'contributor']);
  });

  it('a party, is nobody by role alone', () => {
    for (const name of ['payer', 'receiver', 'payer or receiver', 'approver'] as const) {
      assert.deepEqual(rolesWith(name, false), []);
      assert.deepEqual(rolesWith(name, true), ROLES);
    }
  });

  it('a relation that the standing does not name, is worth nothing', () => {
    assert.equal(
      hasStanding(STANDINGS.payer, 'viewer', (relation) => relation === 'receiver'),
      false,
    );
    assert.equal(
      hasStanding(STANDINGS['editor or maker'], 'viewer', (relation) => relation === 'debtor'),
      false,
    );
    assert.equal(
      hasStanding(STANDINGS['editor, maker or debtor'], 'viewer', (relation) => relation === 'debtor'),
      true,
    );
  });

  it('recording, can be raised by the group and is never a viewer\u2019s', () => {
    const recorders = (whoMayAdd?: Role): Role[] => ROLES.filter((role) => hasStanding(STANDINGS.recorder, role, undefined, whoMayAdd));
    assert.deepEqual(recorders(), ['owner', 'admin', 'editor', 'contributor']);
    assert.deepEqual(recorders('admin'), ['owner', 'admin']);
    assert.deepEqual(recorders('viewer'), ['owner', 'admin', 'editor', 'contributor']);
  });

  it('more than a role, has no least role', () => {
    for (const name of ['recorder', 'editor or creator', 'payer'] as const) assert.throws(() => leastRoleOf(name), /more than a role/);
  });

  it('in words, names the role, the relation and who stands in', () => {
    assert.equal(describeStanding('admin'), 'Needs at least the role `admin` in the group.');
    assert.match(
      describeStanding('editor or creator'),
      /`editor` in the group, or being its creator with at least the role `contributor`\.$/,
    );
    assert.match(describeStanding('recorder'), /`policy.whoMayAdd`/);
    assert.match(describeStanding('approver'), /^Needs being its approver\. An owner or admin acts/);
  });
});
