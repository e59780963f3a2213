// Goal: reading a file, whatever it holds and whatever becomes of the process that reads it, harms nobody else and gives what reading
// it here would give. Method: real files through real processes, with small limits.
import assert from 'node:assert/strict';
import { until } from '../../../test/support/until.ts';
import { type OpenFile, READ_HERE_BYTES_MAX, READ_LIMITS, type ReadLimits, withFile } from './open-file.ts';
import { type FileSettings, readFile } from './read-file.ts';

const SETTINGS: FileSettings = { asked: 'auto', groupCurrency: 'EUR', names: [], timeZone: 'Europe/Berlin', isKnownGood: false };
const HEAD = 'Date,Description,Category,Cost,Currency,Ana,Ben\n';
const ROW = '2026-01-03,Bread,Groceries,10.00,EUR,5.00,-5.00\n';
const LARGE = Buffer.from(`${HEAD}${ROW.repeat(6_000)}2026-01-03,,Groceries,10.00,EUR,5.00,-5.00\n`);
/** Deep in arrays that hold nothing: many times its size once it is parsed. */
const BOMB = Buffer.from(`[${'[],'.repeat(1_000_000)}[]]`);

async function* inSlices(bytes: Buffer): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

function open<T>(bytes: Buffer, work: (file: OpenFile) => Promise<T>, limits?: Partial<ReadLimits>): Promise<T> {
  return withFile({ bytes: bytes.length, content: inSlices(bytes), settings: SETTINGS }, work, { ...READ_LIMITS, ...limits });
}

function runs(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('files of imports', function () {
  this.timeout(60_000);

  it('large file, is read by a process of its own as it would be read here, and the process ends with the work', async () => {
    assert.ok(LARGE.length > READ_HERE_BYTES_MAX);
    const { head, rows } = readFile(LARGE, SETTINGS);
    const pid = await open(LARGE, async (file) => {
      assert.ok(runs(file.pid));
      assert.deepEqual(file.head, head);
      assert.deepEqual(await file.rows(5_990, 500), rows.slice(5_990));
      assert.deepEqual(await file.rows(0, 2), rows.slice(0, 2));
      assert.deepEqual(await file.rows(6_000, 1), []);
      return file.pid;
    });
    assert.equal(runs(pid), false);
  });

  it('small file, is read here', async () => {
    const small = LARGE.subarray(0, LARGE.indexOf('\n', 1_000) + 1);
    const read = readFile(small, SETTINGS);
    await open(small, async (file) => {
      assert.equal(file.pid, null);
      assert.deepEqual(file.head, read.head);
      assert.deepEqual(await file.rows(3, 4), read.rows.slice(3, 7));
    });
  });

  for (const [what, bytes, limits] of [
    ['memory', BOMB, { heapMb: 20 }],
    ['time', LARGE, { readMs: 1 }],
  ] as const) {
    it(`file that takes more ${what} than it may, is refused as a whole, and this process goes on`, async () => {
      const { head } = await open(bytes, async (file) => file, limits);
      assert.ok(!head.ok);
      assert.deepEqual(
        head.problems.map(({ row, code }) => [row, code]),
        [[0, 'file_too_large']],
      );
    });
  }

  it('process that is killed, fails the work that asks it, for somebody to try again', async () => {
    const failed = open(LARGE, async (file) => {
      process.kill(file.pid ?? 0, 'SIGKILL');
      return file.rows(0, 1);
    });
    await assert.rejects(failed, /ended with SIGKILL/);
    assert.equal((await open(LARGE, async (file) => file.rows(0, 1))).length, 1);
  });

  it('source that breaks off, is what is told, and no half of a file is read', async () => {
    async function* broken(): AsyncGenerator<Buffer, void> {
      yield LARGE.subarray(0, 300_000);
      throw new Error('the database is gone');
    }
    const work = withFile({ bytes: LARGE.length, content: broken(), settings: SETTINGS }, async () => assert.fail('it was read'));
    await assert.rejects(work, /the database is gone/);
  });

  it('third large file, waits until one of two is closed, and is not touched before', async () => {
    const release: (() => void)[] = [];
    const touched: number[] = [];
    let open = 0;
    async function* watched(number: number): AsyncGenerator<Buffer, void> {
      touched.push(number);
      yield* inSlices(LARGE);
    }
    const works = [1, 2, 3].map((number) =>
      withFile({ bytes: LARGE.length, content: watched(number), settings: SETTINGS }, async () => {
        open += 1;
        await new Promise<void>((resolve) => release.push(resolve));
      }),
    );
    await until('two are open', async () => open === 2);
    assert.deepEqual(touched, [1, 2]);
    release[0]?.();
    await until('the third is open', async () => open === 3);
    for (const one of release) one();
    await Promise.all(works);
  });
});
