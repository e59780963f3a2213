// Goal: a change beside a line that a mutation breaks is noticed with that change, and not only by the long run. Method: each patch is
// tried on the code as it is; nothing is written.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';
import { MUTATIONS } from './mutations.ts';

const FOLDER = join(PROJECT_ROOT, 'test', 'mutations', 'patches');

describe('patches of the mutations', () => {
  it('apply to the code as it is', () => {
    const failed = MUTATIONS.filter(({ patch }) => {
      const file = join(FOLDER, `${patch}.patch`);
      return spawnSync('git', ['apply', '--check', file], { cwd: PROJECT_ROOT }).status !== 0;
    });
    assert.deepEqual(
      failed.map(({ patch }) => patch),
      [],
    );
  });

  it('are each of a mutation, and named once', () => {
    const files = readdirSync(FOLDER).map((name) => name.replace(/\.patch$/, ''));
    assert.deepEqual(MUTATIONS.map(({ patch }) => patch).toSorted(), files.toSorted());
  });
});
