// Goal: the sweep removes what is due, and a store that is away stops nothing.
import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import { type FileKey, type FileStore, FilesUnavailable } from '../../db/files/store.ts';
import { type TestDatabases, testDatabases } from '../../test/support/servers.ts';
import type { ActivityDeps } from '../edge.ts';
import { sweepFiles } from './sweep-files.ts';

describe('sweep of files', () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await testDatabases();
  });
  after(() => databases.close());

  const words: string[] = [];
  const logger = { info: (_: object, text: string) => words.push(text), warn: (_: object, text: string) => words.push(text) };
  const sweep = (remove: FileStore['remove']): Promise<void> =>
    sweepFiles({ db: databases.expense, logger } as unknown as ActivityDeps, { remove } as FileStore);
  const left = async (): Promise<number> => (await databases.expense.pool.query('select 1 from expense.file_removal')).rowCount ?? 0;

  it('files that are due, are removed, and others left', async () => {
    const [due, young] = [`receipts/${uuidv7()}`, `receipts/${uuidv7()}`];
    await databases.expense.pool.query(
      `insert into expense.file_removal (key, due_at) values ($1, now()), ($2, now() + interval '1 hour')`,
      [due, young],
    );
    await sweep(() => Promise.reject(new FilesUnavailable('removed', 'a test')));
    assert.equal(await left(), 2);
    const removed: FileKey[] = [];
    await sweep((key) => Promise.resolve(void removed.push(key)));
    assert.deepEqual([removed, await left(), words], [[due], 1, ['files not removed yet', 'files removed']]);
    await assert.rejects(async () => {
      await databases.expense.pool.query('update expense.file_removal set due_at = now()');
      await sweep(() => Promise.reject(new TypeError('a mistake')));
    }, TypeError);
  });
});
