import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { putUrl } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import { Clock } from '#libs/kernel';
import { StubS3, until } from '#libs/testing';
import { BlobMismatchError, contentKey, stagingPrefix } from './blob-store.ts';
import { S3BlobStore, type S3BlobStoreOptions } from './s3-blob-store.ts';

class SetClock extends Clock {
  constructor(public atMs: number) {
    super();
  }
  override now(): Date {
    return new Date(this.atMs);
  }
}

const START_MS = Date.UTC(2026, 10, 21);
const LOGIN = { region: 'eu-1', bucket: 'blobs', accessKeyId: 'access', secretAccessKey: 's3cret-of-s3' };
const CONTENT = Buffer.from('some content');
const HASH = contentHash(CONTENT);
const ANNOUNCED = { hash: HASH, size: CONTENT.length };
const STAGED = `${stagingPrefix('r1', 1)}/0`;

let clock: SetClock;
let s3: StubS3;
let store: S3BlobStore;
const storeWith = (options: Partial<S3BlobStoreOptions> = {}) =>
  new S3BlobStore({ ...LOGIN, endpoint: s3.url, addressing: 'path', clock, ...options });
beforeEach(async () => {
  clock = new SetClock(START_MS);
  s3 = await StubS3.start({ ...LOGIN, now: () => clock.now() });
  store = storeWith();
});
afterEach(() => s3.stop());

const put = (url: string | undefined, body = CONTENT) =>
  fetch(url ?? '', { method: 'PUT', body: Uint8Array.from(body) });

describe('putting content in S3', () => {
  it('replaces nothing that is there', async () => {
    await store.put('o1', CONTENT);
    const stored = s3.objects.get(`o1/${HASH}`);
    await store.put('o1', CONTENT);
    expect(s3.objects.get(`o1/${HASH}`)).toBe(stored);
  });

  it.each([
    ['knows no conditions', { status: 501, code: 'NotImplemented' }],
    ['says that another is putting it now', { status: 409, code: 'ConditionalRequestConflict' }],
  ])('puts it without a condition where the store %s', async (_what, failure) => {
    s3.failure = (_method, _key, { headers }) => (headers['if-none-match'] ? failure : undefined);
    expect(await store.put('o1', CONTENT)).toEqual(ANNOUNCED);
    expect(s3.objects.get(`o1/${HASH}`)).toEqual(CONTENT);
  });
});

describe('promoting an upload in S3', () => {
  beforeEach(() => {
    s3.objects.set(STAGED, CONTENT);
  });
  const promote = () => store.promote('o1', STAGED, ANNOUNCED);

  it('takes nothing that was put in its place after it was measured', async () => {
    s3.failure = (_method, _key, { headers }) => {
      if (headers['x-amz-copy-source']) s3.objects.set(STAGED, Buffer.from('some CONTENT'));
      return undefined;
    };
    await expect(promote()).rejects.toBeInstanceOf(BlobMismatchError);
    expect([...s3.objects.keys()]).toEqual([STAGED]);
  });

  it('reads no further than what was announced', async () => {
    s3.objects.set(STAGED, Buffer.alloc(32 * 1_024 * 1_024));
    await expect(promote()).rejects.toBeInstanceOf(BlobMismatchError);
    await until('the rest of it is not sent', () => s3.aborted === 1);
  });

  it('is done when another recorder was faster', async () => {
    s3.failure = (_method, key, { headers }) => {
      if (!headers['x-amz-copy-source']) return undefined;
      s3.objects.delete(STAGED);
      s3.objects.set(key, CONTENT);
      return undefined;
    };
    await promote();
    expect([...s3.objects.keys()]).toEqual([`o1/${HASH}`]);
  });

  it('can be done again when it broke off before the upload was removed', async () => {
    s3.failure = (method) => (method === 'DELETE' ? { status: 500, code: 'InternalError' } : undefined);
    await expect(promote()).rejects.toThrow('the blob store answered 500 InternalError');
    expect([...s3.objects.keys()].toSorted()).toEqual([`o1/${HASH}`, STAGED]);
    s3.failure = () => undefined;
    await promote();
    expect([...s3.objects.keys()]).toEqual([`o1/${HASH}`]);
  });

  it.each([
    ['is overloaded', () => true, { status: 503, code: 'SlowDown' }],
    ['lets it read nothing', () => true, { status: 403, code: 'AccessDenied' }],
    ['has lost the bucket', () => true, { status: 404, code: 'NoSuchBucket' }],
    ['cannot copy', (method: string) => method === 'PUT', { status: 503, code: 'SlowDown' }],
    ['fails late in a copy', (method: string) => method === 'PUT', { status: 200, code: 'InternalError' }],
  ])('blames nobody and keeps the upload where the store %s', async (_what, fails, failure) => {
    s3.failure = (method) => (fails(method) ? failure : undefined);
    const error = await promote().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(BlobMismatchError);
    expect([...s3.objects.keys()]).toEqual([STAGED]);
  });

  it('blames nobody where the store cannot be reached', async () => {
    const nowhere = storeWith({ endpoint: 'http://127.0.0.1:1' });
    const promoted = nowhere.promote('o1', STAGED, ANNOUNCED);
    await expect(promoted).rejects.toThrow('fetch failed');
  });
});

