import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { BLOB_CONFIG } from '#libs/config';
import { contentKey } from './blob-store.ts';
import { FileBlobStore } from './file-blob-store.ts';
import { openBlobStore } from './open-blob-store.ts';
import { S3BlobStore } from './s3-blob-store.ts';

const open = (environment: Record<string, string>) =>
  openBlobStore(z.object(BLOB_CONFIG).parse(environment), {
    baseUrl: 'http://gateway',
    signingKey: Buffer.alloc(32),
  });
const S3 = {
  HEADGATE_S3_ENDPOINT: 'https://s3.example.com',
  HEADGATE_S3_BUCKET: 'values',
  HEADGATE_S3_ACCESS_KEY_ID: 'id',
  HEADGATE_S3_SECRET_ACCESS_KEY: 'secret',
};

describe('the place of large values', () => {
  it('is a directory, reached through the gateway', () => {
    const store = open({ HEADGATE_BLOB_DIR: '/blobs' });
    expect(store).toBeInstanceOf(FileBlobStore);
    expect(store.grantGet(contentKey('o1', 'a'.repeat(64)), 60)).toMatch(/^http:\/\/gateway\/blobs\/o1\//);
  });

  it('is a bucket, reached by itself, however it is named', () => {
    const inPath = open(S3);
    expect(inPath).toBeInstanceOf(S3BlobStore);
    expect(inPath.grantGet(contentKey('o1', 'a'.repeat(64)), 60)).toMatch(
      /^https:\/\/s3\.example\.com\/values\/o1\//,
    );
    const byHost = open({ ...S3, HEADGATE_S3_ADDRESSING: 'host' });
    expect(byHost.grantGet(contentKey('o1', 'a'.repeat(64)), 60)).toMatch(
      /^https:\/\/values\.s3\.example\.com\/o1\//,
    );
  });

  it.each([{}, { ...S3, HEADGATE_BLOB_DIR: '/blobs' }])('is one: %j', (environment) => {
    expect(() => open(environment)).toThrow('set either HEADGATE_BLOB_DIR or HEADGATE_S3_ENDPOINT');
  });

  it.each(['BUCKET', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'])('is no bucket without its %s', (name) => {
    const { [`HEADGATE_S3_${name}`]: _, ...rest } = S3 as Record<string, string>;
    expect(() => open(rest)).toThrow(/^With HEADGATE_S3_ENDPOINT set .*\.$/);
  });
});
