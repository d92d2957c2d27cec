import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { putUrl } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import { SystemClock } from '#libs/kernel';
import { StubS3 } from '#libs/testing';
import { assignmentKey, BlobMismatchError, type BlobStore, contentKey } from './blob-store.ts';
import { FileBlobStore } from './file-blob-store.ts';
import { S3BlobStore } from './s3-blob-store.ts';

interface Opened {
  store: BlobStore;
  keys(): Promise<string[]>;
  upload(key: string, content: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

async function openFiles(): Promise<Opened> {
  const directory = await mkdtemp(join(tmpdir(), 'headgate-blobs-'));
  const store = new FileBlobStore({
    directory,
    baseUrl: () => 'http://gateway',
    signingKey: Buffer.alloc(32, 5),
    clock: new SystemClock(),
  });
  return {
    store,
    keys: async () => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return files
        .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1))
        .toSorted();
    },
    upload: (key, content) => store.upload(key, Readable.from([content]), 1_000),
    close: () => rm(directory, { recursive: true }),
  };
}

async function openS3(): Promise<Opened> {
  const clock = new SystemClock();
  const login = { region: 'eu-1', bucket: 'blobs', accessKeyId: 'access', secretAccessKey: 'secret' };
  const stub = await StubS3.start({ ...login, now: () => clock.now() });
  const store = new S3BlobStore({ ...login, endpoint: stub.url, addressing: 'path', clock });
  return {
    store,
    keys: async () => [...stub.objects.keys()].toSorted(),
    upload: async (key, content) => {
      const [, prefix = '', i = ''] = /^(.*)\/(\d+)$/.exec(key) ?? [];
      const url = putUrl(store.grantPut(prefix, 1_000, 60), Number(i)) ?? '';
      const answer = await fetch(url, { method: 'PUT', body: Uint8Array.from(content) });
      expect(answer.status).toBe(200);
    },
    close: () => stub.stop(),
  };
}

const CONTENT = Buffer.from('some content');
const HASH = contentHash(CONTENT);
const ANNOUNCED = { hash: HASH, size: CONTENT.length };

