// Where the database's programs and data go when its user cannot reach the project: tried with real folders and the real user.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataDir } from './fixtures/stand-ins.ts';
import { preparePostgresHome } from './postgres-home.ts';

describe('sandbox/postgres-home', () => {
  let base: string;
  let dataDirs: string[];

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'safesplitx-test-'));
    dataDirs = [];
  });

  afterEach(async () => {
    for (const dataDir of dataDirs) await removeDataDir(dataDir);
    rmSync(base, { recursive: true, force: true });
  });

  const folder = (name: string, mode: number): string => {
    mkdirSync(join(base, name));
    chmodSync(join(base, name), mode);
    const dataDir = join(base, name, 'data');
    mkdirSync(dataDir);
    dataDirs.push(dataDir);
    return dataDir;
  };

  it('a reachable folder keeps its database inside, and a second call finds it', async () => {
    const dataDir = folder('open', 0o755);
    chmodSync(base, 0o755);
    const first = await preparePostgresHome(dataDir);
    const steps: string[] = [];
    const second = await preparePostgresHome(dataDir, (text) => steps.push(text));
    assert.ok(first.dataDir.startsWith(dataDir));
    assert.deepEqual(second, first);
    assert.deepEqual(steps, []);
  });

  describe('as root', () => {
    before(function () {
      // Another user runs Postgres as itself, so there is nothing that it could not reach.
      if (process.getuid?.() !== 0) this.test?.parent?.tests.splice(0);
    });

    it('below a folder of mode 0700, programs run and data lies where the postgres user can use it', async () => {
      const dataDir = folder('private', 0o700);
      const home = await preparePostgresHome(dataDir);
      assert.ok(!home.dataDir.startsWith(base));
      const user = { uid: home.uid, gid: home.gid, cwd: '/' };
      assert.equal(spawnSync(home.postgres, ['--version'], user).status, 0);
      assert.equal(spawnSync('test', ['-w', home.dataDir], user).status, 0);
    });

    it('a folder that is moved takes its database along; one made anew gets a new database', async () => {
      const dataDir = folder('first', 0o700);
      const { dataDir: cluster, password } = await preparePostgresHome(dataDir);
      const moved = join(base, 'first', 'moved');
      renameSync(dataDir, moved);
      dataDirs.push(moved);
      const after = await preparePostgresHome(moved);
      assert.deepEqual([after.dataDir, after.password], [cluster, password]);
      mkdirSync(dataDir);
      assert.notEqual((await preparePostgresHome(dataDir)).dataDir, cluster);
    });

    it('a copy of a folder does not get at the database of the original', async () => {
      const dataDir = folder('original', 0o700);
      const { dataDir: cluster } = await preparePostgresHome(dataDir);
      const copy = join(base, 'original', 'copy');
      cpSync(dataDir, copy, { recursive: true });
      await assert.rejects(preparePostgresHome(copy), /is a copy of/);
      assert.ok(existsSync(join(cluster, 'PG_VERSION')));
    });

    it('a folder that becomes private keeps its data, which moves along', async () => {
      const dataDir = folder('changing', 0o755);
      chmodSync(base, 0o755);
      const before = await preparePostgresHome(dataDir);
      chmodSync(join(base, 'changing'), 0o700);
      const after = await preparePostgresHome(dataDir);
      assert.notEqual(after.dataDir, before.dataDir);
      assert.equal(after.password, before.password);
      assert.equal(existsSync(before.dataDir), false);
    });
  });
});
