// Goal: a ZIP put together from its parts is one that others read. Method: a reader of another maker, over deflated and stored files.
import assert from 'node:assert/strict';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { unzip } from '../../test/support/unzip.ts';
import { zipDirectoryLine, zipEnd, type ZipEntry, zipHeader, zipSizes } from './zip.ts';

describe('zip', () => {
  it('deflated in pieces and stored, each is read as it was', async () => {
    const when = new Date('2026-11-28T23:59:59.999Z');
    const pieces = ['one ', '', 'two '.repeat(1_000), ''].map((text) => Buffer.from(text));
    const data = Buffer.concat(pieces);
    const deflated = Buffer.concat([
      ...pieces.map((piece) => deflateRawSync(piece, { finishFlush: constants.Z_SYNC_FLUSH })),
      deflateRawSync(Buffer.alloc(0)),
    ]);
    const crc = pieces.reduce((sum, piece) => crc32(piece, sum), 0);
    const first: ZipEntry = { name: 'data.csv', at: 0, crc, size: data.length, stored: deflated.length, deflated: true };
    const front = Buffer.concat([zipHeader(first, when), deflated, zipSizes(first)]);
    const picture = Buffer.from([0, 1, 2, 255]);
    const second: ZipEntry = { name: 'receipts/x.png', at: front.length, crc: crc32(picture), size: 4, stored: 4, deflated: false };
    const files = Buffer.concat([front, zipHeader(second, when), picture]);
    const directory = Buffer.concat([first, second].map((entry) => zipDirectoryLine(entry, when)));
    const zip = Buffer.concat([files, directory, zipEnd({ entries: 2, bytes: directory.length, at: files.length })]);
    const read = await unzip(zip);
    assert.deepEqual([...read.keys()], ['data.csv', 'receipts/x.png']);
    assert.ok(read.get('data.csv')!.equals(data));
    assert.ok(read.get('receipts/x.png')!.equals(picture));
  });

  it('a name that is not ASCII, is refused', () => {
    assert.throws(() => zipHeader({ name: 'é', crc: 0, size: 0, stored: 0, deflated: false }, new Date(0)));
  });
});