it('never shows its secret in what it throws', async () => {
  const stranger = storeWith({ secretAccessKey: 'n0t-the-secret' });
  const refused = await stranger.get(contentKey('o1', HASH)).catch((cause: unknown) => cause);
  expect(String(refused)).toBe('Error: the blob store answered 403 SignatureDoesNotMatch');
});

it('leaves old uploads to the rule of the bucket', async () => {
  s3.objects.set(STAGED, CONTENT);
  await store.clearUploads();
  expect(s3.requests).toEqual([]);
});

describe('a grant of S3', () => {
  it('to fetch holds for its content and as long as is asked', async () => {
    await store.put('o1', CONTENT);
    const url = store.grantGet(contentKey('o1', HASH), 90);
    clock.atMs += 89_000;
    const answer = await fetch(url);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(CONTENT);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(url.replace('/o1/', '/o2/'))).status).toBe(403);
    clock.atMs += 1_000;
    expect((await fetch(url)).status).toBe(403);
  });

  it('holds for no longer than S3 allows', async () => {
    await store.put('o1', CONTENT);
    expect((await fetch(store.grantGet(contentKey('o1', HASH), 8 * 86_400))).status).toBe(200);
  });

  it('to upload holds for each number of the attempt, and for no other place', async () => {
    const grant = store.grantPut(stagingPrefix('r1', 1), 8_000, 60);
    expect(grant.maxBytes).toBe(8_000);
    for (const i of [0, 1, 255]) expect((await put(putUrl(grant, i))).status).toBe(200);
    expect([...s3.objects.keys()]).toEqual([0, 1, 255].map((i) => `staging/r1/1/${i}`));
    expect(putUrl(grant, 256)).toBeUndefined();
    expect((await put(putUrl(grant, 2)?.replace('/r1/1/', '/r1/2/'))).status).toBe(403);
    expect((await put(putUrl(grant, 2)?.replace('/1/2?', '/1/3?'))).status).toBe(403);
    clock.atMs += 60_000;
    expect((await put(putUrl(grant, 2))).status).toBe(403);
  });

  it('to upload keeps an assignment small', () => {
    const grant = store.grantPut(stagingPrefix('0'.repeat(36), 1), 8_000, 60);
    expect(JSON.stringify(grant).length).toBeLessThan(20_000);
  });

  it('has the bucket before the host, or in a folder of it, where that is its address', async () => {
    s3.objects.set(`o1/${HASH}`, CONTENT);
    const endpoint = s3.url.replace('127.0.0.1', 'localhost');
    const url = storeWith({ endpoint, addressing: 'host' }).grantGet(contentKey('o1', HASH), 60);
    const { host, hostname, port, pathname, search } = new URL(url);
    expect([hostname, pathname]).toEqual(['blobs.localhost', `/o1/${HASH}`]);
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        path: pathname + search,
        headers: { host },
      };
      request(options, (response) => resolve(buffer(response)))
        .once('error', reject)
        .end();
    });
    expect(answer).toEqual(CONTENT);
    const inFolder = storeWith({ endpoint: 'https://host/s3/' }).grantGet(contentKey('o1', HASH), 60);
    expect(inFolder).toContain(`https://host/s3/blobs/o1/${HASH}?`);
  });
});
