// Goal: keys are rotated while processes run, and a slip costs nobody their session. Method: the command as a child over a file
// that is watched here as the API watches it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../test/support/until.ts';
import { createLogger } from './logger.ts';
import { rotateKeysOf } from './rotate-keys.ts';
import { generateSecrets, readSecrets, type Secrets } from './secrets.ts';
import { watchSigningKeys } from './secrets-watch.ts';
import { accessTokenSigner } from './tokens.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('rotate-keys.ts', import.meta.url));
/** The file is looked at every second. */
const SEEN_WITHIN_MS = 2_500;

describe('rotation of signing keys', function () {
  this.timeout(20_000);
  let folder: string;
  let file: string;
  let secrets: Secrets;
  let endWatch: (() => void) | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'safesplitx-keys-'));
    file = join(folder, 'secrets.json');
    await writeFile(file, JSON.stringify({ ...generateSecrets(), note: 'kept' }), { mode: 0o600 });
    secrets = readSecrets(file);
  });
  afterEach(async () => {
    endWatch?.();
    endWatch = undefined;
    await rm(folder, { recursive: true });
  });

  const kids = (of: Secrets): string[] => of.signingKeys.map(({ kid }) => kid);
  const watch = (): void => {
    endWatch = watchSigningKeys(file, secrets, createLogger('test', 'silent'));
  };

  it('by the command, reaches a process that runs, within its next look', async () => {
    watch();
    const [former] = kids(secrets);
    const { stdout } = await run(process.execPath, [COMMAND, file]);
    await until('the keys are taken over', () => Promise.resolve(secrets.signingKeys.length === 2), SEEN_WITHIN_MS);
    assert.equal(kids(secrets)[1], former);
    assert.ok(stdout.includes(kids(secrets).join(', ')));
    assert.doesNotMatch(stdout, new RegExp(secrets.signingKeys[0]!.d), 'the private half is not printed');
  });

  it('by the command with --drop-old, leaves the new key alone', async () => {
    watch();
    const [former] = kids(secrets);
    await run(process.execPath, [COMMAND, file, '--drop-old']);
    await until('the keys are taken over', () => Promise.resolve(kids(secrets)[0] !== former), SEEN_WITHIN_MS);
    assert.equal(secrets.signingKeys.length, 1);
    const header = JSON.parse(
      Buffer.from((await accessTokenSigner(secrets)({ userId: 'u', sessionId: 's' })).split('.')[0]!, 'base64url').toString(),
    ) as { kid: string };
    assert.equal(header.kid, kids(secrets)[0]);
  });

  it('by the command without a file, or with one that is none, changes nothing and says why', async () => {
    for (const [args, code] of [
      [[], 2],
      [[file, file], 2],
      [[join(folder, 'nothing.json')], 1],
    ] as const)
      await assert.rejects(run(process.execPath, [COMMAND, ...args]), (error: { code?: number; stderr?: string }) => {
        assert.equal(error.code, code);
        assert.match(error.stderr ?? '', /Usage|ENOENT/);
        return true;
      });
    assert.deepEqual(kids(readSecrets(file)), kids(secrets));
  });

  it('keeps the other secrets, unknown fields and the mode, and leaves no draft', async () => {
    await chmod(file, 0o640);
    const before = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await rotateKeysOf(file, new Date());
    const after = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    for (const name of Object.keys(before).filter((one) => one !== 'signingKeys')) assert.deepEqual(after[name], before[name], name);
    assert.equal((await stat(file)).mode & 0o777, 0o640);
    assert.ok(!existsSync(`${file}.rotating`));
  });

  it('through a link, replaces the file and not the link', async () => {
    const link = join(folder, 'link.json');
    await symlink(file, link);
    await rotateKeysOf(link, new Date());
    assert.deepEqual([readSecrets(file).signingKeys.length, readSecrets(link).signingKeys.length], [2, 2]);
  });

  it('two at once, one is refused and the file stays whole', async () => {
    const ends = await Promise.allSettled([rotateKeysOf(file, new Date()), rotateKeysOf(file, new Date())]);
    const done = ends.filter(({ status }) => status === 'fulfilled').length;
    assert.ok(done >= 1);
    assert.equal(readSecrets(file).signingKeys.length, 1 + done);
  });

  it('of a file that is broken, is refused and leaves no draft', async () => {
    await writeFile(file, '{"signingKeys":[');
    await assert.rejects(rotateKeysOf(file, new Date()));
    assert.equal(await readFile(file, 'utf8'), '{"signingKeys":[');
    assert.ok(!existsSync(`${file}.rotating`));
  });

  it('a file that breaks while it is watched, changes no keys, and is taken over once it is whole', async () => {
    const good = await readFile(file, 'utf8');
    const before = kids(secrets);
    await writeFile(file, '{"signingKeys":[');
    watch();
    assert.deepEqual(kids(secrets), before);
    await writeFile(file, good);
    await rotateKeysOf(file, new Date());
    await until('the keys are taken over', () => Promise.resolve(secrets.signingKeys.length === 2), SEEN_WITHIN_MS);
  });

  it('what changed between the reading and the watch, is seen', async () => {
    await rotateKeysOf(file, new Date());
    watch();
    assert.equal(secrets.signingKeys.length, 2);
  });
});
