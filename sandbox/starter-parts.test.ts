// The starter's small parts: locks, ports, sentences, logs. Each refusal and each limit once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogFile } from './log-file.ts';
import { lockHolder, releaseLock, takeLock } from './lock.ts';
import { findFreePorts, requireFreePort } from './ports.ts';
import { identityOf, isRunning } from './processes.ts';
import { provideSecrets } from './secrets.ts';
import { choosePorts } from './settings.ts';
import { describeFailure, StartError } from './start-error.ts';
import { findTemporal, temporalInCache, temporalOnPath } from './temporal-binary.ts';

describe('sandbox, parts of the starter', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'safesplitx-test-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe('lock', () => {
    it('a free folder is taken, by whom is known, and it is given back', () => {
      assert.equal(takeLock(folder), undefined);
      assert.equal(lockHolder(folder)?.pid, process.pid);
      assert.equal(takeLock(folder)?.pid, process.pid);
      releaseLock(folder);
      assert.equal(lockHolder(folder), undefined);
    });

    it('a lock whose process is gone, or whose number has another process now, is replaced', async () => {
      const gone = spawn('true');
      const identity = { pid: gone.pid, startedAt: 'once' };
      await once(gone, 'exit');
      for (const stale of [identity, { pid: process.pid, startedAt: 'earlier' }, 'garbage', {}]) {
        writeFileSync(join(folder, 'starter.lock'), JSON.stringify(stale));
        assert.equal(takeLock(folder), undefined);
        releaseLock(folder);
      }
    });

    it('two starters at a stale lock, exactly one gets it', async () => {
      writeFileSync(join(folder, 'starter.lock'), JSON.stringify({ pid: 1, startedAt: 'before' }));
      const script = `import { takeLock } from ${JSON.stringify(new URL('lock.ts', import.meta.url).href)};
        process.stdout.write(takeLock(${JSON.stringify(folder)}) === undefined ? 'taken' : 'refused'); process.stdin.resume();`;
      const starters = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', script]));
      const answers = await Promise.all(starters.map(async ({ stdout }) => String(((await once(stdout, 'data')) as [Buffer])[0])));
      for (const starter of starters) starter.stdin.end();
      assert.deepEqual(answers.sort(), ['refused', 'refused', 'refused', 'taken']);
    });
  });

  describe('processes', () => {
    it('one that is killed, counts as running until its last thread has given the port back', async () => {
      // Threads at work and much memory make it slow to end, which a busy machine does by itself.
      const script = `for (let n = 0; n < 8; n++) require('crypto').pbkdf2('a', 'b', 1e8, 64, 'sha512', () => undefined);
        const memory = Buffer.alloc(3e8, 1);
        const server = require('net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port));`;
      for (let round = 0; round < 2; round++) {
        const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
        const port = Number(String(((await once(child.stdout, 'data')) as [Buffer])[0]));
        const identity = identityOf(child.pid ?? 0);
        assert.ok(identity);
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        // Without a pause, so that the first moment at which it counts as gone is the one that is tested.
        while (isRunning(identity));
        await requireFreePort('PORT', port);
        await exited;
      }
    });
  });

  describe('ports', () => {
    it('free ports differ from each other and nobody listens on them', async () => {
      const ports = await findFreePorts(9);
      assert.equal(new Set(ports).size, 9);
      for (const port of ports) await requireFreePort('PORT', port);
    });

    for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
      it(`a port in use on ${host} is refused with the variable's name`, async () => {
        const server = createServer().listen(0, host);
        await once(server, 'listening');
        const { port } = server.address() as { port: number };
        await assert.rejects(requireFreePort('SANDBOX_PORT', port), new RegExp(`Port ${port} \\(SANDBOX_PORT\\) is in use`));
        server.close();
      });
    }

    it('a port that is no number, out of range or given twice is refused with its variable', async () => {
      for (const value of ['abc', '0', '65535', '1.5', '-1'])
        await assert.rejects(choosePorts('known', { PORT: value }), /PORT must be a port number/);
      await assert.rejects(choosePorts('known', { PORT: '14000', SANDBOX_PORT: '14000' }), /Port 14000 is given twice \(SANDBOX_PORT\)/);
      await assert.rejects(choosePorts('known', { PORT: '14001', OPS_PORT: '14000' }), /Port 14001 is given twice/);
    });
  });

  describe('secrets', () => {
    it('the first start makes a file that only its owner reads, and the second finds it', async () => {
      const file = await provideSecrets({}, folder);
      const content = readFileSync(file, 'utf8');
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(await provideSecrets({}, folder), file);
      assert.equal(readFileSync(file, 'utf8'), content);
    });

    it('a real database needs SECRETS_FILE, and a named file must exist', async () => {
      await assert.rejects(provideSecrets({ DATABASE_URL: 'postgres://x/y' }, folder), StartError);
      await assert.rejects(provideSecrets({ SECRETS_FILE: join(folder, 'absent') }, folder), /does not exist/);
    });
  });

  describe('sentences', () => {
    for (const [code, expected] of [
      ['ENOSPC', /disk is full: \/some\/file/],
      ['EDQUOT', /quota is used up/],
      ['EACCES', /permission denied.*DATA_DIR/],
      ['EROFS', /read-only/],
      ['ENOENT', /cannot be made/],
      ['ENOTDIR', /must name a folder/],
    ] as const) {
      it(`${code} is told in a sentence with what to do`, () => {
        assert.match(describeFailure(Object.assign(new Error(code), { code, path: '/some/file' }), '/data'), expected);
      });
    }
  });

  it('a log past its size is moved aside once, and the newest lines stay readable', () => {
    const log = openLogFile(join(folder, 'x.log'), 100);
    for (let line = 0; line < 50; line += 1) log.write(`line ${line}\n`);
    assert.ok(statSync(join(folder, 'x.log')).size <= 110);
    assert.ok(statSync(join(folder, 'x.log.1')).size <= 110);
    assert.match(log.tail(1), /line 49/);
    log.close();
    log.write('after the end');
  });

  it('a process is itself until it ends, whatever its number', async () => {
    const child = spawn('cat');
    const identity = identityOf(child.pid ?? 0);
    assert.ok(identity && isRunning(identity));
    assert.equal(isRunning({ ...identity, startedAt: 'another time' }), false);
    child.stdin.end();
    await once(child, 'exit');
    assert.equal(isRunning(identity), false);
  });

  it('a temporal program on PATH is used only if it can start a dev server; then comes the cache folder', async () => {
    const fake = join(folder, 'temporal');
    writeFileSync(fake, '#!/bin/sh\necho usage\n');
    chmodSync(fake, 0o755);
    assert.equal(temporalOnPath(folder), undefined);
    writeFileSync(fake, '#!/bin/sh\necho "--db-filename string"\n');
    assert.equal(temporalOnPath(`/nonexistent:${folder}`), fake);
    assert.equal(temporalInCache(folder), undefined);
    writeFileSync(join(folder, 'temporal-1.5.1'), '', { mode: 0o755 });
    assert.equal(temporalInCache(folder), join(folder, 'temporal-1.5.1'));
    assert.ok(statSync(await findTemporal()).isFile());
  });
});
