// Goal: a bucket keeps the same contract as a folder, against a real server; and tells a store that is away from a file that is not there.
import assert from 'node:assert/strict';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { v7 as uuidv7 } from 'uuid';
import { readEnv } from '../../../config/env.ts';
import { fileStoreOf } from '../../../db/files/registry.ts';
import { type FileStore, FilesUnavailable } from '../../../db/files/store.ts';
import { findFreePorts } from '../../../sandbox/ports.ts';
import { startApi } from '../../support/api.ts';
import { createGroup, refusalOf } from '../../support/groups.ts';
import { fileStoreContract } from '../../support/file-store-contract.ts';
import { formOf, ONE_PIXEL } from '../../support/pictures.ts';
import { testDatabaseUrl } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { type Program, startProgram } from '../support/programs.ts';

const BUCKET = 'receipts-of-a-test';

describe('files in a bucket', function () {
  this.timeout(120_000);
  let server: Program;
  let settings: Record<string, string>;
  let store: FileStore;
  let client: S3Client;

  before(async () => {
    const [port = 0] = await findFreePorts(1);
    server = startProgram([process.env['MOTO_SERVER'] || 'moto_server', '-H', '127.0.0.1', '-p', String(port)]);
    const endpoint = `http://127.0.0.1:${port}`;
    settings = {
      S3_BUCKET: BUCKET,
      S3_ENDPOINT: endpoint,
      S3_PATH_STYLE: 'true',
      S3_REGION: 'eu-central-1',
      S3_ACCESS_KEY_ID: 'test',
      S3_SECRET_ACCESS_KEY: 'test-secret',
    };
    client = new S3Client({
      endpoint,
      region: 'eu-central-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test-secret' },
    });
    await until('the server answers', () =>
      client.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } })).then(
        () => true,
        () => null,
      ),
    );
    store = await fileStoreOf(readEnv(settings));
  });
  after(async () => {
    client.destroy();
    await server.stop();
  });

  fileStoreContract(() => store);

  it('a bucket that is not there, is no file that is not there', async () => {
    const other = await fileStoreOf(readEnv({ ...settings, S3_BUCKET: 'nobody-made-this' }));
    const key = `receipts/${uuidv7()}` as const;
    await assert.rejects(other.get(key), FilesUnavailable);
    await assert.rejects(other.put(key, Buffer.from('x'), 'image/png'), FilesUnavailable);
    await assert.rejects(other.remove(key), FilesUnavailable);
  });

  it('a server that is away, is said so within the time of a request', async () => {
    const [closed = 0] = await findFreePorts(1);
    const away = await fileStoreOf(readEnv({ ...settings, S3_ENDPOINT: `http://127.0.0.1:${closed}` }));
    const began = Date.now();
    await assert.rejects(away.get(`receipts/${uuidv7()}`), FilesUnavailable);
    assert.ok(Date.now() - began < 20_000);
  });

  it('a receipt, through the API, is an object of the bucket with its type, and none once it is removed', async () => {
    const api = await startApi(await testDatabaseUrl());
    Object.assign(api.deps, { files: store });
    try {
      const ana = await api.user('Ana');
      const group = await createGroup(ana);
      const expense = await ana.call('POST', `/v1/groups/${group.id}/expenses`, {
        description: 'Dinner',
        date: '2026-11-20',
        total: { amount: '10.00', currency: 'EUR' },
        payers: [{ memberId: group.myMemberId, amount: '10.00' }],
        split: { method: 'equal', among: [group.myMemberId] },
      });
      const made = await ana.call('POST', `/v1/expenses/${expense.body.id}/receipts`, formOf(ONE_PIXEL));
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const file = await ana.call('GET', `/v1/receipts/${made.body.id}`);
      assert.deepEqual([file.headers.get('content-type'), file.body.length], ['image/png', made.body.bytes]);
      const objects = async (): Promise<boolean> => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'receipts/' }));
        return Contents.some(({ Key }) => Key === `receipts/${made.body.id}`);
      };
      assert.equal(await objects(), true);
      assert.equal((await ana.call('DELETE', `/v1/receipts/${made.body.id}`)).status, 204);
      await until('the object is gone', async () => !(await objects()));
      assert.deepEqual(refusalOf(await ana.call('GET', `/v1/receipts/${made.body.id}`)), [404, 'not_found']);
    } finally {
      await api.stop();
    }
  });
});
