import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { v7 as uuidv7 } from 'uuid';
import { type FileKey, type FileStore } from '../../db/files/store.ts';

/** What every place that keeps files has to do. @param storeOf called once everything it needs is there. */
export function fileStoreContract(storeOf: () => FileStore): void {
  const newKey = (): FileKey => `receipts/${uuidv7()}`;

  it('a file, written, is read back byte for byte, as often as it is asked for', async () => {
    const key = newKey();
    const bytes = randomBytes(300_001);
    await storeOf().put(key, bytes, 'image/png');
    for (let n = 0; n < 2; n++) {
      const found = await storeOf().get(key);
      assert.equal(found?.bytes, bytes.length);
      assert.ok((await buffer(found!.stream)).equals(bytes));
    }
  });

  it('a file of ten mebibytes or of one byte, is kept', async () => {
    for (const size of [1, 10 * 1_048_576]) {
      const key = newKey();
      const bytes = randomBytes(size);
      await storeOf().put(key, bytes, 'application/pdf');
      assert.ok((await buffer((await storeOf().get(key))!.stream)).equals(bytes), `${size}`);
    }
  });

  it('a key without a file, is null to read and harmless to remove', async () => {
    await storeOf().put(newKey(), Buffer.from('another'), 'image/png');
    const key = newKey();
    assert.equal(await storeOf().get(key), null);
    await storeOf().remove(key);
  });

  it('a file removed, also twice, is gone, and no other with it', async () => {
    const [key, other] = [newKey(), newKey()];
    await Promise.all([key, other].map((one) => storeOf().put(one, Buffer.from(one), 'image/png')));
    await storeOf().remove(key);
    await storeOf().remove(key);
    assert.equal(await storeOf().get(key), null);
    assert.equal((await buffer((await storeOf().get(other))!.stream)).toString(), other);
  });

  it('a stream that nobody reads to its end, can be let go of', async () => {
    const key = newKey();
    await storeOf().put(key, randomBytes(2_000_000), 'image/png');
    const found = await storeOf().get(key);
    found!.stream.destroy();
    assert.ok((await storeOf().get(key)) !== null);
  });

  it('many at once, each under its own key, are kept apart', async () => {
    const keys = Array.from({ length: 20 }, newKey);
    await Promise.all(keys.map((key) => storeOf().put(key, Buffer.from(key), 'image/png')));
    const read = await Promise.all(keys.map(async (key) => (await buffer((await storeOf().get(key))!.stream)).toString()));
    assert.deepEqual(read, keys);
  });

  it('what is no key, is never made a path', async () => {
    for (const key of ['receipts/../../etc/passwd', 'receipts/x', 'other/019f2c6e-0000-7000-8000-000000000000', ''] as FileKey[]) {
      await assert.rejects(storeOf().get(key), Error, key);
      await assert.rejects(storeOf().remove(key), Error, key);
      await assert.rejects(storeOf().put(key, Buffer.from('x'), 'image/png'), Error, key);
    }
  });
}
