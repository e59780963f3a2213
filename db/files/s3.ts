import type { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { fileKey, type FileStore, FilesUnavailable } from './store.ts';

/** How a bucket is reached. */
export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** Base URL of a server other than Amazon's. */
  readonly endpoint?: string | undefined;
  /** The bucket's name stands in the path and not in the host's name. */
  readonly pathStyle: boolean;
  /** Without them the SDK looks where it always does: environment, profile, role of the machine. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/** A connection that is not made in this time is not made, in milliseconds. */
const CONNECT_MS = 3_000;
/** Time for one request, and silence after which an answer is given up, in milliseconds; a request of ours has 30 s. */
const SILENCE_MS = 8_000;
/** Tries of one call; the SDK waits longer before each. */
const TRIES = 3;

/** Keeps files in a bucket of an S3-compatible store. */
export function s3Files(settings: S3Settings): FileStore {
  const { bucket: Bucket, region, endpoint, pathStyle, credentials } = settings;
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    maxAttempts: TRIES,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: SILENCE_MS,
      throwOnRequestTimeout: true,
      socketTimeout: SILENCE_MS,
    },
    // Not every compatible server knows the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  return {
    async put(key, bytes, contentType) {
      try {
        await client.send(new PutObjectCommand({ Bucket, Key: fileKey(key), Body: bytes, ContentType: contentType }));
      } catch (error) {
        throw new FilesUnavailable('written', error);
      }
    },
    async get(key) {
      try {
        const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket, Key: fileKey(key) }));
        if (Body === undefined || ContentLength === undefined) throw new Error('an object without body or length');
        return { stream: Body as Readable, bytes: ContentLength };
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw new FilesUnavailable('read', error);
      }
    },
    async remove(key) {
      try {
        await client.send(new DeleteObjectCommand({ Bucket, Key: fileKey(key) }));
      } catch (error) {
        throw new FilesUnavailable('removed', error);
      }
    },
  };
}
