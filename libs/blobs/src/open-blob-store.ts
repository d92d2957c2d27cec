import type { BlobConfig } from '#libs/config';
import { AppStartError, SystemClock } from '#libs/kernel';
import type { BlobStore } from './blob-store.ts';
import { FileBlobStore } from './file-blob-store.ts';
import { S3BlobStore } from './s3-blob-store.ts';

/** How a process makes URLs of its own; those who only take values over make none. */
export interface OwnUrls {
  baseUrl: string;
  signingKey: Uint8Array;
}

/** The store that the environment names: a directory or a bucket. */
export function openBlobStore(
  config: BlobConfig,
  urls: OwnUrls = { baseUrl: '', signingKey: Buffer.alloc(0) },
): BlobStore {
  const clock = new SystemClock();
  const { HEADGATE_BLOB_DIR: directory, HEADGATE_S3_ENDPOINT: endpoint } = config;
  if ((directory === undefined) === (endpoint === undefined))
    throw new AppStartError(
      'Large values need one place: set either HEADGATE_BLOB_DIR or HEADGATE_S3_ENDPOINT.',
    );
  if (directory !== undefined)
    return new FileBlobStore({ directory, baseUrl: () => urls.baseUrl, signingKey: urls.signingKey, clock });
  const {
    HEADGATE_S3_BUCKET: bucket,
    HEADGATE_S3_ACCESS_KEY_ID: accessKeyId,
    HEADGATE_S3_SECRET_ACCESS_KEY: secretAccessKey,
  } = config;
  if (
    endpoint === undefined ||
    bucket === undefined ||
    accessKeyId === undefined ||
    secretAccessKey === undefined
  )
    throw new AppStartError(
      'With HEADGATE_S3_ENDPOINT set HEADGATE_S3_BUCKET, HEADGATE_S3_ACCESS_KEY_ID and HEADGATE_S3_SECRET_ACCESS_KEY too.',
    );
  return new S3BlobStore({
    endpoint,
    bucket,
    accessKeyId,
    secretAccessKey,
    region: config.HEADGATE_S3_REGION,
    addressing: config.HEADGATE_S3_ADDRESSING,
    clock,
  });
}
