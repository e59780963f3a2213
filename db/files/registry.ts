import { join } from 'node:path';
import type { Env } from '../../config/env.ts';
import { localFiles } from './local.ts';
import type { FileStore } from './store.ts';

type Settings = Pick<
  Env,
  'DATA_DIR' | 'S3_BUCKET' | 'S3_REGION' | 'S3_ENDPOINT' | 'S3_PATH_STYLE' | 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY'
>;

const stores = new WeakMap<Settings, Promise<FileStore>>();

/** Where this deployment keeps its files: in a bucket when one is named, else in a folder of DATA_DIR. One for each environment. */
export function fileStoreOf(env: Settings): Promise<FileStore> {
  const known = stores.get(env) ?? open(env);
  stores.set(env, known);
  return known;
}

async function open(env: Settings): Promise<FileStore> {
  if (env.S3_BUCKET === undefined) return localFiles(join(env.DATA_DIR, 'files'));
  // Amazon's SDK takes some 30 MB, which only those pay who use it.
  const { s3Files } = await import('./s3.ts');
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  return s3Files({
    bucket: env.S3_BUCKET,
    region: env.S3_REGION,
    endpoint: env.S3_ENDPOINT,
    pathStyle: env.S3_PATH_STYLE,
    credentials: accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey },
  });
}