describe.each([
  ['files', openFiles],
  ['S3', openS3],
])('blobs in %s', (_where, open) => {
  let opened: Opened;
  let store: BlobStore;
  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.close());

  describe('putting content', () => {
    it('stores it under its organization and hash', async () => {
      expect(await store.put('o1', CONTENT)).toEqual(ANNOUNCED);
      expect(await opened.keys()).toEqual([`o1/${HASH}`]);
      expect(await buffer(await store.get(contentKey('o1', HASH)))).toEqual(CONTENT);
    });

    it('says the same of it when it is there already', async () => {
      await store.put('o1', CONTENT);
      expect(await store.put('o1', CONTENT)).toEqual(ANNOUNCED);
      expect(await opened.keys()).toEqual([`o1/${HASH}`]);
    });

    it('survives being done by several at once', async () => {
      const all = await Promise.all(Array.from({ length: 10 }, () => store.put('o1', CONTENT)));
      expect(new Set(all.map(({ hash }) => hash))).toEqual(new Set([HASH]));
      expect(await opened.keys()).toEqual([`o1/${HASH}`]);
      expect(await buffer(await store.get(contentKey('o1', HASH)))).toEqual(CONTENT);
    });

    it('takes nothing at all as content', async () => {
      const { hash, size } = await store.put('o1', Buffer.alloc(0));
      expect(size).toBe(0);
      expect(await buffer(await store.get(contentKey('o1', hash)))).toHaveLength(0);
    });

    it('gives it to no other organization', async () => {
      await store.put('o1', CONTENT);
      await expect(store.get(contentKey('o2', HASH))).rejects.toThrow(/ENOENT|NoSuchKey/);
    });
  });

  describe('staging an assignment', () => {
    const KEY = assignmentKey('r1', 1);

    it('keeps it beside the uploads of its attempt, the last of several', async () => {
      await store.stage(KEY, Buffer.from('of a leader before'));
      await store.stage(KEY, CONTENT);
      expect(await opened.keys()).toEqual(['staging/r1/1/assignment']);
      expect(await buffer(await store.get(KEY))).toEqual(CONTENT);
    });

    it('takes no other key than one of a blob', async () => {
      await expect((async () => store.stage('staging/../o1/x', CONTENT))()).rejects.toThrow(
        'this is not a key',
      );
    });
  });

  describe('promoting an upload', () => {
    it('makes it content when it is what was announced', async () => {
      await opened.upload('staging/r1/1/0', CONTENT);
      expect(await opened.keys()).toEqual(['staging/r1/1/0']);
      await store.promote('o1', 'staging/r1/1/0', ANNOUNCED);
      expect(await opened.keys()).toEqual([`o1/${HASH}`]);
      expect(await buffer(await store.get(contentKey('o1', HASH)))).toEqual(CONTENT);
    });

    it.each([
      ['another hash', { hash: contentHash('another'), size: CONTENT.length }],
      ['a greater size', { hash: HASH, size: CONTENT.length + 1 }],
      ['a smaller size', { hash: contentHash(CONTENT.subarray(1)), size: CONTENT.length - 1 }],
    ])('is refused for %s, and makes no content', async (_what, wrong) => {
      await opened.upload('staging/r1/1/0', CONTENT);
      const promoted = store.promote('o1', 'staging/r1/1/0', wrong);
      await expect(promoted).rejects.toBeInstanceOf(BlobMismatchError);
      expect(await opened.keys()).toEqual(['staging/r1/1/0']);
    });

    it('is refused at once for a hash that no store could have as a key', async () => {
      const promoted = (async () =>
        store.promote('o1', 'staging/r1/1/0', { hash: 'a'.repeat(2_000), size: 1 }))();
      await expect(promoted).rejects.toThrow('this is not a key');
    });

    it('changes nothing when it was done before', async () => {
      await opened.upload('staging/r1/1/0', CONTENT);
      await store.promote('o1', 'staging/r1/1/0', ANNOUNCED);
      await store.promote('o1', 'staging/r1/1/0', ANNOUNCED);
      expect(await opened.keys()).toEqual([`o1/${HASH}`]);
    });

    it('is done once for all who do it at once', async () => {
      await opened.upload('staging/r1/1/0', CONTENT);
      await Promise.all([1, 2, 3].map(() => store.promote('o1', 'staging/r1/1/0', ANNOUNCED)));
      expect(await opened.keys()).toEqual([`o1/${HASH}`]);
    });

    it('takes an upload of content that is there already', async () => {
      await store.put('o1', CONTENT);
      await opened.upload('staging/r1/1/0', CONTENT);
      await store.promote('o1', 'staging/r1/1/0', ANNOUNCED);
      expect(await opened.keys()).toEqual([`o1/${HASH}`]);
    });

    it('takes what was uploaded last under a number', async () => {
      await opened.upload('staging/r1/1/0', Buffer.from('the first'));
      await opened.upload('staging/r1/1/0', CONTENT);
      await store.promote('o1', 'staging/r1/1/0', ANNOUNCED);
      expect(await buffer(await store.get(contentKey('o1', HASH)))).toEqual(CONTENT);
    });

    it('fails for what was never uploaded, even where another organization has it', async () => {
      await store.put('o2', CONTENT);
      const promoted = store.promote('o1', 'staging/r1/1/0', ANNOUNCED);
      await expect(promoted).rejects.toBeInstanceOf(BlobMismatchError);
    });
  });

  describe('a key that leads elsewhere', () => {
    const NO_KEY = 'this is not a key of a blob';

    it.each([`../o2/${HASH}`, `/../o2/${HASH}`, '..', '.', '', `${HASH}?x`, `${HASH}\n`, '%2e%2e'])(
      'is no hash: %j',
      async (hash) => {
        await store.put('o2', CONTENT);
        await expect(store.get(contentKey('o1', hash))).rejects.toThrow(NO_KEY);
        await opened.upload('staging/r1/1/0', CONTENT);
        const promoted = store.promote('o1', 'staging/r1/1/0', { ...ANNOUNCED, hash });
        await expect(promoted).rejects.toThrow(NO_KEY);
        expect(await opened.keys()).toEqual([`o2/${HASH}`, 'staging/r1/1/0']);
      },
    );

    it.each(['..', 'o1/..', '.', '', '/'])('is no organization and no place of uploads: %j', async (part) => {
      await expect(store.put(part, CONTENT)).rejects.toThrow(NO_KEY);
      await expect(store.promote('o1', `staging/${part}/0`, ANNOUNCED)).rejects.toThrow(NO_KEY);
      expect(await opened.keys()).toEqual([]);
    });
  });
});
