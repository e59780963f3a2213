// Goal: a folder keeps the contract of files, durably and for our user alone; a folder that is not there is never taken for an empty one.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { fileStoreContract } from '../../test/support/file-store-contract.ts';
import { localFiles } from './local.ts';
import { FilesUnavailable } from './store.ts';

describe('files in a folder', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'files-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  fileStoreContract(() => localFiles(join(folder, 'files')));

  it('a file, written, is our user’s alone and leaves nothing beside it', async () => {
    const root = join(folder, 'private');
    const id = uuidv7();
    await localFiles(root).put(`receipts/${id}`, Buffer.from('x'), 'image/png');
    const shard = join(root, 'receipts', id.slice(-2));
    assert.deepEqual(await readdir(shard), [id]);
    assert.equal((await stat(join(shard, id))).mode & 0o777, 0o600);
    assert.equal((await stat(shard)).mode & 0o777, 0o700);
  });

  it('what a crash left half written, is removed with its key', async () => {
    const root = join(folder, 'crashed');
    const id = uuidv7();
    await localFiles(root).put(`receipts/${id}`, Buffer.from('x'), 'image/png');
    const shard = join(root, 'receipts', id.slice(-2));
    await writeFile(join(shard, `${id}.part`), 'half');
    await localFiles(root).remove(`receipts/${id}`);
    assert.deepEqual(await readdir(shard), []);
  });

  it('a folder that is not there, is not taken for one without the file', async () => {
    await assert.rejects(localFiles(join(folder, 'absent')).remove(`receipts/${uuidv7()}`), FilesUnavailable);
  });

  it('a place that takes no files, says so', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    await chmod(file, 0o600);
    await assert.rejects(localFiles(file).put(`receipts/${uuidv7()}`, Buffer.from('x'), 'image/png'), FilesUnavailable);
  });
});
